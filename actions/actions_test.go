package actions_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/internal/oktaspec"
	oktaconnector "soar.example/okta/plugin/okta"
	"soar.example/okta/sdk"
)

func TestMain(m *testing.M) {
	// The SDK has an unused token cache with a goroutine, which ends with the garbage
	// collection of its client.
	goleak.VerifyTestMain(oktaspec.Main{M: m, OddEvents: true}, goleak.IgnoreTopFunction("github.com/patrickmn/go-cache.(*janitor).Run"))
}

// bench is an embedded org with a session.
type bench struct {
	*oktasim.Server
	t       testing.TB
	session sdk.Session
}

// compiled returns the connector. All benches share it, because its schemas take time to
// build.
var compiled = sync.OnceValues(oktaconnector.Connector.Compile)

func newBench(t testing.TB) *bench {
	t.Helper()
	b := &bench{Server: oktasim.Start(t, oktasim.Options{}), t: t}
	b.open(nil)
	return b
}

// open replaces the session of the bench by a new connection with these settings and the
// credentials.
func (b *bench) open(more map[string]any) {
	b.t.Helper()
	backend, err := compiled()
	if err != nil {
		b.t.Fatal(err)
	}
	all := map[string]any{"org_url": b.URL, "token": b.Token}
	maps.Copy(all, more)
	settings, err := json.Marshal(all)
	if err != nil {
		b.t.Fatal(err)
	}
	session, err := backend.Open(b.t.Context(), settings)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = session.Close() })
	b.session = session
}

// outputMembers contains the members of outputs that the tests check.
type outputMembers struct {
	Outcome   sdk.Outcome
	Reason    string
	Before    map[string]any
	After     map[string]any
	User      struct{ ID, Login, Email string }
	Group     struct{ ID, Name, Type string }
	Status    string
	Events    []json.RawMessage
	Count     int
	Truncated bool
	Profile   json.RawMessage
}

func (b *bench) run(action string, input map[string]any) (outputMembers, error) {
	b.t.Helper()
	raw, err := json.Marshal(input)
	if err != nil {
		b.t.Fatal(err)
	}
	result, err := b.session.Run(hclog.WithContext(b.t.Context(), hclog.NewNullLogger()), action, raw)
	var a outputMembers
	if err == nil {
		if err := json.Unmarshal(result.Output, &a); err != nil {
			b.t.Fatal(err)
		}
	}
	return a, err
}

func (b *bench) must(action string, input map[string]any) outputMembers {
	b.t.Helper()
	a, err := b.run(action, input)
	if err != nil {
		b.t.Fatalf("%s: %v", action, err)
	}
	return a
}

func (b *bench) wantCode(err error, code sdk.Code) *sdk.Error {
	b.t.Helper()
	var e *sdk.Error
	if !errors.As(err, &e) || e.Code != code {
		b.t.Fatalf("got %v, want code %s", err, code)
	}
	return e
}

func (b *bench) state(id string) oktasim.UserState {
	b.t.Helper()
	for _, u := range b.State().Users {
		if u.ID == id {
			return u
		}
	}
	b.t.Fatalf("no user %s", id)
	return oktasim.UserState{}
}

// TestSuspendUserInEveryStatus checks the outcome of a suspension for each status.
func TestSuspendUserInEveryStatus(t *testing.T) {
	for status, want := range map[string]sdk.Outcome{
		oktasim.StatusActive: sdk.Changed, oktasim.StatusSuspended: sdk.Unchanged,
		oktasim.StatusStaged: sdk.NotApplicable, oktasim.StatusProvisioned: sdk.NotApplicable,
		oktasim.StatusRecovery: sdk.NotApplicable, oktasim.StatusLockedOut: sdk.NotApplicable,
		oktasim.StatusPasswordExpired: sdk.NotApplicable, oktasim.StatusDeprovisioned: sdk.NotApplicable,
	} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			u := b.AddUser(oktasim.NewUser{Login: "a@corp.example", Status: status})
			a := b.must("suspend_user", map[string]any{"user": u.ID})
			if a.Outcome != want || a.User.Login != "a@corp.example" || a.Before["status"] != status || a.After["status"] != b.state(u.ID).Status {
				t.Errorf("got %+v", a)
			}
			if (want == sdk.NotApplicable) != strings.Contains(a.Reason, status) {
				t.Errorf("the reason is %q", a.Reason)
			}
		})
	}
}

func TestUnsuspendUserInEveryStatus(t *testing.T) {
	for status, want := range map[string]sdk.Outcome{
		oktasim.StatusActive: sdk.Unchanged, oktasim.StatusSuspended: sdk.Changed,
		oktasim.StatusStaged: sdk.NotApplicable, oktasim.StatusLockedOut: sdk.NotApplicable, oktasim.StatusDeprovisioned: sdk.NotApplicable,
	} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			u := b.AddUser(oktasim.NewUser{Login: "a@corp.example", Status: status})
			if a := b.must("unsuspend_user", map[string]any{"user": u.ID}); a.Outcome != want || a.After["status"] != b.state(u.ID).Status {
				t.Errorf("got %+v", a)
			}
		})
	}
}

// TestLostResponses checks that after a lost response the outcome follows the state of the
// user.
func TestLostResponses(t *testing.T) {
	for name, fault := range map[string]oktasim.Fault{
		"hang-up": {Kind: oktasim.KindHangup}, "502": {Kind: oktasim.KindHTML}, "500": {Status: 500},
		"404": {Status: 404, ErrorCode: "E0000007"}, "403": {Status: 403, ErrorCode: "E0000006"},
	} {
		for _, happened := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				u := b.AddUser(oktasim.NewUser{Login: "a@corp.example"})
				fault := fault
				fault.Method, fault.Path, fault.Times, fault.AfterEffect = "POST", "/api/v1/users/*/lifecycle/suspend", 1, happened
				b.Fault(fault)
				a, err := b.run("suspend_user", map[string]any{"user": u.ID})
				suspended := b.state(u.ID).Status == oktasim.StatusSuspended
				if suspended != happened || (err == nil) != happened {
					t.Errorf("suspended %t, wanted %t: %+v, %v", suspended, happened, a, err)
				}
			})
		}
	}
}

// TestAcceptedWriteWithoutEffect checks that an accepted write is verified.
func TestAcceptedWriteWithoutEffect(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	b.Fault(oktasim.Fault{Method: "POST", Path: "/api/v1/users/*/lifecycle/suspend", Status: 200, Body: "{}"})
	_, err := b.run("suspend_user", map[string]any{"user": u.ID})
	b.wantCode(err, sdk.Conflict)
}

func TestRevokeAllUserSessions(t *testing.T) {
	for name, test := range map[string]struct {
		input           map[string]any
		tokens, devices int
	}{
		"all by default": {map[string]any{}, 0, 0},
		"sessions only":  {map[string]any{"oauth_tokens": false, "forget_devices": false}, 2, 3},
		"tokens too":     {map[string]any{"oauth_tokens": true, "forget_devices": false}, 0, 3},
		"devices too":    {map[string]any{"oauth_tokens": false, "forget_devices": true}, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			u := b.AddUser(oktasim.NewUser{Login: "a@corp.example", Sessions: 2, OAuthTokens: 2, RememberedDevices: 3})
			test.input["user"] = "a@corp.example"
			a := b.must("revoke_all_user_sessions", test.input)
			s := b.state(u.ID)
			if a.Outcome != sdk.Accepted || len(s.Sessions) != 0 || s.OAuthTokens != test.tokens || s.RememberedDevices != test.devices {
				t.Errorf("got %+v, the org has %+v", a, s)
			}
			if _, told := a.After["oauth_tokens"]; told != (test.tokens == 0) {
				t.Errorf("the output has %+v", a.After)
			}
		})
	}
}

func TestEndCurrentUserSessions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example", Sessions: 1})
	one := b.AddSession(u.ID)
	a := b.must("end_current_user_sessions", map[string]any{"session_id": one})
	if a.Outcome != sdk.Changed || a.Before["live"] != true || a.Before["login"] != "a@corp.example" || a.After["live"] != false {
		t.Errorf("got %+v", a)
	}
	if left := b.state(u.ID).Sessions; len(left) != 1 || slices.Contains(left, one) {
		t.Errorf("left are %v", left)
	}
	if a := b.must("end_current_user_sessions", map[string]any{"session_id": one}); a.Outcome != sdk.Unchanged {
		t.Errorf("a second time: %+v", a)
	}
	before := len(b.Requests())
	for _, id := range []string{"", "me", "..", "short", "me/../x", "with space in it", strings.Repeat("x", 201)} {
		_, err := b.run("end_current_user_sessions", map[string]any{"session_id": id})
		b.wantCode(err, sdk.InvalidInput)
	}
	if n := len(b.Requests()) - before; n != 0 {
		t.Errorf("refused ids reached Okta in %d requests", n)
	}
}

func TestGroupMembership(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	okta := b.AddGroup(oktasim.NewGroup{Name: "Quarantine"})
	app := b.AddGroup(oktasim.NewGroup{Name: "App", Type: oktasim.TypeApp})
	appIn := b.AddGroup(oktasim.NewGroup{Name: "App In", Type: oktasim.TypeApp})
	b.AddMember(appIn.ID, u.ID)
	for _, step := range []struct {
		action, group string
		want          sdk.Outcome
		member        bool
	}{
		{"remove_user_from_group", "Quarantine", sdk.Unchanged, false},
		{"add_user_to_group", "Quarantine", sdk.Changed, true},
		{"add_user_to_group", okta.ID, sdk.Unchanged, true},
		{"remove_user_from_group", okta.ID, sdk.Changed, false},
		{"add_user_to_group", app.ID, sdk.NotApplicable, false},
		{"remove_user_from_group", app.ID, sdk.Unchanged, false},
		{"add_user_to_group", appIn.ID, sdk.Unchanged, true},
		{"remove_user_from_group", appIn.ID, sdk.NotApplicable, true},
		{"add_user_to_group", "Everyone", sdk.Unchanged, true},
		{"remove_user_from_group", "Everyone", sdk.NotApplicable, true},
	} {
		a := b.must(step.action, map[string]any{"user": "a@corp.example", "group": step.group})
		if a.Outcome != step.want || a.After["member"] != step.member || (a.Reason != "") != (step.want == sdk.NotApplicable) {
			t.Errorf("%s %s: got %+v", step.action, step.group, a)
		}
	}
}

func TestGetUser(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.AddUser(oktasim.NewUser{Login: "a@corp.example", Status: oktasim.StatusLockedOut, Profile: map[string]any{"clearance": map[string]any{"level": 3}}})
	a := b.must("get_user", map[string]any{"user": "a@corp.example"})
	if a.Status != oktasim.StatusLockedOut || !strings.Contains(string(a.Profile), `"clearance":{"level":3}`) ||
		!strings.Contains(string(a.Profile), `"mobilePhone":null`) {
		t.Errorf("got %+v with profile %s", a, a.Profile)
	}
}
