// Package catalogue knows Okta's event types by name: what Okta states of each, a
// short label, the response actions that suit it, and the families that a responder
// should watch. A type that is not in it is no error: Okta adds some with every
// release.
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

// A Type is one event type and all that the catalogue knows of it. Name to Tags are
// facts that Okta states of it (https://developer.okta.com/docs/reference/api/event-types/);
// the rest is the catalogue's own.
type Type struct {
	Name     string `json:"name"`     // The event type, such as user.session.start.
	Label    string `json:"label"`    // Label for lists.
	Category string `json:"category"` // Part of Okta that sends the events.
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
	// Event type or family to watch; absent if there is no special reason to watch the type.
	Watched     string `json:"watched,omitempty"`
	Watch       string `json:"watch,omitempty"`       // Why a responder should watch it.
	Description string `json:"description,omitempty"` // Meaning of the event in one sentence, if the catalogue has it.
	// Documented members of such an event, if the catalogue has them.
	Fields []Field `json:"fields,omitempty"`
	// JSON is the type as JSON, if the catalogue has it. The caller must not change it.
	JSON []byte `json:"-"`
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

// made holds the Type of each record once it was needed: making one costs several
// microseconds, and the whole catalogue ten milliseconds.
var made [Count]atomic.Pointer[Type]

// typeAt returns the type of a record. Its slices are shared.
func typeAt(i int) *Type {
	t := made[i].Load()
	if t == nil {
		t = records[i].view()
		made[i].Store(t)
	}
	return t
}

func (r *record) view() *Type {
	t := Of(r.name)
	t.Category, t.Release, t.Tags = r.category, r.release, split(r.tags)
	t.HookEligible, t.Beta = r.marks&hook != 0, r.marks&beta != 0
	t.Internal, t.Deprecated = r.marks&internal != 0, r.marks&deprecated != 0
	t.JSON, _ = json.Marshal(t) // strings and booleans alone
	return &t
}

// Of derives the description of an event type from its name alone. It serves types that
// Okta's table does not list, such as new types.
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

// Count is how many event types the catalogue holds.
const Count = len(records)

// All returns every event type in byte order of the names. As with every function
// that returns a Type, the slices in it are shared: the caller must not change them.
func All() iter.Seq[Type] {
	return func(yield func(Type) bool) {
		for i := range records {
			if !yield(*typeAt(i)) {
				return
			}
		}
	}
}

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
	return *typeAt(i), true
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
