package playbook

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"cel.dev/cel-go/common/types"
	"pgregory.net/rapid"

	"soar.example/okta/schema"
)

// languageInput is the schema of an action whose inputs are expressions.
const languageInput = `{"type": "object", "properties": {
	"filter": {"type": "string", "x-language": "scim_filter"},
	"path": {"type": "string", "x-language": "url_path"},
	"query": {"type": "object", "properties": {"filter": {"type": ["string", "number"], "x-language": "scim_filter"}}, "additionalProperties": {"type": "string"}},
	"text": {"type": "string"}}}`

// compileInput compiles one "with", whose expressions read raw and vars.
func compileInput(t testing.TB, with string) (*value, error) {
	t.Helper()
	of, err := schema.Parse(json.RawMessage(languageInput))
	if err != nil {
		t.Fatal(err)
	}
	c := testCompiler(t, map[string]*types.Type{"raw": types.DynType, "vars": types.NewMapType(types.StringType, types.DynType)})
	c.report = newReport("x", with)
	vars := binding{"vars": map[string]any{"filter": `status eq "ACTIVE"`}}
	in := inputs{loader: &loader{report: c.report, compiler: c, objects: c.objects, constants: vars}, reader: afterAll, evaluated: map[string]bool{}}
	root := c.parseYAML(with)
	if root == nil {
		return nil, c.err()
	}
	return in.value(root, of.Root(), "", false), c.err()
}

func TestLanguagesAreChecked(t *testing.T) {
	for with, want := range map[string]string{
		`filter: actor.id eq ${{ raw.x }}`:                                 "",
		`filter: (actor.id eq ${{ raw.x }}) and x eq ${{ raw.y }}`:         "",
		`filter: actor.id eq "a\"b" and x eq ${{ raw.x }}`:                 "",
		`filter: actor.id eq "fixed"`:                                      "",
		`filter: ${{ vars.filter }}`:                                       "",
		`filter: '${{ "status eq " + string(1) }}'`:                        "",
		`text: say "${{ raw.x }}"`:                                         "",
		`text: ${{ raw.x }}`:                                               "",
		`path: /api/v1/users/${{ raw.x }}/groups`:                          "",
		`query: {limit: "${{ raw.x }}", filter: 'x eq ${{ raw.y }}'}`:      "",
		`filter: actor.id eq "${{ raw.x }}"`:                               "write no quotes around it",
		`filter: actor.id eq "pre ${{ raw.x }} post"`:                      "write no quotes around it",
		`filter: 'a eq "\"${{ raw.x }}"'`:                                  "write no quotes around it",
		`filter: 'a eq "b" and c eq "${{ raw.x }}" and d eq ${{ raw.y }}'`: "write no quotes around it",
		`filter: actor.id eq pre${{ raw.x }}`:                              "must stand on each side",
		`filter: actor.id eq ${{ raw.x }}post`:                             "must stand on each side",
		`filter: actor.id eq ${{ raw.x }}${{ raw.y }}`:                     "must stand on each side",
		`filter: ${{ raw.x }}`:                                             "the structure of a filter must stand in the file",
		`filter: '${{ "actor.id eq " + raw.x }}'`:                          "the structure of a filter must stand in the file",
		`path: ${{ raw.x }}`:                                               "the structure of a path must stand in the file",
		`query: ${{ raw.x }}`:                                              "the members must stand in the file",
		`query: {filter: 'x eq "${{ raw.x }}"'}`:                           "write no quotes around it",
		`query: {filter: '${{ raw.x }}'}`:                                  "the structure of a filter must stand in the file",
	} {
		_, err := compileInput(t, with)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", with, err, want)
		}
	}
}

// TestSegments says which values are one segment of a path.
func TestSegments(t *testing.T) {
	v, err := compileInput(t, `path: /api/v1/users/${{ raw.x }}/groups`)
	if err != nil {
		t.Fatal(err)
	}
	for text, ok := range map[string]bool{
		"00u1": true, "alice@corp.example": true, "élodie@corp.example": true, "a.b": true, "a b": true,
		"": false, ".": false, "..": false, "...": false, "a/b": false, "../groups/1": false, "a?x=1": false, "a#b": false, "a%2fb": false, `a\b`: false, "/": false,
	} {
		e := evaluation{binding: binding{"raw": map[string]any{"x": text}}}
		got, _ := v.eval(&e)
		if ok != (e.wrong == nil) {
			t.Errorf("%q: %v", text, e.wrong)
		}
		if path := fmt.Sprint(got.(map[string]any)["path"]); ok && path != "/api/v1/users/"+text+"/groups" {
			t.Errorf("%q: %s", text, path)
		}
	}
}

// TestValuesKeepTheStructure says that a value of any text is one literal of a
// filter, and means itself.
func TestValuesKeepTheStructure(t *testing.T) {
	v, err := compileInput(t, `filter: a eq ${{ raw.x }} and b eq "c"`)
	if err != nil {
		t.Fatal(err)
	}
	filterOf := func(x any) string {
		e := evaluation{binding: binding{"raw": map[string]any{"x": x}}}
		got, _ := v.eval(&e)
		if e.wrong != nil {
			t.Fatalf("%v: %v", x, e.wrong)
		}
		return got.(map[string]any)["filter"].(string)
	}
	for x, want := range map[any]string{int64(5): "5", true: "true", 1.5: "1.5", "5": `"5"`, `nobody" or eventType sw "user`: `"nobody\" or eventType sw \"user"`} {
		if got := filterOf(x); got != "a eq "+want+` and b eq "c"` {
			t.Errorf("%v: %s", x, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{`"`, `\`, `\"`, `" or a pr or "`, "\x00", "\u2028", `") or ("`})).Draw(t, "text")
		literal := strings.TrimSuffix(strings.TrimPrefix(filterOf(text), "a eq "), ` and b eq "c"`)
		var back string
		if err := json.Unmarshal([]byte(literal), &back); err != nil || back != strings.ToValidUTF8(text, "\ufffd") {
			t.Fatalf("%q became %s: %v", text, literal, err)
		}
	})
}
