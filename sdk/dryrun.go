package sdk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"soar.example/okta/schema"
)

// wroteOutcomes say that something was written; idleOutcomes that nothing was.
var (
	wroteOutcomes = []Outcome{Changed, Partial, Accepted}
	idleOutcomes  = []Outcome{Planned, Unchanged, NotApplicable}
)

// CheckDryRun returns an error if input requests a dry run, and output does not state
// that nothing was written. The author of the action may have ignored the dry run. The
// outcomes of a batch also count, wherever the output schema declares them. Hosts and
// plugins check each output. The output schema of a may be empty if it is unknown.
func (a *ActionInfo) CheckDryRun(input, output json.RawMessage) error {
	var members map[string]json.RawMessage
	if json.Unmarshal(input, &members) != nil || string(members["dry_run"]) != "true" {
		return nil
	}
	return a.checkPlanned(output)
}

// checkPlanned is CheckDryRun for the output of a dry run.
func (a *ActionInfo) checkPlanned(output json.RawMessage) error {
	var result any
	if json.Unmarshal(output, &result) != nil {
		return nil // another check reports an output that is not JSON
	}
	members, _ := result.(map[string]any)
	own, _ := members["outcome"].(string)
	wrote := wroteIn(node(a.Output), result)
	if slices.Contains(wroteOutcomes, Outcome(own)) {
		wrote = own
	}
	const next = "Look at the state before you rely on it, and tell the connector's author"
	switch {
	case wrote != "":
		return Errorf(Internal, "%s broke its dry run: its outcome is %q, so it may have written. %s", a.Name, wrote, next)
	case a.Effect != Reads && a.Effect != "" && !slices.Contains(idleOutcomes, Outcome(own)):
		return Errorf(Internal, "%s broke its dry run: its outcome is %q, not %q, so it may have written. %s", a.Name, shorten(own, 80), Planned, next)
	}
	return nil
}

// wroteIn returns an outcome in value that says that something was written, "" if there
// is none. It looks where n declares an outcome, and not into the states.
func wroteIn(n *schema.Node, value any) (wrote string) {
	if n == nil {
		return ""
	}
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			declared := n.Property(name) != nil
			if declared && (name == "before" || name == "after") {
				continue
			}
			text, _ := value[name].(string)
			if declared && name == "outcome" && slices.Contains(wroteOutcomes, Outcome(text)) {
				return text
			}
			wrote = cmp.Or(wrote, wroteIn(n.Member(name), value[name]))
		}
	case []any:
		for _, item := range value {
			wrote = cmp.Or(wrote, wroteIn(n.Items, item))
		}
	}
	return wrote
}

// node parses a schema of a manifest. It returns an empty one for any other document.
func node(raw JSON) *schema.Node {
	n := new(schema.Node)
	if json.Unmarshal(raw, n) != nil {
		return new(schema.Node)
	}
	return n
}

// A DryRunner is an input that can ask for a dry run. During a dry run, a connector's
// transport sends no request that writes. It records the request with [PlanRequest]
// and fails with [ErrPlanned]. The input of each action that writes is a DryRunner.
type DryRunner interface {
	// IsDryRun reports whether the input asks for a dry run.
	IsDryRun() bool
}

// ErrPlanned is the error of a write in a dry run.
var ErrPlanned = errors.New("planned, not sent")

// A PlannedRequest is one that a dry run did not send.
type PlannedRequest struct {
	Method    string `json:"method"`               // HTTP method.
	Path      string `json:"path"`                 // Path of the service's API, with the query.
	Body      string `json:"body,omitempty"`       // Body, with secrets masked.
	RefusedBy string `json:"refused_by,omitempty"` // Guard that would reject the request; absent if none would.
}

// WithDryRun returns a context under which nothing is written.
func WithDryRun(ctx context.Context) context.Context { return withList[PlannedRequest](ctx) }

// IsDryRun reports whether nothing may be written under ctx.
func IsDryRun(ctx context.Context) bool { return recorded[PlannedRequest](ctx) != nil }

// PlanRequest records a request that a dry run does not send.
func PlanRequest(ctx context.Context, r PlannedRequest) { recorded[PlannedRequest](ctx).add(r) }

// PlannedRequests returns the requests that were recorded under ctx, in order.
func PlannedRequests(ctx context.Context) []PlannedRequest {
	return recorded[PlannedRequest](ctx).values()
}

// A StateExpecter is an input that can name the state that its caller expects before the
// write, as a dry run returned it. An action that writes compares the state that it
// reads, and fails with the code conflict if it differs. Package reconcile does so.
type StateExpecter interface {
	// ExpectedState returns the state in JSON; empty or null if the caller expects none.
	ExpectedState() json.RawMessage
}

type expectedKey struct{}

// WithExpectedBefore returns a context for a write that expects this state before it.
func WithExpectedBefore(ctx context.Context, state json.RawMessage) context.Context {
	if len(state) == 0 || string(state) == "null" {
		return ctx
	}
	return context.WithValue(ctx, expectedKey{}, state)
}

// ExpectedBefore returns the state that the caller expects before the write, nil if the
// caller expects none.
func ExpectedBefore(ctx context.Context) json.RawMessage {
	state, _ := ctx.Value(expectedKey{}).(json.RawMessage)
	return state
}
