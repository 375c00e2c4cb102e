package containment

import (
	"context"
	"slices"
	"strings"

	"soar.example/okta/actions"
	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

// verify reads the account, and lists the remaining exposure: the requested measures
// that are not verified, or that cannot be read. It repeats the read while an accepted
// change is not visible.
func (j *job) verify(ctx context.Context) {
	_ = reconcile.Verify(ctx, func() (bool, error) { return !j.check(ctx), nil })
}

// check reads the account once. It reports whether an accepted change is not yet visible.
func (j *job) check(ctx context.Context) (lags bool) {
	j.out.Open, j.out.Next = []string{}, []string{}
	open := func(exposure string, accepted bool) {
		j.out.Open = append(j.out.Open, exposure)
		lags = lags || accepted
	}
	u, err := reconcile.Retry(ctx, func() (*okta.User, error) { return j.readAccount(ctx) })
	if err != nil {
		open("the account could not be read: "+err.Error(), false)
		j.out.Status, j.out.after, j.out.Restore.StatusAfter = "", j.expectedStatus(), j.expectedStatus()
	} else {
		j.checkAccount(u, open)
	}
	if j.m.RevokeSessions && j.has(stepSessions, "", failed) {
		open("sessions were not revoked"+j.why(stepSessions, ""), false)
	}
	if j.m.RevokeRoles {
		roles, err := j.c.RolesOf(ctx, j.user.ID)
		unread(open, "admin roles", err)
		for _, r := range roles {
			if r.Direct() {
				open("the admin role "+r.Label+" is still assigned"+j.why(stepRoles, r.Label), j.did(stepRoles))
			} else {
				open("the admin role "+r.Label+" is assigned by a group", false)
				j.next("remove the user from the group that assigns the admin role " + r.Label)
			}
		}
	}
	if j.m.ResetFactors {
		factors, err := j.c.FactorsOf(ctx, j.user.ID)
		unread(open, "factors", err)
		for _, f := range slices.DeleteFunc(factors, func(f okta.Factor) bool { return !resettable(f) }) {
			open("the factor "+f.FactorType+" ("+f.Provider+") is still enrolled"+j.why(stepFactors, ""), j.did(stepFactors))
		}
	}
	if j.m.SuspendDevices {
		devices, err := j.c.DevicesOf(ctx, j.user.ID)
		unread(open, "devices", err)
		for _, d := range devices {
			if id := d.Device.ID; d.Device.Status == okta.StatusActive {
				open("the device "+id+" is still active"+j.why(stepDevices, id), slices.Contains(j.out.Restore.DevicesSuspended, id))
			}
		}
	}
	j.out.Complete = len(j.out.Open) == 0
	j.out.Contained = err == nil && disabled(j.out.Status) && j.has(stepSessions, "", sdk.Accepted)
	j.nextSteps()
	return lags
}

func unread(open func(string, bool), part string, err error) {
	if err != nil {
		open(part+" could not be read: "+err.Error(), false)
	}
}

// disabled reports whether a user with this status cannot sign in until an admin changes
// the status.
func disabled(status string) bool {
	return status == okta.StatusSuspended || status == okta.StatusDeprovisioned
}

// checkAccount compares the status and the groups with the requested state, and stores the
// status in the record.
func (j *job) checkAccount(u *okta.User, open func(exposure string, accepted bool)) {
	r := &j.out.Restore
	if r.StatusBefore == "" {
		j.recall(u)
	}
	j.user.Provider = u.Provider
	j.out.User, r.Login = actions.UserRefOf(u), u.Login
	j.out.Status, j.out.after, r.StatusAfter, r.StatusChanged = u.Status, u.Status, u.Status, u.StatusChanged
	if u.Status == r.StatusBefore && (j.did(stepSuspend) || j.did(stepPassword)) { // the change may become visible later
		r.StatusAfter = j.expectedStatus()
	}
	if j.m.Suspend && !disabled(u.Status) {
		open("the account is "+u.Status+", not suspended"+j.why(stepSuspend, ""), j.did(stepSuspend))
	}
	if j.m.ExpirePassword && !disabled(u.Status) && u.Status != okta.StatusPasswordExpired {
		open("the password is not expired: the account is "+u.Status+j.why(stepPassword, ""), j.did(stepPassword))
	}
	if q := j.groups.quarantine; q != nil && !j.memberAfter[q.ID] {
		open("the user is not in the quarantine group"+j.why(stepQuarantine, q.Profile.Name), j.did(stepQuarantine))
	}
	for _, g := range j.groups.remove {
		if j.memberAfter[g.ID] {
			open("the user is still in "+g.Profile.Name+" ("+g.Type+")"+j.why(stepGroups, g.Profile.Name), slices.Contains(r.GroupsRemoved, actions.GroupRefOf(g)))
		}
	}
}

// recall derives the status before the containment from the current status, if the first
// responses were lost.
func (j *job) recall(u *okta.User) {
	switch {
	case u.Status == okta.StatusSuspended && changedSince(u, j.begun):
		for i := range j.out.Steps {
			if s := &j.out.Steps[i]; s.Name == stepSuspend {
				*s = Step{Name: stepSuspend, Outcome: sdk.Changed}
			}
		}
		j.user.Status = okta.StatusActive
	case u.Status != okta.StatusPasswordExpired: // this containment may have caused that status
		j.user.Status = u.Status
	}
	j.out.before, j.out.Restore.StatusBefore = j.user.Status, j.user.Status
}

// expectedStatus returns the status that results from the accepted steps. It returns "" if
// a failed step may have changed the status.
func (j *job) expectedStatus() string {
	switch {
	case j.has(stepSuspend, "", failed), j.has(stepPassword, "", failed):
		return ""
	case j.has(stepSuspend, "", sdk.Changed, sdk.Planned):
		return okta.StatusSuspended
	case j.has(stepPassword, "", sdk.Changed, sdk.Planned):
		return okta.StatusPasswordExpired
	}
	return j.user.Status
}

// readAccount reads the user and, into memberAfter, the groups of the containment. If the
// quarantine group is the only group, the list of its members has both in one request.
func (j *job) readAccount(ctx context.Context) (*okta.User, error) {
	j.memberAfter = map[string]bool{}
	if q := j.groups.quarantine; q != nil && len(j.groups.remove) == 0 {
		if u, err := j.c.MemberOf(ctx, q.ID, j.user.ID); err == nil && u != nil {
			j.memberAfter[q.ID] = true
			return u, nil
		}
	}
	u, err := j.c.User(ctx, j.user.ID)
	if err != nil || !j.groups.any() {
		return u, err
	}
	groups, err := j.c.UserGroups(ctx, j.user.ID)
	for _, g := range groups {
		j.memberAfter[g.ID] = true
	}
	return u, err
}

func (j *job) next(step string) {
	if !slices.Contains(j.out.Next, step) {
		j.out.Next = append(j.out.Next, step)
	}
}

// directories are the names of the account sources that Okta does not manage.
var directories = map[string]string{
	"ACTIVE_DIRECTORY": "Active Directory", "LDAP": "the LDAP directory", "FEDERATION": "the identity provider", "SOCIAL": "the identity provider",
}

// nextSteps lists the next steps of the responder for this account.
func (j *job) nextSteps() {
	login, status := j.out.User.Login, j.out.Status
	switch {
	case status == "":
		j.next("read the account with get_user, then run contain_user again")
	case disabled(status):
	case status == okta.StatusActive:
		j.next("suspend the account: suspend_user for " + login)
	default:
		j.next("Okta does not suspend an account that is " + status + ": deactivate it with deactivate_user for " + login)
	}
	if !j.has(stepSessions, "", sdk.Accepted) {
		j.next("end the sessions: revoke_all_user_sessions for " + login)
	}
	if j.has("", "", failed) {
		j.next("run contain_user again for " + login)
	}
	provider := j.user.Provider
	if directory := directories[provider.Type]; directory != "" {
		if provider.Name != "" && !strings.EqualFold(provider.Name, provider.Type) {
			directory += " (" + provider.Name + ")"
		}
		j.next("disable the account in " + directory + " too: the account is managed there, and Okta's status does not change it")
	}
}
