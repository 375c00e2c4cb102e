package actions

import (
	"context"
	"errors"
	"slices"
	"time"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// longestWait is how long patiently waits at once where its caller sets no end: for
// longer than one of Okta's windows, which last a minute.
const longestWait = 90 * time.Second

// bears reports whether a caller has the time to wait so long and to make a few calls
// afterwards.
func bears(ctx context.Context, wait time.Duration) bool {
	if end, ok := ctx.Deadline(); ok {
		return time.Until(end) > wait+10*time.Second
	}
	return wait <= longestWait
}

// patiently makes a call again if Okta asks for patience: what was begun on an account
// should be finished. What its caller has no time for is left to the caller.
func patiently[T any](ctx context.Context, call func() (T, error)) (T, error) {
	for _, wait := range []time.Duration{time.Second, 3 * time.Second} {
		got, err := call()
		e := sdk.AsError(err)
		if e == nil || !e.Code.Transient() || !bears(ctx, max(wait, e.RetryAfter)) || errors.Is(err, sdk.ErrPlanned) {
			return got, err
		}
		select {
		case <-ctx.Done():
			return got, err
		case <-time.After(max(wait, e.RetryAfter)):
		}
	}
	return call()
}

// try makes one write of a step, notes what came of it, and reports whether it brought
// the change about. A write that Okta refused, or whose answer was lost, is judged by
// the state: so reads whether that is as asked; it is nil where nothing can tell.
func (j *job) try(ctx context.Context, name string, write func(context.Context) error, so func(context.Context) (bool, error)) bool {
	var settled, lost bool
	_, err := patiently(ctx, func() (none struct{}, err error) {
		err = write(ctx)
		e := sdk.AsError(err)
		if e == nil || so == nil || errors.Is(err, sdk.ErrPlanned) || okta.Guarded(err) || !tellsNothing(e.Code) {
			return none, err
		}
		lost = lost || e.Code.Transient()
		if settled, _ = so(ctx); settled {
			return none, nil
		}
		return none, err
	})
	switch {
	case errors.Is(err, sdk.ErrPlanned):
		j.note(name, sdk.Planned, "")
	case err != nil:
		j.fail(name, err)
	case settled && !lost: // somebody else was faster
		j.note(name, sdk.Already, "")
	default:
		j.note(name, sdk.Changed, "")
		return true
	}
	return false
}

func (j *job) note(name string, outcome sdk.Outcome, reason string) {
	j.out.Steps = append(j.out.Steps, Step{Name: name, Outcome: outcome, Reason: reason})
}

func (j *job) fail(name string, err error) {
	body := sdk.AsError(err).Body()
	j.out.Steps = append(j.out.Steps, Step{Name: name, Outcome: failed, Error: &body})
}

func (j *job) statusIs(status string) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		u, err := j.c.User(ctx, j.user.ID)
		return err == nil && u.Status == status, err
	}
}

func (j *job) memberIs(groupID string, member bool) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		in, err := j.c.UserGroups(ctx, j.user.ID)
		return err == nil && slices.ContainsFunc(in, func(g *okta.Group) bool { return g.ID == groupID }) == member, err
	}
}

func (j *job) assigned(assignmentID string, assigned bool) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		roles, err := j.c.RolesOf(ctx, j.user.ID)
		return err == nil && slices.ContainsFunc(roles, func(r okta.Role) bool { return r.ID == assignmentID }) == assigned, err
	}
}

func (j *job) deviceIs(id, status string) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		d, err := j.c.Device(ctx, id)
		return err == nil && d.Status == status, err
	}
}
