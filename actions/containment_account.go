package actions

import (
	"context"
	"errors"
	"slices"
	"time"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// identify finds out who the user is and how the account is before anything is done.
//
// Who is given by id is suspended without a look: Okta suspends an ACTIVE user and
// refuses any other, so that its answer tells what the look would have. That saves a
// request, and the time until the account is closed.
func (j *job) identify(ctx context.Context) error {
	pointer, ref := j.pointer, j.ref
	claim := func(id string) error {
		if other, twice := j.claimed.LoadOrStore(id, pointer); twice {
			return sdk.InvalidField(pointer, "names the same user as %s", other)
		}
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	var refusal error
	// A login in protected_users may be this user's by now: only a look tells.
	blind := okta.IsUserID(ref) && j.m.Suspend && !j.m.RevokeRoles && !j.c.ProtectsNames() && sdk.ExpectedBefore(ctx) == nil
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
	u, err := reconcile.Retry(ctx, func() (*okta.User, error) { return j.c.FindUser(ctx, pointer, ref) })
	lost := blind && reconcile.MayHaveWritten(refusal)
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

// changedSince reports whether a status is no older than what was begun at that time,
// by Okta's clock, which this machine's may differ from.
func changedSince(u *okta.User, begun time.Time) bool {
	const coarse = 2 * time.Second // Okta tells the time in whole seconds
	return u.StatusChanged != nil && !u.ReadAt.IsZero() && u.StatusChanged.After(u.ReadAt.Add(-time.Since(begun)-coarse))
}

// verify reads back how the account is, and lists what still stands open. Only
// what was asked for can be open; what cannot be read counts as open too. Where Okta
// accepted what the state does not show, it is read again after a moment.
func (j *job) verify(ctx context.Context) {
	for _, wait := range reconcile.Waits {
		if lags := j.check(ctx); !lags {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
	j.check(ctx)
}

// check is verify, once. It reports whether something is open that Okta said it did.
func (j *job) check(ctx context.Context) (lags bool) {
	j.out.Open = []string{}
	open := func(what string, done bool) {
		j.out.Open = append(j.out.Open, what)
		lags = lags || done
	}
	now, err := reconcile.Retry(ctx, func() (state, error) { return j.readAccount(ctx) })
	if err != nil {
		open("the account could not be read back: "+err.Error(), false)
		j.out.after, j.out.Restore.StatusAfter = j.supposed(), j.supposed()
	} else {
		j.checkAccount(now, open)
	}
	if j.m.RevokeSessions && j.failed(stepSessions) {
		open("sessions were not revoked"+j.why(stepSessions, ""), false)
	}
	if j.m.RevokeRoles {
		j.checkRoles(ctx, open)
	}
	if j.m.ResetFactors {
		j.checkFactors(ctx, open)
	}
	if j.m.SuspendDevices {
		j.checkDevices(ctx, open)
	}
	j.out.Contained = len(j.out.Open) == 0
	return lags
}

// checkAccount opens what still is of the status and the groups, and notes the status
// in the record.
func (j *job) checkAccount(now state, open func(what string, done bool)) {
	u, member, r := now.user, now.member, &j.out.Restore
	if r.StatusBefore == "" {
		j.recall(u)
	}
	j.out.User, r.Login = refOf(u), u.Login
	j.out.after, r.StatusAfter, r.StatusChanged = u.Status, u.Status, u.StatusChanged
	if u.Status == r.StatusBefore && (j.did(stepSuspend) || j.did(stepPassword)) { // it may show after all
		r.StatusAfter = j.supposed()
	}
	suspended := u.Status == okta.StatusSuspended || u.Status == okta.StatusDeprovisioned
	if j.m.Suspend && !suspended {
		open("the account is "+u.Status+" and not suspended"+j.why(stepSuspend, ""), j.did(stepSuspend))
	}
	if j.m.ExpirePassword && !suspended && u.Status != okta.StatusPasswordExpired {
		open("the password is not expired, the account is "+u.Status+j.why(stepPassword, ""), j.did(stepPassword))
	}
	if q := j.groups.quarantine; q != nil && !member[q.ID] {
		open("the user is not in the quarantine group"+j.why(stepQuarantine, q.Profile.Name), j.did(stepQuarantine))
	}
	for _, g := range j.groups.remove {
		if member[g.ID] {
			open("the user is still in "+g.Profile.Name+" ("+g.Type+")"+j.why(stepGroups, g.Profile.Name), slices.Contains(r.GroupsRemoved, groupRefOf(g)))
		}
	}
}

// supposed is the status by what Okta accepted, "" if a step failed that may have
// changed it all the same.
func (j *job) supposed() string {
	switch {
	case j.failed(stepSuspend), j.failed(stepPassword):
		return ""
	case j.did(stepSuspend):
		return okta.StatusSuspended
	case j.did(stepPassword):
		return okta.StatusPasswordExpired
	}
	return j.user.Status
}

// A state is how an account is: its status, and the groups of interest that it is in.
type state struct {
	user   *okta.User
	member map[string]bool // by id
}

// readAccount reads the status and the groups. Where the quarantine group is the only
// one of interest, its list of members tells both in one request.
func (j *job) readAccount(ctx context.Context) (state, error) {
	if q := j.groups.quarantine; q != nil && len(j.groups.remove) == 0 {
		u, err := j.c.MemberOf(ctx, q.ID, j.user.ID)
		if err == nil && u != nil {
			return state{u, map[string]bool{q.ID: true}}, nil
		}
	}
	u, err := j.c.User(ctx, j.user.ID)
	if err != nil {
		return state{}, err
	}
	member := map[string]bool{}
	if j.groups.quarantine != nil || len(j.groups.remove) > 0 {
		groups, err := j.c.UserGroups(ctx, j.user.ID)
		if err != nil {
			return state{}, err
		}
		for _, g := range groups {
			member[g.ID] = true
		}
	}
	return state{u, member}, nil
}

// checkRoles and its like open what still is of one measure, and say whether Okta
// said that it was done away with.
func (j *job) checkRoles(ctx context.Context, open func(string, bool)) {
	roles, err := j.c.RolesOf(ctx, j.user.ID)
	if err != nil {
		open("admin roles could not be read back: "+err.Error(), false)
	}
	for _, r := range roles {
		if r.Direct() {
			open("the admin role "+r.Label+" is still assigned"+j.why(stepRoles, r.Label), j.did(stepRoles))
		} else {
			open("the admin role "+r.Label+" comes by a group", false)
		}
	}
}

func (j *job) checkFactors(ctx context.Context, open func(string, bool)) {
	factors, err := j.c.FactorsOf(ctx, j.user.ID)
	if err != nil {
		open("factors could not be read back: "+err.Error(), false)
	}
	for _, f := range factors {
		if counts(f) {
			open("the factor "+f.FactorType+" ("+f.Provider+") is still enrolled"+j.why(stepFactors, ""), j.did(stepFactors))
		}
	}
}

func (j *job) checkDevices(ctx context.Context, open func(string, bool)) {
	devices, err := j.c.DevicesOf(ctx, j.user.ID)
	if err != nil {
		open("devices could not be read back: "+err.Error(), false)
	}
	for _, d := range devices {
		if d.Device.Status == okta.StatusActive {
			open("the device "+d.Device.ID+" is still active"+j.why(stepDevices, d.Device.ID), slices.Contains(j.out.Restore.DevicesSuspended, d.Device.ID))
		}
	}
}

func (j *job) failed(step string) bool {
	return slices.ContainsFunc(j.out.Steps, func(s Step) bool { return s.Name == step && s.Outcome == failed })
}

// did reports whether Okta accepted a step, for all that it was about.
func (j *job) did(step string) bool {
	return !j.failed(step) && slices.ContainsFunc(j.out.Steps, func(s Step) bool { return s.Name == step && s.Outcome == sdk.Changed })
}

// why says of a step on a target that failed what it failed of.
func (j *job) why(step, target string) string {
	for _, s := range j.out.Steps {
		if s.Name == step && s.Outcome == failed && (s.Target == target || s.Target == "") {
			return ": " + s.Error.Message
		}
	}
	return ""
}
