package playbook

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/sdk"
)

type formatParams struct {
	EventTypes []string `json:"event_types,omitempty" jsonschema:"title=Event types" jsonschema_description:"Event types."`
	Format     string   `json:"format,omitempty" jsonschema:"title=Format,enum=okta,enum=ecs,default=okta" jsonschema_description:"Shape."`
}

type ecsEvent struct {
	Source struct {
		IP   string `json:"ip,omitempty" jsonschema_description:"Address."`
		Port int    `json:"port,omitempty" jsonschema_description:"Port."`
	} `json:"source,omitzero" jsonschema_description:"From where."`
}

type found[E any] struct {
	Events []E `json:"events" jsonschema_description:"Events."`
}

// shaped is the small connector's manifest with a trigger and an action whose events
// come in two shapes.
func shaped(t *testing.T) *sdk.Manifest {
	t.Helper()
	feed := trigger[formatParams]("feed", logEvent{})
	feed.Shapes = map[string]sdk.Shape{"ecs": sdk.ShapeOf[ecsEvent]()}
	look := action("look_up", sdk.Reads, formatParams{Format: "okta"}, found[logEvent]{Events: []logEvent{}})
	look.Shapes = map[string]sdk.Shape{"ecs": sdk.ShapeOf[found[ecsEvent]]()}
	backend, err := sdk.Connector[noSettings, client]{
		Name: "shaped", Title: "Shaped", Summary: "Events in shapes.", Docs: "https://example.com/docs", Version: "1.0.0",
		Open:     func(context.Context, noSettings) (client, error) { return client{}, nil },
		Check:    func(context.Context, client) (sdk.Health, error) { return sdk.Health{}, nil },
		Actions:  []sdk.Operation[client]{look, action("get_user", sdk.Reads, userInput{"ann"}, userOutput{})},
		Triggers: []sdk.Source[client]{feed},
	}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	m, err := backend.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// An expression is checked against the shape that the file asks for.
func TestFormatDecidesTheTypeOfTheEvent(t *testing.T) {
	const (
		okta = `event.actor.alternateId == "ann"`
		ecs  = `event.source.ip == "198.51.100.23"`
	)
	for _, test := range []struct{ params, condition, problem string }{
		{"", okta, ""},
		{"", ecs, "source"},
		{"params: {}", ecs, "source"},
		{"params: {format: okta}", okta, ""},
		{"params: {format: okta}", ecs, "source"},
		{"params: {format: ecs}", ecs, ""},
		{"params: {format: ecs}", okta, "actor"},
		{"params: {format: ecs}", `event.source.port == "x"`, "no matching overload"},
		{"params: {format: ecs}", `raw.actor.alternateId == "ann"`, ""},
		{"params: {format: xml}", okta, "format: "},
		{"params: {format: 7}", okta, "format: "},
		{"params: {format: [ecs]}", okta, "format: "},
		{"params: {format: '${{ ecs }}'}", okta, "holds literals"},
	} {
		source := fmt.Sprintf("name: a\ntitle: A\ntrigger: feed\nevent_types: ['*']\ncondition: %q\n%s\n"+
			"steps: [{id: look, action: get_user, with: {user: ann}}]\n", test.condition, test.params)
		_, err := Load("f.yaml", []byte(source), shaped(t))
		if test.problem == "" && err != nil || test.problem != "" && (err == nil || !strings.Contains(err.Error(), test.problem)) {
			t.Errorf("%s with %s: %v", test.params, test.condition, err)
		}
	}
}

func TestFormatIsWhatConditionsRead(t *testing.T) {
	source := "name: a\ntitle: A\ntrigger: feed\nevent_types: ['*']\nparams: {format: ecs}\n" +
		"condition: event.source.ip == \"198.51.100.23\" && event.source.port == 443\nsteps: [{id: look, action: get_user, with: {user: ann}}]\n"
	p, err := Load("f.yaml", []byte(source), shaped(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"event_types":["*"],"format":"ecs"}`, string(p.Params)); diff != "" {
		t.Error(diff)
	}
	for data, want := range map[string]bool{
		`{"source":{"ip":"198.51.100.23","port":443}}`: true,
		`{"source":{"ip":"198.51.100.23"}}`:            false,
		`{}`:                                           false,
	} {
		got, err := p.Match(sdk.RawEvent{ID: "u-1", Type: "a.b", Data: json.RawMessage(data)})
		if err != nil || got != want {
			t.Errorf("%s: %t, %v", data, got, err)
		}
	}
}

// The same holds for the answer of a step; where only a run can tell, nothing is
// refused.
func TestFormatDecidesTheTypeOfAnAnswer(t *testing.T) {
	for _, test := range []struct{ with, path, problem string }{
		{"{}", "actor.alternateId", ""},
		{"{}", "source.ip", "source"},
		{"{format: okta}", "source.ip", "source"},
		{"{format: ecs}", "source.ip", ""},
		{"{format: ecs}", "actor.alternateId", "actor"},
		{"{format: xml}", "actor.alternateId", "format: "},
		{"{format: '${{ event.severity }}'}", "source.ip", ""},
		{"{format: '${{ event.severity }}'}", "actor.alternateId", ""},
	} {
		source := fmt.Sprintf("name: a\ntitle: A\ntrigger: feed\nevent_types: ['*']\nsteps:\n  - {id: logs, action: look_up, with: %s}\n"+
			"  - {id: look, action: get_user, with: {user: \"${{ steps.logs.output.events[0].%s }}\"}}\n", test.with, test.path)
		_, err := Load("f.yaml", []byte(source), shaped(t))
		if test.problem == "" && err != nil || test.problem != "" && (err == nil || !strings.Contains(err.Error(), test.problem)) {
			t.Errorf("%s, %s: %v", test.with, test.path, err)
		}
	}
}
