package reconcile

import (
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// Write holds the parameters that every write has.
type Write struct {
	// Send no write. The output is the plan: the current state, the requests that would be sent, and the guards that
	// would reject them.
	DryRun bool `json:"dry_run,omitempty" jsonschema:"default=false" jsonschema_extras:"x-group=advanced"`
	// Reason for the change, for the audit trail. A text of more than 1,000 characters is cut.
	Reason string `json:"reason,omitempty" jsonschema:"example=INC-1042: account takeover" jsonschema_extras:"x-group=advanced,x-truncate=1000"`
	// Value of before in the output of a dry run. If the state differs now, the action fails with the code conflict
	// and sends no write.
	ExpectedBefore State `json:"expected_before,omitempty" jsonschema_extras:"x-group=advanced"`
}

// IsDryRun reports whether the call must send no write.
func (w Write) IsDryRun() bool { return w.DryRun }

// ExpectedState returns the state that the caller expects before the write.
func (w Write) ExpectedState() json.RawMessage { return json.RawMessage(w.ExpectedBefore) }

// State is a state in JSON, from an earlier output.
type State json.RawMessage

// MarshalJSON returns the bytes.
func (s State) MarshalJSON() ([]byte, error) { return json.RawMessage(s).MarshalJSON() }

// UnmarshalJSON keeps a copy of b.
func (s *State) UnmarshalJSON(b []byte) error { return (*json.RawMessage)(s).UnmarshalJSON(b) }

// JSONSchema returns the schema of any value.
func (State) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{} }

// Change is the output of every write: the verified outcome, and the state before and after.
type Change[S any] struct {
	// changed: the action reached the requested state. unchanged: the object was already in this state. not_applicable:
	// this action cannot reach the state. partial: only some objects are in the state. accepted: the service accepted
	// the write, and its effect cannot be verified. planned: a dry run, which wrote nothing.
	Outcome sdk.Outcome `json:"outcome" jsonschema:"enum=changed,enum=unchanged,enum=not_applicable,enum=partial,enum=accepted,enum=planned"`
	// Reason why the action does not apply, or why the service would reject the request.
	Reason string               `json:"reason,omitempty"`
	Before S                    `json:"before"`         // State before the action.
	After  S                    `json:"after"`          // State after the action.
	Plan   []sdk.PlannedRequest `json:"plan,omitempty"` // In a dry run: the requests that the action would send, in order.
	// Objects that the action writes to.
	Subjects []sdk.Subject `json:"subjects,omitempty"`
	// Calls that revert the change or, in a dry run, the planned change.
	Undo []sdk.Undo `json:"undo,omitempty"`
}

// About completes the output with the objects that the action writes to.
func (c *Change[S]) About(subjects ...sdk.Subject) { c.Subjects = subjects }

// UndoneBy adds the call that reverts the change to the output, if the action made a
// change or plans one that the service is expected to accept. Subject identifies the
// state (see [sdk.Undo]).
func (c *Change[S]) UndoneBy(action, subject string, input any) {
	switch c.Outcome {
	case sdk.Unchanged, sdk.NotApplicable, "": // "" if there was an error
		return
	case sdk.Planned:
		if len(c.Plan) == 0 || c.Reason != "" {
			return
		}
	}
	if raw, err := json.Marshal(input); err == nil {
		c.Undo = append(c.Undo, sdk.Undo{Subject: subject, Action: action, Input: raw})
	}
}

// Changed returns the output of a change, for examples.
func Changed[S any](before, after S) Change[S] {
	return Change[S]{Outcome: sdk.Changed, Before: before, After: after}
}

// planned returns the output of a dry run.
func planned[S any](ctx context.Context, before S, reason string) Change[S] {
	return Change[S]{Outcome: sdk.Planned, Reason: reason, Before: before, After: before, Plan: sdk.PlannedRequests(ctx)}
}

// A Comparer is a state with members that Expected ignores. These members change without a write
// or by writes to other objects, or the input does not name them.
type Comparer interface {
	// Compares reports whether Expected compares the member.
	Compares(member string) bool
}

// Expected returns a conflict if the state differs from the parameter expected_before of the
// action. The error names the members that differ. Without expected_before, every state is
// accepted. Each [Goal] calls Expected before it sends a write; any other action that writes must
// call it.
func Expected(ctx context.Context, before any) error {
	raw := sdk.ExpectedBefore(ctx)
	if raw == nil {
		return nil
	}
	var expected, found any
	if json.Unmarshal(raw, &expected) != nil {
		return sdk.InvalidField("/expected_before", "is not JSON")
	}
	encoded, err := json.Marshal(before)
	if err != nil {
		return sdk.Errorf(sdk.Internal, "the state cannot be encoded: %w", err)
	}
	if err := json.Unmarshal(encoded, &found); err != nil {
		return sdk.Errorf(sdk.Internal, "the state cannot be encoded: %w", err)
	}
	if c, ok := before.(Comparer); ok {
		for _, state := range []any{expected, found} {
			if members, ok := state.(map[string]any); ok {
				maps.DeleteFunc(members, func(name string, _ any) bool { return !c.Compares(name) })
			}
		}
	}
	names := differences("", expected, found)
	if len(names) == 0 {
		return nil
	}
	var violations []schema.Violation
	for _, name := range names {
		violations = append(violations, schema.Violation{Pointer: "/expected_before" + name, Message: "differs from the current state"})
	}
	members := "the whole state"
	if names[0] != "" {
		members = strings.ReplaceAll(strings.TrimPrefix(strings.Join(names, ", "), "/"), ", /", ", ")
	}
	e := sdk.Errorf(sdk.Conflict, "the state differs from expected_before in %s, and nothing was written. Start a new dry run, and check the state", members)
	e.Violations = violations
	return e
}

// Unexpected reports whether err is a conflict that [Expected] returned.
func Unexpected(err error) bool {
	e := sdk.AsError(err)
	return e != nil && e.Code == sdk.Conflict && slices.ContainsFunc(e.Violations, func(v schema.Violation) bool {
		return strings.HasPrefix(v.Pointer, "/expected_before")
	})
}

// differences returns the JSON Pointers of the values that differ.
func differences(pointer string, a, b any) (names []string) {
	x, isObject := a.(map[string]any)
	y, both := b.(map[string]any)
	if !isObject || !both {
		if reflect.DeepEqual(a, b) {
			return nil
		}
		return []string{pointer}
	}
	all := maps.Clone(x)
	maps.Copy(all, y)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		inA, hasA := x[name]
		inB, hasB := y[name]
		below := pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		if hasA != hasB {
			names = append(names, below)
			continue
		}
		names = append(names, differences(below, inA, inB)...)
	}
	return names
}
