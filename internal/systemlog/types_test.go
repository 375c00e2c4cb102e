package systemlog

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"soar.example/okta/sdk"
)

// evaluate reads the three operators that Filter writes, the way Okta does.
func evaluate(t interface{ Fatalf(string, ...any) }, filter, eventType string) bool {
	if filter == "" {
		return true
	}
	for rest := filter; ; {
		rest = strings.TrimPrefix(rest, "eventType ")
		operator, value, ok := strings.Cut(rest, " ")
		if !ok {
			t.Fatalf("no value in %q of %q", rest, filter)
		}
		dec := json.NewDecoder(strings.NewReader(value))
		var s string
		if err := dec.Decode(&s); err != nil {
			t.Fatalf("%q of %q: %v", value, filter, err)
		}
		switch operator {
		case "eq":
			if eventType == s {
				return true
			}
		case "sw":
			if strings.HasPrefix(eventType, s) {
				return true
			}
		default:
			t.Fatalf("operator %q in %q", operator, filter)
		}
		rest = value[dec.InputOffset():]
		if rest == "" {
			return false
		}
		if rest, ok = strings.CutPrefix(rest, " or "); !ok {
			t.Fatalf("%q in %q", rest, filter)
		}
	}
}

// TestFilterAgreesWithMatch says that Okta sends every event that is asked for, and
// no other, as far as the filter fits into a request.
func TestFilterAgreesWithMatch(t *testing.T) {
	segment := rapid.SampledFrom([]string{"user", "users", "session", "start", "a", "a_b", "mfa-x"})
	eventType := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(segment, 1, 4).Draw(t, "segments"), ".")
	})
	pattern := rapid.Custom(func(t *rapid.T) string {
		p := eventType.Draw(t, "type")
		switch rapid.IntRange(0, 9).Draw(t, "form") {
		case 0:
			return "*"
		case 1, 2, 3, 4:
			return p + ".*"
		default:
			return p
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		types := Types(rapid.SliceOfN(pattern, 1, 200).Draw(t, "types"))
		for _, p := range types {
			if err := sdk.CheckTypePattern(p); err != nil {
				t.Fatalf("%s: %v", p, err)
			}
		}
		event := eventType.Draw(t, "event")
		filter := types.Filter()
		sent, asked := evaluate(t, filter, event), types.Match(event)
		if asked && !sent {
			t.Fatalf("%s is asked for by %v, not by %q", event, types, filter)
		}
		if filter != "" && sent && !asked {
			t.Fatalf("%s is asked for by %q, not by %v", event, filter, types)
		}
		if len(url.QueryEscape(filter)) > longest {
			t.Fatalf("the filter has %d bytes", len(filter))
		}
	})
}

// TestFilterLosesNothing says the same of patterns that nobody has checked.
func TestFilterLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		valid := rapid.String().Filter(utf8.ValidString)
		types := Types(rapid.SliceOfN(valid, 0, 5).Draw(t, "types"))
		event := rapid.OneOf(valid, rapid.SampledFrom(append([]string{"x"}, types...))).Draw(t, "event")
		if types.Match(event) && !evaluate(t, types.Filter(), event) {
			t.Fatalf("%q is asked for by %q, not by %q", event, types, types.Filter())
		}
	})
}

func TestFilter(t *testing.T) {
	for _, c := range []struct {
		types Types
		want  string
	}{
		{nil, ""},
		{Types{"*"}, ""},
		{Types{"user.session.start", "*"}, ""},
		{Types{"user.session.start"}, `eventType eq "user.session.start"`},
		{Types{"user.session.*", "a"}, `eventType sw "user.session." or eventType eq "a"`},
		{Types{`a" or eventType pr or eventType eq "`}, `eventType eq "a\" or eventType pr or eventType eq \""`},
		{Types{strings.Repeat("a", longest)}, ""},
		{Types{strings.Repeat("é", 1500)}, ""},
	} {
		if got := c.types.Filter(); got != c.want {
			t.Errorf("%.80q: got %q, want %q", c.types, got, c.want)
		}
	}
	if (Types{}).Match("a") || (Types)(nil).Match("") {
		t.Error("nobody asked")
	}
	if !(Types{"x", "*"}).Match("") {
		t.Error("every event was asked for")
	}
}

func TestFilterFitsIntoARequest(t *testing.T) {
	var types Types
	for last := ""; ; {
		types = append(types, "application.user_membership.change_username."+strings.Repeat("x", len(types)%7))
		filter := types.Filter()
		if filter == "" {
			if len(last) < longest/2 {
				t.Errorf("the longest filter has %d bytes", len(last))
			}
			return
		}
		if escaped := url.QueryEscape(filter); len(escaped) > longest {
			t.Fatalf("%d bytes", len(escaped))
		}
		last = filter
	}
}

func TestQuoteRoundTrips(t *testing.T) {
	check := func(t interface{ Fatalf(string, ...any) }, s string) {
		var back string
		if err := json.Unmarshal([]byte(Quote(s)), &back); err != nil {
			t.Fatalf("%q: %s: %v", s, Quote(s), err)
		}
		if want := strings.ToValidUTF8(s, "\uFFFD"); utf8.ValidString(s) && back != want {
			t.Fatalf("%q came back as %q", s, back)
		}
	}
	for _, s := range []string{"", `"`, `\`, `\"`, "\n\r\t\x00\x1f\x7f", "é😀\u2028", "\xff", `\u0041`, `" or eventType pr or "`, strings.Repeat(`\`, 99)} {
		check(t, s)
	}
	rapid.Check(t, func(t *rapid.T) { check(t, rapid.String().Draw(t, "s")) })
	rapid.Check(t, func(t *rapid.T) { check(t, string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))) })
	if got := Quote("alice@corp.example"); got != `"alice@corp.example"` {
		t.Errorf("got %s", got)
	}
}
