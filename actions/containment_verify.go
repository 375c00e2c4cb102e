package actions

import (
	"context"

	"soar.example/okta/internal/okta"
)

// verify reads back how the account is, and lists what still stands open. Only
// what was asked for can be open; what cannot be read counts as open too.
func (j *job) verify(ctx context.Context) {
	now, err := patiently(ctx, func() (state, error) { return j.readBack(ctx) })
	if err != nil {
		j.open("the account could not be read back: " + err.Error())
		now = state{j.user, j.member}
	}
	u, member := now.user, now.member
	j.out.User, j.out.Restore.Login = refOf(u), u.Login
	j.out.after, j.out.Restore.StatusAfter = u.Status, u.Status
	suspended := u.Status == okta.StatusSuspended || u.Status == okta.StatusDeprovisioned
	if j.m.Suspend && !suspended {
		j.open("the account is " + u.Status + " and not suspended" + j.why(stepSuspend))
	}
	if j.m.RevokeSessions && j.failed(stepSessions) {
		j.open("sessions were not revoked" + j.why(stepSessions))
	}
	if j.m.ExpirePassword && !suspended && u.Status != okta.StatusPasswordExpired {
		j.open("the password is not expired, the account is " + u.Status + j.why(stepPassword))
	}
	if q := j.groups.quarantine; q != nil && !member[q.ID] {
		j.open("the user is not in the quarantine group" + j.why(stepQuarantine))
	}
	for _, g := range j.groups.remove {
		if member[g.ID] {
			j.open("the user is still in " + g.Profile.Name + " (" + g.Type + ")" + j.why(stepGroups))
		}
	}
	j.verifyRoles(ctx)
	j.verifyFactors(ctx)
	j.verifyDevices(ctx)
	j.out.Contained = len(j.out.Open) == 0
}

// A state is how an account is: its status, and the groups of interest that it is in.
type state struct {
	user   *okta.User
	member map[string]bool // by id
}

// readBack reads the status and the groups. Where the quarantine group is the only
// one of interest, its list of members tells both in one request.
func (j *job) readBack(ctx context.Context) (state, error) {
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

func (j *job) verifyRoles(ctx context.Context) {
	if !j.m.RevokeRoles {
		return
	}
	roles, err := j.c.RolesOf(ctx, j.user.ID)
	if err != nil {
		j.open("admin roles could not be read back: " + err.Error())
	}
	for _, r := range roles {
		if r.Direct() {
			j.open("the admin role " + r.Label + " is still assigned" + j.why(stepRoles))
		} else {
			j.open("the admin role " + r.Label + " comes by a group")
		}
	}
}

func (j *job) verifyFactors(ctx context.Context) {
	if !j.m.ResetFactors {
		return
	}
	factors, err := j.c.FactorsOf(ctx, j.user.ID)
	if err != nil {
		j.open("factors could not be read back: " + err.Error())
	}
	for _, f := range factors {
		if f.Status == okta.StatusActive {
			j.open("the factor " + f.FactorType + " (" + f.Provider + ") is still enrolled" + j.why(stepFactors))
		}
	}
}

func (j *job) verifyDevices(ctx context.Context) {
	if !j.m.SuspendDevices {
		return
	}
	devices, err := j.c.DevicesOf(ctx, j.user.ID)
	if err != nil {
		j.open("devices could not be read back: " + err.Error())
	}
	for _, d := range devices {
		if d.Device.Status == okta.StatusActive {
			j.open("the device " + d.Device.ID + " is still active" + j.why(stepDevices))
		}
	}
}

func (j *job) open(what string) { j.out.Open = append(j.out.Open, what) }

func (j *job) failed(step string) bool { return j.why(step) != "" }

// why says of a step that failed what it failed of.
func (j *job) why(step string) string {
	for _, s := range j.out.Steps {
		if s.Name == step && s.Outcome == failed {
			return ": " + s.Error.Message
		}
	}
	return ""
}
