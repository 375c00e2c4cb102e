package embedded

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/sdk"
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
	Status     engine.Status   `json:"status"`
	Outcome    string          `json:"outcome,omitempty"`     // of the output (see sdk.Outcome), or OutcomeUnknown
	Code       string          `json:"code,omitempty"`        // of the error, see sdk.Code
	Message    string          `json:"message,omitempty"`     // of the error
	RequestIDs []string        `json:"request_ids,omitempty"` // of the service, in order of the requests
	Duration   time.Duration   `json:"duration_ns,omitzero"`
	Operation  string          `json:"operation,omitempty"` // ID of the operation of a write
	Org        string          `json:"org,omitempty"`
	Subjects   []string        `json:"subjects,omitempty"` // names of the objects that a write changes, or their IDs
	Actor
}

// An AuditQuery selects audit entries. Empty members select all; a Limit of 0 means 100.
type AuditQuery struct {
	Subject      string // ID or name of an object: a subject of the operation, or a text of the input
	User         string // account of the operating system that made the call, or a Subject
	Since, Until time.Time
	Action       string
	Case         string
	Connection   string
	Outcome      string // outcome, status or code of the error
	Operation    string // ID of an operation, or its beginning
	RunID        string
	Limit        int
}

// AuditTrail returns the calls that q selects, newest first.
func (s *Store) AuditTrail(ctx context.Context, q AuditQuery) ([]AuditEntry, error) {
	limit, err := listLimit(q.Limit)
	if err != nil {
		return nil, err
	}
	quoted := func(text string) string {
		b, _ := json.Marshal(text) // a string is JSON
		return string(b)
	}
	db := s.reader(ctx)
	entries := readAudit(db, `WHERE (?1 = '' OR `+onSubject("?1", "?2")+`)
		AND (?3 = '' OR os_user = ?3 OR `+onSubject("?3", "?13")+`) AND (?4 IS NULL OR time >= ?4) AND (?5 IS NULL OR time < ?5)
		AND (?6 = '' OR action = ?6) AND (?7 = '' OR incident = ?7) AND (?8 = '' OR connection = ?8)
		AND (?9 = '' OR outcome = ?9 OR status = ?9 OR code = ?9) AND (?10 = '' OR substr(operation, 1, length(?10)) = lower(?10))
		AND (?11 = '' OR run = ?11) ORDER BY seq DESC LIMIT ?12`,
		q.Subject, quoted(q.Subject), q.User, q.Since, q.Until, q.Action, q.Case, q.Connection, q.Outcome, q.Operation, q.RunID, limit, quoted(q.User))
	return entries, db.failed("read audit trail")
}

// onSubject selects the calls on an object. The text is its ID or name.
func onSubject(text, quoted string) string {
	return `instr(lower(a.input), lower(` + quoted + `)) > 0
		OR EXISTS (SELECT 1 FROM subjects WHERE operation = a.seq AND (id = ` + text + ` OR name = ` + text + ` COLLATE NOCASE))`
}

// readAudit reads the entries that the rest of a SELECT selects.
func readAudit(db *conn, rest string, args ...any) []AuditEntry {
	entries := list(db, func(a *AuditEntry) []any {
		return append([]any{&a.Time, &a.RunID, &a.StepID, &a.Attempt, &a.Cause, &a.Action, &a.Input,
			&a.Status, &a.Outcome, &a.Code, &a.Message, &a.RequestIDs, &a.Duration, &a.Operation, &a.Org, &a.Subjects},
			a.Actor.columns()...)
	}, `SELECT time, run, step, attempt, cause, action, input, status, outcome, code, message, request_ids, duration, operation, org,
		(SELECT json_group_array(coalesce(nullif(name, ''), id)) FROM (SELECT * FROM subjects WHERE operation = a.seq ORDER BY n) HAVING count(*) > 0),
		`+actorColumns+` FROM audit a `+rest, args...)
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

// complete completes the audit entry, and stores the changes of the step or undo.
func (s *Store) complete(tx *conn, c *call, result sdk.Result, failure *sdk.Error, duration time.Duration) {
	status, outcome, code, message := engine.Done, string(engine.ReadOutput(result.Output).Outcome), "", ""
	if failure != nil {
		// The output beside an error still says what was done.
		status, code, message = engine.Failed, string(failure.Code), messageOf(failure)
		if c.info.Effect != sdk.Reads && (failure.Code == sdk.Timeout || failure.Code == sdk.Canceled) {
			outcome = OutcomeUnknown
		}
	}
	tx.exec(`UPDATE audit SET status = ?, outcome = ?, code = ?, message = ?, request_ids = ?, duration = ? WHERE seq = ?`,
		status, outcome, code, message, requestIDs(result.Calls, failure), duration, c.entry)
	result.Output = withUndoInputs(result.Output, c.undosMasked)
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
