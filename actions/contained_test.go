package actions_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// TestContainedAccountCannotBeUsed checks contained and complete for each
// status and each choice of measures.
func TestContainedAccountCannotBeUsed(t *testing.T) {
	for name, test := range map[string]struct {
		status              string
		more                map[string]any
		contained, complete bool
		next                string
	}{
		"active":               {oktasim.StatusActive, nil, true, true, ""},
		"suspended before":     {oktasim.StatusSuspended, nil, true, true, ""},
		"deactivated before":   {oktasim.StatusDeprovisioned, nil, true, true, ""},
		"without a suspension": {oktasim.StatusActive, map[string]any{"suspend": false}, false, true, "suspend_user"},
		"without sessions":     {oktasim.StatusActive, map[string]any{"revoke_sessions": false}, false, true, "revoke_all_user_sessions"},
		"suspended, without both": {
			oktasim.StatusSuspended, map[string]any{"suspend": false, "revoke_sessions": false, "expire_password": true}, false, true, "revoke_all",
		},
		"suspended, only the sessions": {oktasim.StatusSuspended, map[string]any{"suspend": false}, true, true, ""},
		"locked out":                   {oktasim.StatusLockedOut, nil, false, false, "deactivate_user"},
		"only a password":              {oktasim.StatusActive, map[string]any{"suspend": false, "expire_password": true}, false, true, "PASSWORD_EXPIRED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			u := b.AddUser(oktasim.NewUser{Login: "a@corp.example", Status: test.status, Sessions: 1})
			in := map[string]any{"users": []string{u.ID}}
			for name, value := range test.more {
				in[name] = value
			}
			out, _, err := b.contain(in)
			if err != nil {
				t.Fatal(err)
			}
			c := out.Users[0]
			if c.Contained != test.contained || out.Contained != test.contained || c.Complete != test.complete || out.Complete != test.complete {
				t.Errorf("contained is %t and complete %t, the account is %s: %+v", c.Contained, c.Complete, c.Status, out)
			}
			if next := strings.Join(c.Next, "; "); !strings.Contains(next, test.next) || (next == "") != (test.next == "") {
				t.Errorf("the next steps are %q", next)
			}
			if c.Status != b.state(u.ID).Status {
				t.Errorf("the status is %s", c.Status)
			}
		})
	}
}

// TestMixedBatch contains accounts in all statuses at once.
func TestMixedBatch(t *testing.T) {
	b := newBench(t)
	statuses := []string{
		oktasim.StatusActive, oktasim.StatusSuspended, oktasim.StatusDeprovisioned, oktasim.StatusLockedOut,
		oktasim.StatusPasswordExpired, oktasim.StatusRecovery, oktasim.StatusStaged, oktasim.StatusProvisioned,
	}
	var users []string
	for _, status := range statuses {
		u := b.AddUser(oktasim.NewUser{Login: strings.ToLower(status) + "@corp.example", Status: status, Provider: "ACTIVE_DIRECTORY"})
		users = append(users, u.Login)
	}
	out, _, err := b.contain(map[string]any{"users": append(users, "nobody@corp.example")})
	if err != nil {
		t.Fatal(err)
	}
	if out.Outcome != sdk.Partial || out.Totals.Users != 9 || out.Totals.Contained != 3 || out.Totals.Open != 6 || out.Contained || out.Complete {
		t.Errorf("got %s, %+v", out.Outcome, out.Totals)
	}
	if !strings.HasPrefix(out.Reason, "3 of 9 contained, 6 open: ") || len(out.Users) != 9 || len(out.Subjects) != 8 || len(out.Undo) != 1 {
		t.Errorf("%q with %d users, %d subjects and %d undos", out.Reason, len(out.Users), len(out.Subjects), len(out.Undo))
	}
	for _, u := range out.Users {
		if !u.Contained && len(u.Next) == 0 {
			t.Errorf("%s is open without a next step", u.User.Login)
		}
		if directory := strings.Contains(strings.Join(u.Next, "; "), "Active Directory"); directory == (u.Error != nil) {
			t.Errorf("the next steps of %s are %q", u.User.Login, u.Next)
		}
	}
}

// TestSecondContainmentReportsState checks that the record of a second containment
// has the state that was read, and that its restoration lists the remaining changes.
func TestSecondContainmentReportsState(t *testing.T) {
	b := newBench(t)
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	for range 2 {
		if out, _, err := b.contain(map[string]any{"users": []string{u.Login}}); err != nil || !out.Contained {
			t.Fatalf("got %+v, %v", out, err)
		}
	}
	out, _, err := b.contain(map[string]any{"users": []string{u.Login}})
	if err != nil || out.Before.Statuses[u.Login] != oktasim.StatusSuspended || len(out.Undo) != 0 || out.Outcome != sdk.Accepted {
		t.Fatalf("got %+v, %v", out, err)
	}
	back, err := b.restore(out.Users[0].Restore, false)
	told := slices.ContainsFunc(back.NotRestorable, func(s string) bool { return strings.Contains(s, "was SUSPENDED before") })
	if err != nil || back.Outcome != sdk.Unchanged || !told {
		t.Errorf("got %+v, %v", back, err)
	}
}

// TestExpectedStateOfContainment checks that a containment with expected_before sends no
// write if a status or a group membership changed since the dry run.
func TestExpectedStateOfContainment(t *testing.T) {
	for name, test := range map[string]struct {
		change func(b *bench, user, group string)
		member string
	}{
		"nothing":    {func(*bench, string, string) {}, ""},
		"the status": {func(b *bench, user, _ string) { b.must("suspend_user", map[string]any{"user": user}) }, "statuses/a@corp.example"},
		"a membership": {func(b *bench, user, group string) {
			b.AddMember(group, user)
			b.open(nil) // a new connection does not know what the dry run read a moment ago
		}, "groups"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			u := b.AddUser(oktasim.NewUser{Login: "a@corp.example"})
			g := b.AddGroup(oktasim.NewGroup{Name: "Quarantine"})
			in := map[string]any{"users": []string{u.ID}, "quarantine": g.Name, "dry_run": true}
			plan, _, err := b.contain(in)
			if err != nil || plan.Outcome != sdk.Planned || len(plan.Undo) != 1 || len(plan.Subjects) != 1 {
				t.Fatalf("got %+v, %v", plan, err)
			}
			test.change(b, u.ID, g.ID)
			b.ForgetRequests()
			delete(in, "dry_run")
			in["expected_before"] = plan.Before
			out, _, err := b.contain(in)
			if test.member == "" {
				if err != nil || !out.Complete || len(b.Requests()) > 6 {
					t.Errorf("got %+v, %v after %d requests", out, err, len(b.Requests()))
				}
				return
			}
			if e := b.wantCode(err, sdk.Conflict); !strings.Contains(e.Message, test.member) || len(b.writes()) != 0 {
				t.Errorf("got %v after %v", e, b.writes())
			}
		})
	}
}

// TestEngines checks the engines in the manifest against an org of either engine.
func TestEngines(t *testing.T) {
	backend, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	m, err := backend.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, classic := range []bool{true, false} {
		b := &bench{Server: oktasim.Start(t, oktasim.Options{Classic: classic}), t: t}
		b.open(nil)
		b.AddUser(oktasim.NewUser{Login: target})
		for _, a := range m.Actions {
			if len(a.Editions) == 0 {
				t.Errorf("%s names no engine", a.Name)
			}
			var in struct {
				User string `json:"user"`
			}
			if json.Unmarshal(a.Example.Input, &in) != nil || in.User == "" || a.Effect != sdk.Reads {
				continue
			}
			_, err := b.run(a.Name, map[string]any{"user": target})
			if missing := err != nil; missing != (classic && len(a.Editions) == 1) && a.Name != "get_user_risk" {
				t.Errorf("classic %t: %s works in %v: %v", classic, a.Name, a.Editions, err)
			}
		}
	}
}

// TestGetUserReturnsDirectory checks the provider, the type and the realm of a user.
func TestGetUserReturnsDirectory(t *testing.T) {
	b := newBench(t)
	b.AddUser(oktasim.NewUser{Login: target, Provider: "LDAP"})
	got := b.output("get_user", map[string]any{"user": target})
	credentials, _ := json.Marshal(got["credentials"])
	raw, _ := got["raw"].(map[string]any)
	if string(credentials) != `{"provider":{"name":"LDAP","type":"LDAP"}}` || got["type"] == "" || got["realm_id"] == "" || raw["realmId"] != got["realm_id"] {
		t.Errorf("got %v", got)
	}
	zones := b.output("list_network_zones", map[string]any{})
	for _, z := range zones["zones"].([]any) {
		if _, ok := z.(map[string]any)["proxies"].([]any); !ok {
			t.Errorf("zone %v has no proxies", z)
		}
	}
}

// TestVerifyPushOfDisabledAccount names the state of the account.
func TestVerifyPushOfDisabledAccount(t *testing.T) {
	for _, status := range []string{oktasim.StatusSuspended, oktasim.StatusDeprovisioned, oktasim.StatusStaged} {
		b := newBench(t)
		b.AddUser(oktasim.NewUser{Login: target, Status: status})
		got := do[pushed](b, "verify_push", `{"user":%q,"wait":"20ms"}`, target)
		if got.Outcome != sdk.NotApplicable || !strings.Contains(got.Reason, status) || len(b.writes()) != 0 {
			t.Errorf("%s: got %+v", status, got)
		}
	}
}
