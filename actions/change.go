package actions

import (
	"context"
	"time"

	"soar.example/okta/sdk"
)

// Change is what every write answers: what became of the state it was to bring
// about, judged by reading it back.
type Change[S any] struct {
	Outcome sdk.Outcome `json:"outcome" jsonschema:"enum=changed,enum=already,enum=not_applicable" jsonschema_description:"changed: the state is as asked and was not before; already: it was so before; not_applicable: it is not as asked, and this action cannot bring it there."`
	Reason  string      `json:"reason,omitempty" jsonschema_description:"Why the action does not apply; present only then."`
	Before  S           `json:"before" jsonschema_description:"The state before."`
	After   S           `json:"after" jsonschema_description:"The state afterwards."`
}

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
		return Change[S]{Outcome: sdk.Already, Before: before, After: before}, nil
	}
	refusal := sdk.AsError(a.act(ctx))
	if refusal != nil && !tellsNothing(refusal.Code) {
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
		change.Outcome = sdk.Already
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
