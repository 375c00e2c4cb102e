package embedded

import (
	"context"
	"database/sql"
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
	entries, err := readAudit(ctx, s.read, `ORDER BY seq DESC LIMIT ?`, limit)
	if err != nil {
		return nil, fmt.Errorf("read audit trail: %w", err)
	}
	return entries, nil
}

// readAudit reads the entries that the rest of a SELECT selects.
func readAudit(ctx context.Context, q querier, rest string, args ...any) ([]AuditEntry, error) {
	entries, err := list(ctx, q, scanAudit, `SELECT time, run, step, attempt, cause, action, input, status, outcome, code, message, request_ids, duration
		FROM audit `+rest, args...)
	if entries == nil {
		entries = []AuditEntry{}
	}
	return entries, err
}

func scanAudit(r row) (a AuditEntry, err error) {
	var ids *[]string
	err = r.Scan(timeColumn{&a.Time}, &a.RunID, &a.StepID, &a.Attempt, &a.Cause, &a.Action, (*[]byte)(&a.Input),
		&a.Status, &a.Outcome, &a.Code, &a.Message, asJSON[[]string]{&ids}, &a.Duration)
	if ids != nil {
		a.RequestIDs = *ids
	}
	return a, err
}

func readSteps(ctx context.Context, q querier, run int64) ([]*engine.StepState, error) {
	return list(ctx, q, scanStep, `SELECT id, action, status, attempts, failures, next_try, input, output, outcome, error, started, finished
		FROM steps WHERE run = ? ORDER BY n`, run)
}

func scanStep(r row) (*engine.StepState, error) {
	s := new(engine.StepState)
	return s, r.Scan(&s.ID, &s.Action, &s.Status, &s.Attempts, &s.Failures, timeColumn{&s.NextTry}, (*[]byte)(&s.Input), (*[]byte)(&s.Output),
		&s.Outcome, asJSON[sdk.ErrorBody]{&s.Error}, timeColumn{&s.Started}, timeColumn{&s.Finished})
}

// saveStep writes the n-th step of a run.
func saveStep(ctx context.Context, tx *sql.Tx, run int64, n int, s *engine.StepState) error {
	_, err := tx.ExecContext(ctx, `UPDATE steps SET status = ?, attempts = ?, failures = ?, next_try = ?, input = ?, output = ?,
		outcome = ?, error = ?, started = ?, finished = ? WHERE run = ? AND n = ?`,
		s.Status, s.Attempts, s.Failures, stamp(s.NextTry), text(s.Input), text(s.Output),
		s.Outcome, asJSON[sdk.ErrorBody]{&s.Error}, stamp(s.Started), stamp(s.Finished), run, n)
	return err
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
		return result, &sdk.Error{Code: failure.Code, Message: message, Upstream: failure.Upstream, Err: err}
	case err != nil:
		return result, sdk.Errorf(sdk.Internal, "%w", err)
	case failure != nil:
		return result, failure
	}
	return result, nil
}

// A call is one call of an action, and what its step writes in the same transactions as
// the audit entry.
type call struct {
	session sdk.Session
	info    *sdk.ActionInfo
	input   json.RawMessage
	from    Caller
	cause   string
	now     func() time.Time
	begin   func(tx *sql.Tx, masked json.RawMessage) error
	begun   func() // after begin is stored, before the call
	end     func(tx *sql.Tx, result sdk.Result, failure *sdk.Error) error
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
	entry, err := s.begin(storeCtx, c, masked)
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
	if failure, err = s.end(storeCtx, c, entry, result, failure, duration); err != nil {
		return result, failure, fmt.Errorf("complete audit entry of %s, which was called: %w", c.info.Name, err)
	}
	return result, failure, nil
}

func (s *Store) begin(ctx context.Context, c *call, masked json.RawMessage) (entry int64, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		inserted, err := tx.ExecContext(ctx, `INSERT INTO audit (time, run, step, attempt, action, input, status, outcome, cause) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			stamp(c.now()), c.from.RunID, c.from.StepID, c.from.Attempt, c.info.Name, string(masked), CallStarted, OutcomeUnknown, c.cause)
		if err != nil {
			return err
		}
		if entry, err = inserted.LastInsertId(); err != nil || c.begin == nil {
			return err
		}
		return c.begin(tx, masked)
	})
	return entry, err
}

// end completes the audit entry with everything that is stored beside it. It returns the
// failure of the call, which may come from the undo that the output asks for.
func (s *Store) end(ctx context.Context, c *call, entry int64, result sdk.Result, failure *sdk.Error, duration time.Duration) (*sdk.Error, error) {
	err := s.tx(ctx, func(tx *sql.Tx) (err error) {
		if failure == nil {
			if failure, err = s.storeUndo(ctx, tx, c, entry, result.Output); err != nil {
				return err
			}
		}
		status, outcome, code, message := CallDone, engine.Outcome(result.Output), "", ""
		if failure != nil {
			// The output beside an error still says what was done.
			status, code, message = CallFailed, string(failure.Code), messageOf(failure)
			if c.info.Effect != sdk.Reads && (failure.Code == sdk.Timeout || failure.Code == sdk.Canceled) {
				outcome = OutcomeUnknown
			}
		}
		ids := requestIDs(result.Calls, failure)
		_, err = tx.ExecContext(ctx, `UPDATE audit SET status = ?, outcome = ?, code = ?, message = ?, request_ids = ?, duration = ? WHERE seq = ?`,
			status, outcome, code, message, asJSON[[]string]{&ids}, int64(duration), entry)
		if err != nil || c.end == nil {
			return err
		}
		if c.undoMasked != nil {
			result.Output = withUndoInput(result.Output, c.undoMasked)
		}
		return c.end(tx, result, failure)
	})
	return failure, err
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
func requestIDs(calls []sdk.Call, failure *sdk.Error) *[]string {
	var ids []string
	for _, c := range calls {
		if c.RequestID != "" {
			ids = append(ids, c.RequestID)
		}
	}
	if failure != nil && failure.Upstream != nil && failure.Upstream.RequestID != "" && !slices.Contains(ids, failure.Upstream.RequestID) {
		ids = append(ids, failure.Upstream.RequestID)
	}
	if ids == nil {
		return nil
	}
	return &ids
}
