package actions_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// target is the login of the user in most tests.
const target = "a@corp.example"

// do runs an action and decodes its output into v.
func do[T any](b *bench, action, input string, args ...any) T {
	b.t.Helper()
	v, err := try[T](b, action, input, args...)
	if err != nil {
		b.t.Fatalf("%s: %v", action, err)
	}
	return v
}

func try[T any](b *bench, action, input string, args ...any) (T, error) {
	b.t.Helper()
	var v T
	result, err := b.session.Run(hclog.WithContext(b.t.Context(), hclog.NewNullLogger()), action, json.RawMessage(fmt.Sprintf(input, args...)))
	if err == nil {
		if err := json.Unmarshal(result.Output, &v); err != nil {
			b.t.Fatal(err)
		}
	}
	return v, err
}

// writes returns the requests that may have changed the org, as "METHOD path?query".
func (b *bench) writes() []string {
	var all []string
	for _, r := range b.Requests() {
		if r.Method != http.MethodGet {
			all = append(all, strings.TrimSuffix(r.Method+" "+r.Path+"?"+r.Query, "?"))
		}
	}
	return all
}

func TestUnlockUserInEveryStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]sdk.Outcome{
		oktasim.StatusLockedOut: sdk.Changed, oktasim.StatusActive: sdk.Unchanged, oktasim.StatusSuspended: sdk.NotApplicable,
		oktasim.StatusStaged: sdk.NotApplicable, oktasim.StatusPasswordExpired: sdk.NotApplicable, oktasim.StatusDeprovisioned: sdk.NotApplicable,
	} {
		b := newBench(t)
		u := b.AddUser(oktasim.NewUser{Login: target, Status: status})
		got := b.must("unlock_user", map[string]any{"user": target})
		if got.Outcome != want || got.After["status"] != b.state(u.ID).Status || (got.Reason != "") != (want == sdk.NotApplicable) {
			t.Errorf("%s: got %+v", status, got)
		}
	}
}

type expired struct {
	outputMembers
	Temporary string `json:"temporary_password"`
	Sessions  string
	Plan      []sdk.PlannedRequest
}

func TestExpirePassword(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status, options string
		want            sdk.Outcome
		password        bool
		sessions, left  int
	}{
		"plain":             {oktasim.StatusActive, ``, sdk.Changed, false, 0, 2},
		"with sessions":     {oktasim.StatusActive, `,"revoke_sessions":true`, sdk.Changed, false, 1, 0},
		"temporary":         {oktasim.StatusActive, `,"temporary_password":true`, sdk.Changed, true, 0, 2},
		"all":               {oktasim.StatusLockedOut, `,"temporary_password":true,"revoke_sessions":true`, sdk.Changed, true, 1, 0},
		"expired":           {oktasim.StatusPasswordExpired, ``, sdk.Unchanged, false, 0, 2},
		"expired, sessions": {oktasim.StatusPasswordExpired, `,"revoke_sessions":true`, sdk.Unchanged, false, 1, 0},
		"expired, anew":     {oktasim.StatusPasswordExpired, `,"temporary_password":true`, sdk.Accepted, true, 0, 2},
		"staged":            {oktasim.StatusStaged, `,"revoke_sessions":true`, sdk.NotApplicable, false, 0, 2},
		"suspended":         {oktasim.StatusSuspended, `,"temporary_password":true`, sdk.NotApplicable, false, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			u := b.AddUser(oktasim.NewUser{Login: target, Status: test.status, Sessions: 2, OAuthTokens: 1, RememberedDevices: 1})
			got := do[expired](b, "expire_password", `{"user":%q%s}`, target, test.options)
			s := b.state(u.ID)
			if got.Outcome != test.want || (got.Temporary != "") != test.password || (got.Sessions == "revoked") != (test.sessions == 1) ||
				got.After["status"] != s.Status {
				t.Errorf("got %+v", got)
			}
			if len(s.Sessions) != test.left || s.RememberedDevices != 1 {
				t.Errorf("the org has %+v", s)
			}
		})
	}
}

func TestExpirePasswordReportsFailures(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.AddUser(oktasim.NewUser{Login: target, Sessions: 1})
	plan := do[expired](b, "expire_password", `{"user":%q,"revoke_sessions":true,"dry_run":true}`, target)
	if plan.Outcome != sdk.Planned || len(plan.Plan) != 2 || len(b.writes()) != 0 {
		t.Errorf("the plan is %+v, sent were %v", plan, b.writes())
	}
	b.Fault(oktasim.Fault{Method: "DELETE", Path: "/api/v1/users/*/sessions", Status: 500, Times: 1})
	_, err := try[expired](b, "expire_password", `{"user":%q,"revoke_sessions":true}`, target)
	if e := b.wantCode(err, sdk.Unavailable); !strings.Contains(e.Message, "sessions could not be ended") {
		t.Errorf("got %v", e)
	}
	// The response with the password is lost, so the action fails.
	b.Fault(oktasim.Fault{Method: "POST", Path: "/api/v1/users/*/lifecycle/expire_password_with_temp_password", Kind: oktasim.KindHangup,
		AfterEffect: true, Times: 1})
	_, err = try[expired](b, "expire_password", `{"user":%q,"temporary_password":true}`, target)
	b.wantCode(err, sdk.Unavailable)
}

type factors struct {
	outputMembers
	Removed       []struct{ ID, Type string }
	Before, After struct{ Factors []struct{ ID, Type string } }
}

func TestFactors(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.AddUser(oktasim.NewUser{Login: target})
	push := b.AddFactor(oktasim.NewFactor{User: target, Type: "push"})
	b.AddFactor(oktasim.NewFactor{User: target, Type: "signed_nonce"})
	sms := b.AddFactor(oktasim.NewFactor{User: target, Type: "sms"})
	b.AddFactor(oktasim.NewFactor{User: target, Type: "email"})
	if got := do[factors](b, "delete_factor", `{"user":%q,"factor":%q}`, target, push.ID); got.Outcome != sdk.Changed || len(got.Removed) != 2 ||
		len(got.After.Factors) != 2 {
		t.Errorf("the push factor: %+v", got)
	}
	if got := do[factors](b, "delete_factor", `{"user":%q,"factor":%q}`, target, push.ID); got.Outcome != sdk.Unchanged || len(got.Removed) != 0 {
		t.Errorf("a second time: %+v", got)
	}
	if got := do[factors](b, "delete_factor", `{"user":%q,"factor":%q}`, target, sms.ID); got.Outcome != sdk.Changed {
		t.Errorf("the phone: %+v", got)
	}
	if w := b.writes(); len(w) != 2 || strings.Contains(w[0], "Recovery") || !strings.HasSuffix(w[1], "?removeRecoveryEnrollment=true") {
		t.Errorf("sent %q", w)
	}
	// Okta itself enrolls the email address.
	if got := do[factors](b, "reset_factors", `{"user":%q}`, target); got.Outcome != sdk.Unchanged {
		t.Errorf("reset with nothing to reset: %+v", got)
	}
	b.AddFactor(oktasim.NewFactor{User: target, Type: "webauthn"})
	if got := do[factors](b, "reset_factors", `{"user":%q}`, target); got.Outcome != sdk.Changed || len(got.Before.Factors) != 2 {
		t.Errorf("reset: %+v", got)
	}
}

// TestDeleteUnlistedFactor checks that a factor that Okta does not list is deleted.
func TestDeleteUnlistedFactor(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.AddUser(oktasim.NewUser{Login: target})
	f := b.AddFactor(oktasim.NewFactor{User: target, Type: "webauthn"})
	b.Fault(oktasim.Fault{Method: "GET", Path: "/api/v1/users/*/factors", Status: 200, Body: "[]"})
	got := do[factors](b, "delete_factor", `{"user":%q,"factor":%q}`, target, f.ID)
	if got.Outcome != sdk.Changed || len(got.Before.Factors) != 1 || len(b.writes()) != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestGrantsAndTokens(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	u := b.AddUser(oktasim.NewUser{Login: target})
	app := b.AddApp(oktasim.NewApp{Label: "Mail", SignOnMode: "OPENID_CONNECT"})
	b.AddGrant(oktasim.NewGrant{User: target, Client: app.ID, Scopes: []string{"okta.users.read", "okta.logs.read"}, Tokens: 2})
	b.AddGrant(oktasim.NewGrant{User: target, Client: "okta.builtin-client", Tokens: 3})
	type grants struct {
		Outcome       sdk.Outcome
		Before, After struct{ Grants []json.RawMessage }
	}
	if got := do[grants](b, "revoke_user_grants", `{"user":%q}`, target); got.Outcome != sdk.Changed || len(got.Before.Grants) != 2 || len(got.After.Grants) != 0 {
		t.Errorf("got %+v", got)
	}
	for _, test := range []struct {
		app  string
		left int
	}{{"Mail", 3}, {"okta.builtin-client", 0}} {
		got := do[outputMembers](b, "revoke_app_tokens", `{"user":%q,"app":%q}`, target, test.app)
		if left := b.state(u.ID).OAuthTokens; got.Outcome != sdk.Accepted || left != test.left {
			t.Errorf("%s: got %+v, %d tokens are left", test.app, got, left)
		}
	}
	_, err := try[outputMembers](b, "revoke_app_tokens", `{"user":%q,"app":"no such app"}`, target)
	b.wantCode(err, sdk.NotFound)
	got := do[struct{ Outcome sdk.Outcome }](b, "universal_logout", `{"user":%q}`, target)
	if got.Outcome != sdk.Accepted || !slices.Contains(b.writes(), "POST /oauth2/v1/global-token-revocation") {
		t.Errorf("got %+v after %v", got, b.writes())
	}
}

func TestDevicesInEveryStatus(t *testing.T) {
	t.Parallel()
	const yes, was, no = sdk.Changed, sdk.Unchanged, sdk.NotApplicable
	for action, outcomes := range map[string]map[string]sdk.Outcome{
		"suspend_device":    {oktasim.DeviceActive: yes, oktasim.DeviceSuspended: was, oktasim.DeviceDeactivated: no, oktasim.DeviceCreated: no},
		"unsuspend_device":  {oktasim.DeviceActive: was, oktasim.DeviceSuspended: yes, oktasim.DeviceDeactivated: no, oktasim.DeviceCreated: no},
		"deactivate_device": {oktasim.DeviceActive: yes, oktasim.DeviceSuspended: yes, oktasim.DeviceDeactivated: was, oktasim.DeviceCreated: no},
	} {
		b := newBench(t)
		b.AddUser(oktasim.NewUser{Login: target})
		for status, want := range outcomes {
			d := b.AddDevice(oktasim.NewDevice{Name: status, Status: status, Users: []string{target}})
			got := do[outputMembers](b, action, `{"device":%q}`, d.ID)
			if got.Outcome != want || (got.Reason != "") != (want == no) || want == no && got.After["status"] != status {
				t.Errorf("%s of a device that is %s: got %+v", action, status, got)
			}
		}
	}
}

// TestErrorsForMissingObjects checks that the error names the missing object and the actions
// that list its ID.
func TestErrorsForMissingObjects(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.AddUser(oktasim.NewUser{Login: target})
	for _, test := range []struct{ action, input, pointer, says string }{
		{"suspend_device", `{"device":"alice-laptop"}`, "/device", "alice-laptop; list_user_devices"},
		{"revoke_app_tokens", `{"user":"` + target + `","app":"no-such"}`, "/app", "no OAuth client with the ID no-such"},
		{"revoke_app_tokens", `{"user":"` + target + `","app":"No Such"}`, "/app", `exact label "No Such"`},
	} {
		_, err := try[outputMembers](b, test.action, "%s", test.input)
		e := b.wantCode(err, sdk.NotFound)
		if !strings.Contains(e.Message, test.says) || len(e.Violations) != 1 || e.Violations[0].Pointer != test.pointer {
			t.Errorf("%s %s: got %v", test.action, test.input, e)
		}
	}
}

func TestUserApplications(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.AddUser(oktasim.NewUser{Login: target})
	own := b.AddApp(oktasim.NewApp{Label: "Mail", Hidden: true})
	group := b.AddApp(oktasim.NewApp{Label: "Wiki"})
	b.AssignApp(oktasim.NewAssignment{App: own.ID, User: target})
	b.AssignApp(oktasim.NewAssignment{App: group.ID, User: target, Scope: "GROUP"})
	list := do[struct {
		Count        int
		Applications []struct{ ID, Through string }
	}](b, "list_user_applications", `{"user":%q}`, target)
	if list.Count != 2 || list.Applications[0].Through == list.Applications[1].Through {
		t.Errorf("got %+v", list)
	}
	for _, test := range []struct {
		app  string
		want sdk.Outcome
	}{{"Mail", sdk.Changed}, {own.ID, sdk.Unchanged}, {"Wiki", sdk.NotApplicable}} {
		if got := do[outputMembers](b, "unassign_application", `{"user":%q,"app":%q}`, target, test.app); got.Outcome != test.want ||
			(got.Reason != "") != (test.want == sdk.NotApplicable) {
			t.Errorf("%s: got %+v", test.app, got)
		}
	}
}

func TestRisk(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.AddUser(oktasim.NewUser{Login: target})
	for _, test := range []struct {
		options string
		want    sdk.Outcome
	}{
		{`"risk_level":"HIGH"`, sdk.Changed},
		{`"risk_level":"HIGH"`, sdk.Unchanged},
		{`"risk_level":"HIGH","risk_reason":"Seen in a leak, 2026."`, sdk.Changed},
		{`"risk_level":"HIGH","risk_reason":"Seen in a leak, 2026."`, sdk.Unchanged},
		{`"risk_level":"LOW"`, sdk.Changed},
	} {
		if got := do[outputMembers](b, "set_user_risk", `{"user":%q,%s}`, target, test.options); got.Outcome != test.want {
			t.Errorf("%s: got %+v", test.options, got)
		}
	}
	_, err := try[outputMembers](b, "set_user_risk", `{"user":%q,"risk_level":"NONE"}`, target)
	b.wantCode(err, sdk.InvalidInput)
}
