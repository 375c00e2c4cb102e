package sdk

import (
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/invopop/jsonschema"

	"soar.example/okta/schema"
)

// A Secret is a string that does not print itself: formatted, logged or encoded,
// it shows a mask. Its schema marks it writeOnly.
type Secret struct{ value string }

// NewSecret keeps value.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return s.value }

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.value == "" }

// Format writes the mask, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.mask())) }

// LogValue is the mask.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.mask()) }

// MarshalText writes the mask.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.mask()), nil }

// UnmarshalJSON keeps the string. The error does not repeat what was read.
func (s *Secret) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, &s.value); err != nil {
		return fmt.Errorf("a secret must be a string")
	}
	return nil
}

// JSONSchema says that it is a password that can be written and not read.
func (Secret) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Format: "password", WriteOnly: true}
}

func (s Secret) mask() string {
	if s.value == "" {
		return ""
	}
	return schema.Masked
}
