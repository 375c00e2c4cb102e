package embedded

import (
	"encoding/json"
	"slices"
	"strings"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// Everything that the store is given passes through this file first: events and their
// shapes, inputs, outputs and errors. Secret outputs reach only the direct caller of an
// action, in the result of [Store.Perform].

// mask hides the secrets of an input: those that its schema marks, and those that a
// name or a form gives away.
func (s *Store) mask(info *sdk.ActionInfo, input json.RawMessage) json.RawMessage {
	if len(input) == 0 {
		return json.RawMessage(`{}`)
	}
	return s.maskBy(info.Input, input)
}

// maskOutput hides the secrets of an output likewise.
func (s *Store) maskOutput(info *sdk.ActionInfo, output json.RawMessage) json.RawMessage {
	if output == nil {
		return nil
	}
	return s.maskBy(info.Output, output)
}

// maskBy hides a document whole if there is no schema that explains it.
func (s *Store) maskBy(by sdk.JSON, doc json.RawMessage) json.RawMessage {
	compiled, err := s.schemaOf(json.RawMessage(by))
	if err != nil {
		return json.RawMessage(`"` + schema.Masked + `"`)
	}
	return compiled.MaskAll(doc)
}

// maskEvent returns the event with the secrets in its data and its shapes masked.
func maskEvent(event sdk.RawEvent) sdk.RawEvent {
	event.Data = schema.MaskNamed(event.Data)
	shapes := make(map[string]json.RawMessage, len(event.Shapes))
	for name, data := range event.Shapes {
		shapes[name] = schema.MaskNamed(data)
	}
	if event.Shapes != nil {
		event.Shapes = shapes
	}
	return event
}

// shortestEcho is how long a secret must be to be looked for in an error: a shorter
// one would be found in ordinary words.
const shortestEcho = 4

// maskFailure hides the secrets in the texts of an error, and the given ones: errors
// repeat inputs and events.
func maskFailure(failure *sdk.Error, secrets ...string) *sdk.Error {
	if failure == nil {
		return nil
	}
	hide := func(text string) string {
		for _, secret := range secrets {
			if len(secret) >= shortestEcho {
				text = strings.ReplaceAll(text, secret, schema.Masked)
			}
		}
		return schema.MaskText(text)
	}
	hidden := *failure
	hidden.Message = hide(hidden.Message)
	hidden.Violations = slices.Clone(hidden.Violations)
	for i := range hidden.Violations {
		hidden.Violations[i].Message = hide(hidden.Violations[i].Message)
	}
	return &hidden
}

// bodyOf is an error as it is stored and shown.
func bodyOf(err error) *sdk.ErrorBody {
	body := maskFailure(sdk.AsError(err)).Body()
	return &body
}
