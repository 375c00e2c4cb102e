package actions

import (
	"context"
	"errors"
	"slices"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// try makes one write of a step, notes its outcome, and reports whether it made a change
// that is to be reverted: whether it made the change, or may have made it. Verify reads
// whether the state is as requested. It is nil if Okta cannot report the state.
func (j *job) try(
	ctx context.Context, name, target string, write func(context.Context) error, verify func(context.Context) (bool, error),
) bool {
	a := reconcile.Goal[bool]{Done: func(done bool) bool { return done }, Act: write, Read: verify, Retry: true}.Attempt(ctx)
	switch {
	case errors.Is(a.Err, sdk.ErrPlanned):
		j.note(name, target, sdk.Planned, "")
	case a.Err != nil:
		j.fail(name, target, a.Err)
		return a.Unknown
	case verify == nil:
		j.note(name, target, sdk.Accepted, "")
		return true
	default:
		j.note(name, target, a.Outcome(), "")
		return a.Outcome() == sdk.Changed
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
