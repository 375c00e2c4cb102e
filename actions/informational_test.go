package actions_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// hostileTexts are values that an event can bring into a text that only informs.
var hostileTexts = map[string]string{
	"1,001 characters": `"` + strings.Repeat("x", 1001) + `"`, "1 MB": `"` + strings.Repeat("漢", 350_000) + `"`, "empty": `""`,
	"control characters": `"\u0000\u001b[2J\u009b\u202e\u2028\u007f\r\n"`, "half a surrogate": `"\ud800"`, "not UTF-8": "\"a\xffb\"",
	"null": `null`, "a number": `1e400`, "an object": `{"a":[true]}`,
}

// TestReasonIsNeverRejected checks that no text of a reason fails an action.
func TestReasonIsNeverRejected(t *testing.T) {
	backend, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	m, err := backend.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range m.Actions {
		if n := a.Input; a.Effect != sdk.Reads && !strings.Contains(string(n), `"x-truncate":1000`) {
			t.Errorf("the reason of %s can be rejected", a.Name)
		}
	}
	for name, text := range hostileTexts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			u := b.AddUser(oktasim.NewUser{Login: target})
			b.AddGroup(oktasim.NewGroup{Name: "Quarantine"})
			for _, call := range []struct{ action, input string }{
				{"contain_user", fmt.Sprintf(`{"users":[%q,%q],"quarantine":"Quarantine","reason":%s}`, u.ID, u.ID, text)},
				{"unsuspend_user", fmt.Sprintf(`{"user":%q,"reason":%s}`, u.ID, text)},
				{"suspend_user", fmt.Sprintf(`{"user":%q,"reason":%s}`, u.ID, text)},
				{"revoke_all_user_sessions", fmt.Sprintf(`{"user":%q,"reason":%s}`, u.ID, text)},
				{"block_ip", fmt.Sprintf(`{"address":"203.0.113.7","reason":%s}`, text)},
				{"set_user_risk", fmt.Sprintf(`{"user":%q,"risk_level":"HIGH","risk_reason":%s}`, u.ID, text)},
			} {
				result, err := b.session.Run(t.Context(), call.action, json.RawMessage(call.input))
				if err != nil || !strings.Contains(string(result.Output), `"outcome":"changed"`) &&
					!strings.Contains(string(result.Output), `"outcome":"accepted"`) {
					t.Errorf("%s: %.300s, %v", call.action, result.Output, err)
				}
			}
			_, err := b.session.Run(t.Context(), "create_group", json.RawMessage(`{"name":"Made","description":`+text+`}`))
			if err != nil {
				t.Errorf("create_group: %v", err)
			}
		})
	}
}

// TestRiskReason checks the reason of a risk level in the characters that Okta accepts.
func TestRiskReason(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.AddUser(oktasim.NewUser{Login: target})
	for text, want := range map[string]string{
		"Seen in a leak, 2026.":    "Seen in a leak, 2026.",
		"a;b <script>\u202e":       "a-b -script--",
		strings.Repeat("x", 501):   strings.Repeat("x", 482) + ". -501 characters-",
		strings.Repeat("…", 600):   strings.Repeat(".", 482) + ". -600 characters-",
		"curl/8.5 (x86_64)\nlinux": "curl-8.5 -x86-64-\nlinux",
	} {
		a := b.must("set_user_risk", map[string]any{"user": target, "risk_level": "HIGH", "risk_reason": text})
		if got := a.After["risk_reason"]; a.Outcome != sdk.Changed || got != want {
			t.Errorf("%.40q became %q, %+v", text, got, a)
		}
	}
}
