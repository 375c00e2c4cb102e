package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"soar.example/okta/internal/nearest"
	"soar.example/okta/sdk"
)

// The statuses of an undo, besides Running and Failed.
const (
	UndoPending    Status = "pending"    // to be made when it is due
	UndoStanding   Status = "standing"   // never by itself: no end was asked for, or the change stood there before
	UndoSuperseded Status = "superseded" // another undo of the same change speaks for it
	UndoDone       Status = "done"       // the change is taken back
)

// An Undo is a change that is to be taken back: what an action answered (see
// [sdk.Undo]), and what became of it. RunID and StepID are empty if the change was
// made by hand.
type Undo struct {
	ID       int64           `json:"id"`
	RunID    string          `json:"run_id,omitempty"`
	StepID   string          `json:"step_id,omitempty"`
	Of       string          `json:"of"`     // the action whose change it takes back
	Action   string          `json:"action"` // the action that does it
	Input    json.RawMessage `json:"input"`
	Due      time.Time       `json:"due,omitzero"`
	Status   Status          `json:"status"`
	Attempts int             `json:"attempts"`
	NextTry  time.Time       `json:"next_try,omitzero"` // when it is tried again after a failure
	Outcome  string          `json:"outcome,omitempty"`
	Error    *sdk.ErrorBody  `json:"error,omitempty"` // of the last attempt, or why there is none
	Created  time.Time       `json:"created"`
	Started  time.Time       `json:"started,omitzero"` // the last attempt
	Finished time.Time       `json:"finished,omitzero"`

	failures int
	own      bool  // a call on record made the change
	mark     int64 // the latest audit entry when it was stored
}

// An UndoQuery selects undos. Empty members select all but those that stand or
// are superseded; a Limit of 0 means 100.
type UndoQuery struct {
	Status Status
	Limit  int
}

// Undos returns the undos that q selects, newest first. A status that no undo can
// have, or a negative limit, is an *[sdk.Error] with code invalid_input.
func (s *Store) Undos(ctx context.Context, q UndoQuery) ([]Undo, error) {
	limit, err := listLimit(q.Limit)
	if err != nil {
		return nil, err
	}
	known := []string{UndoPending, Running, UndoDone, Failed, UndoStanding, UndoSuperseded}
	if q.Status != "" && !slices.Contains(known, q.Status) {
		return nil, sdk.Invalid(fmt.Sprintf("an undo is never %q; it is %s%s", q.Status, strings.Join(known, ", "), nearest.Hint(q.Status, known)))
	}
	undos, err := undoRows(ctx, s.read, `WHERE status = ?1 OR ?1 = '' AND status NOT IN ('standing', 'superseded') ORDER BY seq DESC LIMIT ?2`, q.Status, limit)
	if err != nil {
		return nil, fmt.Errorf("read undos: %w", err)
	}
	return undos, nil
}

// UndoOf returns the undo that speaks for the change which an answer says how to take
// back, nil if none does.
func (s *Store) UndoOf(ctx context.Context, org string, asked *sdk.Undo) (*Undo, error) {
	input, err := inOrder(json.RawMessage(asked.Input))
	if err != nil {
		return nil, err
	}
	found, err := undoRows(ctx, s.read, `WHERE org = ? AND action = ? AND input = ? AND status IN ('pending', 'standing')`, org, asked.Action, string(input))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// undoRows reads the undos that the rest of a SELECT names.
func undoRows(ctx context.Context, q querier, rest string, args ...any) ([]Undo, error) {
	rows, err := q.QueryContext(ctx, `SELECT seq, run, step, of, action, input, own, mark, due, status, attempts, failures, next_try, outcome, error, created, started, finished
		FROM undos `+rest, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var undos []Undo
	for rows.Next() {
		var u Undo
		var due, next, created, started, finished sql.NullInt64
		var failure []byte
		err := rows.Scan(&u.ID, &u.RunID, &u.StepID, &u.Of, &u.Action, (*[]byte)(&u.Input), &u.own, &u.mark, &due, &u.Status, &u.Attempts, &u.failures,
			&next, &u.Outcome, &failure, &created, &started, &finished)
		if err != nil {
			return nil, err
		}
		u.Due, u.NextTry, u.Created, u.Started, u.Finished = unstamp(due), unstamp(next), unstamp(created), unstamp(started), unstamp(finished)
		if err := unpack(failure, &u.Error); err != nil {
			return nil, err
		}
		undos = append(undos, u)
	}
	return undos, rows.Err()
}

// addUndo stores a new undo.
func addUndo(ctx context.Context, tx *sql.Tx, org string, u *Undo) error {
	failure, err := pack(u.Error)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO undos (org, run, step, of, action, input, own, due, status, error, created, finished, mark)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT max(seq) FROM audit))`,
		org, u.RunID, u.StepID, u.Of, u.Action, string(u.Input), u.own, stamp(u.Due), u.Status, failure, stamp(u.Created), stamp(u.Finished))
	return err
}

// saveUndo writes what became of an attempt at an undo.
func saveUndo(ctx context.Context, tx *sql.Tx, u *Undo) error {
	failure, err := pack(u.Error)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE undos SET status = ?, attempts = ?, failures = ?, next_try = ?, outcome = ?, error = ?, started = ?, finished = ?,
		ended = CASE WHEN ?1 = 'running' THEN ended ELSE (SELECT max(seq) FROM audit) END WHERE seq = ?`,
		u.Status, u.Attempts, u.failures, stamp(u.NextTry), u.Outcome, failure, stamp(u.Started), stamp(u.Finished), u.ID)
	return err
}
