package schema_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"soar.example/okta/schema"
)

// FuzzCheck checks any document. Check must not fail, and each violation must point to a value or
// to an absent member. An accepted document must stay valid with its defaults. Mask must return
// JSON without the secret.
func FuzzCheck(f *testing.F) {
	for _, doc := range []string{
		`{}`, `{"zulu":"z"}`, `{"zulu":"","alpha":0,"a/b":1,"~":2}`, `{"zulu":"z","home":{"codes":["a",1]},"places":[{},1]}`, `[[]]`, `null`, ``,
		`{"zulu":"z","zulu":1}`, `{"alpha":1e9999999}`, `{"token":"hunter2"}`, `{"by_name":{"/~":{"":0}}}`, "\xff", `{"":{"":{}}}`, `{"places":{"0":1}}`,
	} {
		f.Add([]byte(doc))
	}
	s := input[everything](f)
	f.Fuzz(func(t *testing.T, doc []byte) {
		all := s.Check(doc)
		masked := s.Mask(doc)
		if !json.Valid(masked) {
			t.Fatalf("masked as %q", masked)
		}
		if all == nil {
			full, err := s.WithDefaults(doc)
			if err != nil {
				t.Fatal(err)
			}
			if again := s.Check(full); again != nil {
				t.Fatalf("with defaults, %s: %v", full, again)
			}
			var v struct {
				Token string `json:"token"`
			}
			if json.Unmarshal(s.Mask(doc), &v) != nil || v.Token != "" && v.Token != schema.Masked {
				t.Fatalf("masked as %s", masked)
			}
			return
		}
		for _, v := range all {
			if v.Message == "" {
				t.Fatalf("the violation at %q has no message", v.Pointer)
			}
			var value any
			if json.Unmarshal(doc, &value) != nil {
				if v.Pointer != "" && !strings.Contains(v.Message, "number") {
					t.Fatalf("%q points into a document that is not JSON", v)
				}
				continue
			}
			if !resolves(value, v.Pointer, strings.HasPrefix(v.Message, "is required")) {
				t.Fatalf("%q points nowhere in %s", v, doc)
			}
		}
	})
}

// resolves reports whether pointer leads to a value or, if absent is true, to an absent member.
func resolves(value any, pointer string, absent bool) bool {
	if pointer == "" {
		return !absent
	}
	steps := strings.Split(pointer[1:], "/")
	for i, step := range steps {
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		switch v := value.(type) {
		case map[string]any:
			next, ok := v[step]
			if last := i == len(steps)-1; last && absent {
				return !ok
			}
			if !ok {
				return false
			}
			value = next
		case []any:
			n, err := strconv.Atoi(step)
			if err != nil || n < 0 || n >= len(v) {
				return false
			}
			value = v[n]
		default:
			return false
		}
	}
	return !absent
}

// FuzzParse parses any schema, because plugins of other vendors publish their own.
func FuzzParse(f *testing.F) {
	for _, raw := range []string{
		vault, `true`, `{"$ref":"#"}`, `{"$ref":"https://example.com"}`, `{"type":["a"]}`, `{"minimum":1e999999}`, `{"items":[{}]}`,
		`{"properties":{"a":{"items":true}}}`,
		`{"$schema":"http://json-schema.org/draft-07/schema#","items":[{}]}`, `{"$dynamicRef":"#a","$dynamicAnchor":"a"}`, `{"multipleOf":0}`,
		`{"allOf":[{"$ref":"#"}]}`,
		`{"$schema":"http://json-schema.org/draft-04/schema#","id":"x"}`, `{"unevaluatedProperties":{"writeOnly":true}}`,
	} {
		f.Add([]byte(raw), []byte(`{"a":[1,{"token":"x"}]}`))
	}
	f.Fuzz(func(t *testing.T, raw, doc []byte) {
		s, err := schema.Parse(raw)
		if err != nil {
			return
		}
		s.Check(doc)
		if masked := s.Mask(doc); !json.Valid(masked) {
			t.Fatalf("masked as %q", masked)
		}
		if s.Root() == nil {
			t.Fatal("the schema has no root")
		}
	})
}
