package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"
)

// A stepState is a step's row in the journal.
type stepState struct {
	StepRun
	failures int       // attempts that failed; those cut off do not count
	nextTry  time.Time // not before
}

// over reports whether the step will not be run (again).
func (s *stepState) over() bool {
	return s.Status == Succeeded || s.Status == Failed || s.Status == Skipped
}

func readSteps(ctx context.Context, q querier, run int64) ([]*stepState, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, action, status, attempts, failures, next_try, input, output, outcome, error, started, finished
		FROM steps WHERE run = ? ORDER BY n`, run)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var steps []*stepState
	for rows.Next() {
		s := new(stepState)
		var next, started, finished sql.NullInt64
		var failure []byte
		if err := rows.Scan(&s.ID, &s.Action, &s.Status, &s.Attempts, &s.failures, &next,
			(*[]byte)(&s.Input), (*[]byte)(&s.Output), &s.Outcome, &failure, &started, &finished); err != nil {
			return nil, err
		}
		s.nextTry, s.Started, s.Finished = unstamp(next), unstamp(started), unstamp(finished)
		if err := unpack(failure, &s.Error); err != nil {
			return nil, err
		}
		steps = append(steps, s)
	}
	return steps, rows.Err()
}

// saveStep writes the n-th step of a run.
func saveStep(ctx context.Context, tx *sql.Tx, run int64, n int, s *stepState) error {
	failure, err := pack(s.Error)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE steps SET status = ?, attempts = ?, failures = ?, next_try = ?, input = ?, output = ?,
		outcome = ?, error = ?, started = ?, finished = ? WHERE run = ? AND n = ?`,
		s.Status, s.Attempts, s.failures, stamp(s.nextTry), text(s.Input), text(s.Output),
		s.Outcome, failure, stamp(s.Started), stamp(s.Finished), run, n)
	return err
}

// text is JSON as a column's value, NULL if there is none.
func text(m json.RawMessage) sql.NullString {
	return sql.NullString{String: string(m), Valid: m != nil}
}
