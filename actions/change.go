package actions

import (
	"context"
	"errors"
	"time"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// Write is what every action that writes takes besides.
type Write struct {
	// Write nothing, and answer with the plan: the state now, the requests that would be sent, and what would refuse
	// them.
	DryRun bool `json:"dry_run,omitempty" jsonschema:"default=false" jsonschema_extras:"x-group=advanced"`
	// Reason of the change, for the audit trail. A text of more than 1,000 characters is cut.
	Reason string `json:"reason,omitempty" jsonschema:"example=INC-1042: account takeover" jsonschema_extras:"x-group=advanced,x-truncate=1000"`
}

// IsDryRun reports whether nothing is to be written.
func (w Write) IsDryRun() bool { return w.DryRun }

// Change is what every write answers: what became of the state it was to bring
// about, judged by reading it back.
type Change[S any] struct {
	// changed: the state is as asked and was not before; unchanged: it was so before; not_applicable: it is not as
	// asked, and this action cannot bring it there; planned: a dry run, nothing was written.
	Outcome sdk.Outcome `json:"outcome" jsonschema:"enum=changed,enum=unchanged,enum=not_applicable,enum=planned"`
	// Why the action does not apply, or why Okta would refuse it; present only then.
	Reason string    `json:"reason,omitempty"`
	Before S         `json:"before"`         // The state before.
	After  S         `json:"after"`          // The state afterwards.
	Plan   []Planned `json:"plan,omitempty"` // Of a dry run: the requests that would be sent, in order.
}

// Planned is a request that a dry run did not send.
type Planned = sdk.PlannedRequest

// An attempt is a write and how to judge it.
type attempt[S any] struct {
	goal string // "user is suspended", for messages
	done func(S) bool
	act  func(context.Context) error
	read func(context.Context) (S, error)
	// bars says why an object in this state cannot be brought to the goal, "" if
	// nothing is known that would bar it. It is asked only after Okta refused.
	bars func(S) string
}

// lag is how long an accepted change may take to show when it is read back.
var lag = []time.Duration{200 * time.Millisecond, 500 * time.Millisecond, time.Second}

// from brings about the goal from the state before. Okta's lifecycle calls are not
// idempotent, and its answers do not always tell the truth about the state (a
// second deactivation gets a 404, an app's group a 403, a lost answer nothing):
// so act, read the state again, then judge.
func (a attempt[S]) from(ctx context.Context, before S) (Change[S], error) {
	if a.done(before) {
		return Change[S]{Outcome: sdk.Unchanged, Before: before, After: before}, nil
	}
	err := a.act(ctx)
	if errors.Is(err, sdk.ErrPlanned) {
		return Change[S]{Outcome: sdk.Planned, Reason: a.bars(before), Before: before, After: before, Plan: sdk.PlannedRequests(ctx)}, nil
	}
	refusal := sdk.AsError(err)
	if refusal != nil && (!tellsNothing(refusal.Code) || okta.Unsent(refusal)) {
		return Change[S]{}, refusal
	}
	after, err := a.readBack(ctx, refusal == nil)
	if err != nil {
		if refusal != nil {
			return Change[S]{}, refusal
		}
		e := *sdk.AsError(err)
		e.Message = "Okta accepted the change, but the state could not be read back: " + e.Message
		return Change[S]{}, &e
	}
	change := Change[S]{Before: before, After: after}
	switch {
	case a.done(after) && (refusal == nil || refusal.Code.Transient()):
		change.Outcome = sdk.Changed
	case a.done(after): // somebody else was faster
		change.Outcome = sdk.Unchanged
	case refusal == nil:
		return Change[S]{}, sdk.Errorf(sdk.Conflict, "Okta accepted the change, but read back it is not so that the %s", a.goal)
	default:
		if change.Reason = a.bars(after); change.Reason == "" {
			return Change[S]{}, refusal
		}
		change.Outcome = sdk.NotApplicable
		if c := refusal.Upstream; c != nil && c.Code != "" {
			change.Reason += " (Okta: " + c.Code + ")"
		}
	}
	return change, nil
}

// accepted is the change of a write whose state cannot be read back: all that is
// known is that Okta accepted it.
func accepted[S any](ctx context.Context, before, after S, act func(context.Context) error) (Change[S], error) {
	err := act(ctx)
	switch {
	case errors.Is(err, sdk.ErrPlanned):
		return Change[S]{Outcome: sdk.Planned, Before: before, After: before, Plan: sdk.PlannedRequests(ctx)}, nil
	case err != nil:
		return Change[S]{}, err
	}
	return Change[S]{Outcome: sdk.Changed, Before: before, After: after}, nil
}

// tellsNothing reports whether an error of this code leaves open what the state is
// now. A login that was refused, or a call that was never sent, leaves it as it
// was.
func tellsNothing(c sdk.Code) bool {
	switch c {
	case sdk.InvalidInput, sdk.Forbidden, sdk.NotFound, sdk.Conflict, sdk.Unavailable, sdk.Timeout:
		return true
	}
	return false
}

func (a attempt[S]) readBack(ctx context.Context, accepted bool) (S, error) {
	for _, wait := range lag {
		after, err := a.read(ctx)
		if err != nil || a.done(after) || !accepted {
			return after, err
		}
		select {
		case <-ctx.Done():
			return after, ctx.Err()
		case <-time.After(wait):
		}
	}
	return a.read(ctx)
}
