package actions

import (
	"encoding/json"

	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"

	"github.com/invopop/jsonschema"

	"soar.example/okta/internal/okta"
)

// Object is an object as Okta sent it, byte for byte: nulls and members that this
// connector does not know are kept.
type Object json.RawMessage

// MarshalJSON returns Okta's bytes.
func (o Object) MarshalJSON() ([]byte, error) { return json.RawMessage(o).MarshalJSON() }

// UnmarshalJSON keeps a copy of b.
func (o *Object) UnmarshalJSON(b []byte) error { return (*json.RawMessage)(o).UnmarshalJSON(b) }

// JSONSchema returns the schema of any object.
func (Object) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "object"} }

func raw(o okta.Object) Object { return Object(json.RawMessage(o)) }

// SecretText is a secret that an action returns, such as a temporary password. Its
// schema marks it writeOnly, so that hosts mask it in everything that they log, show
// and store. Unlike sdk.Secret it is written out in the output, the only place that
// has it.
type SecretText string

// JSONSchema returns the schema of a password.
func (SecretText) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Format: "password", WriteOnly: true}
}

// OktaID is an ID of a factor or a device.
type OktaID string

// JSONSchemaExtend adds the form of an ID.
func (OktaID) JSONSchemaExtend(s *jsonschema.Schema) {
	most := uint64(100)
	s.Pattern, s.MaxLength = "^[0-9A-Za-z_-]+$", &most
}

// oneOfStrings returns the schema of a text with these values.
func oneOfStrings(values ...string) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Enum: reconcile.Convert(values, func(v string) any { return v })}
}

// stateOrNone returns the state of an object that was read, and the zero state if Okta
// does not have the object.
func stateOrNone[T, S any](state func(T) S) func(T, error) (S, error) {
	return func(object T, err error) (none S, _ error) {
		if e := sdk.AsError(err); e != nil && e.Code == sdk.NotFound {
			return none, nil
		} else if e != nil {
			return none, e
		}
		return state(object), nil
	}
}
