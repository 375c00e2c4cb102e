package actions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

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

func findGroups(ctx context.Context, c *okta.Client, m Measures) (containedGroups, error) {
	var found containedGroups
	var err error
	if m.Quarantine != "" {
		if found.quarantine, err = c.GroupByRef(ctx, "/quarantine", m.Quarantine); err != nil {
			return found, err
		}
	}
	for i, ref := range m.RemoveGroups {
		g, err := c.FindGroup(ctx, fmt.Sprintf("/remove_groups/%d", i), ref)
		if err != nil {
			return found, err
		}
		found.remove = append(found.remove, g)
	}
	return found, nil
}

// A job is the containment of one user.
type job struct {
	c      *okta.Client
	user   *okta.User
	m      Measures
	groups containedGroups
	member map[string]bool // ids of the groups that the user was in before
	out    *Containment
}

// contain does what m asks for to one user, step by step: a step that fails does
// not keep the next from being tried, since each closes a door of its own. What
// came of it is judged by verify.
func contain(ctx context.Context, c *okta.Client, pointer, ref string, m Measures, groups containedGroups) (Containment, error) {
	out := Containment{User: UserRef{Login: ref}, Open: []string{}, Steps: []Step{}}
	u, err := c.FindUser(ctx, pointer, ref)
	if err != nil {
		return out, err
	}
	out.User, out.before, out.after = refOf(u), u.Status, u.Status
	out.Restore = RestoreRecord{UserID: u.ID, Login: u.Login, TakenAt: time.Now().UTC(), StatusBefore: u.Status, StatusAfter: u.Status}
	j := &job{c: c, user: u, m: m, groups: groups, member: map[string]bool{}, out: &out}
	if groups.quarantine != nil || len(groups.remove) > 0 {
		in, err := c.UserGroups(ctx, u.ID)
		if err != nil {
			return out, err
		}
		for _, g := range in {
			j.member[g.ID] = true
			if groups.quarantine != nil && g.ID == groups.quarantine.ID {
				j.groups.quarantine = g
			}
		}
	}
	// Roles first: whoever has one could undo the rest.
	for _, step := range []struct {
		asked bool
		run   func(context.Context)
	}{
		{m.RevokeRoles, j.revokeRoles}, {m.Suspend, j.suspend}, {m.RevokeSessions, j.revokeSessions},
		{m.ResetFactors, j.resetFactors}, {len(groups.remove) > 0, j.removeGroups},
		{groups.quarantine != nil, j.quarantine}, {m.SuspendDevices, j.suspendDevices}, {m.ExpirePassword, j.expirePassword},
	} {
		if step.asked {
			step.run(ctx)
		}
	}
	if sdk.IsDryRun(ctx) {
		return out, nil
	}
	j.verify(ctx)
	return out, nil
}

// try runs one write of a step, again if Okta asks for patience: what was begun on
// an account should be finished. It notes the outcome.
func (j *job) try(ctx context.Context, name string, write func(context.Context) error) bool {
	var err error
	for _, wait := range []time.Duration{time.Second, 3 * time.Second, 0} {
		err = write(ctx)
		e := sdk.AsError(err)
		if e == nil || !e.Code.Transient() || wait == 0 || e.RetryAfter > 30*time.Second || errors.Is(err, sdk.ErrPlanned) {
			break
		}
		select {
		case <-ctx.Done():
		case <-time.After(max(wait, e.RetryAfter)):
		}
	}
	step := Step{Name: name, Outcome: sdk.Changed}
	switch e := sdk.AsError(err); {
	case errors.Is(err, sdk.ErrPlanned):
		step.Outcome = sdk.Planned
	case e != nil:
		body := e.Body()
		step.Outcome, step.Error = failed, &body
	}
	j.out.Steps = append(j.out.Steps, step)
	return err == nil
}

func (j *job) note(name string, outcome sdk.Outcome, reason string) {
	j.out.Steps = append(j.out.Steps, Step{Name: name, Outcome: outcome, Reason: reason})
}

func (j *job) revokeRoles(ctx context.Context) {
	roles, err := j.c.RolesOf(ctx, j.user.ID)
	if err != nil {
		j.try(ctx, stepRoles, func(context.Context) error { return err })
		return
	}
	own := slices.DeleteFunc(roles, func(r okta.Role) bool { return !r.Direct() })
	if len(own) == 0 {
		j.note(stepRoles, sdk.Already, "")
	}
	for _, r := range own {
		if j.try(ctx, stepRoles, func(ctx context.Context) error { return j.c.UnassignRole(ctx, j.user.ID, r.ID) }) {
			j.out.Restore.RolesRemoved = append(j.out.Restore.RolesRemoved, RestoreRole{Type: r.Type, Label: r.Label, Role: r.RoleID, ResourceSet: r.ResourceSet})
		}
	}
}

func (j *job) suspend(ctx context.Context) {
	switch j.user.Status {
	case okta.StatusSuspended, okta.StatusDeprovisioned:
		j.note(stepSuspend, sdk.Already, "")
	case okta.StatusActive:
		j.try(ctx, stepSuspend, func(ctx context.Context) error { return j.c.SuspendUser(ctx, j.user.ID) })
	default:
		j.note(stepSuspend, sdk.NotApplicable, "Okta suspends only an ACTIVE user, and this one is "+j.user.Status)
	}
}

func (j *job) revokeSessions(ctx context.Context) {
	if j.try(ctx, stepSessions, func(ctx context.Context) error {
		return j.c.RevokeSessions(ctx, j.user.ID, j.m.OAuthTokens, j.m.ForgetDevices)
	}) {
		j.out.Restore.NotRestorable = append(j.out.Restore.NotRestorable, "the sessions, OAuth tokens and remembered devices that were revoked")
	}
}

func (j *job) resetFactors(ctx context.Context) {
	if j.try(ctx, stepFactors, func(ctx context.Context) error { return j.c.ResetFactors(ctx, j.user.ID) }) {
		j.out.Restore.NotRestorable = append(j.out.Restore.NotRestorable, "the factors: the user must enrol anew")
	}
}

func (j *job) removeGroups(ctx context.Context) {
	for _, g := range j.groups.remove {
		if !j.member[g.ID] {
			j.note(stepGroups, sdk.Already, "")
			continue
		}
		if g.Type != okta.GroupOkta {
			j.note(stepGroups, sdk.NotApplicable, "the members of "+g.Profile.Name+" are not Okta's to change ("+g.Type+")")
			continue
		}
		if j.try(ctx, stepGroups, func(ctx context.Context) error { return j.c.RemoveMember(ctx, g.ID, j.user.ID) }) {
			j.out.Restore.GroupsRemoved = append(j.out.Restore.GroupsRemoved, groupRefOf(g))
		}
	}
}

func (j *job) quarantine(ctx context.Context) {
	g := j.groups.quarantine
	if j.member[g.ID] {
		j.note(stepQuarantine, sdk.Already, "")
		return
	}
	if j.try(ctx, stepQuarantine, func(ctx context.Context) error { return j.c.AddMember(ctx, g.ID, j.user.ID) }) {
		j.out.Restore.GroupsAdded = append(j.out.Restore.GroupsAdded, groupRefOf(g))
	}
}

func (j *job) suspendDevices(ctx context.Context) {
	devices, err := j.c.DevicesOf(ctx, j.user.ID)
	if err != nil {
		j.try(ctx, stepDevices, func(context.Context) error { return err })
		return
	}
	active := slices.DeleteFunc(devices, func(d okta.UserDevice) bool { return d.Device.Status != okta.StatusActive })
	if len(active) == 0 {
		j.note(stepDevices, sdk.Already, "")
	}
	for _, d := range active {
		if j.try(ctx, stepDevices, func(ctx context.Context) error { return j.c.SuspendDevice(ctx, d.Device.ID) }) {
			j.out.Restore.DevicesSuspended = append(j.out.Restore.DevicesSuspended, d.Device.ID)
		}
	}
}

func (j *job) expirePassword(ctx context.Context) {
	suspended := j.user.Status == okta.StatusSuspended || j.m.Suspend && j.user.Status == okta.StatusActive
	if suspended {
		j.note(stepPassword, sdk.NotApplicable, "Okta does not expire the password of a suspended user")
		return
	}
	if j.try(ctx, stepPassword, func(ctx context.Context) error { return j.c.ExpirePassword(ctx, j.user.ID) }) {
		j.out.Restore.NotRestorable = append(j.out.Restore.NotRestorable, "the password: the user must choose a new one")
	}
}
