package actions

import "github.com/invopop/jsonschema"

// SecretText is a secret that an action hands out, such as a temporary password.
// Its schema marks it writeOnly, so that hosts mask it in what they log, show and
// store. Unlike a Secret of package sdk it is written out in the answer, the one
// place where it can be had.
type SecretText string

// JSONSchema says that it is a password.
func (SecretText) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Format: "password", WriteOnly: true}
}
