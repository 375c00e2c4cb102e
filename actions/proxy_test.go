package actions_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// notAbsent holds error responses that do not say that an object is missing.
var notAbsent = map[string]oktasim.Fault{
	"a proxy's 404":    {Kind: oktasim.KindHTML, Status: 404},
	"a gateway's 404":  {Status: 404, Body: `{"message":"not found"}`},
	"an empty 403":     {Kind: oktasim.KindEmpty, Status: 403},
	"no endpoint":      {Status: 404, ErrorCode: "E0000008"},
	"a changed status": {Status: 410, ErrorCode: "E0000007"},
}

// A removal is an action that removes an object or an access.
type removal struct {
	action string
	// prepare fills the org. It returns the input, and a function that reports whether
	// the org shows the result.
	prepare func(b *bench) (input map[string]any, gone func() bool)
}

var removals = map[string]removal{
	"session": {"end_current_user_sessions", func(b *bench) (map[string]any, func() bool) {
		u := b.AddUser(oktasim.NewUser{Login: target})
		id := b.AddSession(u.ID)
		return map[string]any{"session_id": id}, func() bool { return !slices.Contains(b.state(u.ID).Sessions, id) }
	}},
	"user": {"delete_user", func(b *bench) (map[string]any, func() bool) {
		u := b.AddUser(oktasim.NewUser{Login: target, Status: oktasim.StatusDeprovisioned})
		return map[string]any{"user": u.ID, "step": "delete"}, func() bool {
			return !slices.ContainsFunc(b.State().Users, func(s oktasim.UserState) bool { return s.ID == u.ID })
		}
	}},
	"activation": {"delete_user", func(b *bench) (map[string]any, func() bool) {
		u := b.AddUser(oktasim.NewUser{Login: target})
		return map[string]any{"user": u.ID}, func() bool { return b.state(u.ID).Status == oktasim.StatusDeprovisioned }
	}},
	"assignment": {"unassign_application", func(b *bench) (map[string]any, func() bool) {
		u := b.AddUser(oktasim.NewUser{Login: target})
		app := b.AddApp(oktasim.NewApp{Label: "Mail"})
		b.AssignApp(oktasim.NewAssignment{App: app.ID, User: target})
		return map[string]any{"user": target, "app": app.ID}, func() bool { return len(b.state(u.ID).Apps) == 0 }
	}},
	"factor": {"delete_factor", func(b *bench) (map[string]any, func() bool) {
		u := b.AddUser(oktasim.NewUser{Login: target})
		f := b.AddFactor(oktasim.NewFactor{User: target, Type: "webauthn"})
		return map[string]any{"user": target, "factor": f.ID}, func() bool { return len(b.state(u.ID).Factors) == 0 }
	}},
	"tokens": {"revoke_app_tokens", func(b *bench) (map[string]any, func() bool) {
		u := b.AddUser(oktasim.NewUser{Login: target})
		app := b.AddApp(oktasim.NewApp{Label: "Mail", SignOnMode: "OPENID_CONNECT"})
		b.AddGrant(oktasim.NewGrant{User: target, Client: app.ID, Scopes: []string{"okta.users.read"}, Tokens: 2})
		return map[string]any{"user": target, "app": app.ID}, func() bool { return b.state(u.ID).OAuthTokens == 0 }
	}},
	"role": {"revoke_role", func(b *bench) (map[string]any, func() bool) {
		u := b.AddUser(oktasim.NewUser{Login: target})
		b.AddRole(oktasim.NewRole{User: target, Type: "HELP_DESK_ADMIN"})
		return map[string]any{"user": target, "role": "HELP_DESK_ADMIN"}, func() bool { return len(b.state(u.ID).Roles) == 0 }
	}},
	"membership": {"remove_user_from_group", func(b *bench) (map[string]any, func() bool) {
		g := b.AddGroup(oktasim.NewGroup{Name: "Finance"})
		u := b.AddUser(oktasim.NewUser{Login: target, Groups: []string{g.ID}})
		return map[string]any{"user": target, "group": g.ID}, func() bool {
			return !slices.ContainsFunc(b.state(u.ID).Groups, func(r oktasim.GroupRef) bool { return r.ID == g.ID })
		}
	}},
	"device": {"suspend_device", func(b *bench) (map[string]any, func() bool) {
		u := b.AddUser(oktasim.NewUser{Login: target})
		d := b.AddDevice(oktasim.NewDevice{Name: "laptop", Users: []string{u.ID}})
		return map[string]any{"device": d.ID}, func() bool { return b.state(u.ID).Devices[0].Status == oktasim.StatusSuspended }
	}},
	"access": {"contain_user", func(b *bench) (map[string]any, func() bool) {
		b.AddGroup(oktasim.NewGroup{Name: "Quarantine"})
		u := b.AddUser(oktasim.NewUser{Login: target, Sessions: 1})
		return map[string]any{"users": []string{u.ID}, "quarantine": "Quarantine"}, func() bool {
			s := b.state(u.ID)
			return s.Status == oktasim.StatusSuspended && len(s.Sessions) == 0 && slices.Contains(b.groupsOf(u.ID), "Quarantine")
		}
	}},
	"address": {"block_ip", func(b *bench) (map[string]any, func() bool) {
		return map[string]any{"address": "198.51.100.77"}, func() bool {
			return slices.ContainsFunc(b.zone("BlockedIpZone").Gateways, func(g string) bool { return g == "198.51.100.77/32" })
		}
	}},
}

// TestActionsBehindAProxy lets a proxy respond in place of Okta, from each request of an
// action on. No action reports not_found, or a result that the org does not show.
func TestActionsBehindAProxy(t *testing.T) {
	for what, r := range removals {
		for name, fault := range notAbsent {
			t.Run(what+"/"+name, func(t *testing.T) {
				t.Parallel()
				for skip, struck := 0, true; struck; skip++ {
					struck = r.behind(t, fault, skip, false, false)
					r.behind(t, fault, skip, true, false)
					r.behind(t, fault, skip, true, true)
				}
			})
		}
	}
}

// behind runs the removal with a fault after skip requests: of one response or of all
// that follow, with or without the request's effect. It reports whether a request met
// the fault.
func (r removal) behind(t *testing.T, fault oktasim.Fault, skip int, once, happens bool) (struck bool) {
	b := newBench(t)
	input, gone := r.prepare(b)
	fault.Skip, fault.AfterEffect = skip, happens
	if once {
		fault.Times = 1
	}
	b.Fault(fault)
	a, err := b.run(r.action, input)
	struck = len(b.Requests()) > skip
	how := "skip " + strconv.Itoa(skip) + ", once " + strconv.FormatBool(once) + ", happens " + strconv.FormatBool(happens)
	done := err == nil && (a.Outcome == sdk.Changed || a.Outcome == sdk.Unchanged || a.Outcome == sdk.Accepted)
	if e := sdk.AsError(err); e != nil && e.Code == sdk.NotFound {
		t.Errorf("%s: got %v", how, e)
	}
	if done && !gone() {
		t.Errorf("%s: says %s, but the org does not show it", how, a.Outcome)
	}
	if done && struck && !once {
		t.Errorf("%s: says %s without a response of Okta", how, a.Outcome)
	}
	if !struck && !done {
		t.Errorf("%s: without a fault: got %+v, %v", how, a, err)
	}
	return struck
}

// TestUnsentWrites checks that a write was not made if a read of the guards failed.
func TestUnsentWrites(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]oktasim.Fault{
		"a proxy's 404": {Kind: oktasim.KindHTML, Status: 404}, "a proxy's 502": {Kind: oktasim.KindHTML}, "a hang-up": {Kind: oktasim.KindHangup},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			u := b.AddUser(oktasim.NewUser{Login: target, Status: oktasim.StatusSuspended})
			all := fault
			all.Path = "**"
			b.Fault(all)
			_, err := b.run("contain_user", map[string]any{"users": []string{u.ID}})
			if e := b.wantCode(err, sdk.Unavailable); len(b.writes()) != 0 {
				t.Errorf("got %v, sent %v", e, b.writes())
			}
			b.ClearFaults()
			// Another client suspended the user after the first read.
			fault.Method, fault.Path = "GET", "/api/v1/users/*/roles"
			b.Fault(fault)
			before := `{"id":"` + u.ID + `","status":"ACTIVE","profile":{"login":"` + target + `"}}`
			b.Fault(oktasim.Fault{Method: "GET", Path: "/api/v1/users/" + u.ID, Times: 1, Status: 200, Body: before})
			a, err := b.run("suspend_user", map[string]any{"user": u.ID})
			if sdk.AsError(err) == nil || len(b.writes()) != 0 {
				t.Errorf("got %+v, sent %v", a, b.writes())
			}
		})
	}
}

// TestPushWithFailedRead checks that only Okta's response can say that a push does not
// exist. After any other failure the error says that the push may still be open.
func TestPushWithFailedRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault oktasim.Fault
		want  sdk.Code
	}{
		"missing":         {oktasim.Fault{Status: 404, ErrorCode: "E0000007"}, sdk.NotFound},
		"no transaction":  {oktasim.Fault{Status: 404, ErrorCode: "E0000191"}, sdk.NotFound},
		"no endpoint":     {oktasim.Fault{Status: 404, ErrorCode: "E0000008"}, sdk.Forbidden},
		"a proxy's 404":   {oktasim.Fault{Kind: oktasim.KindHTML, Status: 404}, sdk.Unavailable},
		"a gateway's 404": {oktasim.Fault{Status: 404, Body: `{"message":"not found"}`}, sdk.Unavailable},
	} {
		b := newBench(t)
		b.AddUser(oktasim.NewUser{Login: target})
		b.AddFactor(oktasim.NewFactor{User: target, Type: "push"})
		test.fault.Path = "/api/v1/users/*/factors/*/transactions/*"
		b.Fault(test.fault)
		_, err := try[pushed](b, "verify_push", `{"user":%q,"wait":"5ms"}`, target)
		e := b.wantCode(err, test.want)
		if out := strings.Contains(e.Message, "stays open"); out == (test.want == sdk.NotFound) || !strings.Contains(e.Message, "GET /api/v1/users/") {
			t.Errorf("%s: got %v", name, e)
		}
	}
}
