package actions_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// TestContainmentWithLostResponses checks that the steps and the record list the changes
// whose responses were lost, so that restore_user reverts all of them.
func TestContainmentWithLostResponses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.AddGroup(oktasim.NewGroup{Name: "Quarantine"})
	b.AddGroup(oktasim.NewGroup{Name: "VPN"})
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example", Sessions: 1, Groups: []string{"VPN"}})
	b.AddRole(oktasim.NewRole{User: u.Login, Type: "HELP_DESK_ADMIN"})
	b.AddDevice(oktasim.NewDevice{Name: "LAPTOP", Status: oktasim.DeviceActive, Users: []string{u.Login}})
	before := b.groupsOf(u.ID)
	lose := func(method, path string) {
		b.Fault(oktasim.Fault{Method: method, Path: path, Times: 1, Kind: oktasim.KindHangup, AfterEffect: true})
	}
	lose("DELETE", "/api/v1/users/*/roles/*")
	lose("POST", "/api/v1/users/*/lifecycle/*")
	lose("PUT", "/api/v1/groups/*/users/*")
	lose("DELETE", "/api/v1/groups/*/users/*")
	lose("POST", "/api/v1/devices/*/lifecycle/*")
	out, _, err := b.contain(map[string]any{
		"users": []string{u.Login}, "quarantine": "Quarantine", "remove_groups": []string{"VPN"}, "revoke_roles": true, "suspend_devices": true,
	})
	if err != nil || !out.Complete || out.Outcome != sdk.Changed {
		t.Fatalf("got %+v, %v", out, err)
	}
	for _, s := range out.Users[0].Steps {
		if s.Outcome != sdk.Changed && s.Name != "revoke_sessions" || s.Error != nil {
			t.Errorf("step %+v, want changed", s)
		}
	}
	r := out.Users[0].Restore
	if len(r.RolesRemoved) != 1 || len(r.GroupsAdded) != 1 || len(r.GroupsRemoved) != 1 || len(r.DevicesSuspended) != 1 {
		t.Fatalf("the record is %+v", r)
	}
	lose("POST", "/api/v1/users/*/roles")
	lose("POST", "/api/v1/users/*/lifecycle/*")
	lose("POST", "/api/v1/devices/*/lifecycle/*")
	back, err := b.restore(r, false)
	if err != nil || back.Outcome != sdk.Changed {
		t.Fatalf("restore: %+v, %v", back, err)
	}
	s := b.state(u.ID)
	if s.Status != oktasim.StatusActive || len(s.Roles) != 1 || s.Devices[0].Status != oktasim.DeviceActive || !slices.Equal(b.groupsOf(u.ID), before) {
		t.Errorf("restored to %+v", s)
	}
}

// TestContainmentWithUnreadableGroups checks that the other steps run if the groups cannot
// be read.
func TestContainmentWithUnreadableGroups(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	g := b.AddGroup(oktasim.NewGroup{Name: "Quarantine"})
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example", Sessions: 1})
	b.Fault(oktasim.Fault{Method: "GET", Path: "/api/v1/users/*/groups", Status: 403, ErrorCode: "E0000006"})
	out, _, err := b.contain(map[string]any{"users": []string{u.Login}, "quarantine": g.ID})
	if err != nil || out.Complete || out.Outcome != sdk.NotApplicable || len(out.Users[0].Restore.GroupsAdded) != 0 {
		t.Errorf("got %+v, %v", out, err)
	}
	if s := b.state(u.ID); s.Status != oktasim.StatusSuspended || len(s.Sessions) != 0 {
		t.Errorf("the account is left open: %+v", s)
	}
}

// TestContainmentExpiresPasswordAfterFailedSuspension checks the steps after a failed
// suspension.
func TestContainmentExpiresPasswordAfterFailedSuspension(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example", Sessions: 1})
	b.Fault(oktasim.Fault{Method: "POST", Path: "/api/v1/users/*/lifecycle/suspend", Status: 403, ErrorCode: "E0000006"})
	out, _, err := b.contain(map[string]any{"users": []string{u.Login}, "expire_password": true})
	if err != nil || out.Complete || out.Outcome != sdk.NotApplicable {
		t.Errorf("got %+v, %v", out, err)
	}
	var steps []string
	for _, s := range out.Users[0].Steps {
		steps = append(steps, s.Name+" "+string(s.Outcome))
	}
	if want := "suspend failed, expire_password changed, revoke_sessions accepted"; strings.Join(steps, ", ") != want {
		t.Errorf("the steps are %v, want %s", steps, want)
	}
	if s := b.state(u.ID); s.Status != oktasim.StatusPasswordExpired || len(s.Sessions) != 0 {
		t.Errorf("the account is %+v", s)
	}
}

func TestContainUserListedTwice(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example", Sessions: 1})
	out, _, err := b.contain(map[string]any{"users": []string{u.Login, u.ID}})
	if err != nil || out.Complete {
		t.Fatalf("got %+v, %v", out, err)
	}
	twice := 0
	for _, c := range out.Users {
		if c.Error != nil && c.Error.Code == sdk.InvalidInput {
			twice++
		}
	}
	if twice != 1 || b.state(u.ID).Status != oktasim.StatusSuspended {
		t.Errorf("got %+v", out)
	}
}

// TestContainmentWithLostSuspensionResponse checks a user with an ID, who is suspended
// without a read. After a lost response, the time of the status shows who suspended the
// user.
func TestContainmentWithLostSuspensionResponse(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before, took, restored string
		done                   sdk.Outcome
	}{
		"the containment":     {oktasim.StatusActive, oktasim.StatusActive, oktasim.StatusActive, sdk.Changed},
		"somebody else, once": {oktasim.StatusSuspended, oktasim.StatusSuspended, oktasim.StatusSuspended, sdk.Unchanged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var early atomic.Bool // an hour before
			early.Store(true)
			b := &bench{t: t, Server: oktasim.Start(t, oktasim.Options{Now: func() time.Time {
				if early.Load() {
					return time.Now().Add(-2 * time.Hour)
				}
				return time.Now().Add(-time.Hour) // Okta's clock is not this machine's
			}})}
			u := b.AddUser(oktasim.NewUser{Login: "a@corp.example", Status: test.before})
			early.Store(false)
			b.open(nil)
			b.Fault(oktasim.Fault{Method: "POST", Path: "/api/v1/users/*/lifecycle/suspend", Times: 1, Kind: oktasim.KindHangup, AfterEffect: true})
			out, _, err := b.contain(map[string]any{"users": []string{u.ID}})
			if err != nil || !out.Complete {
				t.Fatalf("got %+v, %v", out, err)
			}
			if got := out.Users[0]; got.Restore.StatusBefore != test.took || got.Steps[0].Outcome != test.done || got.User.Login != u.Login ||
				got.Restore.Login != u.Login {
				t.Errorf("got %+v", got)
			}
			if _, err := b.restore(out.Users[0].Restore, false); err != nil {
				t.Fatal(err)
			}
			if got := b.state(u.ID).Status; got != test.restored {
				t.Errorf("restored to %s, want %s", got, test.restored)
			}
		})
	}
}

// TestContainmentWithAllResponsesLost checks that a possible suspension is reported.
func TestContainmentWithAllResponsesLost(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	b.Fault(oktasim.Fault{Method: "POST", Path: "/api/v1/users/*/lifecycle/suspend", Kind: oktasim.KindHangup, AfterEffect: true})
	b.Fault(oktasim.Fault{Method: "GET", Path: "/api/v1/users/" + u.ID, Status: 500})
	ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second) // too short for patience
	defer cancel()
	out, _, err := b.containWithin(ctx, map[string]any{"users": []string{u.ID}})
	if err != nil {
		t.Fatal(err)
	}
	got := out.Users[0]
	if out.Complete || got.Error != nil || got.Steps[0].Error == nil || len(got.Open) == 0 || got.Restore.UserID != u.ID || got.Restore.StatusBefore != "" {
		t.Errorf("got %+v", got)
	}
	if b.state(u.ID).Status != oktasim.StatusSuspended {
		t.Error("the fault had no effect")
	}
}

func TestContainWithoutUsers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, _, err := b.contain(map[string]any{"users": []string{"00uNOBODY00000000001"}})
	if e := b.wantCode(err, sdk.NotFound); len(e.Violations) != 1 || e.Violations[0].Pointer != "/users/0" {
		t.Errorf("got %+v", e)
	}
}
