package selection_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	_ "soar.example/okta/internal/fixedseed"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/internal/systemlog"
	"soar.example/okta/internal/systemlog/selection"
)

// Events and selections share these values. Therefore many events match.
var (
	typeNames = []string{"user.session.start", "user.session.end", "user.session.", "user.sessionx.start", "user.lifecycle.suspend", "group.create", "a"}
	patterns  = []string{"*", "user.*", "user.session.*", "*.s*", "user.*.start", "*.lifecycle.*", "user.session.start", "user.lifecycle.suspend",
		"group.create", "a"}
	results    = []string{"SUCCESS", "FAILURE", "DENY", "UNANSWERED"}
	levels     = []string{"DEBUG", "INFO", "WARN", "ERROR"}
	principals = []string{"00u1a2b3c4d5e6f7g8h9", "00U1A2B3C4D5E6F7G8H9", "alice@corp.example", "Alice@Corp.Example", "ÉVE@corp.example",
		`"quoted\`, "unknown"}
	addresses = []string{"203.0.113.24", "203.0.113.240", "203.0.11.3", "20.0.113.24", "10.1.2.3", "::ffff:203.0.113.24",
		"::FFFF:cb00:7118", "2001:db8::1", "2001:0DB8:0:0:0:0:0:1", "fe80::1%eth0", "0.0.0.0", "null", ""}
	ranges = []string{"203.0.113.24", "203.0.113.0/24", "203.0.113.24/29", "203.0.0.0/15", "128.0.0.0/1", "0.0.0.0/0",
		"::ffff:203.0.113.0/120", "2001:db8::1", "2001:db8::/32", "::/0", "fe80::/10"}
	countries = []string{"France", "FRANCE", "Côte d’Ivoire", "United States", ""}
)

func some(t *rapid.T, values []string, name string) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(values), 0, 3, rapid.ID).Draw(t, name)
}

func drawSelection(t *rapid.T) selection.Selection {
	// Most selections set few parameters, because with all parameters no event matches.
	maybe := func(values []string, name string) []string {
		if rapid.IntRange(0, 3).Draw(t, name+"?") > 0 {
			return nil
		}
		return some(t, values, name)
	}
	return selection.Selection{
		EventTypes: rapid.SliceOfNDistinct(rapid.SampledFrom(patterns), 1, 4, rapid.ID).Draw(t, "types"),
		Outcome:    maybe(results, "outcome"), Severity: maybe(levels, "severity"),
		Actor: maybe(principals, "actor"), Target: maybe(principals, "target"),
		ClientIP: maybe(ranges, "ip"), Country: maybe(countries[:4], "country"),
		ExcludeTypes: maybe(patterns[1:], "no types"), ExcludeActors: maybe(principals, "no actor"),
		ExcludeIPs: maybe(ranges, "no ip"), ExcludeCountries: maybe(countries[:4], "no country"),
	}
}

// drawEvent returns an event. Each field has the documented type, is null, or is absent.
func drawEvent(t *rapid.T) systemlog.Head {
	e := map[string]any{"uuid": "u", "published": "2026-03-14T02:41:07.512Z", "eventType": rapid.SampledFrom(typeNames).Draw(t, "type")}
	put := func(in map[string]any, name string, value func() any) {
		switch rapid.IntRange(0, 9).Draw(t, name+"?") {
		case 0:
		case 1:
			in[name] = nil
		default:
			in[name] = value()
		}
	}
	oneOf := func(values []string) func() any {
		return func() any { return rapid.SampledFrom(values).Draw(t, "value") }
	}
	person := func() any {
		p := map[string]any{}
		put(p, "id", oneOf(principals))
		put(p, "alternateId", oneOf(principals))
		return p
	}
	put(e, "severity", oneOf(levels))
	put(e, "outcome", func() any { o := map[string]any{}; put(o, "result", oneOf(results)); return o })
	put(e, "actor", person)
	put(e, "target", func() any {
		list := make([]any, rapid.IntRange(0, 3).Draw(t, "targets"))
		for i := range list {
			if rapid.IntRange(0, 9).Draw(t, "target?") > 0 {
				list[i] = person()
			}
		}
		return list
	})
	put(e, "client", func() any {
		c := map[string]any{}
		put(c, "ipAddress", oneOf(addresses))
		put(c, "geographicalContext", func() any { g := map[string]any{}; put(g, "country", oneOf(countries)); return g })
		return c
	})
	return head(t, e)
}

type fataler interface {
	Fatal(...any)
	Fatalf(string, ...any)
}

func head(t fataler, e map[string]any) systemlog.Head {
	raw, err := json.Marshal([]any{e})
	if err != nil {
		t.Fatal(err)
	}
	heads, err := systemlog.Split(raw)
	if err != nil {
		t.Fatal(err)
	}
	return heads[0]
}

// TestFilterAgreesWithMatcher checks that the filter and the matcher together deliver
// exactly the events that the matcher alone selects from all events.
func TestFilterAgreesWithMatcher(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		selections := make([]selection.Selection, rapid.IntRange(1, 4).Draw(t, "selections"))
		for i := range selections {
			selections[i] = drawSelection(t)
			if v := selections[i].Violations(""); v != nil && !concernsEventType(v[0].Pointer) {
				t.Fatalf("%+v: %v", selections[i], v)
			}
		}
		filter := selection.Filter(selections, "")
		for range 30 {
			event := selection.Event{Head: drawEvent(t)}
			wanted := false
			for _, s := range selections {
				match, unreadable := selection.Compile(s).Match(&event)
				if match == selection.Indeterminate || unreadable != nil {
					t.Fatalf("%s: the match of %+v is indeterminate: %v", event.Raw, s, unreadable)
				}
				wanted = wanted || match == selection.Wanted
			}
			sent, err := oktasim.LogFilterMatches(filter, event.Raw)
			if err != nil {
				t.Fatalf("%s: %v", filter, err)
			}
			if wanted && !sent {
				t.Fatalf("%s matches %+v but not the filter %s", event.Raw, selections, filter)
			}
			// If the language supports every condition, the filter is exact.
			if sent && !wanted && exact(selections) {
				t.Fatalf("%s matches the filter %s but not %+v", event.Raw, filter, selections)
			}
		}
	})
}

// concernsEventType reports whether a violation concerns an event type. Some drawn types are unknown
// to the catalogue.
func concernsEventType(pointer string) bool {
	return len(pointer) > 6 && (pointer[1:6] == "event" || pointer[:14] == "/exclude_types")
}

// exact reports whether the filter expresses all conditions of the selections.
func exact(selections []selection.Selection) bool {
	for _, s := range selections {
		if len(s.ClientIP)+len(s.Country)+len(s.ExcludeIPs)+len(s.ExcludeCountries) > 0 {
			return false
		}
		for _, pattern := range slices.Concat(s.EventTypes, s.ExcludeTypes) {
			if at := strings.Index(pattern, "*"); at >= 0 && at < len(pattern)-1 {
				return false // the filter has the part before the first *
			}
		}
		for _, p := range [][]string{s.Actor, s.Target, s.ExcludeActors} {
			for _, principal := range p {
				if principal != principals[0] && principal != principals[1] {
					return false
				}
			}
		}
	}
	return true
}

// TestFilterLength checks that the filter never exceeds the maximum length.
func TestFilterLength(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		selections := make([]selection.Selection, rapid.IntRange(1, 40).Draw(t, "selections"))
		for i := range selections {
			selections[i] = drawSelection(t)
			selections[i].Outcome = rapid.SliceOfN(rapid.StringN(0, 50, -1), 0, 20).Draw(t, "anything")
		}
		other := rapid.StringN(0, 1500, -1).Draw(t, "other")
		filter := selection.Filter(selections, other)
		if n := len(url.QueryEscape(filter)) + len(url.QueryEscape(other)); filter != "" && n > 6000 {
			t.Fatalf("the filter and the other parameter have %d bytes", n)
		}
	})
}
