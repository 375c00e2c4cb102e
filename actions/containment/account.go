package containment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"soar.example/okta/actions"
	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

// Step is the result of one measure on one user.
type Step struct {
	Name string `json:"step"` // Name of the step.
	// Target of the step: name of a group, label of an admin role, or ID of a device.
	Target string `json:"target,omitempty"`
	// Result of the step. contained and open describe the account.
	Outcome sdk.Outcome `json:"outcome" jsonschema:"enum=changed,enum=unchanged,enum=accepted,enum=not_applicable,enum=planned,enum=failed"`
	// Why the step does not apply, or which information about it is missing.
	Reason string `json:"reason,omitempty"`
	// Error of a failed step.
	Error *sdk.ErrorBody `json:"error,omitempty"`
}

const failed sdk.Outcome = "failed"

func (s Step) wrote() bool { return s.Outcome == sdk.Changed || s.Outcome == sdk.Accepted }

// containedGroups are the groups of a containment.
type containedGroups struct {
	quarantine *okta.Group
	remove     []*okta.Group
}

func (g containedGroups) any() bool { return g.quarantine != nil || len(g.remove) > 0 }

func (g containedGroups) all() []*okta.Group {
	if g.quarantine == nil {
		return g.remove
	}
	return append(slices.Clone(g.remove), g.quarantine)
}

// findGroups finds the groups. It does not retry: nothing was changed yet, so the caller
// can call again.
func findGroups(ctx context.Context, c *okta.Client, m Measures) (found containedGroups, err error) {
	if m.Quarantine != "" {
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
			return found, sdk.InvalidField(pointer, "is the quarantine group. Remove it from remove_groups or from quarantine")
		case !slices.ContainsFunc(found.remove, func(other *okta.Group) bool { return other.ID == g.ID }): // by ID and by name
			found.remove = append(found.remove, g)
		}
	}
	return found, nil
}

// A job is the containment or the restoration of one user.
type job struct {
	c       *okta.Client
	m       Measures
	groups  containedGroups
	begun   time.Time
	pointer string    // member of the input that names the user
	ref     string    // reference to the user in the input
	claimed *sync.Map // IDs of the users of the call, with their pointers
	user    *okta.User
	planned *okta.User      // the user of a recent dry run, nil if there is none
	early   *Step           // the suspension, if it came before every read
	member  map[string]bool // IDs of the groups of the user before the first change; nil until they are read
	in      []*okta.Group   // the groups themselves
	out     *Containment

	memberAfter map[string]bool
}

// identify finds the user, and the state before the containment.
//
// A user with an ID is suspended without a read: Okta suspends only ACTIVE users, so the
// response shows the state before. That saves a request, and suspends the account earlier.
func (j *job) identify(ctx context.Context) error {
	claim := func(id string) error {
		if other, twice := j.claimed.LoadOrStore(id, j.pointer); twice && other != j.pointer {
			return sdk.InvalidField(j.pointer, "names the same user as %s. Remove one of the two", other)
		}
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	var rejection error
	known := j.planned
	if known == nil && okta.IsUserID(j.ref) && sdk.ExpectedBefore(ctx) == nil {
		known = &okta.User{ID: j.ref, Login: j.ref, Status: okta.StatusActive}
	}
	blind := known != nil && j.blind()
	if blind {
		if err := claim(known.ID); err != nil {
			return err
		}
		rejection = j.c.SuspendUser(ctx, known.ID) // a dry run plans the request, in every status
		if rejection == nil {
			j.early = &Step{Name: stepSuspend, Outcome: sdk.Changed}
			j.know(known)
			return nil
		}
		j.member = nil // from an older read
	}
	// Other users of the call may be contained already, so that a transient failure must not
	// leave this user out.
	u, err := reconcile.Retry(ctx, func() (*okta.User, error) { return j.c.FindUser(ctx, j.pointer, j.ref) })
	lost := blind && reconcile.MayHaveWritten(rejection)
	switch {
	case err != nil && lost:
		body := sdk.AsError(rejection).Body()
		j.early = &Step{Name: stepSuspend, Outcome: failed, Error: &body}
		u = &okta.User{ID: known.ID, Login: known.Login}
	case err != nil:
		return err
	case lost && u.Status == okta.StatusSuspended && changedSince(u, j.begun):
		j.early = &Step{Name: stepSuspend, Outcome: sdk.Changed}
		u.Status = okta.StatusActive // the status before
	case errors.Is(rejection, sdk.ErrPlanned) && u.Status == okta.StatusActive:
		j.early = &Step{Name: stepSuspend, Outcome: sdk.Planned}
	case !blind:
		if err := claim(u.ID); err != nil {
			return err
		}
	}
	j.know(u)
	return nil
}

// blind reports whether the suspension can come before every read. A read is necessary if
// protected_users lists logins, because the login of this user may have changed.
func (j *job) blind() bool { return j.m.Suspend && !j.m.RevokeRoles && !j.c.ProtectsNames() }

// recallPlan takes the user and the groups from a recent dry run, if they are as the
// caller expects. Okta then confirms that the user is ACTIVE, since it suspends only
// ACTIVE users.
func (j *job) recallPlan(ctx context.Context) {
	u, groups := j.c.TakePlan(j.ref)
	if u == nil || u.Status != okta.StatusActive || !j.blind() {
		return
	}
	j.user, j.planned = u, u
	if groups != nil {
		j.setMember(groups)
	}
	if j.groups.any() && groups == nil || reconcile.Expected(ctx, stateBefore([]*job{j}, []error{nil})) != nil {
		j.planned, j.member = nil, nil
	}
	j.user = nil
}

func (j *job) know(u *okta.User) {
	j.user = u
	j.out.User, j.out.Status, j.out.before, j.out.after = actions.UserRefOf(u), u.Status, u.Status, u.Status
	j.out.Restore = RestoreRecord{
		Org: j.c.Org(), UserID: u.ID, Login: u.Login, TakenAt: j.begun.UTC(), StatusBefore: u.Status, StatusAfter: u.Status,
	}
}

// changedSince reports whether the status changed after begun, by Okta's clock. Okta's
// clock may differ from the clock of this machine.
func changedSince(u *okta.User, begun time.Time) bool {
	const resolution = 2 * time.Second // Okta reports whole seconds
	return u.StatusChanged != nil && !u.ReadAt.IsZero() && u.StatusChanged.After(u.ReadAt.Add(-time.Since(begun)-resolution))
}

// readGroups reads the groups of the user before any of them is changed, once.
func (j *job) readGroups(ctx context.Context) error {
	if j.member != nil {
		return nil
	}
	in, err := reconcile.Retry(ctx, func() ([]*okta.Group, error) { return j.c.UserGroupsSince(ctx, j.user.ID, j.begun) })
	if err != nil {
		return err
	}
	j.setMember(in)
	return nil
}

func (j *job) setMember(in []*okta.Group) {
	j.in, j.member = in, map[string]bool{}
	for _, g := range in {
		j.member[g.ID] = true
		if j.groups.quarantine != nil && g.ID == j.groups.quarantine.ID {
			j.groups.quarantine = g
		}
	}
}

// try makes one write of a step and records its outcome. It reports whether the write
// made a change, or may have made one, that restore_user must revert. Verify reads whether
// the state is as requested. Verify is nil if Okta cannot report the state.
func (j *job) try(
	ctx context.Context, name, target string, write func(context.Context) error, verify func(context.Context) (bool, error),
) bool {
	a := reconcile.Goal[bool]{Done: func(done bool) bool { return done }, Act: write, Read: verify, Retry: true}.Attempt(ctx)
	switch {
	case errors.Is(a.Err, sdk.ErrPlanned):
		j.note(name, target, sdk.Planned, "")
		return true
	case a.Err != nil:
		j.fail(name, target, a.Err)
		return a.Unknown
	case verify == nil:
		j.note(name, target, sdk.Accepted, "")
		return true
	}
	j.note(name, target, a.Outcome(), "")
	return a.Outcome() == sdk.Changed
}

func (j *job) note(name, target string, outcome sdk.Outcome, reason string) {
	j.out.Steps = append(j.out.Steps, Step{Name: name, Target: target, Outcome: outcome, Reason: reason})
}

func (j *job) fail(name, target string, err error) {
	body := sdk.AsError(err).Body()
	j.out.Steps = append(j.out.Steps, Step{Name: name, Target: target, Outcome: failed, Error: &body})
}

// lose records a change that cannot be restored.
func (j *job) lose(change string) {
	j.out.Restore.NotRestorable = append(j.out.Restore.NotRestorable, change)
}

// has reports whether a step has one of these outcomes. An empty name or target matches all.
func (j *job) has(name, target string, outcomes ...sdk.Outcome) bool {
	return slices.ContainsFunc(j.out.Steps, func(s Step) bool {
		return (name == "" || s.Name == name) && (target == "" || s.Target == target) && slices.Contains(outcomes, s.Outcome)
	})
}

// did reports whether Okta accepted a step for all of its targets.
func (j *job) did(name string) bool {
	return !j.has(name, "", failed) && j.has(name, "", sdk.Changed, sdk.Accepted)
}

// why returns the error of a failed step on a target, as the end of a message.
func (j *job) why(name, target string) string {
	for _, s := range j.out.Steps {
		if s.Name == name && s.Outcome == failed && (s.Target == target || s.Target == "") {
			return ": " + s.Error.Message
		}
	}
	return ""
}

// The functions below return reads of one part of the account, for try.

func (j *job) statusIs(status string) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		u, err := j.c.User(ctx, j.user.ID)
		return err == nil && u.Status == status, err
	}
}

func (j *job) memberIs(groupID string, member bool) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		in, err := j.c.UserGroups(ctx, j.user.ID)
		return err == nil && isMember(in, groupID) == member, err
	}
}

func isMember(in []*okta.Group, id string) bool {
	return slices.ContainsFunc(in, func(g *okta.Group) bool { return g.ID == id })
}

// roleIs returns a read that reports whether the user has a direct admin role, or not. It
// ignores assignments by a group, which can have the ID of a direct assignment.
func (j *job) roleIs(assigned bool, is func(okta.Role) bool) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		roles, err := j.c.RolesOf(ctx, j.user.ID)
		return err == nil && slices.ContainsFunc(roles, func(r okta.Role) bool { return r.Direct() && is(r) }) == assigned, err
	}
}

func (j *job) hasNoFactors(ctx context.Context) (bool, error) {
	factors, err := j.c.FactorsOf(ctx, j.user.ID)
	return err == nil && !slices.ContainsFunc(factors, resettable), err
}

// resettable reports whether a factor can be reset. Okta itself enrolls the email address,
// also after a reset.
func resettable(f okta.Factor) bool { return f.FactorType != okta.FactorEmail }

func (j *job) deviceIs(id, status string) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		d, err := j.c.Device(ctx, id)
		return err == nil && d.Status == status, err
	}
}
