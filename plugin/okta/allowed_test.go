package okta

import (
	"encoding/json"
	"strings"
	"testing"

	"soar.example/okta/sdk"
)

// TestUnknownAllowedActions checks that a misspelled name in allowed_actions is an
// error that names it and the nearest actions, before anything is sent.
func TestUnknownAllowedActions(t *testing.T) {
	backend, err := checkedBackend(t)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		allowed []string
		want    []string // parts of the error; none if the settings are valid
	}{
		"known":       {[]string{"suspend_user", "get_user"}, nil},
		"none":        {nil, nil},
		"misspelled":  {[]string{"get_user", "suspend_usr"}, []string{"/allowed_actions/1", `"suspend_usr"`, "suspend_user"}},
		"other case":  {[]string{"Suspend_User"}, []string{`"Suspend_User"`, "suspend_user"}},
		"white space": {[]string{"suspend_user "}, []string{`"suspend_user "`}},
		"two":         {[]string{"x", "y"}, []string{"/allowed_actions/0", "/allowed_actions/1"}},
	} {
		t.Run(name, func(t *testing.T) {
			settings, err := json.Marshal(map[string]any{"org_url": "https://acme.okta.com", "token": "00" + strings.Repeat("a", 40), "allowed_actions": c.allowed})
			if err != nil {
				t.Fatal(err)
			}
			if c.allowed == nil {
				settings = []byte(strings.Replace(string(settings), "null", "[]", 1))
			}
			session, err := backend.Open(t.Context(), settings)
			if len(c.want) == 0 {
				if err != nil {
					t.Fatal(err)
				}
				if err := session.Close(); err != nil {
					t.Error(err)
				}
				return
			}
			if e := sdk.AsError(err); e == nil || e.Code != sdk.InvalidInput {
				t.Fatalf("got %v", err)
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in %v", part, err)
				}
			}
		})
	}
}
