package oktasim_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/oktasim"
)

// command sends a control command, without the token.
func (c *caller) command(method, path, body string) response {
	c.t.Helper()
	r := c.request(method, path, body)
	r.Header.Del("Authorization")
	a, err := c.send(r)
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

func TestCommands(t *testing.T) {
	c, _ := start(t)
	g := c.command("POST", "/_org/groups", `{"name":"Quarantine"}`).object(t)
	app := c.command("POST", "/_org/groups", `{"name":"HR","type":"APP_GROUP","members":["me"]}`).object(t)
	u := c.command("POST", "/_org/users", `{"login":"alice.moreau@corp.example","groups":["Quarantine"],"sessions":1,`+
		`"oauth_tokens":2,"remembered_devices":3,"profile":{"title":"x"}}`).object(t)
	if u["first_name"] != "Alice" || u["last_name"] != "Moreau" || u["status"] != "ACTIVE" || u["email"] != u["login"] {
		t.Errorf("user %v", u)
	}
	sid := c.command("POST", "/_org/sessions", `{"user":"alice.moreau@corp.example"}`).object(t)["id"].(string)
	c.want("GET", "/api/v1/sessions/"+sid, "", 200, "")

	got := decode[oktasim.UserState](t, c.command("GET", "/_org/state?user=ALICE.moreau@corp.example", ""))
	if len(got.Sessions) != 2 || got.Sessions[1] != sid {
		t.Errorf("sessions %v", got.Sessions)
	}
	got.Sessions = nil
	want := oktasim.UserState{
		ID: u["id"].(string), Login: "alice.moreau@corp.example", Email: "alice.moreau@corp.example", Status: "ACTIVE",
		OAuthTokens: 2, RememberedDevices: 3,
		Groups:  []oktasim.GroupRef{{ID: c.org.State().Groups[0].ID, Name: "Everyone"}, {ID: g["id"].(string), Name: "Quarantine"}},
		Factors: []oktasim.FactorState{}, Devices: []oktasim.DeviceState{}, Apps: []oktasim.AppRef{},
		Roles: []oktasim.RoleState{}, Grants: []oktasim.GrantState{}, Risk: "NONE",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if a := c.command("GET", "/_org/state?user=nobody", ""); a.status != 404 {
		t.Errorf("unknown user: status %d", a.status)
	}

	uuids := c.command("POST", "/_org/events", `{"events":[`+
		`{"eventType":"policy.rule.update","big":12345678901234567890},`+
		`{"published":"`+at(-time.Hour)+`","persisted":"`+at(-time.Minute)+`"}]}`).object(t)["uuids"].([]any)
	a := c.get("/api/v1/logs")
	if d := cmp.Diff([]any{a.list(t)[0]["uuid"], a.list(t)[1]["uuid"]}, uuids); d != "" || !strings.Contains(a.body, "12345678901234567890") {
		t.Error(d, a.body)
	}

	c.command("POST", "/_org/faults", `{"method":"GET","path":"/api/v1/logs","times":1,"status":503,"headers":{"Retry-After":"1"}}`)
	if a := c.want("GET", "/api/v1/logs", "", 503, "E0000010"); a.header.Get("Retry-After") != "1" {
		t.Error(a.header)
	}
	c.command("POST", "/_org/faults", `{"status":500}`)
	c.command("DELETE", "/_org/faults", "")
	_, next := c.want("GET", "/api/v1/logs", "", 200, "").links(t)
	c.command("POST", "/_org/faults", `{"expire_cursors":true}`)
	c.want("GET", next, "", 400, "E0000001")

	c.command("POST", "/_org/limits", `{"path":"/api/v1/logs","limit":60,"window":"60s","remaining":0}`)
	c.want("GET", "/api/v1/logs", "", 429, "E0000047")
	c.command("DELETE", "/_org/limits", "")
	c.want("GET", "/api/v1/logs", "", 200, "")

	state := decode[oktasim.State](t, c.command("GET", "/_org/state", ""))
	if d := cmp.Diff(c.org.State(), state); d != "" || state.Events != 2 || len(state.Users) != 2 || state.Groups[2].ID != app["id"] {
		t.Error(d)
	}
	requests := decode[struct{ Requests []oktasim.Request }](t, c.command("GET", "/_org/requests", "")).Requests
	if d := cmp.Diff(c.org.Requests(), requests); d != "" || len(requests) != state.Requests {
		t.Error(d)
	}
	c.command("DELETE", "/_org/requests", "")
	if n := len(c.org.Requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestInvalidCommands(t *testing.T) {
	c, _ := start(t)
	c.org.AddUser(oktasim.NewUser{Login: "a@corp.example", ID: "00uA"})
	c.org.AddGroup(oktasim.NewGroup{Name: "G", ID: "00gG"})
	before := c.org.State()
	for _, tc := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "/_org/users", `{}`, 400},
		{"POST", "/_org/users", `{"login":"A@corp.example"}`, 400},
		{"POST", "/_org/users", `{"login":"b@corp.example","id":"00uA"}`, 400},
		{"POST", "/_org/users", `{"login":"b@corp.example","status":"HAPPY"}`, 400},
		{"POST", "/_org/users", `{"login":"b@corp.example","groups":["none"]}`, 400},
		{"POST", "/_org/users", `{"login":"b@corp.example","sessions":-1}`, 400},
		{"POST", "/_org/users", `{"login":"b@corp.example","firstName":"misspelled key"}`, 400},
		{"POST", "/_org/groups", `{"name":" "}`, 400},
		{"POST", "/_org/groups", `{"name":"g"}`, 400},
		{"POST", "/_org/groups", `{"name":"H","id":"00gG"}`, 400},
		{"POST", "/_org/groups", `{"name":"H","type":"TEAM"}`, 400},
		{"POST", "/_org/groups", `{"name":"H","members":["none"]}`, 400},
		{"POST", "/_org/sessions", `{"user":"none"}`, 400},
		{"POST", "/_org/events", `{"events":[{},{"persisted":"?"}]}`, 400},
		{"POST", "/_org/events", `{"events":[{}]`, 400},
		{"POST", "/_org/events", ``, 400},
		{"POST", "/_org/faults", `{}`, 400},
		{"POST", "/_org/faults", `{"status":500}{}`, 400},
		{"POST", "/_org/limits", `{"limit":1}`, 400},
		{"PUT", "/_org/users", `{}`, 405},
		{"GET", "/_org/nope", ``, 404},
	} {
		a := c.command(tc.method, tc.path, tc.body)
		var e struct{ Error string }
		if err := json.Unmarshal([]byte(a.body), &e); err != nil || a.status != tc.want || e.Error == "" {
			t.Errorf("%s %s %s: %d %s", tc.method, tc.path, tc.body, a.status, a.body)
		}
	}
	if d := cmp.Diff(before, c.org.State()); d != "" {
		t.Error(d)
	}
}

func TestInvalidDescriptionsPanic(t *testing.T) {
	org := oktasim.New(oktasim.Options{})
	for name, f := range map[string]func(){
		"user":    func() { org.AddUser(oktasim.NewUser{}) },
		"profile": func() { org.AddUser(oktasim.NewUser{Login: "a@b.c", Profile: map[string]any{"f": func() {}}}) },
		"group":   func() { org.AddGroup(oktasim.NewGroup{}) },
		"member":  func() { org.AddMember("00gnone", "me") },
		"nobody":  func() { org.AddMember(org.State().Groups[0].ID, "none") },
		"session": func() { org.AddSession("none") },
	} {
		if !panics(f) {
			t.Errorf("%s: no panic", name)
		}
	}
	org.State() // deadlocks if the lock is still held
}
