package systemlog

import (
	"encoding/json"
	"slices"

	"github.com/invopop/jsonschema"

	"soar.example/okta/schema"
)

// Raw is one event as Okta sent it, byte for byte.
type Raw json.RawMessage

// MarshalJSON returns Okta's bytes.
func (r Raw) MarshalJSON() ([]byte, error) { return json.RawMessage(r).MarshalJSON() }

// UnmarshalJSON keeps a copy of b.
func (r *Raw) UnmarshalJSON(b []byte) error { return (*json.RawMessage)(r).UnmarshalJSON(b) }

// JSONSchema is the schema of [Event], with null and further members allowed
// everywhere, and numbers where Okta's own examples hold them: it tells a builder
// what to expect and refuses nothing that Okta is known to send.
func (Raw) JSONSchema() *jsonschema.Schema {
	s := schema.Of[Event]()
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		loosen(p.Key, p.Value)
	}
	s.Required = []string{"uuid", "eventType", "published"}
	return s
}

// numbers are the members that are documented as strings and come as numbers too,
// as in https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/.
var numbers = []string{"version", "postalCode"}

// loosen allows null wherever the schema names a type, and requires nothing. s is
// the schema of the member called name, or of its items.
func loosen(name string, s *jsonschema.Schema) {
	if s == nil {
		return
	}
	s.Required = nil
	if s.Type != "" {
		types := []string{s.Type, "null"}
		if slices.Contains(numbers, name) {
			types = append(types, "number")
		}
		if s.Extras == nil {
			s.Extras = map[string]any{}
		}
		s.Extras["type"] = types
		s.Type = ""
	}
	loosen(name, s.Items)
	if s.Properties == nil {
		return
	}
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		loosen(p.Key, p.Value)
	}
}
