package sdk_test

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

var update = flag.Bool("update", false, "write the golden files anew")

type (
	connectorOf = sdk.Connector[settings, *client]
	setOf       = sdk.Action[*client, setInput, setOutput]
	ticksOf     = sdk.Trigger[*client, pollParams, place, tick]
)

type ruled struct {
	A int `json:"a" jsonschema:"title=A" jsonschema_description:"A."`
}

func (r ruled) Validate() error {
	if r.A == 0 {
		return sdk.InvalidField("/a", "must not be 0")
	}
	return nil
}

type badTags struct {
	A string `json:"a" jsonschema:"minLenght=1" jsonschema_description:"A."`
}

// TestCompileRefuses holds one mistake of an author's at a time.
func TestCompileRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(c *connectorOf, a *setOf, p *ticksOf)
		want   string
	}{
		"no name":                {func(c *connectorOf, _ *setOf, _ *ticksOf) { c.Name = "" }, `name "" is not snake_case`},
		"name with capitals":     {func(_ *connectorOf, a *setOf, _ *ticksOf) { a.Name = "setState" }, `action "setState": name "setState" is not snake_case`},
		"name with two dashes":   {func(_ *connectorOf, a *setOf, _ *ticksOf) { a.Name = "set__state" }, "is not snake_case"},
		"name with a line's end": {func(_ *connectorOf, a *setOf, _ *ticksOf) { a.Name = "set_state\n" }, "is not snake_case"},
		"name too long":          {func(_ *connectorOf, _ *setOf, p *ticksOf) { p.Name = strings.Repeat("a", 65) }, "of at most 64 letters"},
		"no title":               {func(c *connectorOf, _ *setOf, _ *ticksOf) { c.Title = "" }, "needs a title and a summary"},
		"blank title":            {func(_ *connectorOf, a *setOf, _ *ticksOf) { a.Title = " \t" }, "needs a title and a summary"},
		"no summary":             {func(_ *connectorOf, _ *setOf, p *ticksOf) { p.Summary = "" }, "needs a title and a summary"},
		"no link":                {func(c *connectorOf, _ *setOf, _ *ticksOf) { c.Docs = "" }, `documentation link "" is not an https address`},
		"http link":              {func(_ *connectorOf, a *setOf, _ *ticksOf) { a.Docs = "http://docs.example" }, "is not an https address"},
		"link without a host":    {func(_ *connectorOf, _ *setOf, p *ticksOf) { p.Docs = "https:docs" }, "is not an https address"},
		"no version":             {func(c *connectorOf, _ *setOf, _ *ticksOf) { c.Version = "" }, `version "" is not a semantic version`},
		"version of two numbers": {func(c *connectorOf, _ *setOf, _ *ticksOf) { c.Version = "1.2" }, "is not a semantic version"},
		"version with a v":       {func(c *connectorOf, _ *setOf, _ *ticksOf) { c.Version = "v1.2.3" }, "is not a semantic version"},
		"version with a zero":    {func(c *connectorOf, _ *setOf, _ *ticksOf) { c.Version = "1.02.3" }, "is not a semantic version"},
		"version with dots":      {func(c *connectorOf, _ *setOf, _ *ticksOf) { c.Version = "1.2.3-a..b" }, "is not a semantic version"},
		"no Open":                {func(c *connectorOf, _ *setOf, _ *ticksOf) { c.Open = nil }, "needs both Open and Check"},
		"no Check":               {func(c *connectorOf, _ *setOf, _ *ticksOf) { c.Check = nil }, "needs both Open and Check"},
		"no effect":              {func(_ *connectorOf, a *setOf, _ *ticksOf) { a.Effect = "" }, `unknown effect ""`},
		"no Run":                 {func(_ *connectorOf, a *setOf, _ *ticksOf) { a.Run = nil }, "has no Run"},
		"no Poll":                {func(_ *connectorOf, _ *setOf, p *ticksOf) { p.Poll = nil }, "has no Poll"},
		"no interval":            {func(_ *connectorOf, _ *setOf, p *ticksOf) { p.Every = 0 }, "has no interval"},
		"interval before now":    {func(_ *connectorOf, _ *setOf, p *ticksOf) { p.Every = -1 }, "has no interval"},
		"undo that is not there": {func(_ *connectorOf, a *setOf, _ *ticksOf) { a.Undo = "unset_state" }, `undo "unset_state" is not an action that writes`},
		"undo that only reads":   {func(_ *connectorOf, a *setOf, _ *ticksOf) { a.Undo = "get_state" }, `undo "get_state" is not an action that writes`},
		"undo that is a trigger": {func(_ *connectorOf, a *setOf, _ *ticksOf) { a.Undo = "ticks" }, `undo "ticks" is not an action that writes`},
		"example without a name": {func(_ *connectorOf, a *setOf, _ *ticksOf) { a.Example.Input.Name = "" },
			"example input: does not follow its own schema: /name: minLength"},
		"example across fields": {func(_ *connectorOf, a *setOf, _ *ticksOf) { a.Example.Input.Name = "plain" },
			"example input: it is not valid: plain names are refused"},
		"example answer": {func(_ *connectorOf, a *setOf, _ *ticksOf) { a.Example.Output.Outcome = "done" },
			"example output: does not follow its own schema: /outcome: value must be one of"},
		"action twice":  {func(c *connectorOf, a *setOf, _ *ticksOf) { c.Actions = append(c.Actions, *a) }, `action "set_state" is there twice`},
		"trigger twice": {func(c *connectorOf, _ *setOf, p *ticksOf) { c.Triggers = append(c.Triggers, *p) }, `trigger "ticks" is there twice`},
		"nil action":    {func(c *connectorOf, _ *setOf, _ *ticksOf) { c.Actions = append(c.Actions, nil) }, "action 1 is nil"},
		"nil trigger":   {func(c *connectorOf, _ *setOf, _ *ticksOf) { c.Triggers = append(c.Triggers, nil) }, "trigger 1 is nil"},
		"write without an answer": {func(c *connectorOf, _ *setOf, _ *ticksOf) { c.Actions = append(c.Actions, mute) },
			`action "mute": it writes, so its output must have "before"`},
		"write without subjects": {func(c *connectorOf, _ *setOf, _ *ticksOf) { c.Actions = append(c.Actions, mute) },
			`it writes, so its output must have "subjects"`},
		"undo that the output does not list": {func(*connectorOf, *setOf, *ticksOf) {}, `it writes, so its output must have "undo"`},
		"write without dry run": {func(c *connectorOf, _ *setOf, _ *ticksOf) { c.Actions = append(c.Actions, blind) },
			"must be able to ask for a dry run"},
		"input's tags": {func(c *connectorOf, _ *setOf, _ *ticksOf) { c.Actions = append(c.Actions, mistagged) },
			`action "mistagged": input: schema of sdk_test.badTags: sdk_test.badTags.A: keyword "minLenght=1"`},
		"output's tags": {func(c *connectorOf, _ *setOf, _ *ticksOf) { c.Actions = append(c.Actions, mistagged) },
			`action "mistagged": output: schema of sdk_test.badTags`},
		"params' tags": {func(c *connectorOf, _ *setOf, _ *ticksOf) {
			c.Triggers = append(c.Triggers, sdk.Trigger[*client, badTags, place, badTags]{Name: "mistagged"})
		}, `trigger "mistagged": params: schema of sdk_test.badTags`},
		"event's tags": {func(c *connectorOf, _ *setOf, _ *ticksOf) {
			c.Triggers = append(c.Triggers, sdk.Trigger[*client, badTags, place, badTags]{Name: "mistagged"})
		}, `trigger "mistagged": event: schema of sdk_test.badTags`},
		"example of rules": {func(c *connectorOf, _ *setOf, _ *ticksOf) {
			c.Actions = append(c.Actions, sdk.Action[*client, ruled, getOutput]{Name: "ruled", Effect: sdk.Reads})
		}, `action "ruled": example input: it is not valid: /a: must not be 0`},
	} {
		t.Run(name, func(t *testing.T) {
			con, a, p := connector(), setAction, tickTrigger
			con.Actions, con.Triggers = nil, nil
			c.change(&con, &a, &p)
			con.Actions = append([]sdk.AnyAction[*client]{a}, con.Actions...)
			if strings.HasPrefix(name, "undo") {
				con.Actions = append(con.Actions, getAction)
			}
			con.Triggers = append([]sdk.AnyTrigger[*client]{p}, con.Triggers...)
			b, err := con.Compile()
			if err == nil {
				b, err = nil, sdk.Verify(b)
			}
			if err == nil {
				t.Fatal("was taken")
			}
			if b != nil {
				t.Error("there is a backend beside the error")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

var blind = sdk.Action[*client, getInput, setOutputless]{
	Name: "blind", Title: "Blind", Summary: "Blind.", Docs: "https://docs.example", Effect: sdk.Writes,
	Run: func(context.Context, *client, getInput) (setOutputless, error) { return setOutputless{}, nil },
}

var mute = sdk.Action[*client, setInput, setOutputless]{
	Name: "mute", Title: "Mute", Summary: "Mute.", Docs: "https://docs.example", Effect: sdk.Writes,
	Example: sdk.Example[setInput, setOutputless]{Input: setAction.Example.Input},
	Run:     func(context.Context, *client, setInput) (setOutputless, error) { return setOutputless{}, nil },
}

type setOutputless struct {
	Outcome string `json:"outcome" jsonschema_description:"Outcome."`
}

var mistagged = sdk.Action[*client, badTags, badTags]{Name: "mistagged", Effect: sdk.Reads}

func TestCompileSaysAllAtOnce(t *testing.T) {
	c := sdk.Connector[badTags, *client]{
		Name:     "Bad",
		Actions:  []sdk.AnyAction[*client]{mistagged, setOf{Name: "x"}, nil},
		Triggers: []sdk.AnyTrigger[*client]{ticksOf{Name: "y"}},
	}
	_, err := c.Compile()
	if err == nil {
		t.Fatal("was taken")
	}
	for _, want := range []string{
		`connector "Bad": name "Bad" is not snake_case`, "needs a title and a summary", "is not an https address", "is not a semantic version",
		"needs both Open and Check",
		"settings: schema of sdk_test.badTags", `action "mistagged": has no Run`, `action "mistagged": input: `, `action "mistagged": output: `,
		`action "x": unknown effect ""`, `action "x": has no Run`, "action 2 is nil", `trigger "y": has no interval`, `trigger "y": has no Poll`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in\n%v", want, err)
		}
	}
}

func TestCompileTakesVersions(t *testing.T) {
	for _, v := range []string{"0.0.0", "1.2.3", "10.20.30-rc.1+build.5", "1.0.0-0a", "1.0.0+001", "1.0.0-x-y-z"} {
		c := connector()
		c.Version = v
		if _, err := c.Compile(); err != nil {
			t.Errorf("%s: %v", v, err)
		}
	}
}

func TestCompileOfNothing(t *testing.T) {
	c := connector()
	c.Actions, c.Triggers = nil, nil
	b, err := c.Compile()
	if err != nil {
		t.Fatal(err)
	}
	m, err := b.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(m)
	if err != nil || !strings.Contains(string(raw), `"actions":[],"triggers":[]`) {
		t.Errorf("got %s, %v", raw, err)
	}
}

// TestManifest guards the document that hosts and builders read, and that it is
// the same after a journey as JSON.
func TestManifest(t *testing.T) {
	m, err := compiled(t).Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	raw = append(raw, '\n')
	const file = "testdata/manifest.json"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(raw)); diff != "" {
		t.Errorf("%s (-want +got), -update accepts it:\n%s", file, diff)
	}
	var back sdk.Manifest
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	again, err := json.MarshalIndent(&back, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(raw), string(again)+"\n"); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(string(raw), "null") {
		t.Error("a list is null")
	}
	for _, part := range []sdk.JSON{back.Settings, back.ErrorInfo, back.Actions[0].Input, back.Actions[0].Output, back.Triggers[0].Params,
		back.Triggers[0].Event} {
		if _, err := schema.Parse(json.RawMessage(part)); err != nil {
			t.Errorf("%s: %v", part, err)
		}
	}
}

func TestManifestFollowsItsSchema(t *testing.T) {
	s, err := schema.Output[sdk.Manifest]()
	if err != nil {
		t.Fatal(err)
	}
	m, err := compiled(t).Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if v := s.Check(raw); v != nil {
		t.Error(v)
	}
}

func TestManifestNames(t *testing.T) {
	m, err := compiled(t).Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"set_state", "get_state"}, m.ActionNames()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"ticks"}, m.TriggerNames()); diff != "" {
		t.Error(diff)
	}
	if m.Action("get_state").Title != "Get state" || m.Trigger("ticks").Every.String() != "1m0s" {
		t.Errorf("got %+v, %+v", m.Action("get_state"), m.Trigger("ticks"))
	}
	if m.Action("ticks") != nil || m.Trigger("get_state") != nil || new(sdk.Manifest).Action("") != nil {
		t.Error("there is something of that name")
	}
}

func TestJSONKeepsBytes(t *testing.T) {
	const doc = `{ "a":1.0 }`
	var j sdk.JSON
	if err := json.Unmarshal([]byte(doc), &j); err != nil || string(j) != doc {
		t.Errorf("got %s, %v", j, err)
	}
	if b, err := json.Marshal(sdk.JSON(nil)); err != nil || string(b) != "null" {
		t.Errorf("got %s, %v", b, err)
	}
}

// TestDefaultTitle checks that an action and a trigger without a title get their name
// in words.
func TestDefaultTitle(t *testing.T) {
	set := setAction
	set.Title, set.Undo = "", ""
	for name, want := range map[string]string{"block_ip": "Block IP", "lamp": "Lamp", "set_okta_ids_2": "Set Okta IDs 2"} {
		set.Name = name
		c := connector()
		c.Actions = []sdk.AnyAction[*client]{set}
		b, err := c.Compile()
		if err != nil {
			t.Fatal(err)
		}
		m, err := b.Manifest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Actions[0].Title; got != want {
			t.Errorf("%s: the title is %q, want %q", name, got, want)
		}
		if got := m.Trigger("ticks").Title; got != "Ticks" {
			t.Errorf("the trigger's title is %q", got)
		}
	}
}
