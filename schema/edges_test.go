package schema_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/schema"
)

func TestTypeName(t *testing.T) {
	for raw, want := range map[string]string{
		`{}`:                                    "any",
		`{"type":"string"}`:                     "string",
		`{"type":["string","null"]}`:            "string",
		`{"type":["integer","string"]}`:         "integer|string",
		`{"type":"string","format":"uri"}`:      "string (uri)",
		`{"enum":["a",1,null]}`:                 "a|1|null",
		`{"items":{"type":"boolean"}}`:          "array of boolean",
		`{"items":{"enum":["x","y"]}}`:          "array of x|y",
		`{"type":"array","items":{"items":{}}}`: "array of array of any",
	} {
		if got := parse(t, raw).Root().TypeName(); got != want {
			t.Errorf("%s: got %q, want %q", raw, got, want)
		}
	}
}

func TestHasLanguage(t *testing.T) {
	for raw, want := range map[string]bool{
		`{"type":"string"}`:                   false,
		`{"x-language":"scim_filter"}`:        true,
		`{"items":{"x-language":"url_path"}}`: true,
		`{"additionalProperties":false}`:      false,
		`{"properties":{"a":{},"b":{"items":{"additionalProperties":{"x-language":"url_path"}}}}}`: true,
		`{"properties":{"a":{},"b":{"items":{"additionalProperties":{"x-truncate":30}}}}}`:         false,
	} {
		if got := parse(t, raw).Root().HasLanguage(); got != want {
			t.Errorf("%s: got %t", raw, got)
		}
	}
}

// TestLanguageLint checks where a tag may have the keyword x-language.
func TestLanguageLint(t *testing.T) {
	type fine struct {
		A string `json:"a" jsonschema_extras:"x-language=scim_filter" jsonschema_description:"A."`
	}
	if n := input[fine](t).Root().Property("a"); n.Language != schema.SCIMFilter {
		t.Errorf("the language is %q", n.Language)
	}
	type unknown struct {
		A string `json:"a" jsonschema_extras:"x-language=sql" jsonschema_description:"A."`
	}
	type number struct {
		A int `json:"a" jsonschema_extras:"x-language=url_path" jsonschema_description:"A."`
	}
	_, inOutput := schema.Output[fine]()
	_, ofUnknown := schema.Input[unknown]()
	_, ofNumber := schema.Input[number]()
	for want, err := range map[string]error{
		`x-language "sql" is not one of scim_filter, url_path on a text`:      ofUnknown,
		`x-language "url_path" is not one of scim_filter, url_path on a text`: ofNumber,
		`unknown extra "x-language=scim_filter"`:                              inOutput,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestHidden checks which values Hidden lists for an original and a masked document.
func TestHidden(t *testing.T) {
	for _, c := range []struct {
		doc, masked string
		want        []string
	}{
		{`{"a":"x","b":7}`, `{"a":"x","b":7}`, nil},
		{`{"a":"x","b":7}`, `{"a":"********","b":7}`, []string{"x"}},
		{`{"a":"x","b":7}`, `{"a":"x","b":"********"}`, []string{"7"}},
		{`{"a":{"b":["x",1.50,true,null]},"c":"y"}`, `{"a":"********","c":"y"}`, []string{"x", "1.50"}},
		{`{"a":["x","y"]}`, `{"a":["x","********"]}`, []string{"y"}},
		{`{"a":["x","y"]}`, `{"a":"********"}`, []string{"x", "y"}},
		{`{"a":["x","y"]}`, `{"a":["********"]}`, nil},
		{`{"a":"x"}`, `"********"`, []string{"x"}},
		{`{"a":"x"`, `"********"`, nil},
		{`{"a":"x"}`, `{"a":`, nil},
		{`{"a":"x"}`, `7`, nil},
	} {
		got := schema.Hidden(json.RawMessage(c.doc), json.RawMessage(c.masked))
		slices.Sort(got)
		slices.Sort(c.want)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s masked as %s: %s", c.doc, c.masked, diff)
		}
	}
}

// TestMaskTextEdges checks the limits of the rules by which MaskText recognizes secrets.
func TestMaskTextEdges(t *testing.T) {
	for text, want := range map[string]string{
		// A scheme is found wherever it is in the text, in either case.
		"ssws 00abcdef":            "ssws ********",
		"SSWS 00abcdef":            "SSWS ********",
		"x sswS 00abcdef":          "x sswS ********",
		"Basic user12":             "Basic ********",
		"Basic dXNlcjpwYXNz":       "Basic ********",
		"Basic plumbing":           "Basic plumbing",
		"Basic YWJj":               "Basic YWJj",
		"DPoP abcdef":              "DPoP ********",
		"dpop abcde":               "dpop abcde",
		"Bearer abcdef":            "Bearer ********",
		"Bearer abcde":             "Bearer abcde",
		"Bearer token":             "Bearer token",
		"SSWS token":               "SSWS token",
		"Authorization Basic abcd": "Authorization Basic ********",
		// An escaped byte counts as the byte.
		`\u0074oken=abc&x`:       `\u0074oken=********&x`,
		`\u0070assword\u003dabc`: `\u0070assword\u003d********`,
		`%74oken=abc`:            `%74oken=********`,
		`%7Aoken=abc`:            `%7Aoken=abc`,
		`\u00c4token=abc`:        `\u00c4token=********`,
		`\u0174oken=abc`:         `\u0174oken=abc`,
		`\u00gtoken=abc`:         `\u00gtoken=********`,
		// A word after a colon is a secret if it looks generated.
		"password: hunter2":   "password: ********",
		"password: forgotten": "password: forgotten",
		"password: Forgotten": "password: Forgotten",
		"password: aBcDef":    "password: ********",
		"password: AbCdef":    "password: AbCdef",
		"password: abcdeF":    "password: abcdeF",
		"password: ABCDEF":    "password: ABCDEF",
		"password: ABCDEf":    "password: ********",
		"password: abcd1":     "password: abcd1",
		"password: abcde1":    "password: ********",
		"clientSecret: abcd":  "clientSecret: ********",
		"clientSecret: abc":   "clientSecret: abc",
		// An array or object belongs to a quoted name with a colon, up to its last bracket.
		`{"token":{"a":[1,{"b":2}]},"c":3}`: `{"token":********,"c":3}`,
		`{"token":[1,[2]],"c":3}`:           `{"token":********,"c":3}`,
		`{"token":[1,[2`:                    `{"token":********`,
		"a cookie: a few words":             "a cookie: a few words",
		"a cookie: sid=1 more":              "a cookie: ********",
		"'token' = x":                       "'token' = ********",
		"token  :  abcdef12":                "token  :  ********",
		"token == abcdef12":                 "token == ********",
		"token :=abcdef12":                  "token :********",
		// A name begins at most 64 bytes before its separator.
		strings.Repeat("x", 60) + "token=abc": strings.Repeat("x", 60) + "token=********",
		"backup_codes=abc":                    "backup_codes=********",
		"samlResponse=abc&a=b":                "samlResponse=********&a=b",
		"my_code_value=abc":                   "my_code_value=abc",
		"passcodeValue=abc":                   "passcodeValue=********",
		"?code=abc":                           "?code=********",
		"; code=abc":                          "; code=abc",
		"/welcome/abcdef123456":               "/welcome/********",
		"/welcome/abcdefghijkl":               "/welcome/abcdefghijkl",
		"/welcome/abcdef12345":                "/welcome/abcdef12345",
		"00" + strings.Repeat("a", 40):        "********",
		"00" + strings.Repeat("a", 39):        "00" + strings.Repeat("a", 39),
		"00" + strings.Repeat("a", 41):        "00" + strings.Repeat("a", 41),
	} {
		if got := schema.MaskText(text); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// TestMaskNamedTexts checks how JSON within texts is masked.
func TestMaskNamedTexts(t *testing.T) {
	nested := func(depth int) string {
		doc := `{"client_secret":"s"}`
		for range depth {
			raw, err := json.Marshal([]string{doc})
			if err != nil {
				t.Fatal(err)
			}
			doc = string(raw)
		}
		return doc
	}
	for doc, want := range map[string]string{
		`["[{\"pin\":1}]"]`:                 `["[{\"pin\":\"********\"}]"]`,
		`["\"client_secret=s\""]`:           `["\"client_secret=********\""]`,
		`["{\"pin\":"]`:                     `["{\"pin\":"]`,
		`{"backupCodes":["a",1],"Zip":"1"}`: `{"Zip":"1","backupCodes":["********","********"]}`,
	} {
		if got := string(schema.MaskNamed(json.RawMessage(doc))); got != want {
			t.Errorf("%s\n got %s\nwant %s", doc, got, want)
		}
	}
	for _, depth := range []int{1, 7, 8, 9, 12} {
		if got := string(schema.MaskNamed(json.RawMessage(nested(depth)))); strings.Contains(got, `"s`) || !strings.Contains(got, "********") {
			t.Errorf("the secret in %d texts is not masked: %s", depth, got)
		}
	}
}

// TestMaskForeignSchema checks keywords that our own schemas do not use.
func TestMaskForeignSchema(t *testing.T) {
	const secret = `{"writeOnly":true}`
	for name, c := range map[string][3]string{
		"unevaluated members":  {`{"properties":{"a":{}},"unevaluatedProperties":` + secret + `}`, `{"a":1,"b":2}`, `{"a":1,"b":"********"}`},
		"contained elements":   {`{"contains":` + secret + `}`, `[1]`, `["********"]`},
		"unevaluated elements": {`{"unevaluatedItems":` + secret + `}`, `[1]`, `["********"]`},
		"tuple of draft 7": {`{"$schema":"http://json-schema.org/draft-07/schema#","items":[{},` + secret + `],"additionalItems":{}}`,
			`[1,2,3]`, `[1,"********",3]`},
		"items after a tuple of draft 7": {`{"$schema":"http://json-schema.org/draft-07/schema#","items":[{}],"additionalItems":` + secret + `}`,
			`[1,2]`, `[1,"********"]`},
	} {
		if got := string(parse(t, c[0]).Mask(json.RawMessage(c[1]))); got != c[2] {
			t.Errorf("%s: got %s, want %s", name, got, c[2])
		}
	}
}

// TestMessageLength checks that a message repeats at most 100 bytes of a value and does not cut a
// character.
func TestMessageLength(t *testing.T) {
	for value, want := range map[string]string{
		strings.Repeat("a", 100):       strings.Repeat("a", 100) + "'",
		strings.Repeat("a", 101):       strings.Repeat("a", 100) + "…",
		strings.Repeat("a", 99) + "é1": strings.Repeat("a", 99) + "…",
		strings.Repeat("é", 51):        strings.Repeat("é", 50) + "…",
	} {
		got := text(parse(t, `{"pattern":"^x"}`).Check(json.RawMessage(`"` + value + `"`)))
		if !strings.Contains(got, "'"+want) {
			t.Errorf("got %q, want it to contain %q", got, want)
		}
	}
	for value, want := range map[string]bool{strings.Repeat("a", 100): true, strings.Repeat("a", 101): false} {
		if got := text(parse(t, `{"format":"email"}`).Check(json.RawMessage(`"` + value + `"`))); strings.Contains(got, "aaa") != want {
			t.Errorf("%d bytes: got %q", len(value), got)
		}
	}
}

// TestDepth checks the deepest nesting that Check accepts.
func TestDepth(t *testing.T) {
	for depth, want := range map[int]string{1000: "", 1001: "is nested over 1000 levels deep"} {
		doc := strings.Repeat("[", depth) + strings.Repeat("]", depth)
		if got := text(parse(t, `{}`).Check(json.RawMessage(doc))); got != want {
			t.Errorf("depth %d: got %q", depth, got)
		}
	}
	for length, want := range map[int]bool{1100: true, 1101: false} {
		doc := "1." + strings.Repeat("1", length-2)
		if got := parse(t, `{}`).Check(json.RawMessage(doc)) == nil; got != want {
			t.Errorf("a number of %d bytes: got %t", length, got)
		}
	}
}

// TestWholeNumbers checks which numbers WithDefaults writes as digits.
func TestWholeNumbers(t *testing.T) {
	for raw, want := range map[string]string{
		`{"type":"integer"}`:            `1000`,
		`{"type":["integer","number"]}`: `1e3`,
		`{"type":"number"}`:             `1e3`,
		`{}`:                            `1e3`,
	} {
		got, err := parse(t, `{"properties":{"n":`+raw+`}}`).WithDefaults(json.RawMessage(`{"n":1e3}`))
		if err != nil || string(got) != `{"n":`+want+`}` {
			t.Errorf("%s: got %s, %v", raw, got, err)
		}
	}
	got, err := parse(t, `{"properties":{"n":{"type":"integer"}}}`).WithDefaults(json.RawMessage(`{"n":1.5}`))
	if err != nil || string(got) != `{"n":1.5}` {
		t.Errorf("got %s, %v", got, err)
	}
}
