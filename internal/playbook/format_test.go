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
	Also       []string `json:"also,omitempty" jsonschema:"title=Also,enum=okta,enum=ecs" jsonschema_description:"Shapes."`
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

// shaped returns the small connector's manifest with a trigger and an action that have events
// in two shapes.
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
		Actions:  []sdk.AnyAction[client]{look, action("get_user", sdk.Reads, userInput{"ann"}, userOutput{})},
		Triggers: []sdk.AnyTrigger[client]{feed},
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

// TestFormatDecidesTheTypeOfTheEvent checks expressions against the shape that the file asks for.
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
		{"params: {format: '${{ ecs }}'}", okta, "has literals only"},
	} {
		source := fmt.Sprintf("name: a\ntitle: A\ntrigger: feed\nevent_types: ['*']\ncondition: %q\n%s\n"+
			"steps: [{id: look, action: get_user, with: {user: ann}}]\n", test.condition, test.params)
		_, err := Load("f.yaml", []byte(source), Connections{"test": shaped(t)})
		if test.problem == "" && err != nil || test.problem != "" && (err == nil || !strings.Contains(err.Error(), test.problem)) {
			t.Errorf("%s with %s: %v", test.params, test.condition, err)
		}
	}
}

// TestConditionsReadTheFormat checks that the format is no parameter of the poll. The poll
// delivers events in its own shape and in the shapes that playbooks read.
func TestConditionsReadTheFormat(t *testing.T) {
	source := "name: a\ntitle: A\ntrigger: feed\nevent_types: ['*']\nparams: {format: ecs}\n" +
		"condition: event.source.ip == \"198.51.100.23\" && event.source.port == 443 && raw.source.port == 443 && okta.actor.alternateId == \"ann\"\n" +
		"steps: [{id: look, action: get_user, with: {user: \"${{ event.source.ip }}\"}}]\n"
	p, err := Load("f.yaml", []byte(source), Connections{"test": shaped(t)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"event_types":["*"]}`, string(p.Params)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"ecs"}, p.Shapes); diff != "" {
		t.Error(diff)
	}
	ann := json.RawMessage(`{"actor":{"alternateId":"ann"}}`)
	for data, want := range map[string]bool{
		`{"source":{"ip":"198.51.100.23","port":443}}`: true,
		`{"source":{"ip":"198.51.100.23"}}`:            false,
		`{}`:                                           false,
	} {
		shapes := map[string]json.RawMessage{"ecs": json.RawMessage(data)}
		got, err := p.Match(sdk.RawEvent{ID: "u-1", Type: "a.b", Data: ann, Shapes: shapes})
		if err != nil || got != want {
			t.Errorf("%s: %t, %v", data, got, err)
		}
		if want {
			input, err := p.Input(p.Steps[0], Scope{Event: ann, Shapes: shapes})
			if err != nil || string(input) != `{"user":"198.51.100.23"}` {
				t.Errorf("%s, %v", input, err)
			}
		}
	}
	_, err = p.Match(sdk.RawEvent{ID: "u-1", Type: "a.b", Data: ann})
	if err == nil || !strings.Contains(err.Error(), "it has no ecs shape") {
		t.Errorf("an event without the shape: %v", err)
	}
}

// TestShapesAsVariables checks that every shape is a variable with each format of event.
// The poll must deliver the shapes that expressions read.
func TestShapesAsVariables(t *testing.T) {
	for _, test := range []struct{ params, condition, also, problem string }{
		{"", `ecs.source.ip == "198.51.100.23"`, "ecs", ""},
		{"params: {format: okta}", `ecs.source.ip == event.severity`, "ecs", ""},
		{"params: {format: okta, also: [ecs]}", `event.severity == "WARN"`, "ecs", ""},
		{"params: {format: ecs}", `ecs.source.ip == event.source.ip`, "ecs", ""},
		{"params: {format: ecs}", `okta.severity == "WARN"`, "ecs", ""},
		{"", `event.severity == "ecs"`, "", ""},
		{"", `okta.severity == event.severity`, "", ""},
		{"", `[1].exists(ecs, ecs == 1)`, "ecs", ""}, // rather one shape too many than one too few
		{"", `ecs.source.iq == "x"`, "", `f.yaml:5:23: there is no field "iq" in ecs.source; did you mean "ip"?`},
		{"", `ecs.source.port == "x"`, "", "no matching overload"},
		{"", `ecs.actor == "x"`, "", `there is no field "actor" in ecs; it has source`},
		{"", `ec.source.ip == "x"`, "", `there is no variable "ec"; did you mean "ecs"?`},
		{"", `emm.key == "x"`, "", `there is no variable "emm"`},
		{"params: {format: okta}", `event.target.alternateId == "x"`, "", "event.target is a list: write event.target[0].alternateId for the first"},
		{"", `event.severity.x == "x"`, "", "does not support field selection"},
		{"params: {also: [emm]}", `true`, "", "f.yaml:6:17: item 0: value must be one of"},
		{"params: {also: ecs}", `true`, "", "also"},
	} {
		source := fmt.Sprintf("name: a\ntitle: A\ntrigger: feed\nevent_types: ['*']\ncondition: %q\n%s\n"+
			"steps: [{id: look, action: get_user, with: {user: ann}}]\n", test.condition, test.params)
		p, err := Load("f.yaml", []byte(source), Connections{"test": shaped(t)})
		if test.problem != "" {
			if err == nil || !strings.Contains(err.Error(), test.problem) {
				t.Errorf("%s with %s: %v", test.params, test.condition, err)
			}
			continue
		}
		if err != nil || strings.Join(p.Shapes, ",") != test.also {
			t.Errorf("%s with %s: also %v, %v", test.params, test.condition, p, err)
		}
	}
}

// TestFormatDecidesTheTypeOfAnOutput checks expressions against the shape of a step's output.
// If the format is known only in a run, every field is accepted.
func TestFormatDecidesTheTypeOfAnOutput(t *testing.T) {
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
		_, err := Load("f.yaml", []byte(source), Connections{"test": shaped(t)})
		if test.problem == "" && err != nil || test.problem != "" && (err == nil || !strings.Contains(err.Error(), test.problem)) {
			t.Errorf("%s, %s: %v", test.with, test.path, err)
		}
	}
}
