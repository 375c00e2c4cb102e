package actions

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
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

const failed sdk.Outcome = "failed"

// containedGroups are the groups that a containment is about.
type containedGroups struct {
	quarantine *okta.Group
	remove     []*okta.Group
}

// findGroups looks the groups up. It does not wait for Okta: nothing was begun yet that
// would have to be finished, and the caller can try again.
func findGroups(ctx context.Context, c *okta.Client, m Measures) (containedGroups, error) {
	var found containedGroups
	var err error
	if m.Quarantine != "" {
		if sdk.IsDryRun(ctx) { // a plan is not to rest on what was so a while ago
			c.ForgetGroup(m.Quarantine)
		}
		if found.quarantine, err = c.GroupByRef(ctx, "/quarantine", m.Quarantine); err != nil {
			return found, err
		}
	}
	for i, ref := range m.RemoveGroups {
		pointer := fmt.Sprintf("/remove_groups/%d", i)
		g, err := c.FindGroup(ctx, pointer, ref)
		switch {
		case err != nil:
			return found, err
		case found.quarantine != nil && found.quarantine.ID == g.ID:
			return found, sdk.InvalidField(pointer, "names the quarantine group, which the user is to be added to")
		case slices.ContainsFunc(found.remove, func(other *okta.Group) bool { return other.ID == g.ID }):
			continue // by id and by name
		}
		found.remove = append(found.remove, g)
	}
	return found, nil
}

// A job is the containment of one user.
type job struct {
	pointer string    // member of the input that names the user
	ref     string    // reference to the user in the input
	claimed *sync.Map // IDs of users, and their pointers
	c       *okta.Client
	user    *okta.User
	m       Measures
	groups  containedGroups
	begun   time.Time
	early   *Step           // the suspension, if it came before all else
	member  map[string]bool // ids of the groups that the user was in before; nil until they are read
	out     *Containment
}

// contain takes the measures for one user, step by step. A step that fails does not
// keep the next from being tried, since each is a protection of its own. Verify decides
// about the result. A user who is in claimed already is rejected: of two containments at
// the same time, each would take the changes of the other for the state before.
func (j *job) contain(ctx context.Context) error {
	if j.user == nil {
		if err := j.identify(ctx); err != nil {
			return err
		}
	}
	m, groups := j.m, j.groups
	// Roles first: whoever has one could undo the rest. Sessions end once no new one can
	// begin, and before what an open one could put back.
	for _, step := range []struct {
		asked bool
		run   func(context.Context)
	}{
		{m.RevokeRoles, j.revokeRoles}, {m.Suspend, j.suspend}, {m.ExpirePassword, j.expirePassword}, {m.RevokeSessions, j.revokeSessions},
		{m.ResetFactors, j.resetFactors}, {len(groups.remove) > 0, j.removeGroups},
		{groups.quarantine != nil, j.quarantine}, {m.SuspendDevices, j.suspendDevices},
	} {
		if step.asked {
			step.run(ctx)
		}
	}
	if !sdk.IsDryRun(ctx) {
		j.verify(ctx)
	}
	return nil
}

func (j *job) revokeRoles(ctx context.Context) {
	roles, err := reconcile.Retry(ctx, func() ([]okta.Role, error) { return j.c.RolesOf(ctx, j.user.ID) })
	if err != nil {
		j.fail(stepRoles, "", err)
		return
	}
	own := slices.DeleteFunc(roles, func(r okta.Role) bool { return !r.Direct() })
	if len(own) == 0 {
		j.note(stepRoles, "", sdk.Unchanged, "")
	}
	for _, r := range own {
		limits, err := reconcile.Retry(ctx, func() ([]string, error) { return j.c.RoleTargets(ctx, j.user.ID, r) })
		if !j.try(ctx, stepRoles, r.Label, func(ctx context.Context) error { return j.c.UnassignRole(ctx, j.user.ID, r.ID) }, j.roleIsGone(r.ID)) {
			continue
		}
		// Assigned again, a role is over all there is: more than was taken, if it was limited.
		switch {
		case err != nil:
			j.lose("the admin role " + r.Label + ", of which it could not be read whether it was limited to some groups or apps: assign it again by hand")
		case len(limits) > 0:
			j.lose("the admin role " + r.Label + ", which was limited to " + strings.Join(limits, ", ") + ": assign it again by hand, and limit it")
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
		j.note(stepSuspend, "", sdk.NotApplicable, "Okta suspends only an ACTIVE user, and this one is "+j.user.Status)
	}
}

// oneChange is how long after its begin a containment still counts as one change.
const oneChange = 5 * time.Second

// revokeSessions follows the suspension of the same user at once, so that the guards
// need not read the user's groups between the two.
func (j *job) revokeSessions(ctx context.Context) {
	if time.Since(j.begun) < oneChange && (j.did(stepSuspend) || sdk.IsDryRun(ctx)) {
		ctx = okta.WithSameChange(ctx, j.begun)
	}
	if j.try(ctx, stepSessions, "", func(ctx context.Context) error {
		return j.c.RevokeSessions(ctx, j.user.ID, j.m.OAuthTokens, j.m.ForgetDevices)
	}, nil) {
		j.lose("the sessions, OAuth tokens and remembered devices that were revoked")
	}
}

// resetFactors resets also where there is no factor to be seen: Okta leaves out of its
// list those that the enrolment policy does not allow.
func (j *job) resetFactors(ctx context.Context) {
	none, err := reconcile.Retry(ctx, func() (bool, error) { return j.hasNoFactors(ctx) })
	if !j.try(ctx, stepFactors, "", func(ctx context.Context) error { return j.c.ResetFactors(ctx, j.user.ID) }, j.hasNoFactors) {
		return
	}
	switch last := &j.out.Steps[len(j.out.Steps)-1]; {
	case err != nil && last.Outcome == sdk.Changed:
		last.Reason = "whether there were factors before could not be read"
	case err != nil:
	case none && last.Outcome == sdk.Changed:
		last.Outcome = sdk.Unchanged
		return
	case none:
		return
	}
	j.lose("the factors: the user must enrol anew")
}

// memberships reads which groups the user is in before any of them is changed, once.
func (j *job) memberships(ctx context.Context) error {
	if j.member != nil {
		return nil
	}
	in, err := reconcile.Retry(ctx, func() ([]*okta.Group, error) { return j.c.UserGroupsSince(ctx, j.user.ID, j.begun) })
	if err != nil {
		return err
	}
	j.member = map[string]bool{}
	for _, g := range in {
		j.member[g.ID] = true
		if j.groups.quarantine != nil && g.ID == j.groups.quarantine.ID {
			j.groups.quarantine = g
		}
	}
	return nil
}

func (j *job) removeGroups(ctx context.Context) {
	if err := j.memberships(ctx); err != nil {
		j.fail(stepGroups, "", err)
		return
	}
	for _, g := range j.groups.remove {
		switch {
		case !j.member[g.ID]:
			j.note(stepGroups, g.Profile.Name, sdk.Unchanged, "")
		case g.Type != okta.GroupOkta:
			j.note(stepGroups, g.Profile.Name, sdk.NotApplicable, notOktas(g))
		case j.try(ctx, stepGroups, g.Profile.Name, func(ctx context.Context) error { return j.c.RemoveMember(ctx, g.ID, j.user.ID) }, j.memberIs(g.ID, false)):
			j.out.Restore.GroupsRemoved = append(j.out.Restore.GroupsRemoved, groupRefOf(g))
		}
	}
}

func notOktas(g *okta.Group) string {
	return "the members of " + g.Profile.Name + " are not Okta's to change (" + g.Type + ")"
}

func (j *job) quarantine(ctx context.Context) {
	if err := j.memberships(ctx); err != nil {
		j.fail(stepQuarantine, "", err)
		return
	}
	q := j.groups.quarantine
	switch {
	case j.member[q.ID]:
		j.note(stepQuarantine, q.Profile.Name, sdk.Unchanged, "")
		return
	case q.Type != okta.GroupOkta:
		j.note(stepQuarantine, q.Profile.Name, sdk.NotApplicable, notOktas(q))
		return
	}
	// To add somebody to a group may give rights: the containment's own name does not
	// suffice for that.
	if err := j.c.AuthorizeAll("the quarantine of contain_user", []string{"add_user_to_group"}, "it adds the user to a group"); err != nil {
		j.fail(stepQuarantine, q.Profile.Name, err)
		return
	}
	add := func(ctx context.Context) error { return j.c.AddMember(ctx, j.groups.quarantine.ID, j.user.ID) }
	if j.try(ctx, stepQuarantine, q.Profile.Name, func(ctx context.Context) error {
		err := add(ctx)
		if e := sdk.AsError(err); e == nil || e.Code != sdk.NotFound || !j.quarantineMoved(ctx) {
			return err
		}
		return add(ctx)
	}, func(ctx context.Context) (bool, error) { return j.memberIs(j.groups.quarantine.ID, true)(ctx) }) {
		j.out.Restore.GroupsAdded = append(j.out.Restore.GroupsAdded, groupRefOf(j.groups.quarantine))
	}
}

// quarantineMoved looks the group up again by its name, and reports whether that is
// another's than it was known to be.
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
		if j.try(ctx, stepDevices, d.Device.ID, func(ctx context.Context) error { return j.c.SuspendDevice(ctx, d.Device.ID) },
			j.deviceIs(d.Device.ID, okta.StatusSuspended)) {
			j.out.Restore.DevicesSuspended = append(j.out.Restore.DevicesSuspended, d.Device.ID)
		}
	}
}

func (j *job) expirePassword(ctx context.Context) {
	before := j.user.Status
	switch {
	case before == okta.StatusSuspended, before == okta.StatusActive && j.m.Suspend && !j.failed(stepSuspend):
		j.note(stepPassword, "", sdk.NotApplicable, "Okta does not expire the password of a suspended user")
	case before == okta.StatusPasswordExpired:
		j.note(stepPassword, "", sdk.Unchanged, "")
	case before != "" && !slices.Contains(expirable, before):
		j.note(stepPassword, "", sdk.NotApplicable, "Okta expires no password of a user who is "+before)
	case j.try(ctx, stepPassword, "", func(ctx context.Context) error { return j.c.ExpirePassword(ctx, j.user.ID) }, j.statusIs(okta.StatusPasswordExpired)):
		j.lose("the password: the user must choose a new one")
		if last := &j.out.Steps[len(j.out.Steps)-1]; before == "" && last.Outcome == sdk.Changed {
			last.Reason = "whether it had expired before could not be read"
		}
	}
}

// lose notes what nothing can put back.
func (j *job) lose(what string) {
	j.out.Restore.NotRestorable = append(j.out.Restore.NotRestorable, what)
}
