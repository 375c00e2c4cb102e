package playbook

import (
	"strings"
	"testing"

	"soar.example/okta/sdk"
)

// TestEventTypesOfTriggers checks that a trigger without the parameter event_types starts a
// playbook on every event. A playbook can still name types, which the host matches.
func TestEventTypesOfTriggers(t *testing.T) {
	const steps = "steps:\n  - {id: look, action: get_user, with: {user: ann}}\n"
	for name, c := range map[string]struct {
		head, wrong string
		selects     map[string]bool
	}{
		"no parameter":            {head: "trigger: clock\nparams: {every: 5m}\n", selects: map[string]bool{"tick": true, "tock": true}},
		"no parameter, one type":  {head: "trigger: clock\nevent_types: [tick]\nparams: {every: 5m}\n", selects: map[string]bool{"tick": true, "tock": false}},
		"no parameter, empty":     {head: "trigger: clock\nevent_types: []\nparams: {every: 5m}\n", wrong: "event_types"},
		"among the params":        {head: "trigger: clock\nparams: {every: 5m, event_types: [tick]}\n", wrong: "event_types belongs at the top"},
		"parameter":               {head: "trigger: system_log\nevent_types: [tick]\n", selects: map[string]bool{"tick": true, "tock": false}},
		"parameter without types": {head: "trigger: system_log\n", wrong: "event_types is missing: the trigger system_log needs it"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Load("f.yaml", []byte("name: a\ntitle: A\n"+c.head+steps), Connections{"test": manifest(t)})
			if c.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), c.wrong) {
					t.Fatalf("got %v, want %q", err, c.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for eventType, want := range c.selects {
				if got := p.Selects(sdk.RawEvent{ID: "1", Type: eventType}); got != want {
					t.Errorf("%s is selected: %t", eventType, got)
				}
			}
		})
	}
}
