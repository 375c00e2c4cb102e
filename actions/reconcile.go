package actions

import (
	"context"
	"errors"
	"time"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// Write holds the parameters that every write has.
type Write struct {
	// Send no write. The output is the plan: the state now, the requests that would be sent, and the rules that would
	// reject them.
	DryRun bool `json:"dry_run,omitempty" jsonschema:"default=false" jsonschema_extras:"x-group=advanced"`
	// Reason of the change, for the audit trail. A text of more than 1,000 characters is cut.
	Reason string `json:"reason,omitempty" jsonschema:"example=INC-1042: account takeover" jsonschema_extras:"x-group=advanced,x-truncate=1000"`
}

// IsDryRun reports whether the call must send no write.
func (w Write) IsDryRun() bool { return w.DryRun }

// Change is the output of every write: the verified outcome, and the state before and after.
type Change[S any] struct {
	// changed: the state is as requested and was not before; unchanged: the state was as requested before;
	// not_applicable: this action cannot bring the state about; planned: a dry run, nothing was written.
	Outcome sdk.Outcome `json:"outcome" jsonschema:"enum=changed,enum=unchanged,enum=not_applicable,enum=planned"`
	// Why the action does not apply, or why Okta would reject it; present only then.
	Reason string    `json:"reason,omitempty"`
	Before S         `json:"before"`         // State before the action.
	After  S         `json:"after"`          // State after the action.
	Plan   []Planned `json:"plan,omitempty"` // Requests that would be sent, in order; of a dry run only.
}

// Planned is a request that a dry run did not send.
type Planned = sdk.PlannedRequest

// exampleChange is the output of a change in examples.
func exampleChange[S any](before, after S) Change[S] {
	return Change[S]{Outcome: sdk.Changed, Before: before, After: after}
}

// plan is the output of a dry run.
func plan[S any](ctx context.Context, before S, reason string) Change[S] {
	return Change[S]{Outcome: sdk.Planned, Reason: reason, Before: before, After: before, Plan: sdk.PlannedRequests(ctx)}
}

// A reconcile brings about a goal with one write and verifies the state.
type reconcile[S any] struct {
	goal string // "user is suspended", for messages
	done func(S) bool
	act  func(context.Context) error
	read func(context.Context) (S, error)
	// precondition explains why an object in this state cannot reach the goal, "" if
	// nothing is known. It is asked only after Okta rejected the write. It may be nil.
	precondition func(S) string
}

// lag is how long an accepted change may take to show when its state is read.
var lag = []time.Duration{200 * time.Millisecond, 500 * time.Millisecond, time.Second}

// run reads the state before, and reconciles.
func (r reconcile[S]) run(ctx context.Context) (Change[S], error) {
	before, err := r.read(ctx)
	if err != nil {
		return Change[S]{}, err
	}
	return r.from(ctx, before)
}

// from brings about the goal from the state before. Okta's lifecycle calls are not
// idempotent, and its responses do not always tell the state: a second deactivation
// gets a 404, a group of an app a 403, a lost response nothing. So from acts, reads
// the state again, and decides by the state.
func (r reconcile[S]) from(ctx context.Context, before S) (Change[S], error) {
	if r.done(before) {
		return Change[S]{Outcome: sdk.Unchanged, Before: before, After: before}, nil
	}
	err := r.act(ctx)
	if errors.Is(err, sdk.ErrPlanned) {
		return plan(ctx, before, r.obstacle(before)), nil
	}
	rejection := sdk.AsError(err)
	if rejection != nil && !unsettled(rejection) {
		return Change[S]{}, rejection
	}
	after, err := r.verify(ctx, rejection == nil)
	if err != nil {
		if rejection != nil {
			return Change[S]{}, rejection
		}
		e := *sdk.AsError(err)
		e.Message = "Okta accepted the change, but the state could not be read back: " + e.Message
		return Change[S]{}, &e
	}
	change := Change[S]{Before: before, After: after}
	switch {
	case r.done(after) && (rejection == nil || rejection.Code.Transient()):
		change.Outcome = sdk.Changed
	case r.done(after): // another client made the change first
		change.Outcome = sdk.Unchanged
	case rejection == nil:
		return Change[S]{}, sdk.Errorf(sdk.Conflict, "Okta accepted the change, but verification failed: it is not true that the %s", r.goal)
	default:
		if change.Reason = r.obstacle(after); change.Reason == "" {
			return Change[S]{}, rejection
		}
		change.Outcome = sdk.NotApplicable
		if c := rejection.Upstream; c != nil && c.Code != "" {
			change.Reason += " (Okta: " + c.Code + ")"
		}
	}
	return change, nil
}

func (r reconcile[S]) obstacle(s S) string {
	if r.precondition == nil {
		return ""
	}
	return r.precondition(s)
}

// verify reads the state after the write. It waits for an accepted change to show.
func (r reconcile[S]) verify(ctx context.Context, accepted bool) (S, error) {
	for _, wait := range lag {
		after, err := r.read(ctx)
		if err != nil || r.done(after) || !accepted {
			return after, err
		}
		if err := pauseFor(ctx, wait); err != nil {
			return after, err
		}
	}
	return r.read(ctx)
}

// pauseFor waits, or returns the error of a context that ends first.
func pauseFor(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// unsettled reports whether the state after a failed write is unknown. Rejected
// credentials, or a request that was never sent, leave the state as it was.
func unsettled(e *sdk.Error) bool {
	switch e.Code {
	case sdk.InvalidInput, sdk.Forbidden, sdk.NotFound, sdk.Conflict, sdk.Unavailable, sdk.Timeout:
		return !okta.Unsent(e)
	}
	return false
}

// accepted runs a write whose state Okta cannot report. Its outcome rests on Okta
// having accepted the request.
func accepted[S any](ctx context.Context, before, after S, act func(context.Context) error) (Change[S], error) {
	err := act(ctx)
	switch {
	case errors.Is(err, sdk.ErrPlanned):
		return plan(ctx, before, ""), nil
	case err != nil:
		return Change[S]{}, err
	}
	return Change[S]{Outcome: sdk.Changed, Before: before, After: after}, nil
}

// stateOrNone returns the state of an object that was read, and the zero state if Okta
// does not have the object.
func stateOrNone[T, S any](state func(T) S) func(T, error) (S, error) {
	return func(object T, err error) (none S, _ error) {
		if e := sdk.AsError(err); e != nil && e.Code == sdk.NotFound {
			return none, nil
		} else if e != nil {
			return none, e
		}
		return state(object), nil
	}
}

// eachOf runs act on each item, also after a failure, and returns the first failure.
// In a dry run every item adds its part of the plan.
func eachOf[T any](items []T, act func(T) error) error {
	var first error
	planned := false
	for _, item := range items {
		err := act(item)
		if errors.Is(err, sdk.ErrPlanned) {
			planned = true
		} else if first == nil {
			first = err
		}
	}
	if first == nil && planned {
		return sdk.ErrPlanned
	}
	return first
}
