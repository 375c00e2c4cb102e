package systemlog

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
	_ "soar.example/okta/internal/fixedseed"
)

func TestQuoteRoundTrips(t *testing.T) {
	check := func(t interface{ Fatalf(string, ...any) }, s string) {
		var unquoted string
		if err := json.Unmarshal([]byte(Quote(s)), &unquoted); err != nil {
			t.Fatalf("%q: %s: %v", s, Quote(s), err)
		}
		if want := strings.ToValidUTF8(s, "\uFFFD"); utf8.ValidString(s) && unquoted != want {
			t.Fatalf("%q was unquoted to %q", s, unquoted)
		}
	}
	for _, s := range []string{"", `"`, `\`, `\"`, "\n\r\t\x00\x1f\x7f", "é😀\u2028", "\xff", `\u0041`, `" or eventType pr or "`, strings.Repeat(`\`, 99)} {
		check(t, s)
	}
	rapid.Check(t, func(t *rapid.T) { check(t, rapid.String().Draw(t, "s")) })
	rapid.Check(t, func(t *rapid.T) { check(t, string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))) })
	if got := Quote("alice@corp.example"); got != `"alice@corp.example"` {
		t.Errorf("Quote returned %s", got)
	}
}
