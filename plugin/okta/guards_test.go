package okta

import (
	"encoding/json"
	"strings"
	"testing"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// opened returns a session with further settings in addition to the required ones.
func opened(t testing.TB, s *oktasim.Server, more map[string]any) sdk.Session {
	t.Helper()
	settings := map[string]any{"org_url": s.URL, "token": s.Token}
	for name, value := range more {
		settings[name] = value
	}
	raw, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	backend, err := checkedBackend(t)
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

// TestAllowedActions checks that a connection runs only its allowed actions.
func TestAllowedActions(t *testing.T) {
	s := newService(t)
	session := opened(t, s.Server, map[string]any{"allowed_actions": []string{"get_user"}})
	user := json.RawMessage(`{"user":"` + victim + `"}`)
	for _, input := range []json.RawMessage{user, json.RawMessage(`{"user":"` + victim + `","dry_run":true}`), json.RawMessage(`{}`)} {
		_, err := session.Run(t.Context(), "suspend_user", input)
		if e := sdk.AsError(err); e == nil || e.Code != sdk.Forbidden || !strings.Contains(e.Message, "rule allowed_actions") {
			t.Errorf("%s: got %v", input, err)
		}
	}
	if n := s.Requests(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
	for _, action := range []string{"get_user", "check_permissions"} {
		input := user
		if action == "check_permissions" {
			input = json.RawMessage(`{}`)
		}
		if _, err := session.Run(t.Context(), action, input); err != nil {
			t.Errorf("%s: %v", action, err)
		}
	}
}

// TestOwnAppIsProtected checks that a service app cannot deactivate itself.
func TestOwnAppIsProtected(t *testing.T) {
	session, s := appSession(t, false, map[string]any{"allow_custom_writes": true})
	health, err := session.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	own := health.Account
	for action, input := range map[string]string{
		"deactivate_application": `{"app":"` + own + `"}`,
		"custom_request":         `{"method":"DELETE","path":"/oauth2/v1/clients/` + own + `/roles/ra1"}`,
	} {
		_, err := session.Run(t.Context(), action, json.RawMessage(input))
		if e := sdk.AsError(err); e == nil || e.Code != sdk.Forbidden || !strings.Contains(e.Message, "rule own app") {
			t.Errorf("%s: got %v", action, err)
		}
	}
	for _, r := range s.Org.Requests() {
		if r.Method != "GET" && r.Path != "/oauth2/v1/token" {
			t.Errorf("sent %s %s", r.Method, r.Path)
		}
	}
}

// TestProtectionsAllowUnrelatedWrites checks that the guards can determine the target of
// each request, and accept writes to users that are not protected.
func TestProtectionsAllowUnrelatedWrites(t *testing.T) {
	_, m := compiled(t)
	cases := allCases()
	for _, info := range m.Actions {
		if info.Effect == sdk.Reads || cases[info.Name].Input == nil {
			continue
		}
		t.Run(info.Name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			s.AddGroup(oktasim.NewGroup{Name: "Vault"})
			s.AddUser(oktasim.NewUser{Login: "glass@corp.example", Groups: []string{"Vault"}})
			input := cases[info.Name].Input(s)
			session := opened(t, s.Server, map[string]any{
				"protected_users": []string{"glass@corp.example"}, "protected_groups": []string{"Vault"}, "allow_custom_writes": true,
			})
			if _, err := session.Run(t.Context(), info.Name, input); err != nil {
				t.Error(err)
			}
		})
	}
}
