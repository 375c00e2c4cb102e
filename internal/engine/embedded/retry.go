package embedded

import (
	"context"
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
	err := s.byID(ctx, s.write, id, func(tx *conn, seq int64) {
		run = readRun(tx, seq)
		if tx.err == nil {
			tx.fail(run.CanRetry())
		}
		var org string
		tx.row(`SELECT org FROM runs WHERE seq = ?`, seq).into(&org)
		tx.exec(`DELETE FROM evaluation_deaths WHERE event = ?`, markOf(org, run.EventID))
		now := time.Now()
		tx.exec(`INSERT INTO retries (run, n, time, failed, error) VALUES (?, ?, ?, ?, ?)`, seq, len(run.Retries)+1, now, run.Finished, run.Error)
		tx.exec(`UPDATE runs SET status = 'queued', error = NULL, started = ?, finished = NULL WHERE seq = ?`, now, seq)
		if tx.err == nil {
			run = readRun(tx, seq)
		}
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

func readRetries(db *conn, run int64) []Retry {
	return list(db, func(r *Retry) []any { return []any{&r.N, &r.Time, &r.Failed, &r.Error, &r.Begun} },
		`SELECT n, time, failed, error, begun FROM retries WHERE run = ? ORDER BY n`, run)
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
func beginRetry(tx *conn, j *job, now time.Time) {
	j.run.Retries = readRetries(tx, j.run.seq)
	if len(j.run.Retries) == 0 {
		return
	}
	last := &j.run.Retries[len(j.run.Retries)-1]
	if !last.Begun.IsZero() {
		return // the retry is resumed
	}
	last.Begun = engine.Time(now)
	tx.exec(`UPDATE retries SET begun = ? WHERE run = ? AND n = ?`, last.Begun, j.run.seq, last.N)
	for _, n := range engine.ResetFailed(j.playbook, j.steps) {
		saveStep(tx, j.run.seq, n, j.steps[n])
	}
}
