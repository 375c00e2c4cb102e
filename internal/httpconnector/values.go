package httpconnector

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"

	"github.com/invopop/jsonschema"
)

// Values are named texts. A number or a boolean is written as in JSON, and null counts as
// absent.
type Values map[string]json.RawMessage

// JSONSchema returns the schema of an object of texts, numbers and booleans.
func (Values) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{
		Type: "object", Examples: []any{map[string]any{"name": "value"}},
		AdditionalProperties: &jsonschema.Schema{Extras: map[string]any{"type": []string{"string", "number", "boolean", "null"}}},
	}
}

// A named is one of [Values] as text.
type named struct{ name, value string }

// sorted returns the values in the order of their names.
func (v Values) sorted() (all []named) {
	for _, name := range slices.Sorted(maps.Keys(v)) {
		text := string(v[name])
		if text == "null" || text == "" {
			continue
		}
		if text[0] == '"' {
			_ = json.Unmarshal(v[name], &text) // the schema was checked
		}
		all = append(all, named{name, text})
	}
	return all
}

// encode returns the values in the encoding of forms and queries.
func (v Values) encode() string {
	values := url.Values{}
	for _, x := range v.sorted() {
		values.Set(x.name, x.value)
	}
	return values.Encode()
}

// AnyJSON is a JSON value of any type, byte for byte.
type AnyJSON json.RawMessage

// MarshalJSON returns the bytes.
func (a AnyJSON) MarshalJSON() ([]byte, error) { return json.RawMessage(a).MarshalJSON() }

// UnmarshalJSON keeps a copy of b.
func (a *AnyJSON) UnmarshalJSON(b []byte) error { return (*json.RawMessage)(a).UnmarshalJSON(b) }

// JSONSchema returns the schema of any value.
func (AnyJSON) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Examples: []any{map[string]any{"summary": "Account takeover"}}}
}

// Unverified is a state that the connector does not read.
type Unverified struct {
	Known bool `json:"known"` // Always false: the connector does not verify the effect of a request.
}
