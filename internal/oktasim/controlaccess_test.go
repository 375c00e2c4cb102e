package oktasim_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/oktasim"
)

func TestAccessCommands(t *testing.T) {
	t.Parallel()
	c, clock := start(t)
	ask := func(method, path, body string) response {
		t.Helper()
		a := c.command(method, path, body)
		if a.status != 200 {
			t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
		}
		return a
	}
	ask("POST", "/_org/users", `{"login":"a@corp.example"}`)
	device := ask("POST", "/_org/devices", `{"name":"phone","platform":"IOS","users":["a@corp.example"]}`).object(t)["id"].(string)
	factor := ask("POST", "/_org/factors", `{"user":"a@corp.example","type":"push","device":"`+device+`"}`).object(t)["id"].(string)
	ask("POST", "/_org/push", `{"user":"a@corp.example","answer":"SUCCESS","number":31}`)
	zone := ask("POST", "/_org/zones", `{"name":"Office","gateways":["192.0.2.0/24","192.0.2.1-192.0.2.9"]}`).object(t)["id"].(string)
	app := ask("POST", "/_org/apps", `{"label":"Payroll"}`).object(t)["id"].(string)
	ask("POST", "/_org/assignments", `{"app":"Payroll","user":"a@corp.example"}`)
	policy := ask("POST", "/_org/policies", `{"type":"PASSWORD","name":"Strict"}`).object(t)["id"].(string)
	role := ask("POST", "/_org/roles", `{"user":"a@corp.example","type":"ORG_ADMIN"}`).object(t)["id"].(string)
	grants := ask("POST", "/_org/grants", `{"user":"a@corp.example","client":"`+app+`","scopes":["openid"],"tokens":2}`).object(t)["grants"].([]any)
	ask("POST", "/_org/risk", `{"user":"a@corp.example","level":"MEDIUM"}`)

	got := decode[oktasim.UserState](t, ask("GET", "/_org/state?user=a@corp.example", ""))
	want := oktasim.UserState{
		ID: got.ID, Login: "a@corp.example", Email: "a@corp.example", Status: "ACTIVE", Sessions: []string{}, OAuthTokens: 2, Groups: got.Groups,
		Factors: []oktasim.FactorState{{ID: factor, Type: "push", Provider: "OKTA", Status: "ACTIVE"}},
		Devices: []oktasim.DeviceState{{ID: device, Name: "phone", Status: "ACTIVE", Users: []string{got.ID}}},
		Apps:    []oktasim.AppRef{{ID: app, Label: "Payroll", Status: "ACTIVE"}},
		Roles:   []oktasim.RoleState{{ID: role, Type: "ORG_ADMIN", Label: "Organization Administrator"}},
		Grants:  []oktasim.GrantState{{ID: grants[0].(map[string]any)["id"].(string), Client: app, Scope: "openid"}},
		Risk:    "MEDIUM",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	state := decode[oktasim.State](t, ask("GET", "/_org/state", ""))
	if d := cmp.Diff(c.org.State(), state); d != "" || state.Events != 0 {
		t.Error(state.Events, d)
	}
	if z := c.zoneNamed("Office"); z.ID != zone || len(z.Gateways) != 2 {
		t.Errorf("%+v", z)
	}
	if got := c.want("GET", "/api/v1/policies?type=PASSWORD", "", 200, "").list(t); len(got) != 1 || got[0]["id"] != policy {
		t.Error(got)
	}
	sent := decode[pushAnswer](t, c.want("POST", "/api/v1/users/a@corp.example/factors/"+factor+"/verify", "", 201, ""))
	if sent.Embedded.Challenge.Answer != 31 || decode[pushAnswer](t, c.get(sent.Links.Poll.Href)).Result != "SUCCESS" {
		t.Errorf("%+v", sent)
	}

	k := newKey(t, "ES256")
	client := ask("POST", "/_org/apps-oauth",
		`{"label":"SOAR","scopes":["okta.users.read"],"token_lifetime":"5m","keys":[`+string(k.jwk())+`]}`).object(t)["client_id"].(string)
	tok := c.fetchToken(k, client, "okta.users.read", clock.Now())
	if n := ask("DELETE", "/_org/tokens?client="+client, "").object(t)["revoked"]; n != 1.0 || tok.Expires != 300 {
		t.Error(n, tok.Expires)
	}
	ask("DELETE", "/_org/nonces", "")
}

func TestInvalidAccessCommands(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	c.org.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	c.org.AddFactor(oktasim.NewFactor{ID: "opf1", User: "a@corp.example", Type: "push"})
	c.org.AddDevice(oktasim.NewDevice{ID: "guo1", Name: "phone"})
	c.org.AddApp(oktasim.NewApp{ID: "0oa1", Label: "Payroll"})
	c.org.AssignApp(oktasim.NewAssignment{App: "0oa1", User: "a@corp.example"})
	c.org.AddPolicy(oktasim.NewPolicy{ID: "00p1", Type: "PASSWORD", Name: "P"})
	c.org.AddGrant(oktasim.NewGrant{ID: "oag1", User: "a@corp.example", Client: "c", Scopes: []string{"openid"}})
	before := c.org.State()
	for path, bodies := range map[string][]string{
		"factors": {
			`{}`, `{"user":"a@corp.example"}`, `{"user":"a@corp.example","type":"charm"}`, `{"user":"none","type":"push"}`,
			`{"user":"a@corp.example","type":"push","status":"LOST"}`, `{"user":"a@corp.example","type":"push","id":"opf1"}`,
			`{"user":"a@corp.example","type":"push","device":"none"}`, `{"user":"a@corp.example","factorType":"push"}`,
		},
		"push": {
			`{"user":"none","answer":"SUCCESS"}`, `{"user":"a@corp.example"}`, `{"user":"a@corp.example","answer":"MAYBE"}`, `{"user":"me","answer":"SUCCESS"}`,
			`{"user":"a@corp.example","answer":"SUCCESS","factor":"none"}`, `{"user":"a@corp.example","answer":"SUCCESS","number":100}`, `{`,
		},
		"devices":     {`{}`, `{"name":"x","status":"LOST"}`, `{"name":"x","platform":"C64"}`, `{"name":"x","id":"guo1"}`, `{"name":"x","users":["none"]}`},
		"zones":       {`{}`, `{"name":"BlockedIpZone"}`, `{"name":"x","gateways":["y"]}`, `{"name":"x","type":"Y"}`},
		"apps":        {`{}`, `{"label":"x","id":"0oa1"}`, `{"label":"x","status":"GONE"}`},
		"assignments": {`{}`, `{"app":"Payroll","user":"none"}`, `{"app":"Payroll","user":"a@corp.example"}`, `{"app":"0oa1","user":"me","scope":"ALL"}`},
		"policies": {`{}`, `{"type":"PASSWORD"}`, `{"type":"X","name":"x"}`,
			`{"type":"PASSWORD","name":"x","status":"X"}`, `{"type":"PASSWORD","name":"x","id":"00p1"}`},
		"roles": {
			`{}`, `{"type":"ORG_ADMIN"}`, `{"user":"me","group":"Everyone","type":"ORG_ADMIN"}`, `{"user":"none","type":"ORG_ADMIN"}`,
			`{"group":"none","type":"ORG_ADMIN"}`, `{"user":"me","type":"X"}`, `{"user":"me","type":"SUPER_ADMIN"}`, `{"user":"me","type":"CUSTOM"}`,
		},
		"grants": {`{}`, `{"user":"me"}`, `{"user":"me","client":"c","tokens":-1}`,
			`{"user":"me","client":"c","id":"x"}`, `{"user":"me","client":"c","scopes":["s"],"id":"oag1"}`},
		"risk":       {`{}`, `{"user":"a@corp.example","level":"NONE"}`, `{"user":"none","level":"HIGH"}`},
		"apps-oauth": {`{}`, `{"keys":[{}]}`},
	} {
		for _, body := range bodies {
			a := c.command("POST", "/_org/"+path, body)
			var e struct{ Error string }
			if err := json.Unmarshal([]byte(a.body), &e); err != nil || a.status != 400 || e.Error == "" || strings.Contains(e.Error, "%!") {
				t.Errorf("%s %s: %d %s", path, body, a.status, a.body)
			}
		}
	}
	if d := cmp.Diff(before, c.org.State()); d != "" {
		t.Error(d)
	}
}
