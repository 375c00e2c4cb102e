package sdk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"soar.example/okta/sdk"
)

// TestUndosOf reads the undos and the subjects of outputs.
func TestUndosOf(t *testing.T) {
	for output, want := range map[string]string{
		`{"undo":[{"action":"a","input":{"n":1}}],"subjects":[{"type":"user","id":"1","name":"ann"}]}`: `a {"n":1}; user 1 ann;`,
		`{"undo":[{"action":"a","input":{}},{"subject":"1","action":"b","input":{}}]}`:                 `a {}; b {};`,
		`{"undo":null,"subjects":null}`: "",
		`{"undo":[],"subjects":[]}`:     "",
		`{"outcome":"x"}`:               "",
		`[]`:                            "",
		`null`:                          "",
		``:                              "",
		`{`:                             "",
	} {
		var got strings.Builder
		undos, err := sdk.UndosOf(json.RawMessage(output))
		for _, u := range undos {
			fmt.Fprintf(&got, "%s %s;", u.Action, u.Input)
		}
		subjects, err2 := sdk.SubjectsOf(json.RawMessage(output))
		for _, s := range subjects {
			fmt.Fprintf(&got, "%s %s %s;", s.Type, s.ID, s.Name)
		}
		if err != nil || err2 != nil || got.String() != strings.ReplaceAll(want, "; ", ";") {
			t.Errorf("%s: got %s, %v, %v", output, got.String(), err, err2)
		}
	}
	for _, output := range []string{`{"undo":7}`, `{"undo":{"action":"a","input":{}}}`, `{"undo":["a"]}`, `{"undo":[{"action":7}]}`} {
		if undos, err := sdk.UndosOf(json.RawMessage(output)); err == nil || undos != nil {
			t.Errorf("%s: got %+v", output, undos)
		}
	}
	for _, output := range []string{`{"subjects":7}`, `{"subjects":{}}`, `{"subjects":["a"]}`} {
		if subjects, err := sdk.SubjectsOf(json.RawMessage(output)); err == nil || subjects != nil {
			t.Errorf("%s: got %+v", output, subjects)
		}
	}
}

type (
	undoOfOneObject struct {
		Undo *sdk.Undo `json:"undo,omitempty" jsonschema_description:"Undo."`
	}
	subjectNames struct {
		Subjects []string `json:"subjects" jsonschema_description:"Subjects."`
	}
	listedUndos struct {
		Undo     []sdk.Undo    `json:"undo" jsonschema_description:"Undos."`
		Subjects []sdk.Subject `json:"subjects" jsonschema_description:"Subjects."`
	}
)

// TestMembersOfAnotherType rejects outputs whose undo and subjects a host cannot read.
func TestMembersOfAnotherType(t *testing.T) {
	for want, action := range map[string]sdk.AnyAction[*client]{
		`"undo" must be a []sdk.Undo`:        sdk.Action[*client, getInput, undoOfOneObject]{Name: "a", Effect: sdk.Reads},
		`"subjects" must be a []sdk.Subject`: sdk.Action[*client, getInput, subjectNames]{Name: "a", Effect: sdk.Reads},
		"":                                   sdk.Action[*client, getInput, listedUndos]{Name: "a", Effect: sdk.Reads},
	} {
		con := connector()
		con.Actions = append(con.Actions, action)
		_, err := con.Compile()
		if got := fmt.Sprint(err); strings.Contains(got, "must be a []") != (want != "") || !strings.Contains(got, want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for undo, want := range map[string]bool{"": false, "set_state": true} {
		con := connector()
		con.Actions = append(con.Actions, sdk.Action[*client, getInput, listedUndos]{
			Name: "listed", Title: "Listed", Summary: "Lists.", Docs: "https://docs.example.com/", Effect: sdk.Reads, Undo: undo,
			Run:     func(context.Context, *client, getInput) (out listedUndos, err error) { return out, nil },
			Example: sdk.Example[getInput, listedUndos]{Input: getInput{Name: "a"}},
		})
		b, err := con.Compile()
		if err != nil {
			t.Fatal(err)
		}
		m, err := b.Manifest(t.Context())
		if err != nil || m.Action("listed").ReturnsUndos() != want || m.Action("set_state").ReturnsUndos() {
			t.Errorf("undo %q: %v", undo, err)
		}
	}
}
