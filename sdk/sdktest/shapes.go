package sdktest

import (
	"encoding/json"
	"testing"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// eachShape calls a test for every shape with the input that asks for it.
func eachShape(t *testing.T, shapes map[string]sdk.JSON, input func(Service) json.RawMessage,
	try func(*testing.T, *schema.Schema, func(Service) json.RawMessage)) {
	for format, raw := range shapes {
		t.Run("in the format "+format, func(t *testing.T) {
			t.Parallel()
			s, err := schema.Parse(json.RawMessage(raw))
			if err != nil {
				t.Fatal(err)
			}
			try(t, s, func(service Service) json.RawMessage {
				doc := map[string]any{}
				if err := json.Unmarshal(input(service), &doc); err != nil {
					t.Fatal(err)
				}
				doc[sdk.FormatParam] = format
				asked, err := json.Marshal(doc)
				if err != nil {
					t.Fatal(err)
				}
				return asked
			})
		})
	}
}

func (s Suite) actionShapes(t *testing.T, info sdk.ActionInfo, c Case) {
	eachShape(t, info.Shapes, c.Input, func(t *testing.T, output *schema.Schema, input func(Service) json.RawMessage) {
		session, service := s.open(t)
		checkOutput(t, output, run(t, session, info.Name, input(service)).Output)
	})
}

// triggerShapes also holds a trigger to the same events in every format.
func (s Suite) triggerShapes(t *testing.T, info sdk.TriggerInfo, params json.RawMessage) {
	given := func(Service) json.RawMessage { return params }
	eachShape(t, info.Shapes, given, func(t *testing.T, event *schema.Schema, asked func(Service) json.RawMessage) {
		session, service := s.open(t)
		page, err := session.Poll(quiet(t), info.Name, asked(service), nil)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := session.Poll(quiet(t), info.Name, params, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Events) == 0 || len(page.Events) != len(plain.Events) {
			t.Fatalf("%d events, and %d without a format", len(page.Events), len(plain.Events))
		}
		for i, e := range page.Events {
			if p := plain.Events[i]; e.ID != p.ID || e.Type != p.Type || !e.Time.Equal(p.Time) {
				t.Errorf("event %s %s %s is %s %s %s without a format", e.ID, e.Type, e.Time, p.ID, p.Type, p.Time)
			}
			checkOutput(t, event, e.Data)
		}
	})
}
