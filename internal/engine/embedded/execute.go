package embedded

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
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
	set      *connectionSet // that the run uses
	release  func()         // of set
}

func (e *Engine) readJob(tx *conn, seq int64, hash string) *job {
	j := &job{run: *findRun(tx, `r.seq = ?`, seq), set: e.connections()}
	tx.row(`SELECT data FROM events WHERE seq = ?`, j.run.eventSeq).into(&j.scope.Event)
	if j.playbook, j.broken = e.playbookOf(tx, hash, j.set); j.playbook == nil {
		return j
	}
	if c := j.set.named(j.playbook.Connection); c == nil || c.Org != j.run.Org {
		j.broken = sdk.Errorf(sdk.Conflict, "the event is from %s, and the connection %s is now to another org", j.run.Org, j.playbook.Connection)
		j.playbook = nil
		return j
	}
	j.scope.Shapes = readShapes(tx, j.run.eventSeq, j.playbook)
	j.scope.Events = readGroup(tx, seq, j.run.Group, j.playbook)
	j.steps = readSteps(tx, seq)
	beginRetry(tx, j, e.o.Now())
	if len(j.steps) > 0 {
		return j
	}
	j.steps = engine.NewSteps(j.playbook)
	for n, s := range j.steps {
		tx.exec(`INSERT INTO steps (run, n, id, action, status) VALUES (?, ?, ?, ?, ?)`, seq, n, s.ID, s.Action, s.Status)
	}
	return j
}

// execute runs the steps of the job that are not over. It leaves the run as it is if
// stopCtx ends; otherwise the run is finished when it returns without an error.
func (w *worker) execute(j *job) error {
	w.notify(RunStarted, j.run, nil, 0)
	if j.broken != nil {
		err := sdk.AsError(j.broken)
		return w.finish(j, &sdk.ErrorBody{Code: err.Code, Message: "cannot continue with the playbook as it was when the run was accepted: " + err.Message})
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
	matches, err = engine.Evaluated(w.marked(j), "the condition of "+j.playbook.Name, func() (bool, error) { return j.playbook.Match(event) })
	if err == nil {
		_, err = w.store.write.ExecContext(w.storeCtx, `UPDATE runs SET unmatched = 0 WHERE seq = ?`, j.run.seq)
	}
	return matches, err
}

// finish ends the run. Pending steps are skipped.
func (w *worker) finish(j *job, failure *sdk.ErrorBody) error {
	j.run.Status, j.run.Error, j.run.Finished = engine.Succeeded, failure, engine.Time(w.o.Now())
	if failure != nil {
		j.run.Status = engine.Failed
	}
	err := w.store.tx(w.storeCtx, func(tx *conn) {
		tx.exec(`UPDATE steps SET status = 'skipped' WHERE run = ? AND status = 'pending'`, j.run.seq)
		tx.exec(`UPDATE runs SET status = ?, error = ?, finished = ? WHERE seq = ?`, j.run.Status, failure, j.run.Finished, j.run.seq)
		w.forget(tx, j.run.Org, j.run.EventID)
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
	d, c := engine.Decide(j.playbook, step, j.scope, w.marked(j)), j.set.named(step.Connection)
	if d.Status != engine.Running {
		return true, w.settle(j, n, d.Status, d.Err)
	}
	input := d.Input
	if d.Action.Effect != sdk.Reads && (j.run.Shadow || c.Shadow) {
		if input, err = w.store.dryRunInput(d.Action, input); err != nil {
			return true, w.settle(j, n, engine.Failed, err)
		}
	}
	for announced := false; !s.Over(); announced = true {
		// The wait is limited in case that the clock was set back.
		wait := min(s.NextTry.Sub(w.o.Now()), engine.LongestWait(step.Retry))
		if w.stopCtx.Err() != nil || wait > 0 && !sleep(w.stopCtx, wait, nil) {
			return false, nil
		}
		if resumed, err := w.waitResumed(d.Action, input); err != nil || !resumed {
			return false, err
		}
		if s.Status == engine.Running && d.Action.Once {
			if unknown, err := w.store.resultUnknown(w.storeCtx, j.run.ID, s.ID); err != nil {
				return false, err
			} else if unknown {
				return true, w.settle(j, n, engine.Failed, sdk.Errorf(sdk.Conflict, "an earlier attempt of %s was interrupted, and its result is unknown. "+
					"It is not repeated, because a second call repeats the effect. Look at the account, then run soar runs retry %s", s.Action, j.run.ID))
			}
		}
		s.Attempts++
		from := c.caller(w.o.Case)
		from.RunID, from.StepID, from.Attempt, from.Playbook = j.run.ID, s.ID, s.Attempts, j.run.Playbook
		canceled, failure, err := w.call(c, step.Timeout, w.o.Logger.With("run", from.RunID, "step", from.StepID, "attempt", from.Attempt), &call{
			info: d.Action, input: input, from: from, cause: j.cause(),
			begin: func(tx *conn, masked json.RawMessage) {
				s.Status, s.Input, s.Started = engine.Running, masked, cmp.Or(s.Started, engine.Time(w.o.Now()))
				saveStep(tx, j.run.seq, n, s)
			},
			begun: func() {
				if !announced {
					w.notify(StepStarted, j.run, s, 0)
				}
			},
			end: func(tx *conn, result sdk.Result, failure *sdk.Error) {
				wait = s.Record(step.Retry, w.store.mask(d.Action.Output, result.Output), failure, w.o.Now(), rand.Float64())
				saveStep(tx, j.run.seq, n, s)
			},
		})
		w.undoStored.wake()
		switch {
		case errors.Is(failure, ErrPaused) && err == nil && w.runCtx.Err() == nil:
			s.Attempts-- // the pause uses up no attempt
		case err != nil || canceled:
			return false, err
		case s.Over():
			w.notify(StepFinished, j.run, s, 0)
		default:
			w.notify(StepRetry, j.run, s, wait)
		}
	}
	return true, nil
}

// settle ends the n-th step without a call.
func (w *worker) settle(j *job, n int, status engine.Status, why error) error {
	s := j.steps[n]
	s.Settle(status, why, w.o.Now())
	err := w.store.tx(w.storeCtx, func(tx *conn) { saveStep(tx, j.run.seq, n, s) })
	if err == nil {
		w.notify(StepFinished, j.run, s, 0)
	}
	return err
}

// resultUnknown reports whether the latest write of the step ended without a result.
func (s *Store) resultUnknown(ctx context.Context, run, step string) (unknown bool, err error) {
	db := s.reader(ctx)
	db.row(`SELECT o.status IN ('running', 'interrupted') OR a.outcome = ? FROM operations o JOIN audit a ON a.seq = o.seq
		WHERE a.run = ? AND a.step = ? ORDER BY o.seq DESC LIMIT 1`, OutcomeUnknown, run, step).find(&unknown)
	return unknown, db.failed("read the operations of step " + step)
}

// call makes the call of a step or an undo. If runCtx ended before the result, or if all
// writes are paused, the call is canceled: that is not a failure, and nothing but the
// audit entry is stored at its end.
func (w *worker) call(on *Connection, timeout time.Duration, logger hclog.Logger, c *call) (canceled bool, failure *sdk.Error, err error) {
	ctx, cancel := context.WithTimeout(hclog.WithContext(w.runCtx, logger), timeout)
	defer cancel()
	c.session, c.now = on.Session, w.o.Now
	end := c.end
	c.end = func(tx *conn, result sdk.Result, failure *sdk.Error) {
		if failure == nil || w.runCtx.Err() == nil && !errors.Is(failure, ErrPaused) {
			end(tx, result, failure)
		}
	}
	_, failure, err = w.store.perform(ctx, c)
	return failure != nil && (w.runCtx.Err() != nil || errors.Is(failure, ErrPaused)), failure, err
}
