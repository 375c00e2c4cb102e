package sdk

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"soar.example/okta/schema"
)

// A Validator is an input with rules across its fields, which a schema cannot
// say. Validate runs after the schema's check, before the action. An error that
// is no *[Error] is reported as invalid_input.
type Validator interface {
	Validate() error
}

// decodeInput checks raw against s, fills in defaults, decodes it and applies
// the rules across fields. what begins the sentence that refuses it: "the input is".
func decodeInput[In any](s *schema.Schema, raw json.RawMessage, what string) (In, error) {
	var in In
	if len(raw) == 0 {
		raw = json.RawMessage("{}")
	}
	raw = s.Truncate(raw)
	if violations := s.Check(raw); violations != nil {
		return in, Invalid(what+" not valid", violations...)
	}
	full, err := s.WithDefaults(raw)
	if err != nil {
		return in, err
	}
	if err := json.Unmarshal(full, &in); err != nil {
		return in, Invalid(what+" not valid", misfits[In](s, full, err)...)
	}
	return in, validate(&in, what)
}

// validate finds Validate on a pointer receiver too: to pass it over in silence
// would be to run what its author meant to refuse.
func validate[In any](in *In, what string) error {
	v, ok := any(*in).(Validator)
	if !ok {
		if v, ok = any(in).(Validator); !ok {
			return nil
		}
	}
	err := v.Validate()
	if empty(err) {
		return nil
	}
	var e *Error
	if errors.As(err, &e) && e != nil {
		return e.named(what)
	}
	return &Error{Code: InvalidInput, Message: what + " not valid: " + err.Error(), Err: err}
}

// misfits says which members Go cannot hold though the schema lets them pass,
// such as a whole number of more than 64 bits. Reading them one by one tells
// which they are; err, of the document as a whole, names only the first.
func misfits[In any](s *schema.Schema, full json.RawMessage, err error) []schema.Violation {
	var members map[string]json.RawMessage
	if json.Unmarshal(full, &members) != nil {
		return []schema.Violation{{Message: misfit(err)}}
	}
	var all []schema.Violation
	for _, name := range slices.Sorted(maps.Keys(members)) {
		alone, err := json.Marshal(map[string]json.RawMessage{name: members[name]})
		if err != nil {
			continue
		}
		var in In
		err = json.Unmarshal(alone, &in)
		if err == nil {
			continue
		}
		text := misfit(err)
		if !bytes.Equal(s.Mask(alone), alone) {
			text = "is not of the form that this secret must have"
		}
		all = append(all, schema.Violation{Pointer: "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name), Message: text})
	}
	if all == nil {
		all = []schema.Violation{{Message: misfit(err)}}
	}
	return all
}

// misfit leaves out Go's types, which mean nothing to a caller.
func misfit(err error) string {
	var e *json.UnmarshalTypeError
	if errors.As(err, &e) {
		return shorten("cannot be "+e.Value, 100)
	}
	return err.Error()
}
