package sdk

import (
	"context"
	"errors"
	"slices"
	"sync"
)

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
