package playbook

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"soar.example/okta/sdk"
)

const oneStep = "steps: [{id: look, action: get_user, with: {user: ann}}]\n"

func TestLoadGroupingAndThrottling(t *testing.T) {
	for _, test := range []struct {
		lines string
		want  Grouping
		most  int
	}{
		{"", Grouping{}, 0},
		{"max_runs_per_minute: 7\n", Grouping{}, 7},
		{"group_by: event.actor.id\n", Grouping{Window: time.Minute}, 0},
		{"group_by: '\"all\"'\nwindow: 24h\n", Grouping{Window: 24 * time.Hour}, 0},
		{"group_by: event.actor.id\nwindow: 1s\ngroup_when: first\nmax_runs_per_minute: 1\n", Grouping{time.Second, true}, 1},
		{"group_by: event.actor.id\ngroup_when: window\n", Grouping{Window: time.Minute}, 0},
	} {
		p, err := Load("f.yaml", []byte(header+test.lines+oneStep), Connections{"test": manifest(t)})
		if err != nil || p.Grouping != test.want || p.MaxRunsPerMinute != test.most {
			t.Errorf("%q: %+v, %v; want %+v", test.lines, p, err, test)
		}
	}
}

func TestGroupKey(t *testing.T) {
	const event = `{"uuid":"u","severity":"WARN","actor":{"id":"00u1","displayName":"<Ann>"},` +
		`"target":[{"id":"t"}],"authenticationContext":{"authenticationStep":3}}`
	for _, test := range []struct{ by, event, key, problem string }{
		{`event.actor.id`, event, `"00u1"`, ""},
		{`event.actor.displayName + "/" + event.severity`, event, `"<Ann>/WARN"`, ""},
		{`event.authenticationContext.authenticationStep`, event, `3`, ""},
		{`1.0 / 2.0`, event, `0.5`, ""},
		{`event.severity == "WARN"`, event, `true`, ""},
		{`"all"`, `not JSON`, `"all"`, ""},
		{`string(raw.actor.id)`, event, `"00u1"`, ""},
		{`event.target[0].id`, event, `"t"`, ""},
		{`event.target[0].id`, `{}`, "", "is null"},
		{`event.actor.id`, `{}`, "", "event.actor.id is null"},
		{`event.actor.id`, `{"actor":null}`, "", "is null"},
		{`event.actor.id`, `{"actor":"cut`, "", "not valid JSON"},
		{`event.actor.id`, ``, "", "not valid JSON"},
		{`string(raw.actor.id)`, `{"actor":{"id":["a"]}}`, "", "cannot be evaluated"},
		{`1.0 / 0.0`, event, "", "cannot be evaluated"},
	} {
		p, err := Load("f.yaml", fmt.Appendf(nil, "%sgroup_by: '%s'\n%s", header, test.by, oneStep), Connections{"test": manifest(t)})
		if err != nil {
			t.Fatal(err)
		}
		key, err := p.GroupKey(sdk.RawEvent{Data: json.RawMessage(test.event)})
		invalid(t, err)
		if key != test.key || (err == nil) != (test.problem == "") || err != nil && !strings.Contains(err.Error(), test.problem) {
			t.Errorf("%s of %s: %s, %v", test.by, test.event, key, err)
		}
	}
}

// TestGroupKeyIsBounded checks that the cost of group_by is limited like that of a condition.
func TestGroupKeyIsBounded(t *testing.T) {
	p, err := Load("f.yaml", []byte(header+"vars: {l: ["+strings.Repeat("1, ", 200)+"1]}\n"+
		"group_by: string(vars.l.map(a, vars.l.map(b, vars.l.map(c, a * b * c).size()).size()).size())\n"+oneStep), Connections{"test": manifest(t)})
	if err != nil {
		t.Fatal(err)
	}
	if key, err := p.GroupKey(sdk.RawEvent{Data: json.RawMessage(`{}`)}); err == nil || !strings.Contains(err.Error(), "cost") {
		t.Errorf("got %s, %v", key, err)
	}
}

func TestGroupKeyWithoutGroups(t *testing.T) {
	p, err := Load("f.yaml", []byte(header+oneStep), Connections{"test": manifest(t)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.GroupKey(sdk.RawEvent{Data: json.RawMessage(`{}`)})
	if err == nil {
		t.Error("a key without group_by")
	}
	invalid(t, err)
}

func TestEventsOfARun(t *testing.T) {
	p, err := Load("f.yaml", []byte(header+"steps:\n  - id: ticket\n    action: open_ticket\n    if: events.exists(e, e.severity == \"WARN\")\n    with:\n"+
		"      summary: ${{ events.size() }} of ${{ event.actor.id }}\n      details: {who: '${{ events.map(e, e.actor.id) }}'}\n"), Connections{"test": manifest(t)})
	if err != nil {
		t.Fatal(err)
	}
	one := func(id, severity string) sdk.RawEvent {
		return sdk.RawEvent{Data: fmt.Appendf(nil, `{"actor":{"id":%q},"severity":%q}`, id, severity)}
	}
	first, second := one("a", "INFO"), one("b", "WARN")
	for _, test := range []struct {
		scope   Scope
		applies bool
		input   string
	}{
		{Scope{Event: first.Data}, false, `{"details":{"who":["a"]},"summary":"1 of a"}`},
		{Scope{Event: first.Data, Events: []sdk.RawEvent{first, second}}, true, `{"details":{"who":["a","b"]},"summary":"2 of a"}`},
		{Scope{Event: first.Data, Events: []sdk.RawEvent{first, {Data: json.RawMessage(`{}`)}}}, false, `{"details":{"who":["a",null]},"summary":"2 of a"}`},
	} {
		applies, err := p.Applies(p.Steps[0], test.scope)
		if err != nil || applies != test.applies {
			t.Errorf("applies: %t, %v", applies, err)
		}
		input, err := p.Input(p.Steps[0], test.scope)
		if err != nil || string(input) != test.input {
			t.Errorf("input: %s, %v", input, err)
		}
	}
	_, err = p.Input(p.Steps[0], Scope{Event: first.Data, Events: []sdk.RawEvent{first, {Data: json.RawMessage(`{`)}}})
	if err == nil || !strings.Contains(err.Error(), "event 2") {
		t.Errorf("an event cut off: %v", err)
	}
	invalid(t, err)
}
