package sdk_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"soar.example/okta/sdk"
)

// careless is an input whose author reads dry_run in one of two ways, or not at all.
type careless struct {
	DryRun bool   `json:"dry_run,omitempty" jsonschema:"title=Dry run" jsonschema_description:"Change nothing."`
	Report string `json:"report,omitempty" jsonschema:"title=Report" jsonschema_description:"Output to return."`
}

func (careless) IsDryRun() bool { return false }

type careful struct{ careless }

func (in careful) IsDryRun() bool { return in.DryRun }

type batch struct {
	Outcome sdk.Outcome            `json:"outcome,omitempty" jsonschema_description:"Outcome."`
	Before  map[string]any         `json:"before,omitempty" jsonschema_description:"Before."`
	After   *item                  `json:"after,omitempty" jsonschema_description:"After."`
	Items   []item                 `json:"items,omitempty" jsonschema_description:"Items."`
	ByName  map[string]item        `json:"by_name,omitempty" jsonschema_description:"Items by name."`
	Body    map[string]interface{} `json:"body,omitempty" jsonschema_description:"Any JSON."`
}

type item struct {
	Outcome sdk.Outcome `json:"outcome,omitempty" jsonschema_description:"Outcome."`
	Steps   []struct {
		Outcome string `json:"outcome,omitempty" jsonschema_description:"Outcome."`
	} `json:"steps,omitempty" jsonschema_description:"Steps."`
}

func report(in careless) (out batch, err error) {
	err = json.Unmarshal([]byte(in.Report), &out)
	return out, err
}

func carelessAction[In any](name string, effect sdk.Effect, of func(In) careless) sdk.Action[*client, In, batch] {
	return sdk.Action[*client, In, batch]{
		Name: name, Title: "Set", Summary: "Sets states.", Docs: "https://docs.example/set", Effect: effect,
		Run: func(_ context.Context, _ *client, in In) (batch, error) { return report(of(in)) },
	}
}

// TestDryRunIsEnforced checks that an action that reports a change in a dry run fails.
func TestDryRunIsEnforced(t *testing.T) {
	c := connector()
	itself := func(in careless) careless { return in }
	c.Actions = []sdk.AnyAction[*client]{
		carelessAction("forgets", sdk.Writes, itself),
		carelessAction("destroys", sdk.Destroys, itself),
		carelessAction("reads", sdk.Reads, itself),
		carelessAction("heeds", sdk.Writes, func(in careful) careless { return in.careless }),
	}
	b, err := c.Compile()
	if err != nil {
		t.Fatal(err)
	}
	s, err := b.Open(t.Context(), json.RawMessage(goodSettings))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for report, broken := range map[string]map[string]bool{
		`{"outcome":"changed"}`:   {"writes": true, "reads": true},
		`{"outcome":"partial"}`:   {"writes": true, "reads": true},
		`{"outcome":"accepted"}`:  {"writes": true, "reads": true},
		`{"outcome":"done"}`:      {"writes": true},
		`{}`:                      {"writes": true},
		`{"outcome":"planned"}`:   {},
		`{"outcome":"unchanged"}`: {}, `{"outcome":"not_applicable"}`: {},
		`{"outcome":"planned","items":[{"outcome":"planned"},{"outcome":"changed"}]}`:                                           {"writes": true, "reads": true},
		`{"outcome":"planned","items":[{"outcome":"planned","steps":[{"outcome":"partial"}]}]}`:                                 {"writes": true, "reads": true},
		`{"outcome":"planned","by_name":{"a":{"outcome":"changed"}}}`:                                                           {"writes": true, "reads": true},
		`{"outcome":"planned","before":{"outcome":"changed"},"after":{"outcome":"changed"},"body":{"x":{"outcome":"changed"}}}`: {},
		`{"outcome":"planned","items":[{"outcome":"failed"}]}`:                                                                  {},
	} {
		for _, name := range []string{"forgets", "destroys", "reads", "heeds"} {
			kind := "writes"
			if name == "reads" {
				kind = name
			}
			for _, dry := range []bool{true, false} {
				input, err := json.Marshal(map[string]any{"dry_run": dry, "report": report})
				if err != nil {
					t.Fatal(err)
				}
				result, err := s.Run(t.Context(), name, input)
				if dry && broken[kind] {
					wantError(t, err, sdk.Internal, name+" broke its dry run")
				} else if err != nil {
					t.Errorf("%s, dry run %t, %s: %v", name, dry, report, err)
				}
				if !strings.Contains(string(result.Output), strings.Trim(report, "{}")) {
					t.Errorf("%s: the output %s was not handed on", report, result.Output)
				}
			}
		}
	}
}
