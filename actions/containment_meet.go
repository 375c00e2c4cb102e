package actions

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// meet finds out who the user is and how the account is before anything is done.
//
// Who is given by id is suspended without a look: Okta suspends an ACTIVE user and
// refuses any other, so that its answer tells what the look would have. That saves a
// request, and the time until the account is closed.
func (j *job) meet(ctx context.Context, pointer, ref string, claimed *sync.Map) error {
	claim := func(id string) error {
		if other, twice := claimed.LoadOrStore(id, pointer); twice {
			return sdk.InvalidField(pointer, "names the same user as %s", other)
		}
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	var refusal error
	// A login in protected_users may be this user's by now: only a look tells.
	blind := okta.IsUserID(ref) && j.m.Suspend && !j.m.RevokeRoles && !j.c.ProtectsNames()
	if blind {
		if err := claim(ref); err != nil {
			return err
		}
		refusal = j.c.SuspendUser(ctx, ref) // a dry run plans it: it is sent, whatever the status
		if refusal == nil {
			j.early = &Step{Name: stepSuspend, Outcome: sdk.Changed}
			j.know(&okta.User{ID: ref, Login: ref, Status: okta.StatusActive})
			return nil
		}
	}
	// Others of the same call may be contained already: this one is not to be left out
	// for a failure that passes.
	u, err := patiently(ctx, func() (*okta.User, error) { return j.c.FindUser(ctx, pointer, ref) })
	lost := blind && mayHaveDone(refusal) && !sdk.IsDryRun(ctx)
	switch {
	case err != nil && lost:
		body := sdk.AsError(refusal).Body()
		j.early = &Step{Name: stepSuspend, Outcome: failed, Error: &body}
		u = &okta.User{ID: ref, Login: ref}
	case err != nil:
		return err
	case lost && u.Status == okta.StatusSuspended && changedSince(u, j.begun):
		j.early = &Step{Name: stepSuspend, Outcome: sdk.Changed}
		u.Status = okta.StatusActive // as it was
	case errors.Is(refusal, sdk.ErrPlanned) && u.Status == okta.StatusActive:
		j.early = &Step{Name: stepSuspend, Outcome: sdk.Planned}
	case !blind:
		if err := claim(u.ID); err != nil {
			return err
		}
	}
	j.know(u)
	return nil
}

func (j *job) know(u *okta.User) {
	j.user = u
	j.out.User, j.out.before, j.out.after = refOf(u), u.Status, u.Status
	j.out.Restore = RestoreRecord{Org: j.c.Org(), UserID: u.ID, Login: u.Login, TakenAt: j.begun.UTC(), StatusBefore: u.Status, StatusAfter: u.Status}
}

// recall works out how the account was before from how it is now, where its first
// answers were lost.
func (j *job) recall(u *okta.User) {
	switch {
	case u.Status == okta.StatusSuspended && changedSince(u, j.begun):
		for i := range j.out.Steps {
			if s := &j.out.Steps[i]; s.Name == stepSuspend {
				*s = Step{Name: stepSuspend, Outcome: sdk.Changed}
			}
		}
		j.user.Status = okta.StatusActive
	case u.Status != okta.StatusPasswordExpired: // which may be this containment's doing
		j.user.Status = u.Status
	}
	j.out.before, j.out.Restore.StatusBefore = j.user.Status, j.user.Status
}

// mayHaveDone reports whether a write that failed may have been done all the same. What
// found no connection was not sent.
func mayHaveDone(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return false
	}
	e := sdk.AsError(err)
	return e != nil && !okta.Unsent(err) && (e.Code == sdk.Unavailable || e.Code == sdk.Timeout || e.Code == sdk.Canceled)
}

// changedSince reports whether a status is no older than what was begun at that time,
// by Okta's clock, which this machine's may differ from.
func changedSince(u *okta.User, begun time.Time) bool {
	const coarse = 2 * time.Second // Okta tells the time in whole seconds
	return u.StatusChanged != nil && !u.ReadAt.IsZero() && u.StatusChanged.After(u.ReadAt.Add(-time.Since(begun)-coarse))
}
