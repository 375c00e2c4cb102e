// Package catalogue describes Okta's event types: the facts that Okta publishes, a short label,
// suggested response actions, and the families that a responder should watch. A type that is not
// in the catalogue is not an error, because Okta adds types with every release.
package catalogue

//go:generate go run soar.example/okta/schema/describe

import (
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"sync/atomic"

	"soar.example/okta/internal/systemlog/ecs"
	"soar.example/okta/internal/systemlog/emm"
)

//go:generate go run ./generate

// A Type describes one event type. Okta publishes the category, the release, the flags and the
// tags (https://developer.okta.com/docs/reference/api/event-types/). The catalogue adds the label
// and the fields after the tags.
type Type struct {
	Name     string `json:"name"`     // The event type, such as user.session.start.
	Label    string `json:"label"`    // Label for lists.
	Category string `json:"category"` // Category of the event type in Okta's catalogue.
	// Okta release that added the type: year and month, or year and week as in 2026.41.0.
	Release      string    `json:"release"`
	HookEligible bool      `json:"hook_eligible"` // Whether Okta's event hooks can send it.
	Beta         bool      `json:"beta"`          // Whether the type belongs to a beta feature.
	Internal     bool      `json:"internal"`      // Whether Okta marks the type as internal.
	Deprecated   bool      `json:"deprecated"`    // Whether Okta plans to remove the type.
	Tags         []string  `json:"tags"`          // Okta's keywords for the type.
	ECS          ecs.Class `json:"ecs"`           // Class of the type in the Elastic Common Schema.
	EMM          emm.Class `json:"emm"`           // Class of the type in the SaaS Event Maturity Matrix.
	Actions      []string  `json:"actions"`       // Suggested response actions. Actions with less effect come first.
	// Pattern that recommends to watch the type: an event type or a family. Absent if no pattern does.
	Watched     string `json:"watched,omitempty"`
	Watch       string `json:"watch,omitempty"`       // Reason to watch the type.
	Description string `json:"description,omitempty"` // Meaning of the event in one sentence. Few types have one.
	// Documented members of the event. Few types have them.
	Fields []Field `json:"fields,omitempty"`
	// JSON encoding of a type in Okta's table. The caller must not change it.
	JSON []byte `json:"-"`
}

// record is one row of the generated table.
type record struct {
	name, category, release string
	flags                   flags
	tags                    string // separated by semicolons
}

type flags uint8

const (
	hook flags = 1 << iota
	beta
	internal
	deprecated
)

// types caches the Type of each record after its first use. Building one takes several
// microseconds, and building all takes about ten milliseconds.
var types [Count]atomic.Pointer[Type]

// typeAt returns the type of record i. All callers share its slices.
func typeAt(i int) *Type {
	t := types[i].Load()
	if t == nil {
		t = records[i].newType()
		types[i].Store(t)
	}
	return t
}

func (r *record) newType() *Type {
	t := Of(r.name)
	t.Category, t.Release, t.Tags = r.category, r.release, split(r.tags)
	t.HookEligible, t.Beta = r.flags&hook != 0, r.flags&beta != 0
	t.Internal, t.Deprecated = r.flags&internal != 0, r.flags&deprecated != 0
	t.JSON, _ = json.Marshal(t) // strings and booleans cannot fail
	return &t
}

// Of derives a Type from the name of an event type alone. It also works for types that are not in
// Okta's table, such as new types.
func Of(name string) Type {
	class := ecs.Classify(name)
	watched := watchOf(name)
	description, fields := access(name)
	return Type{
		Name: name, Label: Label(name), Tags: []string{},
		ECS: ecs.Class{Category: append([]string{}, class.Category...), Type: append([]string{}, class.Type...)},
		EMM: emm.Classify(name), Actions: Actions(name), Watched: watched.Pattern, Watch: watched.Reason,
		Description: description, Fields: fields,
	}
}

func split(tags string) []string {
	if tags == "" {
		return []string{}
	}
	return strings.Split(tags, ";")
}

// Count is the number of event types in the catalogue.
const Count = len(records)

// All returns every event type, sorted by name. All callers share the slices of a Type, so the
// caller must not change them.
func All() iter.Seq[Type] {
	return func(yield func(Type) bool) {
		for i := range records {
			if !yield(*typeAt(i)) {
				return
			}
		}
	}
}

// Names returns the sorted names of all event types without building the types. The caller owns
// the slice.
func Names() []string {
	names := make([]string, len(records))
	for i := range records {
		names[i] = records[i].name
	}
	return names
}

// Lookup returns the event type with exactly this name, and reports whether it exists.
func Lookup(name string) (Type, bool) {
	i, ok := find(name)
	if !ok {
		return Type{}, false
	}
	return *typeAt(i), true
}

// Known reports whether the catalogue has an event type with exactly this name. It does not
// allocate memory.
func Known(name string) bool {
	_, ok := find(name)
	return ok
}

// find returns the index of the name in records, or the index at which it would be inserted.
func find(name string) (int, bool) {
	return slices.BinarySearchFunc(records[:], name, func(r record, name string) int {
		return strings.Compare(r.name, name)
	})
}
