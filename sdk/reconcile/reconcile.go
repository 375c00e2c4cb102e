// Package reconcile implements the write of an action: it reads the state, sends the write,
// verifies the new state, and reports the outcome. Every connector can use it. The package imports
// only sdk and schema.
package reconcile

//go:generate go run soar.example/okta/schema/describe

import (
	"context"
	"errors"
	"net"
	"slices"
	"time"

	"soar.example/okta/sdk"
)

// A Goal is a state that one write must reach. S is the type of the state in the output.
type Goal[S any] struct {
	// Name completes the sentence "verification failed: it is not true that the …", as in
	// "user is suspended".
	Name string
	// Done reports whether the state is the requested one.
	Done func(S) bool
	// Act sends the write. Its errors are converted with [sdk.AsError].
	Act func(context.Context) error
	// Read reads the state. If nil, the outcome depends only on the response of the service.
	Read func(context.Context) (S, error)
	// Precondition returns the reason why an object in this state cannot reach the goal, or "" if
	// none is known. It is called only after the service rejected the write. It may be nil.
	Precondition func(S) string
	// Blocked returns the reason why the write must not be sent in this state, or "" if it may be
	// sent. It may be nil.
	Blocked func(S) string
	// Repeat sends the write even if the object is in the requested state, for a write with an
	// effect that the state does not show. The outcome is then accepted.
	Repeat bool
	// Retry repeats the write after a transient error, until the deadline of the caller. See
	// [Retry].
	Retry bool
}

// Waits lists the pauses between the reads that verify an accepted write. Tests may shorten them
// before the first write.
var Waits = []time.Duration{200 * time.Millisecond, 500 * time.Millisecond, time.Second}

// Run reads the state and sends the write. See [Goal.From].
func (g Goal[S]) Run(ctx context.Context) (Change[S], error) {
	before, err := g.Read(ctx)
	if err != nil {
		return Change[S]{}, err
	}
	return g.From(ctx, before)
}

// From sends the write to an object in the state before. It reads the state again, and the new
// state determines the outcome. The response alone is not enough: a service may reject a second
// deactivation with a 404, and a response can be lost.
func (g Goal[S]) From(ctx context.Context, before S) (Change[S], error) {
	if err := Expected(ctx, before); err != nil {
		return Change[S]{}, err
	}
	if g.Done(before) {
		if g.Repeat {
			return g.accept(ctx, before, before)
		}
		return Change[S]{Outcome: sdk.Unchanged, Before: before, After: before}, nil
	}
	if why := explain(g.Blocked, before); why != "" {
		return Change[S]{Outcome: sdk.NotApplicable, Reason: why, Before: before, After: before}, nil
	}
	a := g.Attempt(ctx)
	if errors.Is(a.Err, sdk.ErrPlanned) {
		return planned(ctx, before, explain(g.Precondition, before)), nil
	}
	change := Change[S]{Before: before}
	switch {
	case a.Err == nil && !a.Read:
		after, err := g.verify(ctx)
		if err != nil {
			e := *sdk.AsError(err)
			e.Message = "the change was accepted, but the state could not be read: " + e.Message
			return Change[S]{}, &e
		}
		if !g.Done(after) {
			return Change[S]{}, sdk.Errorf(sdk.Conflict, "the change was accepted, but verification failed: it is not true that the %s", g.Name)
		}
		change.Outcome, change.After = sdk.Changed, after
	case a.Err == nil:
		change.Outcome, change.After = a.Outcome(), a.State
	default:
		rejection := sdk.AsError(a.Err)
		if change.Reason = explain(g.Precondition, a.State); !a.Read || change.Reason == "" {
			return Change[S]{}, rejection
		}
		change.Outcome, change.After = sdk.NotApplicable, a.State
		if up := rejection.Upstream; up != nil && up.Code != "" {
			change.Reason += " (error " + up.Code + ")"
		}
	}
	return change, nil
}

// Accept sends a write for which the service cannot report the state. The outcome is accepted and
// depends only on the response. After is the state that an accepted write implies.
func Accept[S any](ctx context.Context, before, after S, act func(context.Context) error) (Change[S], error) {
	if err := Expected(ctx, before); err != nil {
		return Change[S]{}, err
	}
	return Goal[S]{Act: act}.accept(ctx, before, after)
}

func (g Goal[S]) accept(ctx context.Context, before, after S) (Change[S], error) {
	err := g.Act(ctx)
	switch {
	case errors.Is(err, sdk.ErrPlanned):
		return planned(ctx, before, ""), nil
	case err != nil:
		return Change[S]{}, err
	}
	return Change[S]{Outcome: sdk.Accepted, Before: before, After: after}, nil
}

func explain[S any](why func(S) string, state S) string {
	if why == nil {
		return ""
	}
	return why(state)
}

// verify reads the state after an accepted write, and waits until the new state is visible.
func (g Goal[S]) verify(ctx context.Context) (after S, err error) {
	err = Verify(ctx, func() (done bool, err error) {
		if after, err = g.Read(ctx); err != nil {
			return true, err
		}
		return g.Done(after), nil
	})
	return after, err
}

// Verify calls check until check reports that the accepted writes are visible. It waits between
// the calls (see [Waits]), and returns nil after the last wait. It returns the error of check, or
// of a context that ends.
func Verify(ctx context.Context, check func() (done bool, err error)) error {
	for _, wait := range Waits {
		if done, err := check(); done || err != nil {
			return err
		}
		if err := Sleep(ctx, wait); err != nil {
			return err
		}
	}
	_, err := check()
	return err
}

// An Attempt is the result of sending one write.
type Attempt[S any] struct {
	// Err is the error of the write: [sdk.ErrPlanned] in a dry run. It is nil if the service
	// accepted the write, or if the state is the requested one despite the error.
	Err error
	// Read reports whether State was read because the response left the state unknown.
	Read  bool
	State S
	// Lost reports whether a response was lost, so that the write may have taken effect.
	Lost bool
	// Unknown reports whether the write may have taken effect and the state could not be read.
	Unknown bool
}

// Outcome returns the outcome of an attempt without an error. If the service rejected the write
// and the state is the requested one, another client made the change first.
func (a Attempt[S]) Outcome() sdk.Outcome {
	if a.Read && !a.Lost {
		return sdk.Unchanged
	}
	return sdk.Changed
}

// Attempt sends the write. It reads the state only if the response leaves it unknown. It does not
// verify a write that the service accepted.
func (g Goal[S]) Attempt(ctx context.Context) (a Attempt[S]) {
	once := func() (struct{}, error) { return struct{}{}, g.attempt(ctx, &a) }
	if g.Retry {
		_, a.Err = Retry(ctx, once)
	} else {
		_, a.Err = once()
	}
	return a
}

func (g Goal[S]) attempt(ctx context.Context, a *Attempt[S]) error {
	if err := ctx.Err(); err != nil { // no request was sent yet
		return err
	}
	err := g.Act(ctx)
	if err == nil {
		a.Read = false // the response of a repeated write counts
		return nil
	}
	if errors.Is(err, sdk.ErrPlanned) || errors.Is(err, sdk.ErrUnsent) {
		return err
	}
	e := sdk.AsError(err)
	if MayHaveWritten(err) {
		a.Lost, a.Unknown = true, true
	}
	if g.Read == nil || !stateUnknown(e) {
		return e
	}
	state, unread := g.Read(ctx)
	if unread != nil {
		return e
	}
	if a.Read, a.State, a.Unknown = true, state, false; g.Done(state) {
		return nil
	}
	return e
}

// MayHaveWritten reports whether a failed write may have taken effect: the request was sent, and
// its response was lost.
func MayHaveWritten(err error) bool {
	var op *net.OpError
	e := sdk.AsError(err)
	return e != nil && !errors.Is(err, sdk.ErrUnsent) && !errors.Is(err, sdk.ErrPlanned) && !(errors.As(err, &op) && op.Op == "dial") &&
		(e.Code == sdk.Unavailable || e.Code == sdk.Timeout || e.Code == sdk.Canceled)
}

// stateUnknown reports whether the state after a failed write is unknown. Rejected credentials,
// for example, do not change the state.
func stateUnknown(e *sdk.Error) bool {
	return slices.Contains([]sdk.Code{sdk.InvalidInput, sdk.Forbidden, sdk.NotFound, sdk.Conflict, sdk.Unavailable, sdk.Timeout}, e.Code)
}

// Each calls act for each item, also after an error, and returns the first error. In a dry run,
// every item adds its part to the plan.
func Each[T any](items []T, act func(T) error) error {
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
