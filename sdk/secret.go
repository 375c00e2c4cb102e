package sdk

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"unique"

	"github.com/invopop/jsonschema"

	"soar.example/okta/schema"
)

// A Secret is a string that does not print itself: formatted, logged or encoded,
// it shows a mask. Its schema marks it writeOnly. Secrets can be compared with ==.
type Secret struct {
	// fmt reads the unexported fields of a struct past every method of theirs, so a
	// string here would be printed with any client that keeps its token to itself.
	// A handle shows an address.
	value unique.Handle[string]
}

// NewSecret keeps value.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{unique.Make(value)}
}

// Reveal returns the secret itself.
func (s Secret) Reveal() string {
	if s.IsZero() {
		return ""
	}
	return s.value.Value()
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s == Secret{} }

// Format writes the mask for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.mask())) }

// LogValue is the mask.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.mask()) }

// MarshalText writes the mask.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.mask()), nil }

// UnmarshalJSON keeps the string. The error does not repeat what was read.
func (s *Secret) UnmarshalJSON(b []byte) error {
	var value string
	if err := json.Unmarshal(b, &value); err != nil {
		return errors.New("a secret must be a string")
	}
	*s = NewSecret(value)
	return nil
}

// JSONSchema says that it is a password that can be written and not read.
func (Secret) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Format: "password", WriteOnly: true}
}

func (s Secret) mask() string {
	if s.IsZero() {
		return ""
	}
	return schema.Masked
}
