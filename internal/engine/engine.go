// Package engine holds the step logic of a run: what happens next, given the
// history of the run. Its functions are pure: they read no clock, start no goroutine
// and store nothing, so that every engine can use them. Package
// [soar.example/okta/internal/engine/embedded] is the engine on SQLite.
//
// An engine works on a run in a loop:
//
//  1. [Next] returns the next step, or the result of the run.
//  2. [Decide] evaluates the condition and the input of the step.
//  3. The engine calls the action, and [StepState.Record] takes its result into the
//     history: the step is over, or another attempt follows after a wait.
package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// Status is the state of a run, a step, a call, an operation or a scheduled undo.
type Status = string

// The statuses. A run is queued, running, succeeded or failed. A step is pending,
// running, succeeded, failed or skipped. A call in the audit trail is started, done or
// failed. An operation is running, done, failed or interrupted. A scheduled undo is
// pending, running, done, failed, standing or superseded.
const (
	Queued      Status = "queued"      // accepted, waits for a worker
	Pending     Status = "pending"     // the run has not reached the step, or the undo is not due
	Running     Status = "running"     // under way, or interrupted and about to be resumed
	Succeeded   Status = "succeeded"   // a run: no step failed, apart from those with on_error: ignore
	Failed      Status = "failed"      // see the error
	Skipped     Status = "skipped"     // the condition was false, or an earlier step ended the run
	Started     Status = "started"     // under way; if the process died: it is unknown whether the service executed the call
	Done        Status = "done"        // the call succeeded
	Interrupted Status = "interrupted" // the call ended without a result: its change may be made in part
	Standing    Status = "standing"    // never executed: the change has no end, or its state existed before
	Superseded  Status = "superseded"  // another undo of the same change replaces it
)

// StepRun is the state of one step of a run. Input is that of the last attempt, with
// secrets masked. Output is kept if the step failed as not applicable, too.
type StepRun struct {
	ID       string          `json:"id"`
	Action   string          `json:"action"`
	Status   Status          `json:"status"`
	Attempts int             `json:"attempts"` // interrupted attempts included
	Input    json.RawMessage `json:"input,omitempty"`
	Output   json.RawMessage `json:"output,omitempty"`
	Outcome  string          `json:"outcome,omitempty"` // see sdk.Outcome; "" for an action that only reads
	Error    *sdk.ErrorBody  `json:"error,omitempty"`   // of the last attempt
	Started  time.Time       `json:"started,omitzero"`
	Finished time.Time       `json:"finished,omitzero"`
}

// StepState is the history of a step.
type StepState struct {
	StepRun
	Failures int       // attempts that failed; interrupted attempts do not count
	NextTry  time.Time // earliest time of the next attempt
}

// Over reports whether the step is finished or skipped.
func (s *StepState) Over() bool {
	return s.Status == Succeeded || s.Status == Failed || s.Status == Skipped
}

// Time returns t as engines store it: in UTC, in microseconds.
func Time(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// RunID returns the ID of the only run that the event can start of the playbook.
func RunID(org, playbook, event string) string { return Digest(org, playbook, event) }

// EventID returns the ID of the event: its own, or one made of its content if the
// trigger gave none. So an event without an ID is neither lost nor confused.
func EventID(e sdk.RawEvent) string {
	if e.ID != "" {
		return e.ID
	}
	return "content-" + Digest(e.Type, e.Time.UTC().String(), string(e.Data))
}

// Digest returns 32 hexadecimal digits that identify the parts. It covers their
// lengths, so that two different lists have different digests.
func Digest(parts ...string) string {
	h := sha256.New()
	var length [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(p)))
		h.Write(length[:])
		io.WriteString(h, p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

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
