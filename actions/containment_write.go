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

// patience is how long patiently waits before it makes a call again.
var patience = []time.Duration{time.Second, 3 * time.Second}

// patiently makes a call again if Okta asks for patience: what was begun on an account
// should be finished. What its caller has no time for is left to the caller.
func patiently[T any](ctx context.Context, call func() (T, error)) (T, error) {
	for _, wait := range patience {
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

// try makes one write of a step, notes what came of it, and reports whether it took
// something that is to be put back: whether it brought the change about, or may have
// and nothing can tell any more. A write that Okta refused, or whose answer was lost,
// is decided by the state: so reads whether that is as asked; it is nil where nothing
// can tell.
func (j *job) try(ctx context.Context, name, target string, write func(context.Context) error, so func(context.Context) (bool, error)) bool {
	var settled, lost, unknown bool
	_, err := patiently(ctx, func() (none struct{}, err error) {
		if err := ctx.Err(); err != nil { // what is not sent is not done
			return none, err
		}
		err = write(ctx)
		e := sdk.AsError(err)
		if e == nil || errors.Is(err, sdk.ErrPlanned) || okta.Unsent(err) {
			return none, err
		}
		if mayHaveDone(err) {
			lost, unknown = true, true
		}
		if so == nil || !unsettled(e) {
			return none, err
		}
		is, unread := so(ctx)
		if unread != nil {
			return none, err
		}
		if settled, unknown = is, false; settled {
			return none, nil
		}
		return none, err
	})
	switch {
	case errors.Is(err, sdk.ErrPlanned):
		j.note(name, target, sdk.Planned, "")
	case err != nil:
		j.fail(name, target, err)
		return unknown
	case settled && !lost: // somebody else was faster
		j.note(name, target, sdk.Unchanged, "")
	default:
		j.note(name, target, sdk.Changed, "")
		return true
	}
	return false
}

func (j *job) note(name, target string, outcome sdk.Outcome, reason string) {
	j.out.Steps = append(j.out.Steps, Step{Name: name, Target: target, Outcome: outcome, Reason: reason})
}

func (j *job) fail(name, target string, err error) {
	body := sdk.AsError(err).Body()
	j.out.Steps = append(j.out.Steps, Step{Name: name, Target: target, Outcome: failed, Error: &body})
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

// roleIsGone looks at the user's own roles alone: Okta gives the id of an assignment to
// a group's as well, if the role is the same.
func (j *job) roleIsGone(assignmentID string) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		roles, err := j.c.RolesOf(ctx, j.user.ID)
		return err == nil && !slices.ContainsFunc(roles, func(r okta.Role) bool { return r.Direct() && r.ID == assignmentID }), err
	}
}

func (j *job) hasNoFactors(ctx context.Context) (bool, error) {
	factors, err := j.c.FactorsOf(ctx, j.user.ID)
	return err == nil && !slices.ContainsFunc(factors, counts), err
}

// counts reports whether a factor counts among those that can be reset: Okta enrols the
// email address by itself, and again after a reset.
func counts(f okta.Factor) bool { return f.FactorType != okta.FactorEmail }

func (j *job) deviceIs(id, status string) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		d, err := j.c.Device(ctx, id)
		return err == nil && d.Status == status, err
	}
}
