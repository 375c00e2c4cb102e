package selection_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"soar.example/okta/internal/systemlog"
	"soar.example/okta/internal/systemlog/selection"
)

// sample returns the example event with the given members replaced.
func sample(t *testing.T, changes map[string]any) *selection.Event {
	t.Helper()
	e := map[string]any{}
	if err := json.Unmarshal(systemlog.Example, &e); err != nil {
		t.Fatal(err)
	}
	for name, v := range changes {
		e[name] = v
	}
	return &selection.Event{Head: head(t, e)}
}

func TestMatch(t *testing.T) {
	const id, login = "00u1a2b3c4d5e6f7g8h9", "alice.moreau@corp.example"
	from := func(ip any) map[string]any { return map[string]any{"client": map[string]any{"ipAddress": ip}} }
	type s = selection.Selection
	for name, c := range map[string]struct {
		s       selection.Selection
		changes map[string]any
		want    selection.Match
	}{
		"outcome":                            {s{Outcome: []string{"FAILURE", "SUCCESS"}}, nil, selection.Wanted},
		"different outcome":                  {s{Outcome: []string{"FAILURE"}}, nil, selection.Unwanted},
		"no outcome":                         {s{Outcome: []string{"FAILURE"}}, map[string]any{"outcome": nil}, selection.Unwanted},
		"outcome of a wrong type":            {s{Outcome: []string{"FAILURE"}}, map[string]any{"outcome": 7}, selection.Indeterminate},
		"severity":                           {s{Severity: []string{"WARN"}}, nil, selection.Wanted},
		"different severity":                 {s{Severity: []string{"ERROR"}}, nil, selection.Unwanted},
		"actor ID":                           {s{Actor: []string{id}}, nil, selection.Wanted},
		"ID in different case":               {s{Actor: []string{strings.ToUpper(id)}}, nil, selection.Unwanted},
		"actor login":                        {s{Actor: []string{"x", strings.ToUpper(login)}}, nil, selection.Wanted},
		"actor display name":                 {s{Actor: []string{"Alice Moreau"}}, nil, selection.Unwanted},
		"no actor":                           {s{Actor: []string{id}}, map[string]any{"actor": nil}, selection.Unwanted},
		"actor of a wrong type":              {s{Actor: []string{id}}, map[string]any{"actor": "alice"}, selection.Indeterminate},
		"login of a wrong type, matching ID": {s{Actor: []string{id}}, map[string]any{"actor": map[string]any{"id": id, "alternateId": 7}}, selection.Wanted},
		"target":                             {s{Target: []string{login}}, nil, selection.Wanted},
		"second target": {s{Target: []string{"c@d.example"}}, map[string]any{"target": []any{nil,
			map[string]any{"id": "1", "alternateId": "a@b.example"}, map[string]any{"alternateId": "c@d.example"}}}, selection.Wanted},
		"no targets":             {s{Target: []string{id}}, map[string]any{"target": nil}, selection.Unwanted},
		"target is not an array": {s{Target: []string{id}}, map[string]any{"target": map[string]any{"id": id}}, selection.Indeterminate},
		"one target of a wrong type": {s{Target: []string{id}},
			map[string]any{"target": []any{7, map[string]any{"id": "other"}}}, selection.Indeterminate},
		"target of a wrong type, then a match":  {s{Target: []string{id}}, map[string]any{"target": []any{7, map[string]any{"id": id}}}, selection.Wanted},
		"address":                               {s{ClientIP: []string{"203.0.113.24"}}, nil, selection.Wanted},
		"range":                                 {s{ClientIP: []string{"198.51.100.0/24", "203.0.113.7/20"}}, nil, selection.Wanted},
		"different range":                       {s{ClientIP: []string{"203.0.113.0/28"}}, nil, selection.Unwanted},
		"IPv4-mapped IPv6 address":              {s{ClientIP: []string{"203.0.113.0/24"}}, from("::ffff:203.0.113.9"), selection.Wanted},
		"IPv4-mapped IPv6 range":                {s{ClientIP: []string{"::ffff:203.0.113.0/120"}}, nil, selection.Wanted},
		"IPv6 in long form":                     {s{ClientIP: []string{"2001:db8::/32"}}, from("2001:0DB8:0:0:0:0:0:1"), selection.Wanted},
		"all IPv6 addresses":                    {s{ClientIP: []string{"::/0"}}, nil, selection.Unwanted},
		"no address":                            {s{ClientIP: []string{"0.0.0.0/0"}}, from(nil), selection.Unwanted},
		"address is the text null":              {s{ClientIP: []string{"0.0.0.0/0"}}, from("null"), selection.Unwanted},
		"invalid address":                       {s{ClientIP: []string{"0.0.0.0/0"}}, from("somewhere"), selection.Indeterminate},
		"address of a wrong type":               {s{ClientIP: []string{"0.0.0.0/0"}}, from(7), selection.Indeterminate},
		"country":                               {s{Country: []string{"Peru", "fRANCE"}}, nil, selection.Wanted},
		"different country":                     {s{Country: []string{"Peru"}}, nil, selection.Unwanted},
		"no country":                            {s{Country: []string{"Peru"}}, from(nil), selection.Unwanted},
		"excluded type":                         {s{ExcludeTypes: []string{"user.account.*"}}, nil, selection.Unwanted},
		"other type excluded":                   {s{ExcludeTypes: []string{"user.session.*"}}, nil, selection.Wanted},
		"excluded actor":                        {s{ExcludeActors: []string{login}}, nil, selection.Unwanted},
		"no actor, excluded actor":              {s{ExcludeActors: []string{login}}, map[string]any{"actor": nil}, selection.Wanted},
		"actor of a wrong type, excluded actor": {s{ExcludeActors: []string{login}}, map[string]any{"actor": 7}, selection.Indeterminate},
		"excluded address":                      {s{ExcludeIPs: []string{"203.0.113.0/24"}}, nil, selection.Unwanted},
		"no address, all excluded":              {s{ExcludeIPs: []string{"0.0.0.0/0"}}, from("null"), selection.Wanted},
		"excluded country":                      {s{ExcludeCountries: []string{"FRANCE"}}, nil, selection.Unwanted},
		"other country excluded":                {s{ExcludeCountries: []string{"Peru"}}, nil, selection.Wanted},
		"event type of a wrong type":            {s{}, map[string]any{"eventType": 7}, selection.Indeterminate},
		"unreadable fields, different severity": {s{Severity: []string{"ERROR"}}, map[string]any{"outcome": 7, "eventType": 7}, selection.Unwanted},
	} {
		c.s.EventTypes = []string{"user.account.*", "group.create"}
		got, unreadable := selection.Compile(c.s).Match(sample(t, c.changes))
		if got != c.want || (got == selection.Indeterminate) != (unreadable != nil) {
			t.Errorf("%s: got %d, want %d; unreadable %q", name, got, c.want, unreadable)
		}
	}
	all, unreadable := selection.Compile(s{EventTypes: []string{"*"}}).Match(sample(t, map[string]any{"eventType": nil}))
	if all != selection.Wanted || unreadable != nil {
		t.Errorf("match of all types: got %d, want %d; unreadable %q", all, selection.Wanted, unreadable)
	}
}

// TestUnreadableFields checks that Match lists only unreadable fields on which the match depends.
func TestUnreadableFields(t *testing.T) {
	s := selection.Selection{
		EventTypes: []string{"user.*"}, Outcome: []string{"FAILURE"}, Actor: []string{"a@b.example"},
		Target: []string{"00u1a2b3c4d5e6f7g8h9"}, ClientIP: []string{"10.0.0.0/8"}, ExcludeIPs: []string{"10.1.0.0/16"}, Country: []string{"France"},
	}
	e := sample(t, map[string]any{
		"eventType": 7, "severity": 7, "outcome": map[string]any{"result": 7}, "actor": map[string]any{"id": 7, "alternateId": 7},
		"target": []any{map[string]any{"id": 7, "alternateId": 7}}, "client": map[string]any{"ipAddress": 7, "geographicalContext": 7},
	})
	got, unreadable := selection.Compile(s).Match(e)
	want := []string{"actor.alternateId", "client.geographicalContext.country", "client.ipAddress", "eventType", "outcome.result", "target.id"}
	if got != selection.Indeterminate || !slices.Equal(unreadable, want) {
		t.Errorf("got %d, want %d; unreadable %q, want %q", got, selection.Indeterminate, unreadable, want)
	}
}

func TestViolations(t *testing.T) {
	for pointer, s := range map[string]selection.Selection{
		"/x/event_types/1":       {EventTypes: []string{"group.create", "user.sesion.*"}},
		"/x/exclude_types/0":     {ExcludeTypes: []string{"*"}},
		"/x/exclude_types/1":     {ExcludeTypes: []string{"user.session.*", "user.session.strat"}},
		"/x/actor/0":             {Actor: []string{" alice@corp.example"}},
		"/x/target/0":            {Target: []string{"alice@corp.example\n"}},
		"/x/exclude_actors/0":    {ExcludeActors: []string{" "}},
		"/x/client_ip/0":         {ClientIP: []string{"203.0.113"}},
		"/x/client_ip/1":         {ClientIP: []string{"::1", "10.0.0.0/33"}},
		"/x/client_ip/2":         {ClientIP: []string{"10.0.0.0/8", "::ffff:1.2.3.4", "::ffff:1.2.3.4/24"}},
		"/x/client_ip/3":         {ClientIP: []string{"::/0", "0.0.0.0/0", "2001:db8::1", "fe80::1%eth0"}},
		"/x/exclude_ips/0":       {ExcludeIPs: []string{"corp.example"}},
		"/x/country/0":           {Country: []string{"FR"}},
		"/x/country/1":           {Country: []string{"Côte d’Ivoire", "4711"}},
		"/x/exclude_countries/0": {ExcludeCountries: []string{"France "}},
	} {
		v := s.Violations("/x")
		if len(v) != 1 || v[0].Pointer != pointer || v[0].Message == "" {
			t.Errorf("%+v: got %v, want %s", s, v, pointer)
		}
	}
	if v := (selection.Selection{EventTypes: []string{"*"}}).Violations(""); v != nil {
		t.Errorf("violations of a valid selection: %v", v)
	}
}
