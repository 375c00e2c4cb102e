package okta

import (
	"strings"
	"sync"
	"testing"
	"time"

	"soar.example/okta/internal/okta/guard"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

func guarded(t *testing.T, g guard.Rules) (*Client, *oktasim.Server) {
	t.Helper()
	s := oktasim.Start(t, oktasim.Options{Token: canary})
	settings := settingsFor(s.URL)
	settings.Rules = g
	c, err := Open(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, s
}

// writesTo lists every write to a user in this package.
func writesTo(t *testing.T, c *Client, id, login, group string) map[string]error {
	ctx := t.Context()
	raw := func(method, path string) error {
		_, err := c.send(ctx, method, path, nil, nil)
		return err
	}
	return map[string]error{
		"suspend": c.SuspendUser(ctx, id), "unsuspend": c.UnsuspendUser(ctx, id),
		"revoke": c.RevokeSessions(ctx, id, true, true),
		"add":    c.AddMember(ctx, group, id), "remove": c.RemoveMember(ctx, group, id),
		"raw by login":   raw("POST", "/api/v1/users/"+login+"/lifecycle/deactivate"),
		"raw by escapes": raw("POST", "/api/v1/users/"+strings.ReplaceAll(login, "@", "%40")+"/lifecycle/deactivate"),
		"raw delete":     raw("DELETE", "/api/v1/users/"+id),
		"raw app":        raw("DELETE", "/api/v1/apps/0oa1/users/"+id),
	}
}

func writes(s *oktasim.Server) (n int) {
	for _, r := range s.Requests() {
		if r.Method != "GET" {
			n++
		}
	}
	return n
}

func wantRejected(t *testing.T, errs map[string]error, rule string) {
	t.Helper()
	for name, err := range errs {
		e := sdk.AsError(err)
		if e == nil || e.Code != sdk.Forbidden || !guard.Rejected(err) || !strings.Contains(e.Message, "rule "+rule) {
			t.Errorf("%s: got %v, want a rejection by %s", name, err, rule)
		}
	}
}

func TestProtectedUsers(t *testing.T) {
	for name, ref := range map[string]func(oktasim.User) string{
		"id":    func(u oktasim.User) string { return u.ID },
		"login": func(u oktasim.User) string { return u.Login },
		"case":  func(u oktasim.User) string { return strings.ToUpper(u.Login) },
		"email": func(oktasim.User) string { return "bg@mail.example" },
	} {
		t.Run(name, func(t *testing.T) {
			glass := oktasim.NewUser{ID: "00uBREAKGLASS0000001", Login: "break.glass@corp.example", Email: "bg@mail.example"}
			c, s := guarded(t, guard.Rules{ProtectedUsers: []string{"nobody@corp.example", ref(oktasim.User{ID: glass.ID, Login: glass.Login})}})
			u := s.AddUser(glass)
			other := s.AddUser(oktasim.NewUser{Login: "other@corp.example"})
			g := s.AddGroup(oktasim.NewGroup{Name: "G"})
			wantRejected(t, writesTo(t, c, u.ID, u.Login, g.ID), "protected_users")
			session := s.AddSession(u.ID)
			wantRejected(t, map[string]error{"session": c.EndSession(t.Context(), session)}, "protected_users")
			if n := writes(s); n != 0 {
				t.Errorf("%d writes were sent", n)
			}
			if err := c.SuspendUser(t.Context(), other.ID); err != nil {
				t.Errorf("another user: %v", err)
			}
		})
	}
}

func TestProtectedGroups(t *testing.T) {
	c, s := guarded(t, guard.Rules{ProtectedGroups: []string{"Break Glass"}})
	protected := s.AddGroup(oktasim.NewGroup{Name: "Break Glass"})
	g := s.AddGroup(oktasim.NewGroup{Name: "G"})
	member := s.AddUser(oktasim.NewUser{Login: "member@corp.example", Groups: []string{protected.ID}})
	other := s.AddUser(oktasim.NewUser{Login: "other@corp.example"})
	wantRejected(t, writesTo(t, c, member.ID, member.Login, g.ID), "protected_groups")
	wantRejected(t, map[string]error{"join": c.AddMember(t.Context(), protected.ID, other.ID)}, "protected_groups")
	if n := writes(s); n != 0 {
		t.Errorf("%d writes were sent", n)
	}
	if err := c.AddMember(t.Context(), g.ID, other.ID); err != nil {
		t.Errorf("another user and group: %v", err)
	}
}

func TestOwnUser(t *testing.T) {
	c, s := guarded(t, guard.Rules{})
	g := s.AddGroup(oktasim.NewGroup{Name: "G"})
	me, err := c.User(t.Context(), "me")
	if err != nil {
		t.Fatal(err)
	}
	wantRejected(t, writesTo(t, c, me.ID, me.Login, g.ID), "own user")
	_, err = c.send(t.Context(), "POST", "/api/v1/users/me/lifecycle/suspend", nil, nil)
	wantRejected(t, map[string]error{"me": err}, "own user")
	if n := writes(s); n != 0 {
		t.Errorf("%d writes were sent", n)
	}
}

func TestReadOnly(t *testing.T) {
	c, s := guarded(t, guard.Rules{ReadOnly: true})
	u := s.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	wantRejected(t, writesTo(t, c, u.ID, u.Login, "00g1"), "read_only")
	if n := len(s.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
	if _, err := c.User(t.Context(), u.ID); err != nil {
		t.Error(err)
	}
}

func TestMaxWritesPerMinute(t *testing.T) {
	c, s := guarded(t, guard.Rules{MaxWritesPerMinute: 2})
	now := time.Date(2026, 3, 14, 2, 41, 0, 0, time.UTC)
	c.Guard.Now = func() time.Time { return now }
	u := s.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	for range 2 {
		if err := c.RevokeSessions(t.Context(), u.ID, false, false); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(20 * time.Second)
	err := c.RevokeSessions(t.Context(), u.ID, false, false)
	if e := sdk.AsError(err); e == nil || e.Code != sdk.RateLimited || e.RetryAfter != 40*time.Second {
		t.Errorf("got %v", err)
	}
	if n := writes(s); n != 2 {
		t.Errorf("%d writes were sent", n)
	}
	now = now.Add(40 * time.Second) // the window ends after exactly one minute
	if err := c.RevokeSessions(t.Context(), u.ID, false, false); err != nil {
		t.Error(err)
	}
	unlimited, s := guarded(t, guard.Rules{})
	u = s.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	for range 3 {
		if err := unlimited.RevokeSessions(t.Context(), u.ID, false, false); err != nil {
			t.Error(err)
		}
	}
}

// TestProtectedUserWithoutEmail checks that an empty email address of a protected user does not protect other users
// without one.
func TestProtectedUserWithoutEmail(t *testing.T) {
	c, s := guarded(t, guard.Rules{ProtectedUsers: []string{"glass@corp.example"}})
	glass, other := s.AddUser(oktasim.NewUser{Login: "glass@corp.example"}), s.AddUser(oktasim.NewUser{Login: "other@corp.example"})
	for _, u := range []oktasim.User{glass, other} {
		body := `{"id":"` + u.ID + `","status":"ACTIVE","profile":{"login":"` + u.Login + `","email":null}}`
		s.Fault(oktasim.Fault{Method: "GET", Path: "/api/v1/users/" + u.Login, Status: 200, Body: body})
	}
	if _, err := c.FindUser(t.Context(), "/user", other.Login); err != nil {
		t.Fatal(err)
	}
	if err := c.SuspendUser(t.Context(), other.ID); err != nil {
		t.Error(err)
	}
	wantRejected(t, map[string]error{"glass": c.SuspendUser(t.Context(), glass.ID)}, "protected_users")
}

// TestRejectedSearchForProtectedName checks that a rejected search for a protected name is reported with Okta's
// reason, and that no write is sent.
func TestRejectedSearchForProtectedName(t *testing.T) {
	c, s := guarded(t, guard.Rules{ProtectedGroups: []string{"Vault"}})
	u := s.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	s.Fault(oktasim.Fault{Method: "GET", Path: "/api/v1/groups", Status: 400, ErrorCode: "E0000031"})
	e := wantCode(t, c.SuspendUser(t.Context(), u.ID), sdk.InvalidInput)
	if !strings.Contains(e.Message, "nothing is written") || writes(s) != 0 {
		t.Errorf("got %v, %d writes", e, writes(s))
	}
	_, err := c.CheckSettings(t.Context())
	e = wantCode(t, err, sdk.InvalidInput)
	if len(e.Violations) != 1 || !strings.Contains(e.Violations[0].Message, `"Vault" GET /api/v1/groups`) {
		t.Errorf("got %+v", e.Violations)
	}
}

// TestProtectedNamesInBodies checks that a body with the login or address of a protected user is rejected.
func TestProtectedNamesInBodies(t *testing.T) {
	for _, test := range []struct {
		protected, text string
		rejected        bool
	}{
		{"GLASS", "glass", true},
		{"GLASS", " glass@corp.example ", true},
		{"$ID", "glass@corp.example", true},
		{"$ID", "other@corp.example", false},
		{"GLASS", "other", false},
		{"", "glass@corp.example", false},
	} {
		s := oktasim.Start(t, oktasim.Options{})
		glass := s.AddUser(oktasim.NewUser{Login: "glass", Email: "glass@corp.example"})
		rules := guard.Rules{AllowCustomWrites: true}
		if test.protected != "" {
			rules.ProtectedUsers = []string{strings.ReplaceAll(test.protected, "$ID", glass.ID)}
		}
		c, err := Open(t.Context(), Settings{OrgURL: s.URL, Token: sdk.NewSecret(s.Token), Rules: rules})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, err = c.Custom(t.Context(), CustomCall{Method: "POST", Path: "/api/v1/zones", Body: []byte(`{"type":"IP","name":"` + test.text + `"}`)})
		if guard.Rejected(err) != test.rejected || !test.rejected && err != nil {
			t.Errorf("%+v: got %v", test, err)
		}
	}
}

// TestMaxWritesPerMinuteConcurrently checks that concurrent writes do not exceed the limit.
func TestMaxWritesPerMinuteConcurrently(t *testing.T) {
	c, s := guarded(t, guard.Rules{MaxWritesPerMinute: 5})
	u := s.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := c.RevokeSessions(t.Context(), u.ID, false, false); err != nil && sdk.AsError(err).Code != sdk.RateLimited {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := writes(s); n != 5 {
		t.Errorf("%d writes were sent, want 5", n)
	}
}

// TestProtectedUserCreatedLater checks that a protected name without an owner protects the first user who gets
// it.
func TestProtectedUserCreatedLater(t *testing.T) {
	c, s := guarded(t, guard.Rules{ProtectedUsers: []string{"glass@corp.example"}})
	now := time.Now()
	c.Guard.Now = func() time.Time { return now }
	other := s.AddUser(oktasim.NewUser{Login: "other@corp.example"})
	if err := c.SuspendUser(t.Context(), other.ID); err != nil {
		t.Fatal(err)
	}
	glass := s.AddUser(oktasim.NewUser{Login: "glass@corp.example"})
	now = now.Add(time.Minute)
	wantRejected(t, map[string]error{"glass": c.SuspendUser(t.Context(), glass.ID)}, "protected_users")
}

// TestGuardsFailClosed checks that every write is rejected if a protected name cannot be looked up.
func TestGuardsFailClosed(t *testing.T) {
	c, s := guarded(t, guard.Rules{ProtectedUsers: []string{"glass@corp.example"}})
	u := s.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	s.Fault(oktasim.Fault{Method: "GET", Path: "/api/v1/users/glass@corp.example", Status: 500})
	s.Fault(oktasim.Fault{Method: "GET", Path: "/api/v1/users/glass%40corp.example", Status: 500})
	e := wantCode(t, c.SuspendUser(t.Context(), u.ID), sdk.Unavailable)
	if !strings.Contains(e.Message, "nothing is written") || writes(s) != 0 {
		t.Errorf("got %v, %d writes", e, writes(s))
	}
	s.ClearFaults()
	if err := c.SuspendUser(t.Context(), u.ID); err != nil {
		t.Error(err)
	}
}

func TestDryRunReportsRule(t *testing.T) {
	c, s := guarded(t, guard.Rules{ReadOnly: true})
	ctx := sdk.WithDryRun(t.Context())
	if err := c.SuspendUser(ctx, "00u1"); err != sdk.ErrPlanned {
		t.Errorf("got %v", err)
	}
	planned := sdk.PlannedRequests(ctx)
	if len(planned) != 1 || planned[0].Path != "/api/v1/users/00u1/lifecycle/suspend" || !strings.Contains(planned[0].RefusedBy, "read_only") {
		t.Errorf("planned %+v", planned)
	}
	if n := len(s.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// TestPrincipalIsReadOnce checks that all callers share one read of the principal.
func TestPrincipalIsReadOnce(t *testing.T) {
	c, s := guarded(t, guard.Rules{})
	u := s.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	if _, err := Check(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if err := c.SuspendUser(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	me, err := c.Guard.Self(t.Context())
	if err != nil || me == "" {
		t.Fatalf("the own user is %q, %v", me, err)
	}
	asked := 0
	for _, r := range s.Requests() {
		if r.Path == "/api/v1/users/me" {
			asked++
		}
	}
	if asked != 1 {
		t.Errorf("read the principal %d times, want once", asked)
	}
	wantRejected(t, map[string]error{"own": c.SuspendUser(t.Context(), me)}, "own user")
}
