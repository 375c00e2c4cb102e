package triggers_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// TestAnyOfSeveralSelections checks that several selections share one request, and that
// each event lists the selections that match.
func TestAnyOfSeveralSelections(t *testing.T) {
	p := newPoller(t, oktasim.Options{Seed: oktasim.Demo}, map[string]any{"event_types": []string{"*"}, "any": []map[string]any{
		{"event_types": []string{"user.session.*"}, "outcome": []string{"FAILURE"}, "client_ip": []string{"203.0.113.0/24"}},
		{"event_types": []string{"user.session.start", "group.user_membership.add"}},
		{"event_types": []string{"*"}, "actor": []string{"ALICE.moreau@corp.example"}, "exclude_types": []string{"user.session.*"}},
		{"event_types": []string{"user.lifecycle.suspend"}, "own_events": true},
		{"event_types": []string{"user.lifecycle.*"}},
	}})
	if n := p.sweep(); n != 1 {
		t.Errorf("%d requests", n)
	}
	alice := map[string]any{"alternateId": "alice.moreau@corp.example"}
	client := func(ip string) map[string]any { return map[string]any{"ipAddress": ip} }
	failed := map[string]any{"result": "FAILURE"}
	ids := p.Append(
		oktasim.Event{"eventType": "user.session.start", "outcome": failed, "client": client("203.0.113.9")},
		oktasim.Event{"eventType": "user.session.end", "outcome": failed, "client": client("203.0.114.9")},
		oktasim.Event{"eventType": "user.session.start", "client": client("203.0.113.9")},
		oktasim.Event{"eventType": "application.lifecycle.create", "actor": alice},
		oktasim.Event{"eventType": "user.session.end", "actor": alice},
		oktasim.Event{"eventType": "application.lifecycle.create"},
	)
	p.do("suspend_user", "alice.moreau@corp.example")
	page, err := p.poll()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]int{}
	for _, e := range page.Events {
		got[e.ID] = e.MatchedSelectors
	}
	own := page.Events[len(page.Events)-1]
	want := map[string][]int{ids[0]: {0, 1}, ids[2]: {1}, ids[3]: {2}, own.ID: {3}}
	if diff := cmp.Diff(want, got); diff != "" || own.Type != "user.lifecycle.suspend" {
		t.Error(diff)
	}
}

func TestSingleSelectionHasNoIndexes(t *testing.T) {
	p := newPoller(t, oktasim.Options{}, types("*"))
	p.sweep()
	p.append(1, "user.session.start")
	if page, err := p.poll(); err != nil || len(page.Events) != 1 || page.Events[0].MatchedSelectors != nil {
		t.Errorf("got %+v, %v", page.Events, err)
	}
}

// TestSelectionIsPartOfFilter checks that Okta's filter has the conditions of the selection
// and the filter of the caller.
func TestSelectionIsPartOfFilter(t *testing.T) {
	p := newPoller(t, oktasim.Options{}, map[string]any{
		"event_types": []string{"user.session.*"}, "outcome": []string{"FAILURE", "DENY"}, "client_ip": []string{"10.1.0.0/16"},
		"exclude_types": []string{"user.session.end"}, "country": []string{"France"}, "filter": `severity eq "WARN" or severity eq "ERROR"`,
	})
	p.sweep()
	q, err := url.ParseQuery(p.Requests()[0].Query)
	want := `(eventType sw "user.session." and not (eventType eq "user.session.end") and (outcome.result eq "FAILURE" or outcome.result eq "DENY")` +
		` and (client.ipAddress sw "10.1." or client.ipAddress co ":")) and (severity eq "WARN" or severity eq "ERROR")`
	if err != nil || q.Get("filter") != want {
		t.Errorf("requested %s", q.Get("filter"))
	}
}

// TestSelectionsThatCannotMatch checks that errors point at the mistake, and nothing is sent.
func TestSelectionsThatCannotMatch(t *testing.T) {
	p := newPoller(t, oktasim.Options{}, nil)
	flat := func(name string, value any) map[string]any {
		return map[string]any{"event_types": []string{"*"}, name: value}
	}
	for pointer, params := range map[string]map[string]any{
		"/outcome/0":             flat("outcome", []string{"failure"}),
		"/severity/0":            flat("severity", []string{"FATAL"}),
		"/client_ip/1":           flat("client_ip", []string{"10.0.0.0/8", "10.0.0.0/99"}),
		"/exclude_ips/0":         flat("exclude_ips", []string{"localhost"}),
		"/country/0":             flat("country", []string{"US"}),
		"/exclude_types/0":       flat("exclude_types", []string{"user.session.strat"}),
		"/actor/0":               flat("actor", []string{""}),
		"/any/1/event_types/0":   flat("any", []any{flat("severity", []string{"WARN"}), types("user.session.strat")}),
		"/any/0/exclude_types/0": flat("any", []any{flat("exclude_types", []string{"*"})}),
		"/any/0/event_types":     flat("any", []any{map[string]any{}}),
		"/any/0/page_size":       flat("any", []any{flat("page_size", 7)}),
		"/severity":              {"event_types": []string{"*"}, "severity": []string{"WARN"}, "any": []any{types("*")}},
		"/own_events":            {"event_types": []string{"*"}, "own_events": true, "any": []any{types("*")}},
	} {
		p.params = params
		_, err := p.poll()
		var e *sdk.Error
		if !errors.As(err, &e) || e.Code != sdk.InvalidInput || len(e.Violations) != 1 || e.Violations[0].Pointer != pointer {
			t.Errorf("%s: got %+v", pointer, err)
			if e != nil {
				t.Log(e.Violations)
			}
		}
	}
	if n := len(p.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// TestIndeterminateEvents checks that an event is indeterminate if the fields of the selection cannot be parsed.
// Selections on other fields, and other events, are unaffected.
func TestIndeterminateEvents(t *testing.T) {
	p := newPoller(t, oktasim.Options{}, map[string]any{"event_types": []string{"*"}, "any": []any{
		map[string]any{"event_types": []string{"user.session.*"}, "client_ip": []string{"10.0.0.0/8"}},
		types("user.session.start"), types("group.*"),
	}})
	p.sweep()
	p.Fault(oktasim.Fault{Path: "/api/v1/logs", Times: 1, Status: 200, Body: `[
		{"uuid":"u-1","eventType":"user.session.start","published":"2026-03-14T02:41:07.512Z","client":{"ipAddress":[10]}},
		{"uuid":"u-2","eventType":["x"],"published":"2026-03-14T02:41:07.512Z","client":{"ipAddress":"11.0.0.1"}},
		{"uuid":"u-3","eventType":"group.create","published":"2026-03-14T02:41:07.512Z","client":7}]`})
	page, err := p.poll()
	if err != nil {
		t.Fatal(err)
	}
	type seen struct {
		ID    string
		For   []int
		Doubt bool
	}
	var got []seen
	for _, e := range page.Events {
		got = append(got, seen{e.ID, e.MatchedSelectors, e.Indeterminate != ""})
		if e.ID == "u-1" && e.Indeterminate != "" && !strings.Contains(e.Indeterminate, "client.ipAddress") || e.ID == "u-2" &&
			!strings.Contains(e.Indeterminate, "eventType") {
			t.Errorf("%s: %s", e.ID, e.Indeterminate)
		}
	}
	want := []seen{{"u-1", []int{1}, false}, {"u-1", []int{0}, true}, {"u-2", []int{1, 2}, true}, {"u-3", []int{2}, false}}
	if diff := cmp.Diff(want, got); diff != "" || page.Seen != 3 {
		t.Error(diff)
	}
	if !slices.ContainsFunc(p.notices, func(n string) bool { return strings.Contains(n, "u-2") && strings.Contains(n, "starts nothing") }) {
		t.Errorf("said %q", p.notices)
	}
}

// TestMalformedEventsOfAllKinds checks that each malformed event is delivered unchanged.
func TestMalformedEventsOfAllKinds(t *testing.T) {
	huge := strings.Repeat(`\u0000<é`, 1<<18)
	const head = `"uuid":"u","eventType":"user.session.start","published":"2026-03-14T02:41:07.512Z"`
	for name, event := range map[string]string{
		"a numeric version":      `{` + head + `,"version":0}`,
		"a 4-byte ASN":           `{` + head + `,"securityContext":{"asNumber":4200000000,"isProxy":"false"}}`,
		"an ASN of 30 digits":    `{` + head + `,"securityContext":{"asNumber":420000000042000000004200000000}}`,
		"megabytes of debugData": `{` + head + `,"debugContext":{"debugData":{"x":"` + huge + `"}}}`,
		"members twice":          `{` + head + `,"actor":7,"actor":{"id":"00u"},"outcome":1,"outcome":null}`,
		"other types":            `{` + head + `,"actor":[],"client":"x","target":{"a":1},"outcome":[],"severity":{},"transaction":[],"request":0,"debugContext":""}`,
		"deep":                   `{` + head + `,"debugContext":` + strings.Repeat(`{"a":`, 5000) + `1` + strings.Repeat(`}`, 5000) + `}`,
		"no type":                `{"uuid":"u","published":"2026-03-14T02:41:07.512Z","eventType":null}`,
		"no time":                `{"uuid":"u","eventType":"user.session.start","published":"yesterday"}`,
		"no id":                  `{"eventType":"user.session.start","published":"2026-03-14T02:41:07.512Z"}`,
	} {
		p := newPoller(t, oktasim.Options{}, types("user.session.start"))
		p.sweep()
		neighbor := func(id string) string {
			return `{"uuid":"` + id + `","eventType":"user.session.start","published":"2026-03-14T02:41:07.512Z"}`
		}
		p.Fault(oktasim.Fault{Path: "/api/v1/logs", Times: 1, Status: 200, Body: `[` + neighbor("a") + `,` + event + `,` + neighbor("b") + `]`})
		page, err := p.poll()
		if err != nil || len(page.Events) != 3 || page.Events[0].ID != "a" || page.Events[2].ID != "b" {
			t.Errorf("%s: %d events, %v", name, len(page.Events), err)
			continue
		}
		if got := page.Events[1]; string(got.Data) != event || got.ID == "" || !json.Valid(got.Data) {
			t.Errorf("%s: delivered as %.200s", name, got.Data)
		}
		unread := strings.HasPrefix(name, "no ")
		if (len(page.Notices) > 0) != unread || (page.Events[1].Indeterminate != "") != (name == "no type") {
			t.Errorf("%s: notices %q, indeterminate %q", name, page.Notices, page.Events[1].Indeterminate)
		}
	}
}
