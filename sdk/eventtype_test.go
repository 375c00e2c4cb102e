package sdk_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"soar.example/okta/sdk"
)

func TestMatchType(t *testing.T) {
	for _, c := range []struct {
		pattern, eventType string
		want               bool
	}{
		{"*", "user.session.start", true},
		{"*", "", true},
		{"user.session.start", "user.session.start", true},
		{"user.session.start", "user.session.start.x", false},
		{"user.session.start", "user.session.Start", false},
		{"user.session.*", "user.session.start", true},
		{"user.session.*", "user.session.a.b", true},
		{"user.session.*", "user.session", false},
		{"user.session.*", "user.session.", false},
		{"user.session.*", "user.sessions.start", false},
		{"user.session.*", "xuser.session.start", false},
		{"user.*", "user.session.start", true},
		{"user.session.start", "", false},
		{"", "user.session.start", false},
		{"system.*.rate_limit.violation", "system.org.rate_limit.violation", true},
		{"system.*.rate_limit.violation", "system.client.concurrency.rate_limit.violation", true},
		{"system.*.rate_limit.violation", "system.rate_limit.violation", false},
		{"system.*.rate_limit.violation", "system..rate_limit.violation", false},
		{"system.*.rate_limit.violation", "system.org.rate_limit.violations", false},
		{"*.rate_limit.*", "system.org.rate_limit.warning", true},
		{"*.rate_limit.*", "system.org.rate_limit.", false},
		{"*rate_limit*", "app.oauth2.client_id_rate_limit_warning", true},
		{"*rate_limit*", "rate_limit", false},
		{"user*", "user", false},
		{"user*", "users", true},
		{"*.start", "user.session.start", true},
		{"*.start", ".start", false},
		{"a*a*a", "aaaaa", true},
		{"a*a*a", "aaaa", false},
		{"a*b*c", "axbxbxc", true},
		{"*.*", "a.b", true},
		{"*.*", "ab", false},
	} {
		if got := sdk.MatchType(c.pattern, c.eventType); got != c.want {
			t.Errorf("%q of %q: got %v", c.eventType, c.pattern, got)
		}
	}
}

func TestCheckTypePattern(t *testing.T) {
	for _, p := range []string{"*", "user", "user.*", "user*", "user.*.start", "*.start", "*.*", "*rate_limit*", "user.session.start",
		"user.session.*", "a-b.c_d.E9", strings.Repeat("a", 200)} {
		if err := sdk.CheckTypePattern(p); err != nil {
			t.Errorf("%.50q: %v", p, err)
		}
	}
	for _, p := range []string{
		"", " ", ".", "..", "user.", ".user", "user..session", "**", "user.**", "*.", ".*", "user session", "user.session.start ",
		"user.session.start\n", `a" or eventType pr or "`, "é", "a.b/c", "\x00", strings.Repeat("a", 201), "user.session.?",
	} {
		if sdk.CheckTypePattern(p) == nil {
			t.Errorf("%.50q was taken", p)
		}
	}
}

// TestTypePatterns says what a pattern is: its own type, or a family with all that
// lies under its name and nothing else.
func TestTypePatterns(t *testing.T) {
	segment := rapid.StringMatching(`[A-Za-z0-9_-]{1,8}`)
	name := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(segment, 1, 5).Draw(t, "segments"), ".")
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := name.Draw(t, "a"), name.Draw(t, "b")
		for _, p := range []string{a, a + ".*", "*"} {
			if err := sdk.CheckTypePattern(p); err != nil {
				t.Fatalf("%s: %v", p, err)
			}
		}
		if !sdk.MatchType(a, a) || sdk.MatchType(a, b) != (a == b) {
			t.Fatalf("%s and %s", a, b)
		}
		if !sdk.MatchType(a+".*", a+"."+b) || sdk.MatchType(a+".*", a) || !sdk.MatchType("*", a) {
			t.Fatalf("%s and %s", a, b)
		}
		if sdk.MatchType(a+".*", b) != strings.HasPrefix(b, a+".") {
			t.Fatalf("%s.* and %s", a, b)
		}
		if sdk.MatchType(a+".*", a+b) != strings.HasPrefix(a+b, a+".") {
			t.Fatalf("%s.* has %s", a, a+b)
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.String().Draw(t, "p")
		if sdk.CheckTypePattern(p) == nil && strings.ContainsAny(p, "\"\\ \n()") {
			t.Fatalf("%q was taken", p)
		}
	})
}
