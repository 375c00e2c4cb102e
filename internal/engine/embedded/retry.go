package embedded

import (
	"context"
	"database/sql"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/sdk"
)

// CauseRetry is the Cause of a call in a run that was retried.
const CauseRetry = "retry"

// A Retry is one retry of a failed run.
type Retry struct {
	N      int            `json:"n"`               // from 1
	Time   time.Time      `json:"time"`            // of the request
	Failed time.Time      `json:"failed,omitzero"` // when the run had failed
	Error  *sdk.ErrorBody `json:"error,omitempty"` // of the run when it had failed
	Begun  time.Time      `json:"begun,omitzero"`  // when a worker took the run
}

// Retry queues a failed run again, for the engine that works on its org now or later.
// The run continues with the first step whose failure counted, and with the playbook as
// it was when the run was accepted. Steps that succeeded are not run again. If the event
// was set aside before the playbook's condition was evaluated, the condition is evaluated
// first. The ID may be the beginning of one, as for [Store.Run].
//
// It fails with an *[sdk.Error]: not_found if there is no such run; conflict if the run
// has not failed, or failed before its first step for another reason.
func (s *Store) Retry(ctx context.Context, id string) (*Run, error) {
	var run *Run
	err := s.byID(ctx, s.write, id, func(tx *sql.Tx, seq int64) (err error) {
		if run, err = readRun(ctx, tx, seq); err != nil {
			return err
		}
		if err := run.CanRetry(); err != nil {
			return err
		}
		var org string
		if err := tx.QueryRowContext(ctx, `SELECT org FROM runs WHERE seq = ?`, seq).Scan(&org); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM evaluation_deaths WHERE event = ?`, markOf(org, run.EventID)); err != nil {
			return err
		}
		now := stamp(time.Now())
		if _, err := tx.ExecContext(ctx, `INSERT INTO retries (run, n, time, failed, error) VALUES (?, ?, ?, ?, ?)`,
			seq, len(run.Retries)+1, now, stamp(run.Finished), asJSON[sdk.ErrorBody]{&run.Error}); err != nil {
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

// CanRetry returns an *[sdk.Error] with code conflict if [Store.Retry] rejects the run.
func (r *Run) CanRetry() error {
	switch {
	case r.Status != Failed:
		return sdk.Errorf(sdk.Conflict, "run %s is %s: only a failed run can be retried", r.ID, r.Status)
	case r.Started.IsZero() && !r.unmatched:
		return sdk.Errorf(sdk.Conflict, "run %s failed before its first step, and a retry would fail again: %s", r.ID, r.Error.Message)
	}
	return nil
}

func readRetries(ctx context.Context, q querier, run int64) ([]Retry, error) {
	return list(ctx, q, func(row row) (r Retry, err error) {
		err = row.Scan(&r.N, timeColumn{&r.Time}, timeColumn{&r.Failed}, asJSON[sdk.ErrorBody]{&r.Error}, timeColumn{&r.Begun})
		return r, err
	}, `SELECT n, time, failed, error, begun FROM retries WHERE run = ? ORDER BY n`, run)
}

// cause returns the Cause of the job's calls.
func (j *job) cause() string {
	if len(j.run.Retries) > 0 {
		return CauseRetry
	}
	if !j.run.Replay.IsZero() {
		return CauseReplay
	}
	return ""
}

// beginRetry makes the steps pending that a new retry runs again.
func beginRetry(ctx context.Context, tx *sql.Tx, j *job, now time.Time) (err error) {
	if j.run.Retries, err = readRetries(ctx, tx, j.run.seq); err != nil || len(j.run.Retries) == 0 {
		return err
	}
	last := &j.run.Retries[len(j.run.Retries)-1]
	if !last.Begun.IsZero() {
		return nil // the retry is resumed
	}
	last.Begun = engine.Time(now)
	if _, err := tx.ExecContext(ctx, `UPDATE retries SET begun = ? WHERE run = ? AND n = ?`, stamp(now), j.run.seq, last.N); err != nil {
		return err
	}
	for _, n := range engine.ResetFailed(j.playbook, j.steps) {
		if err := saveStep(ctx, tx, j.run.seq, n, j.steps[n]); err != nil {
			return err
		}
	}
	return nil
}
