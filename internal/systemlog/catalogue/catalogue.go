// Package catalogue knows Okta's event types by name: what Okta states of each, a
// short label, the response actions that suit it, and the families that a responder
// should watch. A type that is not in it is no error: Okta adds some with every
// release.
package catalogue

import (
	"iter"
	"slices"
	"strings"

	"soar.example/okta/internal/systemlog/ecs"
	"soar.example/okta/internal/systemlog/emm"
)

//go:generate go run ./generate

// Release is the release of Okta whose event types these are.
const Release = "2026.08.1"

// A Type is one event type and all that the catalogue knows of it. Name to Tags are
// facts that Okta states of it (https://developer.okta.com/docs/reference/api/event-types/);
// the rest is the catalogue's own.
type Type struct {
	Name         string    `json:"name" jsonschema_description:"The event type, such as user.session.start."`
	Label        string    `json:"label" jsonschema_description:"The name in words, for lists."`
	Category     string    `json:"category" jsonschema_description:"The part of Okta that sends it."`
	Release      string    `json:"release" jsonschema_description:"The release of Okta that brought it."`
	HookEligible bool      `json:"hook_eligible" jsonschema_description:"Whether Okta's event hooks can send it."`
	Beta         bool      `json:"beta" jsonschema_description:"Whether it is part of a beta feature."`
	Internal     bool      `json:"internal" jsonschema_description:"Whether Okta marks it as its own."`
	Deprecated   bool      `json:"deprecated" jsonschema_description:"Whether Okta means to drop it."`
	Tags         []string  `json:"tags" jsonschema_description:"Okta's keywords for it."`
	ECS          ecs.Class `json:"ecs" jsonschema_description:"Its class in the Elastic Common Schema."`
	EMM          emm.Class `json:"emm" jsonschema_description:"Its class in the SaaS Event Maturity Matrix."`
	Actions      []string  `json:"actions" jsonschema_description:"Actions that suit a response to it, the gentlest first."`
	Watched      string    `json:"watched,omitempty" jsonschema_description:"The event type or family by which a responder should watch it; absent if there is no special reason to."`
	Watch        string    `json:"watch,omitempty" jsonschema_description:"Why a responder should watch it."`
	Description  string    `json:"description,omitempty" jsonschema_description:"What the event says, in a sentence, where the catalogue has one."`
	Fields       []Field   `json:"fields,omitempty" jsonschema_description:"The members that such an event is documented to fill, where the catalogue knows them."`
}

// record is one line of the generated table.
type record struct {
	name, category, release string
	marks                   marks
	tags                    string // separated by semicolons
}

type marks uint8

const (
	hook marks = 1 << iota
	beta
	internal
	deprecated
)

func (r *record) view() Type {
	t := Of(r.name)
	t.Category, t.Release, t.Tags = r.category, r.release, split(r.tags)
	t.HookEligible, t.Beta = r.marks&hook != 0, r.marks&beta != 0
	t.Internal, t.Deprecated = r.marks&internal != 0, r.marks&deprecated != 0
	return t
}

// Of returns what the name of an event type tells, without the facts that Okta states
// of it: all that there is to know of one that is new.
func Of(name string) Type {
	class := ecs.Classify(name)
	watched := watchOf(name)
	return Type{
		Name: name, Label: Label(name), Tags: []string{},
		ECS: ecs.Class{Category: append([]string{}, class.Category...), Type: append([]string{}, class.Type...)},
		EMM: emm.Classify(name), Actions: Actions(name), Watched: watched.Pattern, Watch: watched.Reason,
		Description: accessTexts(name), Fields: accessFields(name),
	}
}

func split(tags string) []string {
	if tags == "" {
		return []string{}
	}
	return strings.Split(tags, ";")
}

// Count is how many event types the catalogue holds.
const Count = len(records)

// All returns every event type in byte order of the names.
func All() iter.Seq[Type] { return views(records[:]) }

// Names returns the name of every event type in byte order, without the work of
// making whole types. The caller owns the slice.
func Names() []string {
	names := make([]string, len(records))
	for i := range records {
		names[i] = records[i].name
	}
	return names
}

// Lookup returns the event type of that exact name, and whether there is one.
func Lookup(name string) (Type, bool) {
	i, ok := find(name)
	if !ok {
		return Type{}, false
	}
	return records[i].view(), true
}

// Known reports whether the catalogue has the event type of that exact name. It
// allocates nothing.
func Known(name string) bool {
	_, ok := find(name)
	return ok
}

func find(name string) (int, bool) {
	return slices.BinarySearchFunc(records[:], name, func(r record, name string) int {
		return strings.Compare(r.name, name)
	})
}

func views(records []record) iter.Seq[Type] {
	return func(yield func(Type) bool) {
		for i := range records {
			if !yield(records[i].view()) {
				return
			}
		}
	}
}
