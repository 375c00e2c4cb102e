package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"

	"soar.example/okta/schema"
)

// wroteOutcomes say that something was written; idleOutcomes that nothing was.
var (
	wroteOutcomes = []Outcome{Changed, "partial", "accepted"}
	idleOutcomes  = []Outcome{Planned, Unchanged, NotApplicable}
)

// dryRunMember is the parameter that asks for a dry run.
const dryRunMember = "dry_run"

// CheckDryRun returns an error if input asks for a dry run, and output does not say
// that nothing was written: the action's author may have forgotten the dry run. The
// outcomes of a batch count too, wherever the output schema declares them. Hosts and
// plugins apply it to each answer; a's output schema may be empty if it is not known.
func (a *ActionInfo) CheckDryRun(input, output json.RawMessage) error {
	if !asksDryRun(input) {
		return nil
	}
	return a.checkPlanned(output)
}

func asksDryRun(input json.RawMessage) bool {
	var members map[string]json.RawMessage
	return json.Unmarshal(input, &members) == nil && string(members[dryRunMember]) == "true"
}

// checkPlanned is CheckDryRun for what is known to be a dry run.
func (a *ActionInfo) checkPlanned(output json.RawMessage) error {
	var answer any
	if json.Unmarshal(output, &answer) != nil {
		return nil // it is reported as an answer that is not JSON
	}
	members, _ := answer.(map[string]any)
	own, _ := members["outcome"].(string)
	wrote := wroteIn(node(a.Output), answer)
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

// wroteIn returns an outcome in the answer that says that something was written, ""
// if there is none. It looks where n declares an outcome, and not into the states.
func wroteIn(n *schema.Node, answer any) string {
	switch answer := answer.(type) {
	case map[string]any:
		for _, p := range n.Properties {
			value, ok := answer[p.Name]
			if !ok || p.Name == "before" || p.Name == "after" {
				continue
			}
			if text, isText := value.(string); isText && p.Name == "outcome" && slices.Contains(wroteOutcomes, Outcome(text)) {
				return text
			}
			if wrote := wroteIn(p.Node, value); wrote != "" {
				return wrote
			}
		}
		if n.Additional == nil || n.Additional.Node == nil {
			return ""
		}
		for name, value := range answer {
			if n.Property(name) == nil {
				if wrote := wroteIn(n.Additional.Node, value); wrote != "" {
					return wrote
				}
			}
		}
	case []any:
		if n.Items == nil {
			return ""
		}
		for _, item := range answer {
			if wrote := wroteIn(n.Items, item); wrote != "" {
				return wrote
			}
		}
	}
	return ""
}

// node reads a schema of a manifest, as an empty one if it is none.
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

// ErrPlanned is what a write meets in a dry run.
var ErrPlanned = errors.New("planned, not sent")

// A PlannedRequest is one that a dry run did not send.
type PlannedRequest struct {
	Method    string `json:"method"`               // HTTP method.
	Path      string `json:"path"`                 // Path of the service's API, with the query.
	Body      string `json:"body,omitempty"`       // Body, with secrets masked.
	RefusedBy string `json:"refused_by,omitempty"` // The guard of this connection that would refuse it; absent if none would.
}

type planKey struct{}

type plan struct {
	mu  sync.Mutex
	all []PlannedRequest
}

// WithDryRun returns a context under which nothing is written.
func WithDryRun(ctx context.Context) context.Context {
	return context.WithValue(ctx, planKey{}, new(plan))
}

// IsDryRun reports whether nothing may be written under ctx.
func IsDryRun(ctx context.Context) bool { return ctx.Value(planKey{}) != nil }

// PlanRequest notes a request that a dry run does not send.
func PlanRequest(ctx context.Context, r PlannedRequest) {
	if p, ok := ctx.Value(planKey{}).(*plan); ok {
		p.mu.Lock()
		p.all = append(p.all, r)
		p.mu.Unlock()
	}
}

// PlannedRequests returns what was noted under ctx, in order.
func PlannedRequests(ctx context.Context) []PlannedRequest {
	p, ok := ctx.Value(planKey{}).(*plan)
	if !ok {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.all)
}
