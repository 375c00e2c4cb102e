package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"math/rand/v2"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// A job is a run that a worker has taken.
type job struct {
	run      Run // without the data of its event, steps and audit
	playbook *playbook.Playbook
	broken   error // why there is no playbook
	scope    playbook.Scope
	steps    []*engine.StepState
}

func (e *Engine) readJob(ctx context.Context, tx *sql.Tx, seq int64, hash string) (*job, error) {
	run, err := findRun(ctx, tx, `r.seq = ?`, seq)
	if err != nil {
		return nil, err
	}
	j := &job{run: *run}
	if err := tx.QueryRowContext(ctx, `SELECT data FROM events WHERE seq = ?`, run.eventSeq).Scan((*[]byte)(&j.scope.Event)); err != nil {
		return nil, err
	}
	if j.playbook, j.broken, err = e.playbookOf(ctx, tx, hash); err != nil || j.broken != nil {
		return j, err
	}
	if j.scope.Shapes, err = readShapes(ctx, tx, run.eventSeq, j.playbook); err != nil {
		return j, err
	}
	if j.scope.Events, err = readGroup(ctx, tx, seq, run.Group, j.playbook); err != nil {
		return j, err
	}
	if j.steps, err = readSteps(ctx, tx, seq); err != nil {
		return j, err
	}
	if err := beginRetry(ctx, tx, j, e.o.Now()); err != nil || len(j.steps) > 0 {
		return j, err
	}
	j.steps = engine.NewSteps(j.playbook)
	for n, s := range j.steps {
		_, err := tx.ExecContext(ctx, `INSERT INTO steps (run, n, id, action, status) VALUES (?, ?, ?, ?, ?)`, seq, n, s.ID, s.Action, s.Status)
		if err != nil {
			return nil, err
		}
	}
	return j, nil
}

// execute runs the steps of the job that are not over. It leaves the run as it is if
// stopCtx ends; otherwise the run is finished when it returns without an error.
func (w *worker) execute(j *job) error {
	w.notify(RunStarted, j.run, nil, 0)
	if j.broken != nil {
		err := sdk.AsError(j.broken)
		return w.finish(j, &sdk.ErrorBody{Code: err.Code, Message: "the playbook as it was when the run was accepted does not load: " + err.Message})
	}
	if j.run.unmatched {
		matches, err := w.matchAgain(j)
		if err != nil {
			return w.finish(j, engine.ErrorBody(err))
		}
		if !matches {
			return w.finish(j, nil)
		}
	}
	for {
		n, over, failure := engine.Next(j.playbook, j.steps)
		if over {
			return w.finish(j, failure)
		}
		if w.stopCtx.Err() != nil {
			return nil
		}
		j.scope.Steps = engine.Results(j.playbook, j.steps)
		if over, err := w.step(j, n); err != nil || !over {
			return err
		}
	}
}

// matchAgain evaluates the condition of the playbook for the retry of a run whose event
// was set aside before.
func (w *worker) matchAgain(j *job) (matches bool, err error) {
	event := sdk.RawEvent{ID: j.run.EventID, Type: j.run.EventType, Time: j.run.EventTime, Data: j.scope.Event, Shapes: j.scope.Shapes}
	err = w.marked(w.storeCtx, j.run.EventID, "the condition of "+j.playbook.Name, func() (err error) {
		matches, err = j.playbook.Match(event)
		return err
	})
	if err == nil {
		_, err = w.store.write.ExecContext(w.storeCtx, `UPDATE runs SET unmatched = 0 WHERE seq = ?`, j.run.seq)
	}
	return matches, err
}

// finish ends the run. Pending steps are skipped.
func (w *worker) finish(j *job, failure *sdk.ErrorBody) error {
	j.run.Status, j.run.Error, j.run.Finished = Succeeded, failure, engine.Time(w.o.Now())
	if failure != nil {
		j.run.Status = Failed
	}
	err := w.store.tx(w.storeCtx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(w.storeCtx, `UPDATE steps SET status = 'skipped' WHERE run = ? AND status = 'pending'`, j.run.seq); err != nil {
			return err
		}
		if _, err := tx.ExecContext(w.storeCtx, `UPDATE runs SET status = ?, error = ?, finished = ? WHERE seq = ?`,
			j.run.Status, asJSON[sdk.ErrorBody]{&failure}, stamp(j.run.Finished), j.run.seq); err != nil {
			return err
		}
		return w.forget(w.storeCtx, tx, j.run.EventID)
	})
	if err != nil {
		return err
	}
	args := []any{"run", j.run.ID, "playbook", j.run.Playbook, "event", j.run.EventID, "status", j.run.Status}
	if failure != nil {
		args = append(args, "code", failure.Code, "error", failure.Message)
	}
	w.o.Logger.Info("run finished", args...)
	w.notify(RunFinished, j.run, nil, 0)
	w.finished.wake()
	return nil
}

// step runs the n-th step until it is over. It reports false if stopCtx or runCtx ended
// first: the step is run again later. Its error is an error of the store.
func (w *worker) step(j *job, n int) (over bool, err error) {
	step, s := j.playbook.Steps[n], j.steps[n]
	d := engine.Decide(j.playbook, step, j.scope, w.o.Manifest, func(label string, do func() error) error {
		return w.marked(w.storeCtx, j.run.EventID, label, do)
	})
	if d.Status != Running {
		s.Settle(d.Status, d.Err, w.o.Now())
		if err := w.store.tx(w.storeCtx, func(tx *sql.Tx) error { return saveStep(w.storeCtx, tx, j.run.seq, n, s) }); err != nil {
			return true, err
		}
		w.notify(StepFinished, j.run, s, 0)
		return true, nil
	}
	announced := false
	for !s.Over() {
		// The wait is limited in case that the clock was set back.
		if wait := min(s.NextTry.Sub(w.o.Now()), engine.LongestWait(step.Retry)); w.stopCtx.Err() != nil || wait > 0 && !sleep(w.stopCtx, wait, nil) {
			return false, nil
		}
		wait, err := w.attempt(j, n, d, &announced)
		if err != nil {
			return false, err
		}
		switch {
		case s.Over():
			w.notify(StepFinished, j.run, s, 0)
		case wait == 0:
			return false, nil
		default:
			w.notify(StepRetry, j.run, s, wait)
		}
	}
	return true, nil
}

// attempt calls the action of the step once. Then the step is over, or wait is the time
// until the next attempt. If wait is 0, runCtx ended.
func (w *worker) attempt(j *job, n int, d engine.Decision, announced *bool) (wait time.Duration, err error) {
	if w.runCtx.Err() != nil {
		return 0, nil
	}
	step, s := j.playbook.Steps[n], j.steps[n]
	s.Attempts++
	from := Caller{RunID: j.run.ID, StepID: s.ID, Attempt: s.Attempts, Org: w.o.Org, Manifest: w.o.Manifest}
	logger := w.o.Logger.With("run", from.RunID, "step", from.StepID, "attempt", from.Attempt)
	ctx, cancel := context.WithTimeout(hclog.WithContext(w.runCtx, logger), step.Timeout)
	defer cancel()
	_, _, err = w.store.perform(ctx, &call{
		session: w.o.Session, info: d.Action, input: d.Input, from: from, cause: j.cause(), now: w.o.Now,
		begin: func(tx *sql.Tx, masked json.RawMessage) error {
			s.Status, s.Input = Running, masked
			if s.Started.IsZero() {
				s.Started = engine.Time(w.o.Now())
			}
			return saveStep(w.storeCtx, tx, j.run.seq, n, s)
		},
		begun: func() {
			if !*announced {
				*announced = true
				w.notify(StepStarted, j.run, s, 0)
			}
		},
		end: func(tx *sql.Tx, result sdk.Result, failure *sdk.Error) error {
			if failure != nil && w.runCtx.Err() != nil {
				return nil // canceled: not a failure of the step
			}
			wait = s.Record(step.Retry, w.store.mask(d.Action.Output, result.Output), failure, w.o.Now(), rand.Float64())
			return saveStep(w.storeCtx, tx, j.run.seq, n, s)
		},
	})
	w.undoStored.wake()
	return wait, err
}
