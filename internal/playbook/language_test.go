package playbook

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"cel.dev/cel-go/common/types"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"soar.example/okta/internal/oktasim/filter"
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
		`filter: actor.id eq pre${{ raw.x }}`:                              "on each side of it",
		`filter: actor.id eq ${{ raw.x }}post`:                             "on each side of it",
		`filter: actor.id eq ${{ raw.x }}${{ raw.y }}`:                     "on each side of it",
		`filter: ${{ raw.x }}`:                                             "the structure of a filter must be in the file",
		`filter: '${{ "actor.id eq " + raw.x }}'`:                          "the structure of a filter must be in the file",
		`path: ${{ raw.x }}`:                                               "the structure of a path must be in the file",
		`query: ${{ raw.x }}`:                                              "the members must be in the file",
		`query: {filter: 'x eq "${{ raw.x }}"'}`:                           "write no quotes around it",
		`query: {filter: '${{ raw.x }}'}`:                                  "the structure of a filter must be in the file",
	} {
		_, err := compileInput(t, with)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", with, err, want)
		}
	}
}

// TestSegments checks which values are one segment of a path.
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

// hostile are texts that try to change the structure of a filter.
var hostile = []string{
	`"`, `\`, `\"`, `\\"`, `\u0022`, `" or a pr or "`, `" or a pr or x eq "`, `nobody" or eventType sw "user`, `") or (a eq "`, `"))`, `)`, `(`, "and",
	`" and not (a pr) and b eq "`,
	"x\" or\ta pr\nor b eq \"", "\x00", "\x00\" or a pr", "\u2028", "\u201d or a pr or b eq \u201c", "\xff\" or a pr", "\xc0\xa2 or a pr", "\u202e\" rp a ro",
	"'", "' or a pr or '",
	"${{ raw.y }}", `$${{`, "%22 or a pr", "&quot; or a pr", "<", "true", "null", "5", "", " ", strings.Repeat(`"`, 1000), strings.Repeat(`\`, 999),
	strings.Repeat("(", 500),
}

// TestValuesKeepTheTree compares the syntax trees that the embedded org parses. A value changes
// one comparison's value in the tree of the file's filter, and nothing else.
func TestValuesKeepTheTree(t *testing.T) {
	for _, form := range []string{
		`a eq X and b eq "c"`, `not (a eq X) or (b co "c" and c pr)`, `(a sw X)`, `b eq "\"" and (a gt X or c eq "\\")`, "b pr or\ta eq X or c eq 5",
		`a eq X or a eq X`,
	} {
		raw, err := marshal(map[string]string{"filter": strings.ReplaceAll(form, "X", "${{ raw.x }}")})
		if err != nil {
			t.Fatal(err)
		}
		v, err := compileInput(t, string(raw))
		if err != nil {
			t.Fatal(err)
		}
		check := func(x, want any) error {
			e := evaluation{binding: binding{"raw": map[string]any{"x": x}}}
			got, _ := v.eval(&e)
			if e.wrong != nil {
				return fmt.Errorf("%v", e.wrong)
			}
			made := got.(map[string]any)["filter"].(string)
			tree, err := parseFilter(made)
			if err != nil {
				return fmt.Errorf("%s: %w", made, err)
			}
			wanted, err := parseFilter(strings.ReplaceAll(form, "X", `"harmless"`))
			if err != nil {
				return err
			}
			for _, c := range wanted.Comparisons() {
				if c.Value == "harmless" {
					c.Value = want
				}
			}
			if diff := cmp.Diff(wanted, tree, cmp.AllowUnexported(filter.Expression{})); diff != "" {
				return fmt.Errorf("%s (-want +got):\n%s", made, diff)
			}
			return nil
		}
		values := map[any]any{int64(5): json.Number("5"), int64(-1): json.Number("-1"), 1.5: json.Number("1.5"), true: true, false: false, "harmless": "harmless"}
		for _, text := range hostile {
			values[text] = strings.ToValidUTF8(text, "\ufffd")
		}
		for x, want := range values {
			if err := check(x, want); err != nil {
				t.Errorf("%s with %q: %v", form, x, err)
			}
		}
		rapid.Check(t, func(t *rapid.T) {
			text := strings.Join(rapid.SliceOf(rapid.OneOf(rapid.String(), rapid.SampledFrom(hostile))).Draw(t, "texts"), "")
			if err := check(text, strings.ToValidUTF8(text, "\ufffd")); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
		})
	}
}

func parseFilter(text string) (*filter.Expression, error) {
	return filter.Parse(text, filter.Rules{Negation: true, Allows: func(string, string) bool { return true }})
}
