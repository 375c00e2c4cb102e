package schema_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/schema"
)

func TestNode(t *testing.T) {
	root := parse(t, `{
		"type": ["object", "null"], "title": "T", "description": "D", "required": ["b"],
		"properties": {
			"b": {"type": "string", "enum": ["x", 1, null], "default": null, "examples": [1, "two"]},
			"a": true,
			"c": false,
			"list": {"items": {"type": ["integer", "number"]}},
			"anything": {"items": true},
			"nothing": {"additionalProperties": false},
			"free": {"additionalProperties": true},
			"map": {"additionalProperties": {"type": "boolean"}}
		}}`).Root()
	if diff := cmp.Diff(schema.Types{"object", "null"}, root.Type); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"b", "a", "c", "list", "anything", "nothing", "free", "map"}, root.Names()); diff != "" {
		t.Error(diff)
	}
	b := root.Property("b")
	if len(b.Enum) != 3 || string(b.Default) != "null" || len(b.Examples) != 2 || !root.IsRequired("b") {
		t.Errorf("b is %+v", b)
	}
	for _, name := range []string{"a", "c"} {
		if diff := cmp.Diff(new(schema.Node), root.Property(name)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if items := root.Property("list").Items; !items.Is("integer") || !items.Is("number") || items.Is("string") {
		t.Errorf("items are %+v", items)
	}
	if root.Property("anything").Items == nil || root.Property("b").Items != nil {
		t.Error("a schema that allows any items equals a schema without items")
	}
	for name, want := range map[string]*schema.Additional{
		"nothing": {}, "free": {Allowed: true}, "map": {Allowed: true, Node: &schema.Node{Type: schema.Types{"boolean"}}}, "b": nil,
	} {
		if diff := cmp.Diff(want, root.Property(name).Additional); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestDecodingReplacesProperties(t *testing.T) {
	var p schema.Properties
	for range 2 {
		if err := json.Unmarshal([]byte(`{"a":{},"b":{}}`), &p); err != nil {
			t.Fatal(err)
		}
	}
	if len(p) != 2 {
		t.Errorf("there are %d members", len(p))
	}
	for _, bad := range []string{`[]`, `{"a":1}`, `{"a":{"type":1}}`, `1`} {
		if err := json.Unmarshal([]byte(bad), new(schema.Properties)); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
}

func TestParseRejects(t *testing.T) {
	for name, raw := range map[string]string{
		"empty":                      "",
		"not JSON":                   "{",
		"a list":                     "[]",
		"null":                       "null",
		"data after the document":    `{} {}`,
		"doubled member":             `{"properties":{"a":{"writeOnly":true},"a":{}}}`,
		"doubled keyword":            `{"type":"object","type":"string"}`,
		"unknown type":               `{"type":"text"}`,
		"bad pattern":                `{"pattern":"("}`,
		"bad minimum":                `{"minimum":"1"}`,
		"huge minimum":               `{"minimum":1e9999999}`,
		"huge multiple":              `{"multipleOf":1e-9999999}`,
		"bad properties":             `{"properties":[]}`,
		"remote reference":           `{"$ref":"https://example.com/schema.json"}`,
		"plain http":                 `{"properties":{"a":{"$ref":"http://example.com/#/x"}}}`,
		"file":                       `{"$ref":"file:///etc/passwd"}`,
		"relative file":              `{"$ref":"other.json"}`,
		"absolute path":              `{"$ref":"/etc/passwd"}`,
		"protocol-relative":          `{"$ref":"//example.com/x"}`,
		"urn":                        `{"$ref":"urn:x:y"}`,
		"unknown metaschema":         `{"$schema":"https://example.com/meta"}`,
		"reference without a target": `{"$ref":"#/$defs/none"}`,
		"moved base":                 `{"$id":"https://example.com/a/","properties":{"x":{"$ref":"b.json"}}}`,
	} {
		if s, err := schema.Parse(json.RawMessage(raw)); err == nil {
			t.Errorf("%s was accepted: %s", name, s.JSON())
		} else if strings.Contains(err.Error(), "file:///") && name != "file" {
			t.Errorf("%s the error reveals the working directory: %v", name, err)
		}
	}
}

func TestParseAccepts(t *testing.T) {
	for _, raw := range []string{
		`true`, `false`, `{}`, `{"$ref":"#"}`, `{"$id":"https://example.com/a","$ref":"#/$defs/b","$defs":{"b":{}}}`,
		`{"$ref":"https://json-schema.org/draft/2020-12/schema"}`, `{"x-group":"other"}`, `{"properties":{}}`,
	} {
		s, err := schema.Parse(json.RawMessage(raw))
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		s.Check(json.RawMessage(`{"a":[1]}`))
		s.Mask(json.RawMessage(`{"a":[1]}`))
	}
}

func TestParseCopiesTheDocument(t *testing.T) {
	raw := json.RawMessage(`{"type":"object"}`)
	s, err := schema.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	copy(raw, "XXXXXXXXX")
	if string(s.JSON()) != `{"type":"object"}` {
		t.Errorf("the schema changed to %s", s.JSON())
	}
}

func TestParseDeep(t *testing.T) {
	for _, depth := range []int{200, 100_000} {
		for _, pair := range [][2]string{{`{"items":`, `}`}, {`{"properties":{"a":`, `}}`}, {`{"additionalProperties":`, `}`}, {`{"not":`, `}`}} {
			start := time.Now()
			_, err := schema.Parse(json.RawMessage(strings.Repeat(pair[0], depth) + "true" + strings.Repeat(pair[1], depth)))
			if (err == nil) != (depth == 200) {
				t.Errorf("depth %d of %s: %v", depth, pair[0], err)
			}
			if d := time.Since(start); d > 20*time.Second {
				t.Errorf("depth %d of %s took %s", depth, pair[0], d)
			}
		}
	}
}
