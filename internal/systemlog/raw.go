package systemlog

import (
	"encoding/json"

	"github.com/invopop/jsonschema"
)

// Raw is one event as Okta sent it, byte for byte.
type Raw json.RawMessage

// MarshalJSON returns Okta's bytes.
func (r Raw) MarshalJSON() ([]byte, error) { return json.RawMessage(r).MarshalJSON() }

// UnmarshalJSON keeps a copy of b.
func (r *Raw) UnmarshalJSON(b []byte) error { return (*json.RawMessage)(r).UnmarshalJSON(b) }

// JSONSchema is the schema of [Event], with null and further members allowed
// everywhere: it tells a builder what to expect and refuses nothing that Okta may
// send.
func (Raw) JSONSchema() *jsonschema.Schema {
	r := &jsonschema.Reflector{Anonymous: true, DoNotReference: true, AllowAdditionalProperties: true}
	s := r.Reflect(Event{})
	s.Version = ""
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		loosen(p.Value)
	}
	s.Required = []string{"uuid", "eventType", "published"}
	return s
}

// loosen allows null wherever the schema names a type, and requires nothing.
func loosen(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	s.Required = nil
	if s.Type != "" {
		if s.Extras == nil {
			s.Extras = map[string]any{}
		}
		s.Extras["type"] = []string{s.Type, "null"}
		s.Type = ""
	}
	loosen(s.Items)
	if s.Properties == nil {
		return
	}
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		loosen(p.Value)
	}
}
