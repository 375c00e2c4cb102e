package okta

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/okta/guard"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// another returns a client of the same org without rules. It acts like a person in the Admin Console.
func another(t *testing.T, s *oktasim.Server) *Client {
	t.Helper()
	c, err := Open(t.Context(), settingsFor(s.URL))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func groupCalled(s *oktasim.Server, name string) string {
	for _, g := range s.State().Groups {
		if g.Name == name {
			return g.ID
		}
	}
	return ""
}

// TestRecentlyProtectedUser checks that a user is protected from the first write after the protection begins. The
// clock of the guard is fixed. Therefore cached reads do not expire.
func TestRecentlyProtectedUser(t *testing.T) {
	const login = "glass@corp.example"
	for name, test := range map[string]struct {
		guards guard.Rules
		become func(t *testing.T, s *oktasim.Server, u oktasim.User)
		rule   string
		id     bool // the write uses the ID and does not read the user
	}{
		"joins a protected group": {guard.Rules{ProtectedGroups: []string{"Vault"}}, func(_ *testing.T, s *oktasim.Server, u oktasim.User) {
			s.AddMember(groupCalled(s, "Vault"), u.ID)
		}, "protected_groups", true},
		"is in a group that takes a protected name": {guard.Rules{ProtectedGroups: []string{"Vault"}}, func(t *testing.T, s *oktasim.Server, u oktasim.User) {
			admin := another(t, s)
			old, err := admin.GroupByName(t.Context(), "", "Vault")
			if err == nil {
				_, err = admin.send(t.Context(), "DELETE", "/api/v1/groups/"+old.ID, nil, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
			s.AddMember(s.AddGroup(oktasim.NewGroup{Name: "Vault"}).ID, u.ID)
		}, "protected_groups", true},
		"takes a protected login": {guard.Rules{ProtectedUsers: []string{login}}, func(t *testing.T, s *oktasim.Server, u oktasim.User) {
			admin := another(t, s)
			old, err := admin.User(t.Context(), login)
			if err == nil {
				err = admin.UpdateProfile(t.Context(), old.ID, map[string]json.RawMessage{"login": []byte(`"old@corp.example"`)})
			}
			if err == nil {
				err = admin.UpdateProfile(t.Context(), u.ID, map[string]json.RawMessage{"login": []byte(`"` + login + `"`)})
			}
			if err != nil {
				t.Fatal(err)
			}
		}, "protected_users", false},
		"takes a protected login that did not exist": {guard.Rules{ProtectedUsers: []string{"later@corp.example", login}}, func(t *testing.T,
			s *oktasim.Server, u oktasim.User) {
			if err := another(t, s).UpdateProfile(t.Context(), u.ID, map[string]json.RawMessage{"login": []byte(`"later@corp.example"`)}); err != nil {
				t.Fatal(err)
			}
		}, "protected_users", true},
		"joins a protected group that did not exist": {guard.Rules{ProtectedGroups: []string{"Later", "Vault"}}, func(_ *testing.T,
			s *oktasim.Server, u oktasim.User) {
			s.AddMember(s.AddGroup(oktasim.NewGroup{Name: "Later"}).ID, u.ID)
		}, "protected_groups", true},
	} {
		t.Run(name, func(t *testing.T) {
			c, s := guarded(t, test.guards)
			now := time.Now()
			c.Guard.Now = func() time.Time { return now }
			s.AddUser(oktasim.NewUser{Login: login})
			s.AddGroup(oktasim.NewGroup{Name: "Vault"})
			u := s.AddUser(oktasim.NewUser{Login: "a@corp.example"})
			ctx := hclog.WithContext(t.Context(), hclog.NewNullLogger())
			if err := c.RevokeSessions(ctx, u.ID, true, true); err != nil {
				t.Fatal(err)
			}
			test.become(t, s, u)
			if !test.id {
				if _, err := c.FindUser(ctx, "", u.ID); err != nil {
					t.Fatal(err)
				}
			}
			before := writes(s)
			wantRejected(t, map[string]error{name: c.SuspendUser(ctx, u.ID)}, test.rule)
			if writes(s) != before {
				t.Error("the write was sent")
			}
		})
	}
}

// TestRecentlyLastSuperAdministrator checks that a user who becomes the last super administrator is protected before
// the next action.
func TestRecentlyLastSuperAdministrator(t *testing.T) {
	a := asApp{}.open(t)
	now := time.Now()
	a.Guard.Now = func() time.Time { return now }
	o := adminsOrg{a.org, a.org.State().Users[0].ID}
	u := o.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	if err := a.RevokeSessions(t.Context(), u.ID, true, true); err != nil {
		t.Fatal(err)
	}
	o.AddRole(oktasim.NewRole{User: u.ID, Type: guard.SuperAdmin})
	super := o.as(t, u.ID, guard.Rules{})
	if err := super.SuspendUser(t.Context(), o.owner); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * time.Second)
	wantRejected(t, map[string]error{"last": a.SuspendUser(t.Context(), u.ID)}, "last super administrator")
}

// TestCheckRejectsUnknownProtectedNames checks that the connection check lists all misspelled names, because they
// protect nobody. An unreachable org is another error.
func TestCheckRejectsUnknownProtectedNames(t *testing.T) {
	ok := []string{"glass@corp.example", "bg@mail.example"}
	for name, test := range map[string]struct {
		guards guard.Rules
		fault  oktasim.Fault
		code   sdk.Code
		want   []string // substrings of the error or of the notes
	}{
		"all exist": {guards: guard.Rules{ProtectedUsers: ok, ProtectedGroups: []string{"Vault"}}},
		"a user": {guards: guard.Rules{ProtectedUsers: append([]string{"glas@corp.example"}, ok...)}, code: sdk.InvalidInput,
			want: []string{"/protected_users/0", "glas@corp.example"}},
		"a user by id":    {guards: guard.Rules{ProtectedUsers: []string{"00uNOBODY00000000001"}}, code: sdk.InvalidInput, want: []string{"00uNOBODY00000000001"}},
		"a short name":    {guards: guard.Rules{ProtectedUsers: []string{"glass"}}, code: sdk.InvalidInput, want: []string{"write the whole login"}},
		"a group":         {guards: guard.Rules{ProtectedGroups: []string{"vault"}}, code: sdk.InvalidInput, want: []string{"/protected_groups/0", "near it are"}},
		"two of one name": {guards: guard.Rules{ProtectedGroups: []string{"Twin"}}, code: sdk.InvalidInput, want: []string{"/protected_groups/0", "2 groups"}},
		"two of one email": {guards: guard.Rules{ProtectedUsers: []string{"twin@mail.example"}}, code: sdk.InvalidInput,
			want: []string{"/protected_users/0", "2 users"}},
		"all at once": {guards: guard.Rules{ProtectedUsers: []string{"x@corp.example", ok[0], "y@corp.example"},
			ProtectedGroups: []string{"Twin", "X"}}, code: sdk.InvalidInput,
			want: []string{"/protected_users/0", "/protected_users/2", "/protected_groups/0", "/protected_groups/1"}},
		"read only": {guards: guard.Rules{ReadOnly: true, ProtectedUsers: []string{"x@corp.example"}}, code: sdk.InvalidInput,
			want: []string{"x@corp.example"}},
		"failed request": {guards: guard.Rules{ProtectedUsers: []string{"x@corp.example"}}, fault: oktasim.Fault{Path: "/api/v1/users/x*",
			Status: 503}, code: sdk.Unavailable},
		"no group": {guards: guard.Rules{ProtectedGroups: []string{"X"}}, fault: oktasim.Fault{Path: "/api/v1/groups", Status: 500}, code: sdk.Unavailable},
		"may not look": {guards: guard.Rules{ProtectedGroups: []string{"X"}}, fault: oktasim.Fault{Path: "/api/v1/groups", Status: 403,
			ErrorCode: "E0000006"}, want: []string{"nothing is written"}},
		"no protected users": {},
	} {
		t.Run(name, func(t *testing.T) {
			c, s := guarded(t, test.guards)
			s.AddUser(oktasim.NewUser{Login: ok[0], Email: ok[1]})
			for _, login := range []string{"one@corp.example", "two@corp.example"} {
				s.AddUser(oktasim.NewUser{Login: login, Email: "twin@mail.example"})
			}
			s.AddGroup(oktasim.NewGroup{Name: "Vault"})
			for _, kind := range []string{oktasim.TypeApp, oktasim.TypeOkta} {
				s.AddGroup(oktasim.NewGroup{Name: "Twin", Type: kind})
			}
			if test.fault.Path != "" {
				s.Fault(test.fault)
			}
			health, err := Check(hclog.WithContext(context.WithoutCancel(t.Context()), hclog.NewNullLogger()), c)
			said := strings.Join(health.Notes, "\n")
			if e := sdk.AsError(err); test.code != "" {
				if e == nil || e.Code != test.code {
					t.Fatalf("got %v, want the code %s", err, test.code)
				}
				said = e.Error()
			} else if err != nil {
				t.Fatal(err)
			}
			for _, want := range test.want {
				if !strings.Contains(said, want) {
					t.Errorf("%q lacks %q", said, want)
				}
			}
			if health.Target == "" {
				t.Error("the error does not name the org")
			}
		})
	}
}
