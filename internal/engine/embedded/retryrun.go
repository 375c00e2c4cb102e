package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// CauseRetry is the Cause of a call of a run that was asked to be run again.
const CauseRetry = "retry"

// A Retry is one time that a failed run was asked to be run again.
type Retry struct {
	N      int            `json:"n"`               // from 1
	Time   time.Time      `json:"time"`            // when it was asked for
	Failed time.Time      `json:"failed,omitzero"` // when the run had failed
	Error  *sdk.ErrorBody `json:"error,omitempty"` // what it had failed with
	Begun  time.Time      `json:"begun,omitzero"`  // when a worker took it up
}

// Retry queues a failed run again, for whatever engine works on its org, now or
// later: from the first step whose failure counted, with the playbook as it was when
// the run was accepted. Steps that succeeded are not run again. The id may be the
// beginning of one, as for [Store.Run].
//
// It fails with an *[sdk.Error]: not_found if there is no such run, conflict if it
// has not failed, or failed before any step could be run.
func (s *Store) Retry(ctx context.Context, id string) (*Run, error) {
	var run *Run
	err := s.byID(ctx, s.write, id, func(tx *sql.Tx, seq int64) (err error) {
		if run, err = readRun(ctx, tx, seq); err != nil {
			return err
		}
		if err := run.CanRetry(); err != nil {
			return err
		}
		failure, err := pack(run.Error)
		if err != nil {
			return err
		}
		now := stamp(time.Now())
		if _, err := tx.ExecContext(ctx, `INSERT INTO retries (run, n, time, failed, error) VALUES (?, ?, ?, ?, ?)`,
			seq, len(run.Retries)+1, now, stamp(run.Finished), failure); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE runs SET status = 'queued', error = NULL, started = ?, finished = NULL WHERE seq = ?`, now, seq); err != nil {
			return err
		}
		run, err = readRun(ctx, tx, seq)
		return err
	})
	return run, err
}

// CanRetry returns why the run is not one that [Store.Retry] takes, nil if it is: an
// *[sdk.Error] with code conflict.
func (r *Run) CanRetry() error {
	switch {
	case r.Status != Failed:
		return sdk.Errorf(sdk.Conflict, "run %s is %s: only one that failed is run again", r.ID, r.Status)
	case r.Started.IsZero():
		return sdk.Errorf(sdk.Conflict, "run %s failed before its first step, and would again: %s", r.ID, r.Error.Message)
	}
	return nil
}

// PlaybookOf returns the file and the source of the playbook that a run was accepted
// with, and the org that it belongs to.
func (s *Store) PlaybookOf(ctx context.Context, run string) (file string, source []byte, org string, err error) {
	err = s.byID(ctx, s.read, run, func(tx *sql.Tx, seq int64) error {
		return tx.QueryRowContext(ctx, `SELECT p.file, p.source, r.org FROM runs r JOIN playbooks p ON p.hash = r.hash WHERE r.seq = ?`, seq).Scan(&file, &source, &org)
	})
	return file, source, org, err
}

func readRetries(ctx context.Context, q querier, run int64) ([]Retry, error) {
	rows, err := q.QueryContext(ctx, `SELECT n, time, failed, error, begun FROM retries WHERE run = ? ORDER BY n`, run)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Retry
	for rows.Next() {
		var r Retry
		var at, failed, begun sql.NullInt64
		var failure []byte
		if err := rows.Scan(&r.N, &at, &failed, &failure, &begun); err != nil {
			return nil, err
		}
		r.Time, r.Failed, r.Begun = unstamp(at), unstamp(failed), unstamp(begun)
		if err := unpack(failure, &r.Error); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// cause is why the job's calls are made.
func (j *job) cause() string {
	if len(j.run.Retries) > 0 {
		return CauseRetry
	}
	if !j.run.Replay.IsZero() {
		return CauseReplay
	}
	return ""
}

// beginRetry makes the steps of a run that was asked to be run again ones that are to
// be run: from the first whose failure counted, all that did not succeed. Their
// attempts count on, the tries that they have begin anew.
func beginRetry(ctx context.Context, tx *sql.Tx, j *job, now time.Time) (err error) {
	if j.run.Retries, err = readRetries(ctx, tx, j.seq); err != nil || len(j.run.Retries) == 0 {
		return err
	}
	last := &j.run.Retries[len(j.run.Retries)-1]
	if !last.Begun.IsZero() {
		return nil // resumed
	}
	last.Begun = unstamp(stamp(now))
	if _, err := tx.ExecContext(ctx, `UPDATE retries SET begun = ? WHERE run = ? AND n = ?`, stamp(now), j.seq, last.N); err != nil {
		return err
	}
	failed := false
	for n, s := range j.steps {
		ignored := j.book.Steps[n].OnError == playbook.Ignore
		failed = failed || s.Status == Failed && !ignored
		if !failed || s.Status == Succeeded || s.Status == Failed && ignored {
			continue
		}
		*s = stepState{StepRun: StepRun{ID: s.ID, Action: s.Action, Status: Pending, Attempts: s.Attempts}}
		if err := saveStep(ctx, tx, j.seq, n, s); err != nil {
			return err
		}
	}
	return nil
}

// onlyRun is nextRun of an engine that works on one run alone.
func (e *Engine) onlyRun(ctx context.Context, tx *sql.Tx) (seq int64, wait time.Duration, err error) {
	err = tx.QueryRowContext(ctx, `SELECT seq FROM runs WHERE org = ? AND id = ? AND status = 'queued'`, e.o.Org, e.o.Only).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, fmt.Errorf("look for run %s: %w", e.o.Only, err)
	}
	return seq, 0, nil
}
