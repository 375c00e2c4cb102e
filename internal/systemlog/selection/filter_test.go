package selection_test

import (
	"encoding/json"
	"strings"
	"testing"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/internal/systemlog"
	"soar.example/okta/internal/systemlog/selection"
)

func TestFilter(t *testing.T) {
	const id, other = "00u1a2b3c4d5e6f7g8h9", "00g1a2b3c4d5e6f7g8h9"
	all := []string{"*"}
	for name, c := range map[string]struct {
		selections []selection.Selection
		want       string
	}{
		"all types": {[]selection.Selection{{EventTypes: all}}, ``},
		"one type":  {[]selection.Selection{{EventTypes: []string{"a.b"}}}, `eventType eq "a.b"`},
		"type and family": {
			[]selection.Selection{{EventTypes: []string{"a.*", "b"}}}, `eventType sw "a." or eventType eq "b"`},
		"all types except some": {
			[]selection.Selection{{EventTypes: all, ExcludeTypes: []string{"a.*", "b"}}}, `not (eventType sw "a." or eventType eq "b")`},
		"all types excluded": {
			[]selection.Selection{{EventTypes: []string{"a"}, ExcludeTypes: all}}, `eventType eq "a"`},
		"outcome and severity": {
			[]selection.Selection{{EventTypes: []string{"a", "b"}, Outcome: []string{"FAILURE"}, Severity: []string{"WARN", "ERROR"}}},
			`(eventType eq "a" or eventType eq "b") and outcome.result eq "FAILURE" and (severity eq "WARN" or severity eq "ERROR")`},
		"IDs": {[]selection.Selection{{EventTypes: all, Actor: []string{id}, Target: []string{other}}},
			`actor.id eq "` + id + `" and target.id eq "` + other + `"`},
		"login":        {[]selection.Selection{{EventTypes: all, Actor: []string{id, "a@b.example"}}}, ``},
		"excluded IDs": {[]selection.Selection{{EventTypes: all, ExcludeActors: []string{id, "a@b.example"}}}, `not (actor.id eq "` + id + `")`},
		"address": {[]selection.Selection{{EventTypes: all, ClientIP: []string{"203.0.113.24"}}},
			`client.ipAddress eq "203.0.113.24" or client.ipAddress co ":"`},
		"range": {[]selection.Selection{{EventTypes: all, ClientIP: []string{"203.0.112.0/22"}}},
			`client.ipAddress sw "203.0." or client.ipAddress co ":"`},
		"range without a whole octet": {[]selection.Selection{{EventTypes: all, ClientIP: []string{"128.0.0.0/1"}}}, ``},
		"IPv6":                        {[]selection.Selection{{EventTypes: all, ClientIP: []string{"2001:db8::/32"}}}, `client.ipAddress co ":"`},
		"IPv4-mapped IPv6": {[]selection.Selection{{EventTypes: all, ClientIP: []string{"::ffff:10.0.0.0/104"}}},
			`client.ipAddress sw "10." or client.ipAddress co ":"`},
		"parameters matched only locally": {[]selection.Selection{{EventTypes: []string{"a"}, Country: []string{"France"},
			ExcludeCountries: []string{"Peru"}, ExcludeIPs: []string{"10.0.0.0/8"}}},
			`eventType eq "a"`},
		"two selections": {[]selection.Selection{{EventTypes: []string{"a"}, Outcome: []string{"FAILURE"}}, {EventTypes: []string{"b"}}},
			`eventType eq "a" and outcome.result eq "FAILURE" or eventType eq "b"`},
		"duplicate terms": {[]selection.Selection{
			{EventTypes: []string{"a"}, Country: []string{"Peru"}}, {EventTypes: []string{"a"}}}, `eventType eq "a"`},
		"one selection of all types": {[]selection.Selection{{EventTypes: []string{"a"}}, {EventTypes: all}}, ``},
		"quotes": {[]selection.Selection{{EventTypes: []string{`a" or eventType pr or eventType eq "`}}},
			`eventType eq "a\" or eventType pr or eventType eq \""`},
	} {
		if got := selection.Filter(c.selections, ""); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

// TestFilterThatIsTooLong checks that a filter that is too long first keeps only the event types,
// and then becomes empty.
func TestFilterThatIsTooLong(t *testing.T) {
	s := selection.Selection{EventTypes: []string{"a.b"}}
	for range 100 {
		s.Actor = append(s.Actor, "00u1a2b3c4d5e6f7g8h9")
	}
	whole := selection.Filter([]selection.Selection{s}, "")
	if !strings.Contains(whole, "actor.id") {
		t.Errorf("filter without actor.id: %s", whole)
	}
	if got := selection.Filter([]selection.Selection{s}, strings.Repeat("x", 3000)); got != `eventType eq "a.b"` {
		t.Errorf("filter with another long parameter: %s", got)
	}
	if got := selection.Filter([]selection.Selection{s}, strings.Repeat("x", 6000)); got != "" {
		t.Errorf("filter with another parameter of the maximum length: %s", got)
	}
	for range 500 {
		s.EventTypes = append(s.EventTypes, "application.user_membership.change_username")
	}
	if got := selection.Filter([]selection.Selection{s}, ""); got != "" {
		t.Errorf("filter with too many types: %.100s", got)
	}
}

// FuzzFilter puts the same arbitrary values into selections and an event. It checks that the filter is
// valid, and that it matches the event if the matcher does.
func FuzzFilter(f *testing.F) {
	for _, v := range []string{
		"", "*", "a.*", `"`, `\`, `\"`, `a" or eventType pr or eventType eq "`, "é😀\u2028", "\x00\x1f", "\xff", "00u1a2b3c4d5e6f7g8h9",
		"Alice@Corp.Example", "203.0.113.24", "203.0.113.0/24", "2001:db8::/32", "::ffff:10.0.0.1", "fe80::1%eth0", "0.0.0.0/0", "France", "İstanbul",
	} {
		f.Add(v, v)
	}
	f.Fuzz(func(t *testing.T, value, other string) {
		// Parameters are JSON, so they are valid UTF-8.
		value, other = strings.ToValidUTF8(value, "\uFFFD"), strings.ToValidUTF8(other, "\uFFFD")
		list := []string{value}
		raw, err := json.Marshal(map[string]any{
			"uuid": "u", "published": "2026-03-14T02:41:07Z", "eventType": value, "severity": other, "outcome": map[string]any{"result": value},
			"actor": map[string]any{"id": value, "alternateId": other}, "target": []any{nil, map[string]any{"id": other, "alternateId": value}},
			"client": map[string]any{"ipAddress": value, "geographicalContext": map[string]any{"country": other}},
		})
		if err != nil {
			t.Fatal(err)
		}
		heads, err := systemlog.Split([]byte("[" + string(raw) + "]"))
		if err != nil {
			t.Fatal(err)
		}
		event := selection.Event{Head: heads[0]}
		for i, s := range []selection.Selection{
			{EventTypes: list}, {EventTypes: []string{"*"}, ExcludeTypes: []string{other}},
			{EventTypes: []string{value, other}, Outcome: list, Severity: []string{other}},
			{EventTypes: []string{"*"}, Actor: list}, {EventTypes: []string{"*"}, Actor: []string{other, value}, ExcludeActors: []string{other}},
			{EventTypes: []string{"*"}, Target: list, Country: []string{other}},
			{EventTypes: []string{"*"}, ClientIP: []string{other, value}}, {EventTypes: []string{"*"}, ExcludeIPs: list, ExcludeCountries: list},
		} {
			filter := selection.Filter([]selection.Selection{s}, "")
			sent, err := oktasim.LogFilterMatches(filter, raw)
			if err != nil {
				t.Fatalf("%d: the filter %q is invalid: %v", i, filter, err)
			}
			if match, _ := selection.Compile(s).Match(&event); match == selection.Wanted && !sent {
				t.Fatalf("%d: %s matches %+v but not the filter %q", i, raw, s, filter)
			}
		}
	})
}
