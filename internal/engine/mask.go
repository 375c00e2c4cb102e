package engine

import (
	"encoding/json"
	"slices"
	"strings"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// MaskEvent returns the event with the secrets in its data and its shapes masked.
func MaskEvent(event sdk.RawEvent) sdk.RawEvent {
	event.Data = schema.MaskNamed(event.Data)
	if event.Shapes == nil {
		return event
	}
	shapes := make(map[string]json.RawMessage, len(event.Shapes))
	for name, data := range event.Shapes {
		shapes[name] = schema.MaskNamed(data)
	}
	event.Shapes = shapes
	return event
}

// shortestSecret is the length from which a secret is searched for in an error.
// A shorter one occurs in ordinary words.
const shortestSecret = 4

// MaskError masks secrets in the texts of an error, and the given secrets: errors
// repeat inputs and events.
func MaskError(failure *sdk.Error, secrets ...string) *sdk.Error {
	if failure == nil {
		return nil
	}
	mask := func(text string) string {
		for _, secret := range secrets {
			if len(secret) >= shortestSecret {
				text = strings.ReplaceAll(text, secret, schema.Masked)
			}
		}
		return schema.MaskText(text)
	}
	masked := *failure
	masked.Message = mask(masked.Message)
	masked.Violations = slices.Clone(masked.Violations)
	for i := range masked.Violations {
		masked.Violations[i].Message = mask(masked.Violations[i].Message)
	}
	return &masked
}

// ErrorBody returns the error as it is stored and shown, with secrets masked.
func ErrorBody(err error) *sdk.ErrorBody {
	body := MaskError(sdk.AsError(err)).Body()
	return &body
}
