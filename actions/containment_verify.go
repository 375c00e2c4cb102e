package actions

import (
	"context"
	"slices"
	"time"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// verify reads back how the account is, and lists what still stands open. Only
// what was asked for can be open; what cannot be read counts as open too. Where Okta
// accepted what the state does not show, it is read again after a moment.
func (j *job) verify(ctx context.Context) {
	for _, wait := range lag {
		if lags := j.judge(ctx); !lags {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
	j.judge(ctx)
}

// judge is verify, once. It reports whether something is open that Okta said it did.
func (j *job) judge(ctx context.Context) (lags bool) {
	j.out.Open = []string{}
	open := func(what string, done bool) {
		j.out.Open = append(j.out.Open, what)
		lags = lags || done
	}
	now, err := patiently(ctx, func() (state, error) { return j.readBack(ctx) })
	if err != nil {
		open("the account could not be read back: "+err.Error(), false)
		j.out.after, j.out.Restore.StatusAfter = j.supposed(), j.supposed()
	} else {
		j.judgeAccount(now, open)
	}
	if j.m.RevokeSessions && j.failed(stepSessions) {
		open("sessions were not revoked"+j.why(stepSessions, ""), false)
	}
	if j.m.RevokeRoles {
		j.judgeRoles(ctx, open)
	}
	if j.m.ResetFactors {
		j.judgeFactors(ctx, open)
	}
	if j.m.SuspendDevices {
		j.judgeDevices(ctx, open)
	}
	j.out.Contained = len(j.out.Open) == 0
	return lags
}

// judgeAccount opens what still is of the status and the groups, and notes the status
// in the record.
func (j *job) judgeAccount(now state, open func(what string, done bool)) {
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

// judgeRoles and its like open what still is of one measure, and say whether Okta
// said that it was done away with.
func (j *job) judgeRoles(ctx context.Context, open func(string, bool)) {
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

func (j *job) judgeFactors(ctx context.Context, open func(string, bool)) {
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

func (j *job) judgeDevices(ctx context.Context, open func(string, bool)) {
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
