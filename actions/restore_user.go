package actions

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// RestoreUser puts back what a containment took.
var RestoreUser = action[RestoreUserInput, RestoreUserOutput]{
	Name:    "restore_user",
	Summary: "Reverts exactly the changes that contain_user made to a user: status, groups, admin roles and devices; reports which changes cannot be reverted.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/",
	Effect:  sdk.Writes,
	Undo:    "contain_user",
	Scopes:  []string{"okta.users.manage", "okta.groups.manage", "okta.roles.manage", "okta.devices.manage"},
	Example: sdk.Example[RestoreUserInput, RestoreUserOutput]{
		Input: RestoreUserInput{Record: RestoreRecord{
			UserID: exampleUser.ID, Login: exampleUser.Login, TakenAt: *exampleTime("2026-03-14T02:41:09Z"),
			StatusBefore: okta.StatusActive, StatusAfter: okta.StatusSuspended, GroupsAdded: []GroupRef{exampleGroup},
		}},
		Output: RestoreUserOutput{
			User: exampleUser, Steps: []Step{{Name: "unsuspend", Outcome: sdk.Changed}, {Name: "leave_group", Outcome: sdk.Changed}},
			NotRestorable: []string{},
			Change: reconcile.Changed(
				UserState{Status: okta.StatusSuspended},
				UserState{Status: okta.StatusActive},
			),
		},
	},
	Run: restoreUser,
}

// RestoreUserInput is the input of restore_user.
type RestoreUserInput struct {
	// Member restore of contain_user's output for the user.
	Record RestoreRecord `json:"record" jsonschema:"title=Restore record"`
	// Restore also if the user no longer has the status that the containment left.
	Force bool `json:"force,omitempty" jsonschema:"default=false" jsonschema_extras:"x-group=advanced"`
	reconcile.Write
}

// Validate refuses a record that is mangled.
func (in RestoreUserInput) Validate() error { return in.Record.validate() }

// RestoreUserOutput is the output of restore_user.
type RestoreUserOutput struct {
	User          UserRef  `json:"user"`           // The user.
	Steps         []Step   `json:"steps"`          // Steps, in order.
	NotRestorable []string `json:"not_restorable"` // Changes of the containment that cannot be reverted.
	reconcile.Change[UserState]
}

func restoreUser(ctx context.Context, c *okta.Client, in RestoreUserInput) (RestoreUserOutput, error) {
	r := in.Record
	u, err := c.FindUser(ctx, "/record/user_id", r.UserID)
	if err != nil {
		return RestoreUserOutput{}, err
	}
	if err := reconcile.Expected(ctx, stateOf(u)); err != nil {
		return RestoreUserOutput{}, err
	}
	why := r.movedOn(u)
	if why != "" && !in.Force {
		return RestoreUserOutput{}, sdk.Errorf(sdk.Conflict, "%s; force restores all the same", why)
	}
	// The host's own record gives back what its containment took. Any other record, or
	// one that was overtaken, gives no right that the single actions do not give.
	if why != "" || r.Org != c.Org() || !r.own(ctx) {
		if err := c.AuthorizeAll("restore_user", r.parts(), "this host did not sign the record for this org and this state of the account"); err != nil {
			return RestoreUserOutput{}, err
		}
	}
	out := Containment{Steps: []Step{}}
	j := &job{c: c, user: u, out: &out}
	if r.suspended() {
		if u.Status == okta.StatusActive {
			j.note("unsuspend", "", sdk.Unchanged, "")
		} else {
			j.try(ctx, "unsuspend", "", func(ctx context.Context) error { return c.UnsuspendUser(ctx, u.ID) }, j.statusIs(okta.StatusActive))
		}
	}
	j.restoreGroups(ctx, r)
	j.restoreRoles(ctx, r)
	j.restoreDevices(ctx, r)
	return j.restored(ctx, r)
}

// restored reads the user back and judges. What was done is told, whatever cannot be
// read.
func (j *job) restored(ctx context.Context, r RestoreRecord) (RestoreUserOutput, error) {
	out := RestoreUserOutput{User: refOf(j.user), Steps: j.out.Steps, NotRestorable: append([]string{}, r.NotRestorable...)}
	out.Before, out.After = stateOf(j.user), stateOf(j.user)
	if sdk.IsDryRun(ctx) {
		out.Outcome, out.Plan = sdk.Planned, sdk.PlannedRequests(ctx)
		out.Reason = refusals(out.Plan)
		return out, nil
	}
	out.Outcome = sdk.Unchanged
	var wrong []string
	for _, s := range out.Steps {
		switch {
		case s.Outcome == sdk.Changed:
			out.Outcome = sdk.Changed
		case s.Error != nil:
			wrong = append(wrong, strings.TrimSpace(s.Name+" "+s.Target)+": "+s.Error.Message)
		}
	}
	after, open := j.restoredState(ctx, r)
	out.After, wrong = after, append(wrong, open...)
	if len(wrong) > 0 {
		out.Outcome, out.Reason = sdk.NotApplicable, "not restored: "+strings.Join(wrong, "; ")
	}
	return out, nil
}

func (j *job) restoreGroups(ctx context.Context, r RestoreRecord) {
	if len(r.GroupsRemoved)+len(r.GroupsAdded) == 0 {
		return
	}
	groups, err := reconcile.Retry(ctx, func() ([]*okta.Group, error) { return j.c.UserGroups(ctx, j.user.ID) })
	in := map[string]bool{}
	for _, g := range groups {
		in[g.ID] = true
	}
	put := func(step string, g GroupRef, member bool, write func(context.Context, string, string) error) {
		target := cmp.Or(g.Name, g.ID)
		switch {
		case err != nil:
			j.fail(step, target, err)
		case in[g.ID] == member:
			j.note(step, target, sdk.Unchanged, "")
		default:
			j.try(ctx, step, target, func(ctx context.Context) error { return write(ctx, g.ID, j.user.ID) }, j.memberIs(g.ID, member))
		}
	}
	for _, g := range r.GroupsRemoved {
		put("join_group", g, true, j.c.AddMember)
	}
	for _, g := range r.GroupsAdded {
		put("leave_group", g, false, j.c.RemoveMember)
	}
}

func (j *job) restoreRoles(ctx context.Context, r RestoreRecord) {
	if len(r.RolesRemoved) == 0 {
		return
	}
	roles, err := reconcile.Retry(ctx, func() ([]okta.Role, error) { return j.c.RolesOf(ctx, j.user.ID) })
	for _, role := range r.RolesRemoved {
		switch {
		case err != nil:
			j.fail("assign_role", role.Label, err)
		case slices.ContainsFunc(roles, role.is):
			j.note("assign_role", role.Label, sdk.Unchanged, "")
		default:
			j.try(ctx, "assign_role", role.Label, func(ctx context.Context) error {
				return j.c.AssignRole(ctx, j.user.ID, role.id(), role.ResourceSet)
			}, func(ctx context.Context) (bool, error) {
				now, err := j.c.RolesOf(ctx, j.user.ID)
				return slices.ContainsFunc(now, role.is), err
			})
		}
	}
}

func (j *job) restoreDevices(ctx context.Context, r RestoreRecord) {
	for _, id := range r.DevicesSuspended {
		d, err := reconcile.Retry(ctx, func() (*okta.Device, error) { return j.c.Device(ctx, id) })
		switch {
		case err != nil:
			j.fail("unsuspend_device", id, err)
		case d.Status == okta.StatusActive:
			j.note("unsuspend_device", id, sdk.Unchanged, "")
		default:
			j.try(ctx, "unsuspend_device", id, func(ctx context.Context) error { return j.c.UnsuspendDevice(ctx, id) }, j.deviceIs(id, okta.StatusActive))
		}
	}
}

// restoredState reads back how the account is, and says what of the record is not back
// though Okta accepted it, or what else the status is. What does not show is read again
// after a moment.
func (j *job) restoredState(ctx context.Context, r RestoreRecord) (after UserState, wrong []string) {
	for _, wait := range reconcile.Waits {
		if after, wrong = j.readRestored(ctx, r); len(wrong) == 0 || !j.changed() {
			return after, wrong
		}
		select {
		case <-ctx.Done():
			return after, wrong
		case <-time.After(wait):
		}
	}
	return j.readRestored(ctx, r)
}

// readRestored is restoredState, once. It reads of groups, roles and devices those that
// were changed: the others were read before.
func (j *job) readRestored(ctx context.Context, r RestoreRecord) (after UserState, wrong []string) {
	unread := func(what string, err error) { wrong = append(wrong, what+" could not be read back: "+err.Error()) }
	if u, err := reconcile.Retry(ctx, func() (*okta.User, error) { return j.c.User(ctx, j.user.ID) }); err != nil {
		unread("the account", err)
	} else {
		after = stateOf(u)
		if why := r.left(u); why != "" {
			wrong = append(wrong, why)
		}
	}
	if j.changed("join_group", "leave_group") {
		groups, err := reconcile.Retry(ctx, func() ([]*okta.Group, error) { return j.c.UserGroups(ctx, j.user.ID) })
		if err != nil {
			unread("the groups", err)
		} else {
			wrong = append(wrong, j.notBack(r, groups)...)
		}
	}
	if j.changed("assign_role") {
		roles, err := reconcile.Retry(ctx, func() ([]okta.Role, error) { return j.c.RolesOf(ctx, j.user.ID) })
		for _, role := range r.RolesRemoved {
			if err == nil && j.changedOn("assign_role", role.Label) && !slices.ContainsFunc(roles, role.is) {
				wrong = append(wrong, "the admin role "+role.Label+" is not assigned")
			}
		}
		if err != nil {
			unread("the admin roles", err)
		}
	}
	for _, id := range r.DevicesSuspended {
		if !j.changedOn("unsuspend_device", id) {
			continue
		}
		d, err := reconcile.Retry(ctx, func() (*okta.Device, error) { return j.c.Device(ctx, id) })
		switch {
		case err != nil:
			unread("device "+id, err)
		case d.Status != okta.StatusActive:
			wrong = append(wrong, "device "+id+" is "+d.Status)
		}
	}
	return after, wrong
}

// notBack says of the memberships that were changed which do not show.
func (j *job) notBack(r RestoreRecord, groups []*okta.Group) (wrong []string) {
	in := func(id string) bool {
		return slices.ContainsFunc(groups, func(g *okta.Group) bool { return g.ID == id })
	}
	for _, g := range r.GroupsRemoved {
		if name := cmp.Or(g.Name, g.ID); j.changedOn("join_group", name) && !in(g.ID) {
			wrong = append(wrong, "the user is not in "+name)
		}
	}
	for _, g := range r.GroupsAdded {
		if name := cmp.Or(g.Name, g.ID); j.changedOn("leave_group", name) && in(g.ID) {
			wrong = append(wrong, "the user is still in "+name)
		}
	}
	return wrong
}

// changed reports whether one of the named steps changed something, or any step if none
// is named; changedOn whether a step did so on a target.
func (j *job) changed(steps ...string) bool {
	return slices.ContainsFunc(j.out.Steps, func(s Step) bool {
		return s.Outcome == sdk.Changed && (len(steps) == 0 || slices.Contains(steps, s.Name))
	})
}

func (j *job) changedOn(step, target string) bool {
	return slices.ContainsFunc(j.out.Steps, func(s Step) bool { return s.Outcome == sdk.Changed && s.Name == step && s.Target == target })
}
