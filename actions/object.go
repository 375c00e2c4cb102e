package actions

import (
	"encoding/json"

	"github.com/invopop/jsonschema"
)

// Object is an object of Okta's as it was sent, byte for byte: nulls and members
// that this connector does not know are kept.
type Object json.RawMessage

// MarshalJSON returns Okta's bytes.
func (o Object) MarshalJSON() ([]byte, error) { return json.RawMessage(o).MarshalJSON() }

// UnmarshalJSON keeps a copy of b.
func (o *Object) UnmarshalJSON(b []byte) error { return (*json.RawMessage)(o).UnmarshalJSON(b) }

// JSONSchema says that it is an object.
func (Object) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "object"} }
