package actions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/actions"
	"soar.example/okta/actions/containment"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// containOne contains one user and returns the result.
func (b *bench) containOne(input map[string]any) containment.Containment {
	b.t.Helper()
	out, _, err := b.contain(input)
	if err != nil {
		b.t.Fatal(err)
	}
	return out.Users[0]
}

// outcomes returns the steps with their outcomes, as "step outcome".
func outcomes(steps []containment.Step) []string {
	var all []string
	for _, s := range steps {
		all = append(all, s.Name+" "+string(s.Outcome))
	}
	return all
}

// TestRestoreRejectsInvalidRecord checks that a damaged or foreign record is rejected before
// any write.
func TestRestoreRejectsInvalidRecord(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	g := b.AddGroup(oktasim.NewGroup{Name: "Quarantine"})
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	record := b.containOne(map[string]any{"users": []string{u.ID}, "quarantine": g.ID}).Restore
	for name, test := range map[string]struct {
		mangle  func(*containment.RestoreRecord)
		code    sdk.Code
		pointer string
	}{
		"no user":        {func(r *containment.RestoreRecord) { r.UserID = "" }, sdk.InvalidInput, "/record/user_id"},
		"not the user":   {func(r *containment.RestoreRecord) { r.UserID = "../users" }, sdk.InvalidInput, "/record/user_id"},
		"another org's":  {func(r *containment.RestoreRecord) { r.UserID = "00uNOBODY00000000001" }, sdk.NotFound, "/record/user_id"},
		"another user's": {func(r *containment.RestoreRecord) { r.Login = "b@corp.example" }, sdk.Conflict, ""},
		"a group's path": {func(r *containment.RestoreRecord) { r.GroupsAdded[0].ID = "../x" }, sdk.InvalidInput, "/record/groups_added/0/id"},
		"no group":       {func(r *containment.RestoreRecord) { r.GroupsRemoved = make([]actions.GroupRef, 1) }, sdk.InvalidInput, "/record/groups_removed/0/id"},
		"no role": {
			func(r *containment.RestoreRecord) { r.RolesRemoved = make([]containment.RestoreRole, 1) }, sdk.InvalidInput, "/record/roles_removed/0/type",
		},
		"a device's path":  {func(r *containment.RestoreRecord) { r.DevicesSuspended = []string{"x/y"} }, sdk.InvalidInput, "/record/devices_suspended/0"},
		"a status, edited": {func(r *containment.RestoreRecord) { r.StatusAfter = "ASLEEP" }, sdk.Conflict, ""},
	} {
		r := record
		r.GroupsAdded = slices.Clone(record.GroupsAdded)
		test.mangle(&r)
		_, err := b.restore(r, false)
		if e := b.wantCode(err, test.code); test.pointer != "" && (len(e.Violations) != 1 || e.Violations[0].Pointer != test.pointer) {
			t.Errorf("%s: got %+v", name, e)
		}
	}
	if s := b.state(u.ID); s.Status != oktasim.StatusSuspended || len(s.Groups) != 2 {
		t.Errorf("something was restored: %+v", s)
	}
}

// TestRestoreAfterAnotherSuspension checks that a later suspension by another client is
// kept, although the status is the same.
func TestRestoreAfterAnotherSuspension(t *testing.T) {
	t.Parallel()
	now := time.Now().Add(-time.Hour)
	b := &bench{t: t, Server: oktasim.Start(t, oktasim.Options{Now: func() time.Time { now = now.Add(time.Second); return now }})}
	b.open(nil)
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	record := b.containOne(map[string]any{"users": []string{u.Login}}).Restore
	b.must("unsuspend_user", map[string]any{"user": u.ID})
	b.must("suspend_user", map[string]any{"user": u.ID})
	_, err := b.restore(record, false)
	if e := b.wantCode(err, sdk.Conflict); !strings.Contains(e.Message, "SUSPENDED again") || b.state(u.ID).Status != oktasim.StatusSuspended {
		t.Errorf("got %v", e)
	}
	if got, err := b.restore(record, true); err != nil || got.Outcome != sdk.Changed || b.state(u.ID).Status != oktasim.StatusActive {
		t.Errorf("by force: %+v, %v", got, err)
	}
}

// TestContainmentWithoutVerification checks that an account is not contained if it cannot
// be verified, and that its record can still be restored.
func TestContainmentWithoutVerification(t *testing.T) {
	t.Parallel()
	for name, id := range map[string]bool{"by id": true, "by login": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			u := b.AddUser(oktasim.NewUser{Login: "a@corp.example"})
			ref := u.Login
			if id {
				ref = u.ID
			}
			b.Fault(oktasim.Fault{Method: "GET", Path: "/api/v1/users/" + u.ID, Status: 500})
			c := b.containOne(map[string]any{"users": []string{ref}})
			if c.Complete || len(c.Open) != 1 || c.Restore.StatusBefore != oktasim.StatusActive || c.Restore.StatusAfter != oktasim.StatusSuspended {
				t.Fatalf("got %+v", c)
			}
			b.ClearFaults()
			if got, err := b.restore(c.Restore, false); err != nil || got.Outcome != sdk.Changed || b.state(u.ID).Status != oktasim.StatusActive {
				t.Errorf("restored %+v, %v", got, err)
			}
		})
	}
}

// TestContainmentOfRoleAlsoAssignedByGroup checks a lost response for a role. Okta uses the
// same ID for the direct assignment and for the assignment by a group, which stays.
func TestContainmentOfRoleAlsoAssignedByGroup(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	b.AddGroup(oktasim.NewGroup{Name: "Help Desk", Members: []string{u.ID}})
	b.AddRole(oktasim.NewRole{Group: "Help Desk", Type: "HELP_DESK_ADMIN"})
	b.AddRole(oktasim.NewRole{User: u.ID, Type: "HELP_DESK_ADMIN"})
	b.Fault(oktasim.Fault{Method: "DELETE", Path: "/api/v1/users/*/roles/*", Times: 1, Kind: oktasim.KindHangup, AfterEffect: true})
	c := b.containOne(map[string]any{"users": []string{u.Login}, "revoke_roles": true})
	if c.Steps[0].Outcome != sdk.Changed || c.Steps[0].Target != "Help Desk Administrator" || len(c.Restore.RolesRemoved) != 1 || c.Complete || len(c.Open) != 1 {
		t.Fatalf("got %+v", c)
	}
	if got, err := b.restore(c.Restore, false); err != nil || got.Outcome != sdk.Changed || len(b.state(u.ID).Roles) != 2 {
		t.Errorf("restored %+v, %v", got, err)
	}
}

// TestSecondContainmentLosesNothing checks that only the first containment lists the changes
// that cannot be restored.
func TestSecondContainmentLosesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	b.AddFactor(oktasim.NewFactor{User: u.ID, Type: "push"})
	b.AddFactor(oktasim.NewFactor{User: u.ID, Type: "email"})
	in := map[string]any{"users": []string{u.Login}, "suspend": false, "revoke_sessions": false, "reset_factors": true, "expire_password": true}
	for i, want := range [][]string{{"expire_password changed", "reset_factors changed"}, {"expire_password unchanged", "reset_factors unchanged"}} {
		c := b.containOne(in)
		if got := outcomes(c.Steps); !c.Complete || !slices.Equal(got, want) || len(c.Restore.NotRestorable) != 2-2*i {
			t.Errorf("containment %d: %v, the record is %+v", i, got, c.Restore)
		}
	}
}

// TestContainmentRejectsRepeatedGroups checks that a group cannot be listed twice.
func TestContainmentRejectsRepeatedGroups(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	g := b.AddGroup(oktasim.NewGroup{Name: "VPN"})
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example", Groups: []string{"VPN"}})
	_, _, err := b.contain(map[string]any{"users": []string{u.ID}, "quarantine": "VPN", "remove_groups": []string{g.ID}})
	if e := b.wantCode(err, sdk.InvalidInput); len(b.writes()) != 0 || e.Violations[0].Pointer != "/remove_groups/0" {
		t.Errorf("got %+v after %v", e, b.writes())
	}
	c := b.containOne(map[string]any{"users": []string{u.ID}, "remove_groups": []string{g.ID, "VPN"}})
	if len(c.Restore.GroupsRemoved) != 1 || !c.Complete {
		t.Errorf("got %+v", c)
	}
}

// TestRestoreReportsFailures checks that the output lists the restored changes even if a
// later step or read fails.
func TestRestoreReportsFailures(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/api/v1/users/*/groups", "/api/v1/users/*/roles", "/api/v1/devices/*", "/api/v1/users/*"} {
		b := newBench(t)
		g := b.AddGroup(oktasim.NewGroup{Name: "Quarantine"})
		u := b.AddUser(oktasim.NewUser{Login: "a@corp.example"})
		b.AddRole(oktasim.NewRole{User: u.ID, Type: "APP_ADMIN"})
		b.AddDevice(oktasim.NewDevice{Name: "LAPTOP", Users: []string{u.ID}})
		record := b.containOne(map[string]any{"users": []string{u.ID}, "quarantine": g.ID, "revoke_roles": true, "suspend_devices": true}).Restore
		f := oktasim.Fault{Method: "GET", Path: path, Status: 403, ErrorCode: "E0000006"}
		if path == "/api/v1/users/*" {
			f.Skip = 1
		}
		b.Fault(f)
		got, err := b.restore(record, false)
		if err != nil || got.Outcome != sdk.NotApplicable || got.Steps[0].Outcome != sdk.Changed || !strings.HasPrefix(got.Reason, "not restored: ") {
			t.Errorf("%s: got %+v, %v", path, got, err)
		}
		b.ClearFaults()
		b.open(nil)
		_, err = b.restore(record, false)
		if s := b.state(u.ID); err != nil || s.Status != oktasim.StatusActive || len(s.Groups) != 1 || len(s.Roles) != 1 ||
			s.Devices[0].Status != oktasim.DeviceActive {
			t.Errorf("%s: restored to %+v, %v", path, s, err)
		}
	}
}

// TestCanceledContainmentLogsRecord checks that the record is logged if the caller cancels.
func TestCanceledContainmentLogsRecord(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	g := b.AddGroup(oktasim.NewGroup{Name: "Quarantine"})
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example", Sessions: 1})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			cancel()
			return
		}
		b.Org.ServeHTTP(w, r)
	}))
	defer front.Close()
	b.open(map[string]any{"org_url": front.URL})
	var log bytes.Buffer
	ctx = hclog.WithContext(ctx, hclog.New(&hclog.LoggerOptions{Output: &log, JSONFormat: true}))
	_, _ = b.session.Run(ctx, "contain_user", json.RawMessage(fmt.Sprintf(`{"users":[%q],"quarantine":%q}`, u.ID, g.ID)))
	var line struct{ User, Record string }
	var record containment.RestoreRecord
	for _, l := range bytes.Split(log.Bytes(), []byte("\n")) {
		if bytes.Contains(l, []byte(`"record"`)) {
			if err := json.Unmarshal(l, &line); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := json.Unmarshal([]byte(line.Record), &record); err != nil {
		t.Fatalf("%v in %s", err, log.String())
	}
	b.open(nil)
	if got, err := b.restore(record, false); err != nil || got.Outcome != sdk.Changed || b.state(u.ID).Status != oktasim.StatusActive {
		t.Errorf("restored %+v, %v", got, err)
	}
}

// TestContainmentOfLimitedRole checks that a role with limits, or with unknown limits, is
// not restored, because Okta would assign the role without limits.
func TestContainmentOfLimitedRole(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		role   oktasim.NewRole
		unread bool
		lost   string
		left   int
	}{
		"to a group": {oktasim.NewRole{Type: "HELP_DESK_ADMIN", Targets: []string{"VPN"}}, false, "Help Desk Administrator, which was limited to VPN", 0},
		"to an app": {oktasim.NewRole{Type: "APP_ADMIN", Targets: []string{"facebook"}}, false,
			"Application Administrator, which was limited to facebook", 0},
		"nobody knows":      {oktasim.NewRole{Type: "HELP_DESK_ADMIN"}, true, "Help Desk Administrator, whose limits to groups or apps could not be read", 0},
		"to nothing":        {oktasim.NewRole{Type: "HELP_DESK_ADMIN"}, false, "", 1},
		"no limit possible": {oktasim.NewRole{Type: "ORG_ADMIN"}, true, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.AddGroup(oktasim.NewGroup{Name: "VPN"})
			u := b.AddUser(oktasim.NewUser{Login: "a@corp.example"})
			test.role.User = u.ID
			b.AddRole(test.role)
			if test.unread {
				b.Fault(oktasim.Fault{Method: "GET", Path: "/api/v1/users/*/roles/*/targets/**", Status: 403})
			}
			c := b.containOne(map[string]any{"users": []string{u.Login}, "revoke_sessions": false, "revoke_roles": true})
			if !c.Complete || !strings.Contains(strings.Join(c.Restore.NotRestorable, ";"), test.lost) || len(c.Restore.RolesRemoved) != test.left {
				t.Errorf("got %+v", c)
			}
			got, err := b.restore(c.Restore, false)
			if err != nil || len(b.state(u.ID).Roles) != test.left || len(got.NotRestorable) != 1-test.left {
				t.Errorf("restored %+v, %v", got, err)
			}
		})
	}
}

// TestContainmentWithoutConnection checks the error if Okta cannot be reached.
func TestContainmentWithoutConnection(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	nobody := httptest.NewServer(http.NotFoundHandler())
	nobody.Close()
	b.open(map[string]any{"org_url": nobody.URL})
	for _, users := range [][]string{{"00uNOBODY00000000001"}, {"00uNOBODY00000000001", "a@corp.example"}} {
		_, _, err := b.contain(map[string]any{"users": users})
		e := b.wantCode(err, sdk.Unavailable)
		for _, ref := range users {
			if len(users) > 1 && !strings.Contains(e.Message, ref+": ") {
				t.Errorf("got %v", e)
			}
		}
	}
}

// TestContainmentWithUnknownStatusBefore checks the reason for a password that may have been
// expired before.
func TestContainmentWithUnknownStatusBefore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example", Status: oktasim.StatusPasswordExpired})
	b.Fault(oktasim.Fault{Method: "POST", Path: "/api/v1/users/*/lifecycle/suspend", Times: 1, Kind: oktasim.KindHangup})
	b.Fault(oktasim.Fault{Method: "GET", Path: "/api/v1/users/" + u.ID, Status: 500})
	c := b.containOne(map[string]any{"users": []string{u.ID}, "revoke_sessions": false, "expire_password": true})
	if last := c.Steps[len(c.Steps)-1]; last.Name != "expire_password" || last.Reason == "" || c.Complete || c.Restore.StatusBefore != "" {
		t.Errorf("got %+v", c)
	}
}

// TestContainmentDerivesStatusBefore checks the status before if the first responses were
// lost.
func TestContainmentDerivesStatusBefore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	b.Fault(oktasim.Fault{Method: "POST", Path: "/api/v1/users/*/lifecycle/suspend", Times: 1, Kind: oktasim.KindHangup, AfterEffect: true})
	b.Fault(oktasim.Fault{Method: "GET", Path: "/api/v1/users/" + u.ID, Times: 3, Status: 500})
	c := b.containOne(map[string]any{"users": []string{u.ID}})
	if c.Steps[0].Outcome != sdk.Changed || c.Steps[0].Error != nil || !c.Complete || c.Restore.StatusBefore != oktasim.StatusActive {
		t.Fatalf("got %+v", c)
	}
	if got, err := b.restore(c.Restore, false); err != nil || got.Outcome != sdk.Changed || b.state(u.ID).Status != oktasim.StatusActive {
		t.Errorf("restored %+v, %v", got, err)
	}
}
