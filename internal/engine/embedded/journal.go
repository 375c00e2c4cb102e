package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// AuditStatus is the status of a call in the audit trail.
type AuditStatus = string

// The statuses of a call. A call that stays started was interrupted: it is unknown
// whether the service executed it.
const (
	CallStarted AuditStatus = "started"
	CallDone    AuditStatus = "done"
	CallFailed  AuditStatus = "failed"
)

// OutcomeUnknown is the outcome of a call without a response: it is under way, the
// process was killed during it, or a write was abandoned before its response.
const OutcomeUnknown = "unknown"

// An AuditEntry is one call of an action. It is written before the call and completed
// after it. RunID, StepID and Attempt are empty for a call that belongs to no run.
type AuditEntry struct {
	Time       time.Time       `json:"time"` // start of the call
	RunID      string          `json:"run_id,omitempty"`
	StepID     string          `json:"step_id,omitempty"`
	Attempt    int             `json:"attempt,omitempty"` // from 1
	Cause      string          `json:"cause,omitempty"`   // CauseUndo, CauseRetry, CauseReplay, or "" for a step's first run or a manual call
	Action     string          `json:"action"`
	Input      json.RawMessage `json:"input"` // secrets are masked
	Status     AuditStatus     `json:"status"`
	Outcome    string          `json:"outcome,omitempty"`     // of the output (see sdk.Outcome), or OutcomeUnknown
	Code       string          `json:"code,omitempty"`        // of the error, see sdk.Code
	Message    string          `json:"message,omitempty"`     // of the error
	RequestIDs []string        `json:"request_ids,omitempty"` // of the service, in order of the requests
	Duration   time.Duration   `json:"duration_ns,omitzero"`
}

// AuditTrail returns the latest calls, newest first. A limit of 0 means 100.
func (s *Store) AuditTrail(ctx context.Context, limit int) ([]AuditEntry, error) {
	limit, err := listLimit(limit)
	if err != nil {
		return nil, err
	}
	db := s.reader(ctx)
	entries := readAudit(db, `ORDER BY seq DESC LIMIT ?`, limit)
	return entries, db.failed("read audit trail")
}

// readAudit reads the entries that the rest of a SELECT selects.
func readAudit(db *conn, rest string, args ...any) []AuditEntry {
	entries := list(db, func(a *AuditEntry) []any {
		return []any{&a.Time, &a.RunID, &a.StepID, &a.Attempt, &a.Cause, &a.Action, &a.Input,
			&a.Status, &a.Outcome, &a.Code, &a.Message, &a.RequestIDs, &a.Duration}
	}, `SELECT time, run, step, attempt, cause, action, input, status, outcome, code, message, request_ids, duration FROM audit `+rest, args...)
	if entries == nil && db.err == nil {
		return []AuditEntry{}
	}
	return entries
}

func readSteps(db *conn, run int64) []*engine.StepState {
	var steps []*engine.StepState
	for _, s := range list(db, func(s *engine.StepState) []any {
		return []any{&s.ID, &s.Action, &s.Status, &s.Attempts, &s.Failures, &s.NextTry, &s.Input, &s.Output, &s.Outcome, &s.Error, &s.Started, &s.Finished}
	}, `SELECT id, action, status, attempts, failures, next_try, input, output, outcome, error, started, finished
		FROM steps WHERE run = ? ORDER BY n`, run) {
		steps = append(steps, &s)
	}
	return steps
}

// saveStep writes the n-th step of a run.
func saveStep(tx *conn, run int64, n int, s *engine.StepState) {
	tx.exec(`UPDATE steps SET status = ?, attempts = ?, failures = ?, next_try = ?, input = ?, output = ?,
		outcome = ?, error = ?, started = ?, finished = ? WHERE run = ? AND n = ?`,
		s.Status, s.Attempts, s.Failures, s.NextTry, s.Input, s.Output, s.Outcome, s.Error, s.Started, s.Finished, run, n)
}

// A Caller is the origin of a call: a step of a run, or nothing for a manual call.
type Caller struct {
	RunID, StepID string
	Attempt       int // from 1
	// Org is the account that the session acts on, and Manifest that of the session. An
	// undo that the output asks for is stored if Org is set. Manifest shows which of the
	// undo's parameters are secret.
	Org      string
	Manifest *sdk.Manifest
}

// Perform runs one action. It writes an audit entry before the call and completes it
// after the call, even if ctx ends in between. If the entry cannot be written, the action
// is not called. If it cannot be completed, the error says so, and the result is still
// that of the call. An undo that the output asks for is stored in the same transaction.
//
// Its errors are *[sdk.Error]s.
func (s *Store) Perform(ctx context.Context, session sdk.Session, info *sdk.ActionInfo, input json.RawMessage, from Caller) (sdk.Result, error) {
	if info == nil {
		return sdk.Result{}, sdk.Invalid("there is no action to perform")
	}
	if err := ctx.Err(); err != nil {
		return sdk.Result{}, sdk.AsError(err)
	}
	result, failure, err := s.perform(ctx, &call{session: session, info: info, input: input, from: from, now: time.Now})
	switch {
	case err != nil && failure != nil:
		message := failure.Message + " (the audit entry could not be completed either: " + err.Error() + ")"
		failure = &sdk.Error{Code: failure.Code, Message: message, Upstream: failure.Upstream, Err: err}
	case err != nil:
		failure = sdk.Errorf(sdk.Internal, "%w", err)
	}
	if failure == nil {
		return result, nil // not a nil *sdk.Error
	}
	return result, failure
}

// A call is one call of an action, with the changes of its step or undo: these are stored
// in the transactions that begin and complete the audit entry.
type call struct {
	session sdk.Session
	info    *sdk.ActionInfo
	input   json.RawMessage
	from    Caller
	cause   string
	now     func() time.Time
	begin   func(tx *conn, masked json.RawMessage)
	begun   func() // after begin is stored, before the call
	end     func(tx *conn, result sdk.Result, failure *sdk.Error)
	// undoMasked is the masked input of the undo that the output asks for, if it holds a secret.
	undoMasked json.RawMessage
}

// perform makes the call. Failure is that of the action, err that of the store.
func (s *Store) perform(ctx context.Context, c *call) (result sdk.Result, failure *sdk.Error, err error) {
	if len(c.input) == 0 {
		c.input = json.RawMessage(`{}`)
	}
	masked := s.mask(c.info.Input, c.input)
	if input, err := s.schemaOf(c.info.Input); err == nil {
		// Masked before it is truncated: a truncated secret is not recognized.
		masked, c.input = input.Truncate(masked), input.Truncate(c.input)
	}
	// The record does not depend on the caller's deadline.
	storeCtx := context.WithoutCancel(ctx)
	var entry int64
	err = s.tx(storeCtx, func(tx *conn) {
		entry = tx.exec(`INSERT INTO audit (time, run, step, attempt, action, input, status, outcome, cause) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			c.now(), c.from.RunID, c.from.StepID, c.from.Attempt, c.info.Name, string(masked), CallStarted, OutcomeUnknown, c.cause).seq
		if c.begin != nil {
			c.begin(tx, masked)
		}
	})
	if err != nil {
		return sdk.Result{}, nil, fmt.Errorf("write audit entry of %s, which was not called: %w", c.info.Name, err)
	}
	if c.begun != nil {
		c.begun()
	}
	start := time.Now()
	result, runErr := c.session.Run(ctx, c.info.Name, c.input)
	duration := time.Since(start)
	failure = sdk.AsError(runErr)
	if failure != nil && failure.Code == sdk.Canceled && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		failure = sdk.AsError(ctx.Err()) // a timeout, not a cancellation by the caller
	}
	if failure == nil && !json.Valid(result.Output) {
		result.Output = nil
		failure = sdk.Errorf(sdk.Internal, "the output of %s is not JSON", c.info.Name)
	}
	failure = engine.MaskError(failure, schema.Hidden(c.input, masked)...)
	err = s.tx(storeCtx, func(tx *conn) {
		if failure == nil {
			failure = s.storeUndo(tx, c, entry, result.Output)
		}
		s.complete(tx, c, entry, result, failure, duration)
	})
	if err != nil {
		err = fmt.Errorf("complete audit entry of %s, which was called: %w", c.info.Name, err)
	}
	return result, failure, err
}

// complete completes the audit entry, and stores the changes of the step or undo.
func (s *Store) complete(tx *conn, c *call, entry int64, result sdk.Result, failure *sdk.Error, duration time.Duration) {
	status, outcome, code, message := CallDone, engine.Outcome(result.Output), "", ""
	if failure != nil {
		// The output beside an error still says what was done.
		status, code, message = CallFailed, string(failure.Code), messageOf(failure)
		if c.info.Effect != sdk.Reads && (failure.Code == sdk.Timeout || failure.Code == sdk.Canceled) {
			outcome = OutcomeUnknown
		}
	}
	tx.exec(`UPDATE audit SET status = ?, outcome = ?, code = ?, message = ?, request_ids = ?, duration = ? WHERE seq = ?`,
		status, outcome, code, message, requestIDs(result.Calls, failure), duration, entry)
	if c.undoMasked != nil {
		result.Output = withUndoInput(result.Output, c.undoMasked)
	}
	if c.end != nil {
		c.end(tx, result, failure)
	}
}

// messageOf returns the error without its code and the part of the service, which have
// their own columns.
func messageOf(failure *sdk.Error) string {
	s := failure.Message
	for _, v := range failure.Violations {
		s += "; " + v.String()
	}
	return s
}

// requestIDs returns the service's IDs of the requests, nil if there are none.
func requestIDs(calls []sdk.Call, failure *sdk.Error) []string {
	var ids []string
	for _, c := range calls {
		if c.RequestID != "" {
			ids = append(ids, c.RequestID)
		}
	}
	if failure != nil && failure.Upstream != nil && failure.Upstream.RequestID != "" && !slices.Contains(ids, failure.Upstream.RequestID) {
		ids = append(ids, failure.Upstream.RequestID)
	}
	return ids
}
