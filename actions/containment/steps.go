package containment

import (
	"context"
	"slices"
	"strings"
	"time"

	"soar.example/okta/actions"
	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

// The names of the steps.
const (
	stepRoles      = "revoke_roles"
	stepSuspend    = "suspend"
	stepSessions   = "revoke_sessions"
	stepPassword   = "expire_password"
	stepFactors    = "reset_factors"
	stepGroups     = "remove_groups"
	stepQuarantine = "quarantine"
	stepDevices    = "suspend_devices"
)

// contain takes the measures for one user, step by step. After a failed step the next
// steps still run, since each of them protects the account. Verify decides the result.
// Identify rejects a user that another job of the call contains: each job would take the
// changes of the other for the state before.
func (j *job) contain(ctx context.Context) error {
	if j.user == nil {
		if err := j.identify(ctx); err != nil {
			return err
		}
	}
	// Roles come first, because an admin could revert the other steps. Sessions end after
	// the suspension, which prevents new sessions, and before the changes that an open session
	// could revert.
	for _, step := range []struct {
		requested bool
		run       func(context.Context)
	}{
		{j.m.RevokeRoles, j.revokeRoles}, {j.m.Suspend, j.suspend}, {j.m.ExpirePassword, j.expirePassword}, {j.m.RevokeSessions, j.revokeSessions},
		{j.m.ResetFactors, j.resetFactors}, {len(j.groups.remove) > 0, j.removeGroups},
		{j.groups.quarantine != nil, j.quarantine}, {j.m.SuspendDevices, j.suspendDevices},
	} {
		if step.requested {
			step.run(ctx)
		}
	}
	if sdk.IsDryRun(ctx) {
		j.c.RememberPlan(j.ref, j.user, j.in, j.begun)
		j.out.Restore.StatusAfter = j.expectedStatus()
		return nil
	}
	j.verify(ctx)
	return nil
}

func (j *job) revokeRoles(ctx context.Context) {
	roles, err := reconcile.Retry(ctx, func() ([]okta.Role, error) { return j.c.RolesOf(ctx, j.user.ID) })
	if err != nil {
		j.fail(stepRoles, "", err)
		return
	}
	direct := slices.DeleteFunc(roles, func(r okta.Role) bool { return !r.Direct() })
	if len(direct) == 0 {
		j.note(stepRoles, "", sdk.Unchanged, "")
	}
	for _, r := range direct {
		limits, err := reconcile.Retry(ctx, func() ([]string, error) { return j.c.RoleTargets(ctx, j.user.ID, r) })
		if !j.try(ctx, stepRoles, r.Label, func(ctx context.Context) error { return j.c.UnassignRole(ctx, j.user.ID, r.ID) },
			j.roleIs(false, func(now okta.Role) bool { return now.ID == r.ID })) {
			continue
		}
		// A role that is assigned again has no limits. It therefore has more permissions than a limited role.
		switch {
		case err != nil:
			j.lose("the admin role " + r.Label + ", whose limits to groups or apps could not be read. Assign it again by hand")
		case len(limits) > 0:
			j.lose("the admin role " + r.Label + ", which was limited to " + strings.Join(limits, ", ") + ". Assign it again by hand with these limits")
		default:
			j.out.Restore.RolesRemoved = append(j.out.Restore.RolesRemoved, RestoreRole{Type: r.Type, Label: r.Label, Role: r.RoleID, ResourceSet: r.ResourceSet})
		}
	}
}

func (j *job) suspend(ctx context.Context) {
	if j.early != nil {
		j.out.Steps = append(j.out.Steps, *j.early)
		return
	}
	switch j.user.Status {
	case okta.StatusSuspended, okta.StatusDeprovisioned:
		j.note(stepSuspend, "", sdk.Unchanged, "")
	case okta.StatusActive:
		j.try(ctx, stepSuspend, "", func(ctx context.Context) error { return j.c.SuspendUser(ctx, j.user.ID) }, j.statusIs(okta.StatusSuspended))
	default:
		j.note(stepSuspend, "", sdk.NotApplicable, "the user is "+j.user.Status+", and Okta suspends only ACTIVE users")
	}
}

func (j *job) expirePassword(ctx context.Context) {
	before := j.user.Status
	switch {
	case before == okta.StatusSuspended, before == okta.StatusActive && j.m.Suspend && !j.has(stepSuspend, "", failed):
		j.note(stepPassword, "", sdk.NotApplicable, "Okta does not expire the password of a suspended user")
	case before == okta.StatusPasswordExpired:
		j.note(stepPassword, "", sdk.Unchanged, "")
	case before != "" && !slices.Contains(actions.Expirable, before):
		j.note(stepPassword, "", sdk.NotApplicable, "the user is "+before+", and Okta does not expire passwords in this status")
	case j.try(ctx, stepPassword, "", func(ctx context.Context) error { return j.c.ExpirePassword(ctx, j.user.ID) }, j.statusIs(okta.StatusPasswordExpired)):
		j.lose("the password: the user must choose a new one")
		if last := &j.out.Steps[len(j.out.Steps)-1]; before == "" && last.Outcome == sdk.Changed {
			last.Reason = "the status before is unknown: the password may have been expired before"
		}
	}
}

// sameChange is the period after its start in which a containment counts as one change.
const sameChange = 5 * time.Second

// sameChange returns a context for a write that follows the suspension at once.
func (j *job) sameChange(ctx context.Context) context.Context {
	if time.Since(j.begun) < sameChange && (j.did(stepSuspend) || sdk.IsDryRun(ctx)) {
		return okta.WithSameChange(ctx, j.begun)
	}
	return ctx
}

// revokeSessions follows the suspension at once, so that the guards do not read the
// user's groups between the two writes.
func (j *job) revokeSessions(ctx context.Context) {
	ctx = j.sameChange(ctx)
	if j.try(ctx, stepSessions, "", func(ctx context.Context) error {
		return j.c.RevokeSessions(ctx, j.user.ID, j.m.OAuthTokens, j.m.ForgetDevices)
	}, nil) {
		j.lose("the sessions, OAuth tokens and remembered devices that were revoked")
	}
}

// resetFactors resets the factors even if none is listed: Okta does not list the factors
// that the enrolment policy does not allow.
func (j *job) resetFactors(ctx context.Context) {
	none, err := reconcile.Retry(ctx, func() (bool, error) { return j.hasNoFactors(ctx) })
	if !j.try(ctx, stepFactors, "", func(ctx context.Context) error { return j.c.ResetFactors(ctx, j.user.ID) }, j.hasNoFactors) {
		return
	}
	last := &j.out.Steps[len(j.out.Steps)-1]
	if err == nil && none {
		if last.Outcome == sdk.Changed {
			last.Outcome = sdk.Unchanged
		}
		return
	}
	if err != nil && last.Outcome == sdk.Changed {
		last.Reason = "the factors before could not be read: the user may have had none"
	}
	j.lose("the factors: the user must enroll again")
}

func (j *job) removeGroups(ctx context.Context) {
	if err := j.readGroups(ctx); err != nil {
		j.fail(stepGroups, "", err)
		return
	}
	for _, g := range j.groups.remove {
		switch {
		case !j.member[g.ID]:
			j.note(stepGroups, g.Profile.Name, sdk.Unchanged, "")
		case g.Type != okta.GroupOkta:
			j.note(stepGroups, g.Profile.Name, sdk.NotApplicable, managedElsewhere(g))
		case j.try(ctx, stepGroups, g.Profile.Name, func(ctx context.Context) error { return j.c.RemoveMember(ctx, g.ID, j.user.ID) }, j.memberIs(g.ID, false)):
			j.out.Restore.GroupsRemoved = append(j.out.Restore.GroupsRemoved, actions.GroupRefOf(g))
		}
	}
}

func managedElsewhere(g *okta.Group) string {
	return "Okta cannot change the members of " + g.Profile.Name + " (" + g.Type + ")"
}

func (j *job) quarantine(ctx context.Context) {
	if err := j.readGroups(ctx); err != nil {
		j.fail(stepQuarantine, "", err)
		return
	}
	q := j.groups.quarantine
	switch {
	case j.member[q.ID]:
		j.note(stepQuarantine, q.Profile.Name, sdk.Unchanged, "")
		return
	case q.Type != okta.GroupOkta:
		j.note(stepQuarantine, q.Profile.Name, sdk.NotApplicable, managedElsewhere(q))
		return
	}
	// A group may grant rights, so the permission to run contain_user is not enough.
	if err := j.c.AuthorizeAll("the quarantine of contain_user", []string{actions.AddUserToGroup.Name}, "it adds the user to a group"); err != nil {
		j.fail(stepQuarantine, q.Profile.Name, err)
		return
	}
	add := func(ctx context.Context) error {
		return j.c.AddMember(j.sameChange(ctx), j.groups.quarantine.ID, j.user.ID)
	}
	if j.try(ctx, stepQuarantine, q.Profile.Name, func(ctx context.Context) error {
		err := add(ctx)
		if e := sdk.AsError(err); e == nil || e.Code != sdk.NotFound || !j.quarantineMoved(ctx) {
			return err
		}
		return add(ctx)
	}, func(ctx context.Context) (bool, error) { return j.memberIs(j.groups.quarantine.ID, true)(ctx) }) {
		j.out.Restore.GroupsAdded = append(j.out.Restore.GroupsAdded, actions.GroupRefOf(j.groups.quarantine))
	}
}

// quarantineMoved finds the group by its name again, and reports whether the name now
// belongs to another group.
func (j *job) quarantineMoved(ctx context.Context) bool {
	j.c.ForgetGroup(j.m.Quarantine)
	g, err := j.c.GroupByRef(ctx, "/quarantine", j.m.Quarantine)
	if err != nil || g.ID == j.groups.quarantine.ID {
		return false
	}
	j.groups.quarantine = g
	return true
}

func (j *job) suspendDevices(ctx context.Context) {
	devices, err := reconcile.Retry(ctx, func() ([]okta.UserDevice, error) { return j.c.DevicesOf(ctx, j.user.ID) })
	if err != nil {
		j.fail(stepDevices, "", err)
		return
	}
	active := slices.DeleteFunc(devices, func(d okta.UserDevice) bool { return d.Device.Status != okta.StatusActive })
	if len(active) == 0 {
		j.note(stepDevices, "", sdk.Unchanged, "")
	}
	for _, d := range active {
		id := d.Device.ID
		if j.try(ctx, stepDevices, id, func(ctx context.Context) error { return j.c.SuspendDevice(ctx, id) }, j.deviceIs(id, okta.StatusSuspended)) {
			j.out.Restore.DevicesSuspended = append(j.out.Restore.DevicesSuspended, id)
		}
	}
}
