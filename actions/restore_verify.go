package actions

import (
	"cmp"
	"context"
	"slices"
	"time"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// restoredState reads back how the account is, and says what of the record is not back
// though Okta accepted it, or what else the status is. What does not show is read again
// after a moment.
func (j *job) restoredState(ctx context.Context, r RestoreRecord) (after UserState, wrong []string) {
	for _, wait := range lag {
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
	if u, err := patiently(ctx, func() (*okta.User, error) { return j.c.User(ctx, j.user.ID) }); err != nil {
		unread("the account", err)
	} else {
		after = stateOf(u)
		if why := r.left(u); why != "" {
			wrong = append(wrong, why)
		}
	}
	if j.changed("join_group", "leave_group") {
		groups, err := patiently(ctx, func() ([]*okta.Group, error) { return j.c.UserGroups(ctx, j.user.ID) })
		if err != nil {
			unread("the groups", err)
		} else {
			wrong = append(wrong, j.notBack(r, groups)...)
		}
	}
	if j.changed("assign_role") {
		roles, err := patiently(ctx, func() ([]okta.Role, error) { return j.c.RolesOf(ctx, j.user.ID) })
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
		d, err := patiently(ctx, func() (*okta.Device, error) { return j.c.Device(ctx, id) })
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
