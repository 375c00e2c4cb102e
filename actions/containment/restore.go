package containment

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"soar.example/okta/actions"
	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

// RestoreUser reverts a containment.
var RestoreUser = sdk.Action[*okta.Client, RestoreUserInput, RestoreUserOutput]{
	Name: nameRestore,
	Summary: "Reverts exactly the changes that contain_user made to a user: status, groups, admin roles and devices. Reports which changes " +
		"cannot be reverted.",
	Docs:   "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/",
	Effect: sdk.Writes,
	Undo:   nameContain,
	Scopes: scopes,
	Example: sdk.Example[RestoreUserInput, RestoreUserOutput]{
		Input: RestoreUserInput{Record: RestoreRecord{
			UserID: actions.ExampleUser.ID, Login: actions.ExampleUser.Login, TakenAt: time.Date(2026, 3, 14, 2, 41, 9, 0, time.UTC),
			StatusBefore: okta.StatusActive, StatusAfter: okta.StatusSuspended, GroupsAdded: []actions.GroupRef{actions.ExampleGroup},
		}},
		Output: RestoreUserOutput{
			User: actions.ExampleUser, NotRestorable: []string{},
			Steps:  []Step{{Name: stepUnsuspend, Outcome: sdk.Changed}, {Name: stepLeave, Outcome: sdk.Changed}},
			Change: reconcile.Changed(actions.UserState{Status: okta.StatusSuspended}, actions.UserState{Status: okta.StatusActive}),
		},
	},
	Run: restoreUser,
}

// The names of the steps.
const (
	stepUnsuspend       = "unsuspend"
	stepJoin            = "join_group"
	stepLeave           = "leave_group"
	stepAssign          = "assign_role"
	stepUnsuspendDevice = "unsuspend_device"
)

// RestoreUserInput is the input of restore_user.
type RestoreUserInput struct {
	// Record of the containment: the value of restore for the user in the output of contain_user.
	Record RestoreRecord `json:"record" jsonschema:"title=Restore record"`
	// Restore also if the user no longer has the status that the containment left.
	Force bool `json:"force,omitempty" jsonschema:"default=false" jsonschema_extras:"x-group=advanced"`
	reconcile.Write
}

// Validate rejects a damaged record.
func (in RestoreUserInput) Validate() error { return in.Record.validate() }

// RestoreUserOutput is the output of restore_user.
type RestoreUserOutput struct {
	User          actions.UserRef `json:"user"`           // The user.
	Steps         []Step          `json:"steps"`          // Steps, in order.
	NotRestorable []string        `json:"not_restorable"` // Changes of the containment that cannot be reverted.
	reconcile.Change[actions.UserState]
}

func restoreUser(ctx context.Context, c *okta.Client, in RestoreUserInput) (none RestoreUserOutput, _ error) {
	r := in.Record
	u, err := c.FindUser(ctx, "/record/user_id", r.UserID)
	if err != nil {
		return none, err
	}
	if err := reconcile.Expected(ctx, actions.UserStateOf(u)); err != nil {
		return none, actions.Explained(ctx, c, err, u.ID)
	}
	why := r.changedSince(u)
	if why != "" && !in.Force {
		if change := c.LastChange(ctx, u.ID, r.TakenAt); change != "" {
			why += ". " + change
		}
		return none, sdk.Errorf(sdk.Conflict, "%s. To restore the user anyway, set force", why)
	}
	// A record of this host reverts its own containment. Any other record, and a record of an
	// older state, grants only the rights of the caller's allowed actions.
	if why != "" || r.Org != c.Org() || !r.own(ctx) {
		if err := c.AuthorizeAll("restore_user", r.parts(), "this host did not sign the record for this Okta org and this state of the account"); err != nil {
			return none, err
		}
	}
	j := &job{c: c, user: u, out: &Containment{Steps: []Step{}}}
	if r.suspended() {
		j.set(ctx, stepUnsuspend, "", u.Status == okta.StatusActive, nil,
			func(ctx context.Context) error { return c.UnsuspendUser(ctx, u.ID) }, j.statusIs(okta.StatusActive))
	}
	j.restoreGroups(ctx, r)
	j.restoreRoles(ctx, r)
	for _, id := range r.DevicesSuspended {
		d, err := reconcile.Retry(ctx, func() (*okta.Device, error) { return c.Device(ctx, id) })
		j.set(ctx, stepUnsuspendDevice, id, err == nil && d.Status == okta.StatusActive, err,
			func(ctx context.Context) error { return c.UnsuspendDevice(ctx, id) }, j.deviceIs(id, okta.StatusActive))
	}
	return j.restored(ctx, r), nil
}

// set makes one write, unless the state is already as requested or could not be read.
func (j *job) set(
	ctx context.Context, step, target string, done bool, unread error, write func(context.Context) error, verify func(context.Context) (bool, error),
) {
	switch {
	case unread != nil:
		j.fail(step, target, unread)
	case done:
		j.note(step, target, sdk.Unchanged, "")
	default:
		j.try(ctx, step, target, write, verify)
	}
}

func (j *job) restoreGroups(ctx context.Context, r RestoreRecord) {
	if len(r.GroupsRemoved)+len(r.GroupsAdded) == 0 {
		return
	}
	in, err := reconcile.Retry(ctx, func() ([]*okta.Group, error) { return j.c.UserGroups(ctx, j.user.ID) })
	put := func(step string, groups []actions.GroupRef, member bool, write func(context.Context, string, string) error) {
		for _, g := range groups {
			j.set(ctx, step, cmp.Or(g.Name, g.ID), isMember(in, g.ID) == member, err,
				func(ctx context.Context) error { return write(ctx, g.ID, j.user.ID) }, j.memberIs(g.ID, member))
		}
	}
	put(stepJoin, r.GroupsRemoved, true, j.c.AddMember)
	put(stepLeave, r.GroupsAdded, false, j.c.RemoveMember)
}

func (j *job) restoreRoles(ctx context.Context, r RestoreRecord) {
	if len(r.RolesRemoved) == 0 {
		return
	}
	roles, err := reconcile.Retry(ctx, func() ([]okta.Role, error) { return j.c.RolesOf(ctx, j.user.ID) })
	for _, role := range r.RolesRemoved {
		j.set(ctx, stepAssign, role.Label, slices.ContainsFunc(roles, role.is), err,
			func(ctx context.Context) error { return j.c.AssignRole(ctx, j.user.ID, role.id(), role.ResourceSet) }, j.roleIs(true, role.is))
	}
}

// restored verifies the account and returns the output. It reports the changes that were
// made, even if a part of the account cannot be read.
func (j *job) restored(ctx context.Context, r RestoreRecord) RestoreUserOutput {
	out := RestoreUserOutput{User: actions.UserRefOf(j.user), Steps: j.out.Steps, NotRestorable: append([]string{}, r.NotRestorable...)}
	out.Before, out.After = actions.UserStateOf(j.user), actions.UserStateOf(j.user)
	out.Subjects = []sdk.Subject{{Type: "user", ID: j.user.ID, Name: j.user.Login}}
	if j.has("", "", sdk.Changed, sdk.Planned) {
		out.Undo = r.containAgain()
	}
	if sdk.IsDryRun(ctx) {
		out.Outcome, out.Plan = sdk.Planned, sdk.PlannedRequests(ctx)
		out.Reason = rejections(out.Plan)
		return out
	}
	if r.StatusBefore == okta.StatusSuspended {
		out.NotRestorable = append(out.NotRestorable,
			"the suspension: the account was SUSPENDED before this containment. Revert it with the record of an earlier containment, or with unsuspend_user")
	}
	out.Outcome = sdk.Unchanged
	if j.has("", "", sdk.Changed) {
		out.Outcome = sdk.Changed
	}
	var wrong []string
	for _, s := range out.Steps {
		if s.Error != nil {
			wrong = append(wrong, strings.TrimSpace(s.Name+" "+s.Target)+": "+s.Error.Message)
		}
	}
	var differs []string
	_ = reconcile.Verify(ctx, func() (bool, error) {
		out.After, differs = j.readRestored(ctx, r)
		return len(differs) == 0 || !j.has("", "", sdk.Changed), nil
	})
	if wrong = append(wrong, differs...); len(wrong) > 0 {
		out.Outcome, out.Reason = sdk.NotApplicable, "not restored: "+strings.Join(wrong, "; ")
	}
	return out
}

// containAgain returns the call that repeats the reverted measures.
func (r RestoreRecord) containAgain() []sdk.Undo {
	in := map[string]any{"users": []string{r.UserID}, "suspend": r.suspended(), "revoke_sessions": r.suspended()}
	if len(r.GroupsAdded) > 0 {
		in["quarantine"] = r.GroupsAdded[0].ID
	}
	if len(r.GroupsRemoved) > 0 {
		in["remove_groups"] = reconcile.Convert(r.GroupsRemoved, func(g actions.GroupRef) string { return g.ID })
	}
	if len(r.RolesRemoved) > 0 {
		in["revoke_roles"] = true
	}
	if len(r.DevicesSuspended) > 0 {
		in["suspend_devices"] = true
	}
	input, err := json.Marshal(in)
	if err != nil || len(r.parts()) == 0 {
		return nil
	}
	return []sdk.Undo{{Subject: r.UserID, Action: nameContain, Input: input}}
}

// readRestored reads the account, and lists its differences from the state before the
// containment. It reads only the groups, roles and devices that were changed.
func (j *job) readRestored(ctx context.Context, r RestoreRecord) (after actions.UserState, differs []string) {
	add := func(wrong bool, difference string) {
		if wrong {
			differs = append(differs, difference)
		}
	}
	unread := func(part string, err error) {
		add(err != nil, part+" could not be read: "+sdk.AsError(err).Error())
	}
	if u, err := reconcile.Retry(ctx, func() (*okta.User, error) { return j.c.User(ctx, j.user.ID) }); err != nil {
		unread("the account", err)
	} else {
		after = actions.UserStateOf(u)
		why := r.difference(u)
		add(why != "", why)
	}
	if j.has(stepJoin, "", sdk.Changed) || j.has(stepLeave, "", sdk.Changed) {
		in, err := reconcile.Retry(ctx, func() ([]*okta.Group, error) { return j.c.UserGroups(ctx, j.user.ID) })
		unread("the groups", err)
		for _, g := range r.GroupsRemoved {
			name := cmp.Or(g.Name, g.ID)
			add(err == nil && j.has(stepJoin, name, sdk.Changed) && !isMember(in, g.ID), "the user is not in "+name)
		}
		for _, g := range r.GroupsAdded {
			name := cmp.Or(g.Name, g.ID)
			add(err == nil && j.has(stepLeave, name, sdk.Changed) && isMember(in, g.ID), "the user is still in "+name)
		}
	}
	if j.has(stepAssign, "", sdk.Changed) {
		roles, err := reconcile.Retry(ctx, func() ([]okta.Role, error) { return j.c.RolesOf(ctx, j.user.ID) })
		unread("the admin roles", err)
		for _, role := range r.RolesRemoved {
			add(err == nil && j.has(stepAssign, role.Label, sdk.Changed) && !slices.ContainsFunc(roles, role.is),
				"the admin role "+role.Label+" is not assigned")
		}
	}
	for _, id := range r.DevicesSuspended {
		if !j.has(stepUnsuspendDevice, id, sdk.Changed) {
			continue
		}
		d, err := reconcile.Retry(ctx, func() (*okta.Device, error) { return j.c.Device(ctx, id) })
		unread("device "+id, err)
		add(err == nil && d.Status != okta.StatusActive, "device "+id+" is "+statusOf(d))
	}
	return after, differs
}

func statusOf(d *okta.Device) string {
	if d == nil {
		return ""
	}
	return d.Status
}
