package okta

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/url"
	"slices"
	"strings"
	"testing"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// appSession opens a session of a service app with all grants.
func appSession(t testing.TB, dpop bool, more map[string]any) (sdk.Session, service) {
	t.Helper()
	s := newService(t)
	return appWith(t, s, more, oktasim.NewServiceApp{DPoP: dpop}), s
}

// appWith opens a session of a service app. The app has the scopes of all actions unless
// the arguments name scopes.
func appWith(t testing.TB, s service, more map[string]any, app oktasim.NewServiceApp) sdk.Session {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	backend, manifest := compiled(t)
	if app.Scopes == nil {
		app.Scopes = []string{"okta.roles.read"}
		for _, a := range manifest.Actions {
			app.Scopes = append(app.Scopes, a.Scopes...)
		}
		for _, tr := range manifest.Triggers {
			app.Scopes = append(app.Scopes, tr.Scopes...)
		}
	}
	app.Keys = []json.RawMessage{oktasim.PublicJWK(key.Public(), "k")}
	id := s.AddServiceApp(app)
	settings := map[string]any{
		"org_url": s.URL, "client_id": id,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	}
	for name, value := range more {
		settings[name] = value
	}
	raw, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	session, err := backend.Open(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	return session
}

// asked returns the scopes of the last token request.
func asked(t *testing.T, s service) []string {
	t.Helper()
	var scopes []string
	for _, r := range s.Org.Requests() {
		if r.Path == "/oauth2/v1/token" {
			form, err := url.ParseQuery(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			scopes = strings.Fields(form.Get("scope"))
		}
	}
	return scopes
}

func TestServiceAppRunsActions(t *testing.T) {
	for _, dpop := range []bool{false, true} {
		session, s := appSession(t, dpop, nil)
		h, err := session.Check(t.Context())
		if err != nil || len(h.Notes) != 0 || h.Account == "" {
			t.Fatalf("got %+v, %v", h, err)
		}
		result, err := session.Run(t.Context(), "suspend_user", json.RawMessage(`{"user":"`+victim+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(result.Output), `"changed"`) {
			t.Errorf("got %s", result.Output)
		}
		if _, err := session.Poll(t.Context(), "system_log", json.RawMessage(`{"event_types":["*"],"look_back":"1h"}`), nil); err != nil {
			t.Error(err)
		}
		for _, want := range []string{"okta.users.manage", "okta.logs.read", "okta.groups.manage", "okta.roles.read"} {
			if !slices.Contains(asked(t, s), want) {
				t.Errorf("did not ask for %s", want)
			}
		}
	}
}

// TestTokenRequestsAreRecorded checks that the output of a call lists the token requests
// that the call caused.
func TestTokenRequestsAreRecorded(t *testing.T) {
	session, _ := appSession(t, false, nil)
	result, err := session.Run(t.Context(), "get_user", json.RawMessage(`{"user":"`+victim+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	if c := result.Calls[0]; c.Method != "POST" || c.Path != "/oauth2/v1/token" || c.Status != 200 || c.RequestID == "" {
		t.Errorf("got %+v", result.Calls)
	}
}

// TestScopesOfAllowedActions checks that a connection requests only the scopes of its
// allowed actions.
func TestScopesOfAllowedActions(t *testing.T) {
	for name, test := range map[string]struct {
		settings map[string]any
		want     []string // nil: only nothing that ends in .manage
	}{
		"one that reads": {map[string]any{"allowed_actions": []string{"get_user"}, "read_only": true}, []string{"okta.logs.read", "okta.users.read"}},
		"one that writes": {
			map[string]any{"allowed_actions": []string{"get_user"}, "protected_groups": []string{"Everyone"}},
			[]string{"okta.groups.read", "okta.logs.read", "okta.roles.read", "okta.users.read"},
		},
		"named":     {map[string]any{"scopes": []string{"okta.users.manage"}}, []string{"okta.users.manage"}},
		"read only": {map[string]any{"read_only": true}, nil},
	} {
		session, s := appSession(t, false, test.settings)
		if _, err := session.Check(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got := asked(t, s)
		if test.want != nil && !slices.Equal(got, test.want) {
			t.Errorf("%s: asked for %q", name, got)
		}
		if test.want == nil && (len(got) == 0 || slices.ContainsFunc(got, func(s string) bool { return strings.HasSuffix(s, ".manage") })) {
			t.Errorf("%s: asked for %q", name, got)
		}
	}
}

func TestInvalidCredentialSettings(t *testing.T) {
	backend, err := checkedBackend(t)
	if err != nil {
		t.Fatal(err)
	}
	for settings, pointer := range map[string]string{
		`{"org_url":"https://acme.okta.com"}`: "/token",
		`{"org_url":"https://acme.okta.com","token":"00t","client_id":"0oa1","private_key":"CANARY"}`:                 "/token",
		`{"org_url":"https://acme.okta.com","client_id":"0oa1"}`:                                                      "/private_key",
		`{"org_url":"https://acme.okta.com","client_id":"0oa1","private_key":"CANARY"}`:                               "/private_key",
		`{"org_url":"https://acme.okta.com","client_id":"0oa1","private_key":"CANARY","algorithm":"PS256"}`:           "/algorithm",
		`{"org_url":"https://acme.okta.com","client_id":"0oa1","private_key":"CANARY","dpop":"sometimes"}`:            "/dpop",
		`{"org_url":"https://acme.okta.com","client_id":"0oa1","private_key":"CANARY","scopes":["okta.users.read "]}`: "/scopes/0",
		`{"org_url":"https://acme.okta.com","client_id":"0oa 1","private_key":"CANARY"}`:                              "/client_id",
	} {
		_, err := backend.Open(t.Context(), json.RawMessage(settings))
		e := sdk.AsError(err)
		if e == nil || e.Code != sdk.InvalidInput || len(e.Violations) != 1 || e.Violations[0].Pointer != pointer {
			t.Errorf("%s: got %v", settings, err)
		}
		if e != nil && strings.Contains(e.Error(), "CANARY") {
			t.Errorf("the key is in %v", e)
		}
	}
}
