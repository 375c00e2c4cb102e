package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// AuditStatus says what is known of a call.
type AuditStatus = string

// The statuses of a call. One that stays started was cut off: nobody knows
// whether the service carried it out.
const (
	CallStarted AuditStatus = "started"
	CallDone    AuditStatus = "done"
	CallFailed  AuditStatus = "failed"
)

// OutcomeUnknown is the outcome of a call whose answer has not come, or never
// will: it is under way, the process was killed in the middle of it, or a write
// was given up before its answer.
const OutcomeUnknown = "unknown"

// An AuditEntry is one call of an action. It is written before the call and
// completed after it. RunID, StepID and Attempt are empty for a call that
// belongs to no run.
type AuditEntry struct {
	Time       time.Time       `json:"time"` // when the call began
	RunID      string          `json:"run_id,omitempty"`
	StepID     string          `json:"step_id,omitempty"`
	Attempt    int             `json:"attempt,omitempty"` // from 1
	Cause      string          `json:"cause,omitempty"`   // CauseUndo, CauseRetry, CauseReplay, or "" for a step's own turn or a call by hand
	Action     string          `json:"action"`
	Input      json.RawMessage `json:"input"` // secrets are masked
	Status     AuditStatus     `json:"status"`
	Outcome    string          `json:"outcome,omitempty"`     // the answer's own (see sdk.Outcome), or OutcomeUnknown
	Code       string          `json:"code,omitempty"`        // of the error, see sdk.Code
	Message    string          `json:"message,omitempty"`     // of the error
	RequestIDs []string        `json:"request_ids,omitempty"` // the service's, in the order of the requests
	Duration   time.Duration   `json:"duration_ns,omitzero"`
}

// AuditTrail returns the latest calls, newest first. A limit of 0 means 100.
func (s *Store) AuditTrail(ctx context.Context, limit int) ([]AuditEntry, error) {
	limit, err := listLimit(limit)
	if err != nil {
		return nil, err
	}
	entries, err := auditRows(ctx, s.read, `ORDER BY seq DESC LIMIT ?`, limit)
	if err != nil {
		return nil, fmt.Errorf("read audit trail: %w", err)
	}
	return entries, nil
}

// auditRows reads the entries that the rest of a SELECT names.
func auditRows(ctx context.Context, q querier, rest string, args ...any) ([]AuditEntry, error) {
	rows, err := q.QueryContext(ctx, `SELECT time, run, step, attempt, cause, action, input, status, outcome, code, message, request_ids, duration
		FROM audit `+rest, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	entries := []AuditEntry{}
	for rows.Next() {
		var a AuditEntry
		var at sql.NullInt64
		var input, ids []byte
		if err := rows.Scan(&at, &a.RunID, &a.StepID, &a.Attempt, &a.Cause, &a.Action, &input, &a.Status, &a.Outcome, &a.Code, &a.Message, &ids, &a.Duration); err != nil {
			return nil, err
		}
		a.Time, a.Input = unstamp(at), input
		if err := unpack(ids, &a.RequestIDs); err != nil {
			return nil, err
		}
		entries = append(entries, a)
	}
	return entries, rows.Err()
}

// pack encodes v for a column; nil pointers, slices and messages become NULL.
func pack[T any](v *T) (sql.NullString, error) {
	if v == nil {
		return sql.NullString{}, nil
	}
	b, err := json.Marshal(v)
	return sql.NullString{String: string(b), Valid: true}, err
}

func unpack[T any](column []byte, v *T) error {
	if column == nil {
		return nil
	}
	return json.Unmarshal(column, v)
}
