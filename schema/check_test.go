package schema_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/schema"
)

func TestCheckReportsAllViolations(t *testing.T) {
	doc := `{"alpha":11,"mode":"quick","ratio":0,"deep":"yes","when":"yesterday","token":"short","hom":1,
		"home":{"city":5,"codes":["a","B","B"]},"places":[{"town":1},{},{}],"by_name":{"a/b~c":{"city":null}}}`
	want := strings.Join([]string{
		"/alpha: maximum: got 11, want 10",
		"/by_name/a~1b~0c/city: got null, want string",
		"/deep: got string, want boolean",
		`/hom: unknown field; did you mean "home"?`,
		"/home/city: got number, want string",
		"/home/codes: items at 1 and 2 are equal",
		"/home/codes/0: 'a' does not match pattern '^[A-Z]+$', as \"AB\" does",
		"/mode: value must be one of 'slow', 'fast,er'",
		"/places: maxItems: got 3, want 2",
		"/places/0/town: unknown field",
		"/ratio: exclusiveMinimum: got 0, want 0",
		"/token: is not of the form that this secret must have",
		"/when: 'yesterday' is not valid date-time",
		"/zulu: is required",
	}, "\n")
	s := input[everything](t)
	for range 20 { // maps have no order, but the violations have
		got := text(s.Check(json.RawMessage(doc)))
		got, _, _ = strings.Cut(got, "date-time:")
		if rest := text(s.Check(json.RawMessage(doc))); strings.Contains(rest, "date-time:") {
			got += "date-time\n/zulu: is required"
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestCheckAccepts(t *testing.T) {
	s := input[everything](t)
	for _, doc := range []string{
		`{"zulu":"z"}`,
		"\n\t {\"zulu\":\"z\"}\r\n",
		`{"zulu":"z","alpha":1e1}`,
		`{"zulu":"z","alpha":10.0}`,
		`{"zulu":"z","any":[null,{"a":[1e308,-1e308,5e-324,0e999999999]}]}`,
		`{"zulu":"\u0000\ud83d\ude00 é"}`,
		`{"zulu":"z","home":{},"places":[],"by_name":{"":{}}}`,
		`{"zulu":"z","when":"2026-03-14T02:41:07.512+01:00"}`,
	} {
		if v := s.Check(json.RawMessage(doc)); v != nil {
			t.Errorf("%s: %v", doc, v)
		}
	}
}

func TestCheckMalformed(t *testing.T) {
	s := input[everything](t)
	for doc, want := range map[string]string{
		"":                              "no JSON document was given",
		" \n\t":                         "no JSON document was given",
		"null":                          "got null, want object",
		"[]":                            "got array, want object",
		`"zulu"`:                        "got string, want object",
		"{":                             "not valid JSON: unexpected end of JSON input",
		`{"zulu":"z"`:                   "not valid JSON: unexpected end of JSON input",
		`{"zulu":"z"} {}`:               "not valid JSON: invalid character '{' after top-level value",
		`{"zulu":"z"}]`:                 "not valid JSON: invalid character ']' after top-level value",
		`{"zulu":"z",}`:                 "not valid JSON: invalid character '}'",
		`{'zulu':"z"}`:                  "not valid JSON: invalid character '\\''",
		`{"zulu":NaN}`:                  "not valid JSON: invalid character 'N'",
		`{"zulu":"z","alpha":01}`:       "not valid JSON: invalid character '1'",
		"\xef\xbb\xbf{\"zulu\":\"z\"}":  "not valid JSON: invalid character",
		"{\"zulu\":\"a\xffb\"}":         "not valid JSON: the document is not UTF-8",
		"{\"zulu\":\"a\xed\xa0\x80b\"}": "not valid JSON: the document is not UTF-8",
		`{"zulu":"a","zulu":"b"}`:       "/zulu: is given twice",
		`{"zulu":"a","\u007aulu":"b"}`:  "/zulu: is given twice",
		`{"any":[0,{"a/~":{"b":1,"b":2}}],"zulu":"z"}`: "/any/1/a~1~0/b: is given twice",
		`{"zulu":"z","Alpha":1}`:                       `/Alpha: unknown field; did you mean "alpha"?`,
	} {
		all := s.Check(json.RawMessage(doc))
		if len(all) != 1 || !strings.HasPrefix(all[0].String(), want) {
			t.Errorf("%q: got %q, want %q", doc, all, want)
		}
	}
}

// TestCheckNumbers checks numbers that the validator's exact fractions cannot process: it fails on
// 1e9999999 and uses a megabyte for 1e999999.
func TestCheckNumbers(t *testing.T) {
	s := parse(t,
		`{"properties":{"n":{"type":"number","minimum":0,"maximum":10,"multipleOf":0.5},"i":{"type":"integer"},"u":{"uniqueItems":true},"e":{"enum":[1,2]}}}`)
	for _, n := range []string{
		"1e9999999", "-1e9999999", "1e-9999999", "1e999999", "1e-999999", "1e309", "1e-400", "9" + strings.Repeat("9", 5000),
		"0." + strings.Repeat("0", 5000) + "1", "1e99999999999999999999", "1." + strings.Repeat("0", 5000),
	} {
		for _, form := range []string{`{"n":%}`, `{"i":%}`, `{"u":[%,%]}`, `{"e":%}`, `%`} {
			start := time.Now()
			all := s.Check(json.RawMessage(strings.ReplaceAll(form, "%", n)))
			if len(all) != 1 || !strings.HasSuffix(all[0].Message, "outside the range of 64-bit floating point") {
				t.Errorf("%s of %.20s: got %v", form, n, all)
			}
			if d := time.Since(start); d > 20*time.Second {
				t.Errorf("%s of %.20s took %s", form, n, d)
			}
		}
	}
	if got := text(s.Check(json.RawMessage(`{"u":[{"a":[0,1e400]}]}`))); !strings.HasPrefix(got, "/u/0/a/1: is a number") {
		t.Errorf("got %q", got)
	}
	if v := s.Check(json.RawMessage(`{"i":123456789012345678901234567890,"n":1.5}`)); v != nil {
		t.Errorf("got %v", v)
	}
}

func TestCheckDeepNesting(t *testing.T) {
	s := input[everything](t)
	recursive := parse(t,
		`{"$ref":"#/$defs/n","$defs":{"n":{"type":["array","object"],"items":{"$ref":"#/$defs/n"},"additionalProperties":{"$ref":"#/$defs/n"}}}}`)
	for _, depth := range []int{900, 9_000, 100_000, 1_000_000} {
		for _, pair := range [][2]string{{"[", "]"}, {`{"a":`, "}"}} {
			for _, end := range []string{"1", ""} {
				nested := strings.Repeat(pair[0], depth) + end + strings.Repeat(pair[1], depth)
				if end == "" {
					nested = strings.Repeat(pair[0], depth) // cut off
				}
				start := time.Now()
				for _, doc := range []string{nested, `{"zulu":"z","any":` + nested + `}`} {
					all := s.Check(json.RawMessage(doc))
					if depth > 1000 && len(all) == 0 {
						t.Errorf("depth %d was accepted", depth)
					}
					recursive.Check(json.RawMessage(doc))
					s.Mask(json.RawMessage(doc))
				}
				if d := time.Since(start); d > 20*time.Second {
					t.Errorf("depth %d of %s took %s", depth, pair[0], d)
				}
			}
		}
	}
}

func TestCheckLongValues(t *testing.T) {
	s := input[everything](t)
	long := strings.Repeat("é", 500_000)
	start := time.Now()
	all := s.Check(json.RawMessage(`{"zulu":"z","` + long + `":1,"when":"` + long + `","home":{"codes":["` + long + `"]}}`))
	if len(all) != 3 {
		t.Fatalf("%d violations", len(all))
	}
	for _, v := range all {
		if len(v.Message) > 1100 {
			t.Errorf("a message of %d bytes: %.200s", len(v.Message), v.Message)
		}
	}
	var many strings.Builder
	many.WriteString(`{"zulu":"z"`)
	for i := range 20_000 {
		many.WriteString(`,"alph` + strconv.Itoa(i) + `":0`)
	}
	if all := s.Check(json.RawMessage(many.String() + "}")); len(all) != 20_000 {
		t.Errorf("%d violations", len(all))
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("took %s", d)
	}
}

func TestCheckConcurrently(t *testing.T) {
	s := input[everything](t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if len(s.Check(json.RawMessage(`{"alpha":0,"token":1}`))) != 3 {
					t.Error("want three violations")
				}
				s.Mask(json.RawMessage(`{"token":"secret"}`))
				if _, err := s.WithDefaults(json.RawMessage(`{"zulu":"z"}`)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestCheckOtherKeywords(t *testing.T) {
	for name, c := range map[string]struct{ schema, doc, want string }{
		"false":          {`{"properties":{"a":false}}`, `{"a":1}`, "/a: is not allowed here"},
		"everything":     {`true`, `{"a":1}`, ""},
		"nothing":        {`false`, `{"a":1}`, "is not allowed here"},
		"property names": {`{"propertyNames":{"pattern":"^[a-z]+$"}}`, `{"A":1}`, "/A: is not an allowed member name"},
		"reference":      {`{"properties":{"a":{"$ref":"#/$defs/x"}},"$defs":{"x":{"type":"string"}}}`, `{"a":1}`, "/a: got number, want string"},
		"nested reference": {`{"properties":{"a":{"$ref":"#/$defs/x"}},"$defs":{"x":{"additionalProperties":false,"properties":{"name":{}}}}}`,
			`{"a":{"nam":1}}`, "/a/nam: unknown field"},
		"alternatives": {`{"anyOf":[{"required":["a"]},{"required":["b"]}]}`, `{}`, "/a: is required\n/b: is required"},
		"tuple":        {`{"prefixItems":[{"type":"string"}],"items":false}`, `[1,2]`, "/0: got number, want string\n/1: is not allowed here"},
		"draft 7":      {`{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"a":{"const":1}}}`, `{"a":2}`, "/a: value must be 1"},
		"email":        {`{"properties":{"a":{"format":"email"}}}`, `{"a":"x"}`, "/a: 'x' is not valid email: missing @"},
		"index as name": {`{"properties":{"a":{"items":{"type":"object","additionalProperties":false,"properties":{"known":{}}}}}}`,
			`{"a":[{},{"knwon":1}]}`, `/a/1/knwon: unknown field; did you mean "known"?`},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, text(parse(t, c.schema).Check(json.RawMessage(c.doc)))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestViolationString(t *testing.T) {
	if got := (schema.Violation{Message: "m"}).String(); got != "m" {
		t.Errorf("got %q", got)
	}
	if got := (schema.Violation{Pointer: "/p", Message: "m"}).String(); got != "/p: m" {
		t.Errorf("got %q", got)
	}
}
