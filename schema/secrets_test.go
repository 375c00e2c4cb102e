package schema_test

import (
	"encoding/json"
	"strings"
	"testing"

	"soar.example/okta/schema"
)

// vault has a secret in each position that a schema can describe.
const vault = `{
	"type": "object", "additionalProperties": false,
	"properties": {
		"token": {"type": "string", "writeOnly": true, "minLength": 100, "pattern": "^x", "format": "email", "enum": ["only"]},
		"pin": {"type": "integer", "writeOnly": true, "minimum": 1e300, "multipleOf": 7},
		"creds": {"type": "object", "writeOnly": true, "properties": {"password": {"type": "string", "pattern": "^x"}}, "additionalProperties": false},
		"list": {"type": "array", "items": {"type": "string", "writeOnly": true, "maxLength": 1}},
		"byName": {"type": "object", "additionalProperties": {"type": "string", "writeOnly": true, "format": "uri"}},
		"byPattern": {"type": "object", "patternProperties": {"^s_": {"writeOnly": true, "type": "integer"}}},
		"ref": {"$ref": "#/$defs/secret"},
		"all": {"allOf": [{"$ref": "#/$defs/secret"}]},
		"any": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/secret"}]},
		"one": {"oneOf": [{"type": "object", "properties": {"kind": {"const": "k"}, "key": {"writeOnly": true, "type": "string", "pattern": "^x"}}},
			{"type": "boolean"}]},
		"then": {"if": {"type": "string"}, "then": {"writeOnly": true, "pattern": "^x"}},
		"pair": {"type": "array", "prefixItems": [{"type": "string"}, {"$ref": "#/$defs/secret"}], "items": {"type": "integer"}},
		"nested": {"type": "object", "properties": {"inner": {"type": "object", "properties": {"key": {"$ref": "#/$defs/secret"}, "name": {"type": "string"}}}}},
		"plain": {"type": "string", "pattern": "^x"},
		"loose": {"type": "object", "properties": {"n": {"type": "integer"}}},
		"tree": {"$ref": "#/$defs/tree"}
	},
	"$defs": {
		"secret": {"type": "string", "writeOnly": true, "pattern": "^x"},
		"tree": {"type": "object", "properties": {"key": {"$ref": "#/$defs/secret"}, "next": {"$ref": "#/$defs/tree"}}}
	}
}`

// leak holds secrets in each position that the schema marks, and in some positions to which only a
// mistake leads.
var leaks = []string{
	`{"token":"hunter2"}`, `{"token":["hunter2"]}`, `{"token":{"hunter2":1}}`, `{"pin":4242}`, `{"pin":"hunter2"}`,
	`{"creds":{"password":"hunter2"}}`, `{"creds":"hunter2"}`, `{"list":["x","hunter2"]}`, `{"list":"hunter2"}`, `{"byName":{"a":"hunter2"}}`,
	`{"byPattern":{"s_a":"hunter2"}}`, `{"ref":"hunter2"}`, `{"all":"hunter2"}`, `{"any":"hunter2"}`, `{"one":{"kind":"k","key":"hunter2"}}`,
	`{"then":"hunter2"}`, `{"pair":["x","hunter2"]}`, `{"nested":{"inner":{"key":"hunter2"}}}`, `{"nested":"hunter2"}`, `{"nested":{"inner":["hunter2"]}}`,
	`{"tokn":"hunter2"}`, `{"TOKEN":"hunter2"}`, `"hunter2"`, `["hunter2"]`, `{"tree":{"next":{"next":{"key":"hunter2"}}}}`, `{"tree":{"next":"hunter2"}}`,
}

func TestMaskHides(t *testing.T) {
	s := parse(t, vault)
	for _, doc := range leaks {
		got := string(s.Mask(json.RawMessage(doc)))
		if strings.Contains(got, "hunter2") || strings.Contains(got, "4242") {
			t.Errorf("%s: got %s", doc, got)
		}
		if !strings.Contains(got, schema.Masked) {
			t.Errorf("%s: the result has no mask: %s", doc, got)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("%s: got %s, which is not JSON", doc, got)
		}
	}
}

func TestMaskKeeps(t *testing.T) {
	s := parse(t, vault)
	for doc, want := range map[string]string{
		`{"plain":"a","loose":{"n":12345678901234567890,"x":[1.0]}}`: `{"plain":"a","loose":{"n":12345678901234567890,"x":[1.0]}}`,
		`{"token":null,"creds":null,"tokn":null}`:                    `{"token":null,"creds":null,"tokn":null}`,
		`{"nested":{"inner":{"name":"n","key":"k"}}}`:                `{"nested":{"inner":{"key":"********","name":"n"}}}`,
		`{"pair":["user","pass",3]}`:                                 `{"pair":["user","********",3]}`,
		`{"byPattern":{"s_a":1,"b":2}}`:                              `{"byPattern":{"b":2,"s_a":"********"}}`,
		`{"loose":"of another type, but nothing is secret there"}`:   `{"loose":"of another type, but nothing is secret there"}`,
		`{}`:   `{}`,
		`null`: `null`,
	} {
		if got := string(s.Mask(json.RawMessage(doc))); got != want {
			t.Errorf("%s: got %s, want %s", doc, got, want)
		}
	}
	for _, doc := range []string{"", " ", "hunter2", `{"token":"hunter2"`, `{"plain":1} hunter2`, "\x00"} {
		if got := string(s.Mask(json.RawMessage(doc))); got != `"********"` {
			t.Errorf("%q: got %s", doc, got)
		}
	}
}

func TestMaskKeepsItsInput(t *testing.T) {
	doc := json.RawMessage(`{"token":"hunter2"}`)
	parse(t, vault).Mask(doc)
	if string(doc) != `{"token":"hunter2"}` {
		t.Errorf("the input changed to %s", doc)
	}
}

func TestMessagesHoldNoSecrets(t *testing.T) {
	s := parse(t, vault)
	for _, doc := range leaks {
		all := s.Check(json.RawMessage(doc))
		if len(all) == 0 && !strings.Contains(doc, "tree") {
			t.Errorf("%s was accepted", doc)
		}
		for _, v := range all {
			// A member's name is part of its pointer, so a secret in a name cannot be hidden.
			if strings.Contains(v.Message, "hunter2") || strings.Contains(v.Message, "4242") {
				t.Errorf("%s: %s", doc, v)
			}
		}
	}
	if got := text(s.Check(json.RawMessage(`{"plain":"visible"}`))); !strings.Contains(got, "'visible' does not match") {
		t.Errorf("a value that is not secret is hidden: %s", got)
	}
}

func TestMaskDraft7(t *testing.T) {
	s := parse(t, `{"$schema":"http://json-schema.org/draft-07/schema#","properties":{
		"t":{"items":[{"type":"string"},{"writeOnly":true}],"additionalItems":{"writeOnly":true,"type":"string"}},
		"l":{"items":{"$ref":"#/definitions/s"}}},
		"dependencies":{"d":{"properties":{"s":{"writeOnly":true}}}},
		"definitions":{"s":{"writeOnly":true}}}`)
	got := string(s.Mask(json.RawMessage(`{"t":["a","b","c"],"l":["d"],"d":1,"s":"e"}`)))
	if want := `{"d":1,"l":["********"],"s":"********","t":["a","********","********"]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
