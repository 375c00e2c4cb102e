package sdk_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

type formatInput struct {
	Format string `json:"format,omitempty" jsonschema:"title=Format,enum=short,enum=long,default=short" jsonschema_description:"Format."`
	alsoParam
}

type alsoParam struct {
	Also []string `json:"also,omitempty" jsonschema:"title=Also,enum=short,enum=long" jsonschema_description:"Formats."`
}

type plainFormat struct {
	Format string `json:"format,omitempty" jsonschema:"title=Format,enum=short,enum=long" jsonschema_description:"Format."`
	alsoParam
}

// onlyFormat cannot ask for several shapes of one event.
type onlyFormat struct {
	Format string `json:"format,omitempty" jsonschema:"title=Format,enum=short,enum=long,default=short" jsonschema_description:"Format."`
}

type wrongAlso struct {
	onlyFormat
	Also []string `json:"also,omitempty" jsonschema:"title=Also,enum=long" jsonschema_description:"Formats."`
}

type short struct {
	N string `json:"n" jsonschema_description:"Name."`
}

type long struct {
	Name string `json:"name" jsonschema_description:"Name."`
}

func inShapes[P any](shapes map[string]sdk.Shape, example P) sdk.Connector[settings, *client] {
	c := connector()
	c.Actions = []sdk.AnyAction[*client]{sdk.Action[*client, P, short]{
		Name: "read_state", Title: "Read", Summary: "Reads.", Docs: "https://docs.example", Effect: sdk.Reads, Shapes: shapes,
		Example: sdk.Example[P, short]{Input: example},
		Run:     func(context.Context, *client, P) (short, error) { return short{"a"}, nil },
	}}
	c.Triggers = []sdk.AnyTrigger[*client]{sdk.Trigger[*client, P, place, short]{
		Name: "states", Title: "States", Summary: "States.", Docs: "https://docs.example", Every: 1, Shapes: shapes,
		Poll: func(context.Context, *client, P, place) (sdk.Page[place, short], error) {
			return sdk.Page[place, short]{}, nil
		},
	}}
	return c
}

func TestShapes(t *testing.T) {
	b, err := inShapes(map[string]sdk.Shape{"long": sdk.ShapeOf[long]()}, formatInput{Format: "long"}).Compile()
	if err != nil {
		t.Fatal(err)
	}
	m, err := b.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want, err := schema.Output[long]()
	if err != nil {
		t.Fatal(err)
	}
	action, trigger := m.Action("read_state"), m.Trigger("states")
	for format, schema := range map[string]string{
		"": string(action.Output), "short": string(action.Output), "long": string(want.JSON()), "another": string(action.Output),
	} {
		if got := string(action.OutputIn(format)); got != schema {
			t.Errorf("the answer in %q: %s", format, got)
		}
		if got := string(trigger.EventIn(format)); got != schema {
			t.Errorf("the event in %q: %s", format, got)
		}
	}
	if len(action.Shapes) != 2 || len(trigger.Shapes) != 2 {
		t.Errorf("published are %d and %d shapes", len(action.Shapes), len(trigger.Shapes))
	}
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	form, err := schema.Output[sdk.Manifest]()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range form.Check(raw) {
		t.Error(v)
	}
	// The manifest of a connector without shapes does not mention shapes.
	if m, err = compiled(t).Manifest(t.Context()); err != nil {
		t.Fatal(err)
	}
	if raw, err = json.Marshal(m); err != nil || strings.Contains(string(raw), "shapes") {
		t.Errorf("shapes in %s (%v)", raw, err)
	}
}

func TestShapesThatNobodyCanAskFor(t *testing.T) {
	one := func(name string, s sdk.Shape) map[string]sdk.Shape { return map[string]sdk.Shape{name: s} }
	in := formatInput{Format: "short"}
	for name, test := range map[string]struct {
		c    sdk.Connector[settings, *client]
		want string
	}{
		"no parameter":      {inShapes(one("long", sdk.ShapeOf[long]()), getInput{Name: "a"}), "so it needs a parameter format with a default"},
		"no default":        {inShapes(one("long", sdk.ShapeOf[long]()), plainFormat{Format: "long"}), "so it needs a parameter format with a default"},
		"not offered":       {inShapes(one("longer", sdk.ShapeOf[long]()), in), "offers long, short, but there are the shapes longer, short"},
		"the default again": {inShapes(one("short", sdk.ShapeOf[long]()), in), `shape "short" is the default`},
		"no type":           {inShapes(one("long", sdk.Shape{}), in), `shape "long" is empty`},
		"bad tags":          {inShapes(one("long", sdk.ShapeOf[badTags]()), in), `shape "long": schema of sdk_test.badTags`},
	} {
		_, err := test.c.Compile()
		for _, who := range []string{`action "read_state": `, `trigger "states": `} {
			if err == nil || !strings.Contains(err.Error(), who) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// Playbooks of one poll may read different shapes of one event.
func TestShapesOfATriggerComeTogether(t *testing.T) {
	shapes := map[string]sdk.Shape{"long": sdk.ShapeOf[long]()}
	for want, c := range map[string]sdk.Connector[settings, *client]{
		"needs a parameter also, a list of them":                               inShapes(shapes, onlyFormat{Format: "short"}),
		"the parameter also offers long, but there are the shapes long, short": inShapes(shapes, wrongAlso{onlyFormat: onlyFormat{"short"}}),
	} {
		_, err := c.Compile()
		if err == nil || !strings.Contains(err.Error(), `trigger "states": `) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "action") {
			t.Errorf("%v", err)
		}
	}
}

func TestShapesOfAnEvent(t *testing.T) {
	c := connector()
	c.Triggers = []sdk.AnyTrigger[*client]{sdk.Trigger[*client, formatInput, place, short]{
		Name: "states", Title: "States", Summary: "States.", Docs: "https://docs.example", Every: 1,
		Poll: func(_ context.Context, _ *client, p formatInput, _ place) (sdk.Page[place, short], error) {
			e := sdk.Event[short]{ID: "1", Data: short{"a"}}
			for _, name := range p.Also {
				e.Shapes = map[string]short{name: {"in " + name}}
			}
			return sdk.Page[place, short]{Events: []sdk.Event[short]{e}}, nil
		},
	}}
	b, err := c.Compile()
	if err != nil {
		t.Fatal(err)
	}
	s, err := b.Open(t.Context(), json.RawMessage(goodSettings))
	if err != nil {
		t.Fatal(err)
	}
	for params, want := range map[string]map[string]json.RawMessage{
		`{}`:                nil,
		`{"also":["long"]}`: {"long": json.RawMessage(`{"n":"in long"}`)},
	} {
		page, err := s.Poll(t.Context(), "states", json.RawMessage(params), nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, page.Events[0].Shapes); diff != "" || string(page.Events[0].Data) != `{"n":"a"}` {
			t.Errorf("%s: %s, %s", params, page.Events[0].Data, diff)
		}
	}
}
