package sdk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/invopop/jsonschema"

	"soar.example/okta/schema"
)

// A Code says what went wrong in a word that a playbook can branch on.
type Code string

// The codes.
const (
	InvalidInput    Code = "invalid_input"   // the caller's; the same call will never succeed
	Unauthenticated Code = "unauthenticated" // the login is not accepted
	Forbidden       Code = "forbidden"       // the principal lacks a scope or a role, or the org lacks the feature
	NotFound        Code = "not_found"       // what the input names does not exist
	Conflict        Code = "conflict"        // the state of the service refuses it
	RateLimited     Code = "rate_limited"    // later; RetryAfter says when
	Unavailable     Code = "unavailable"     // the service is down, or another server responds instead
	Timeout         Code = "timeout"         // no response in time; a write may have happened
	Canceled        Code = "canceled"        // the caller gave up
	Internal        Code = "internal"        // the connector's own fault
)

// Codes lists every code.
var Codes = []Code{InvalidInput, Unauthenticated, Forbidden, NotFound, Conflict, RateLimited, Unavailable, Timeout, Canceled, Internal}

// JSONSchema returns the schema of a code: one of [Codes].
func (Code) JSONSchema() *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string"}
	for _, c := range Codes {
		s.Enum = append(s.Enum, string(c))
	}
	return s
}

// Transient reports whether the same call may succeed later with nothing changed
// on this side.
func (c Code) Transient() bool { return c == RateLimited || c == Unavailable || c == Timeout }

// ErrUnsent marks the error of a request that was not sent, such as a write that a rule
// of the connection rejects. Nothing was changed. A connector adds it to the Err of its
// errors.
var ErrUnsent = errors.New("not sent")

// An Error is what an action or a poll found wrong, as data: a Code a playbook
// branches on, a sentence a responder reads, pointers a form shows, a wait a
// scheduler obeys, and what the service said.
type Error struct {
	Code       Code
	Message    string // one sentence in our words, without secrets
	RetryAfter time.Duration
	Violations []schema.Violation
	Upstream   *Upstream // nil: the service had no part in it
	Err        error     // the cause; stays in this process
}

// Upstream identifies the response of the service.
type Upstream struct {
	Status    int    `json:"status,omitempty"`     // HTTP status.
	Code      string `json:"code,omitempty"`       // The service's own error code.
	ErrorID   string `json:"error_id,omitempty"`   // ID that the service gave to this error.
	RequestID string `json:"request_id,omitempty"` // ID of the request, for the support of the service.
}

// ErrorBody is the JSON form of an Error.
type ErrorBody struct {
	// Error code.
	Code Code `json:"code"`
	// Error message: what failed, why, and what to do next.
	Message string `json:"message"`
	// Time to wait before the next attempt.
	RetryAfter Duration `json:"retry_after,omitempty"`
	// Problems of the input, one for each member.
	Violations []schema.Violation `json:"violations,omitempty"`
	// Details of the service's response.
	Upstream *Upstream `json:"upstream,omitempty"`
}

// Body returns the error's JSON form.
func (e *Error) Body() ErrorBody {
	// A wait that is over is none; a Duration is never negative.
	return ErrorBody{Code: e.Code, Message: e.Message, RetryAfter: Duration(max(0, e.RetryAfter)), Violations: e.Violations, Upstream: e.Upstream}
}

// Error is the whole error on one line.
func (e *Error) Error() string {
	if e == nil {
		return "<nil>"
	}
	var b strings.Builder
	b.WriteString(e.Message)
	for i, v := range e.Violations {
		b.WriteString([]string{": ", "; "}[min(i, 1)])
		b.WriteString(v.String())
	}
	b.WriteString(" (" + string(e.Code))
	if u := e.Upstream; u != nil {
		if u.Status != 0 {
			fmt.Fprintf(&b, ", status %d", u.Status)
		}
		if u.Code != "" {
			b.WriteString(", " + u.Code)
		}
		if u.RequestID != "" {
			b.WriteString(", request " + u.RequestID)
		}
	}
	if e.RetryAfter > 0 {
		wait := e.RetryAfter
		if wait > time.Millisecond {
			wait = wait.Round(time.Millisecond)
		}
		fmt.Fprintf(&b, ", try again in %s", wait)
	}
	b.WriteString(")")
	return oneLine.Replace(b.String())
}

var oneLine = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\u2028", " ", "\u2029", " ")

// Unwrap returns the cause.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

// Invalid returns an invalid_input error.
func Invalid(message string, violations ...schema.Violation) *Error {
	return &Error{Code: InvalidInput, Message: message, Violations: violations}
}

// InvalidField returns an invalid_input error about one member of the input.
func InvalidField(pointer, format string, args ...any) *Error {
	return Invalid(inputInvalid, schema.Violation{Pointer: pointer, Message: fmt.Sprintf(format, args...)})
}

const inputInvalid = "the input is not valid"

// named says which input is not valid where e leaves that open; what begins the
// sentence: "the connection's settings are".
func (e *Error) named(what string) *Error {
	if e.Message != inputInvalid {
		return e
	}
	own := *e
	own.Message = what + " not valid"
	return &own
}

// Errorf returns an error of the given code. Its %w operands become its cause.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	cause := errors.Unwrap(err)
	if _, several := err.(interface{ Unwrap() []error }); several {
		cause = err
	}
	return &Error{Code: code, Message: err.Error(), Err: cause}
}

// AsError returns err as an *Error: itself if it is one, canceled or timeout if a
// context ended, internal otherwise. It returns nil for nil, and for a nil *Error
// that became an error by being returned as one.
func AsError(err error) *Error {
	var e *Error
	switch {
	case empty(err):
		return nil
	case errors.As(err, &e) && e != nil:
		return e
	case errors.Is(err, context.Canceled):
		return &Error{Code: Canceled, Message: "canceled by the caller", Err: err}
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Code: Timeout, Message: "the time allowed for the call ran out", Err: err}
	default:
		return &Error{Code: Internal, Message: err.Error(), Err: err}
	}
}

// asError is AsError for returning: a nil *Error must not become an error.
func asError(err error) error {
	if e := AsError(err); e != nil {
		return e
	}
	return nil
}

// empty reports whether err is nil, or a nil *Error.
func empty(err error) bool {
	e, ok := err.(*Error)
	return err == nil || ok && e == nil
}
