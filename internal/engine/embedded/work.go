package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// Work runs what is queued, oldest first, until ctx ends. Then no further step
// begins; those under way may finish for as long as Options.Grace says, and are
// cancelled after that. What is left over is resumed by the next Work, here or in
// another process. Work returns nil when ctx ended it, and an error if the store
// failed: what cannot be written down is not done.
func (e *Engine) Work(ctx context.Context) error {
	if err := e.clockIn(); err != nil {
		return err
	}
	defer e.working.Store(false)
	if err := e.requeueUndos(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("make the undos that were cut off pending again: %w", err)
	}
	halt, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	calls, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()

	var workers sync.WaitGroup
	for range e.o.Workers {
		workers.Go(func() {
			if err := e.worker(halt, calls); err != nil {
				e.o.Logger.Error("the store failed", "error", err)
				stop(err)
			}
		})
	}
	for _, watch := range e.watches() {
		workers.Go(func() {
			if err := watch(halt, calls); err != nil {
				e.o.Logger.Error("the store failed", "error", err)
				stop(err)
			}
		})
	}
	home := make(chan struct{})
	go func() {
		workers.Wait()
		close(home)
	}()

	<-halt.Done()
	grace := time.NewTimer(e.o.Grace)
	defer grace.Stop()
	select {
	case <-home:
	case <-grace.C:
		e.o.Logger.Warn("cutting off steps that did not finish in time", "grace", e.o.Grace)
		cut()
		<-home
	}
	// A reader is not to see as running what nobody works on. New does the same,
	// so a failure here loses nothing.
	if _, err := e.store.write.ExecContext(context.WithoutCancel(ctx), requeue, e.o.Org); err != nil {
		e.o.Logger.Warn("could not queue the runs that are left over", "error", err)
	}
	if err := e.requeueUndos(context.WithoutCancel(ctx)); err != nil {
		e.o.Logger.Warn("could not put the undos back that are left over", "error", err)
	}
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("work on %s: %w", e.store.Path(), context.Cause(halt))
}

func (e *Engine) clockIn() error {
	e.gate.Lock()
	defer e.gate.Unlock()
	if e.closed {
		return fmt.Errorf("work: %w", errClosed)
	}
	if !e.working.CompareAndSwap(false, true) {
		return errors.New("work: the engine is at work already")
	}
	return nil
}

// worker takes one run after the other until halt ends. Its error is the store's.
func (e *Engine) worker(halt, calls context.Context) error {
	for {
		queued := e.queued.next()
		if halt.Err() != nil {
			return nil
		}
		j, wait, err := e.claim(context.WithoutCancel(calls))
		if err != nil {
			return fmt.Errorf("take a run: %w", err)
		}
		if j == nil {
			rest(halt, queued, wait)
			continue
		}
		if err := e.work(halt, calls, j); err != nil {
			return fmt.Errorf("run %s: %w", j.run.ID, err)
		}
	}
}

// A job is a run that a worker has taken.
type job struct {
	seq    int64
	run    Run // without its event's data, steps and audit
	book   *playbook.Playbook
	broken error // why there is no book
	scope  playbook.Scope
	steps  []*stepState
}

// claim takes the run that may begin and could first. If there is none, j is nil,
// and wait is how long until there may be, or 0 if nothing is queued.
func (e *Engine) claim(ctx context.Context) (j *job, wait time.Duration, err error) {
	e.gate.Lock()
	defer e.gate.Unlock()
	err = e.timed(ctx, func(tx *sql.Tx, now time.Time) error {
		seq, held, err := e.nextRun(ctx, tx, now)
		if err != nil || seq == 0 {
			wait = held
			return err
		}
		hash, err := e.takeUp(ctx, tx, seq, now)
		if err != nil {
			return err
		}
		j, err = e.readJob(ctx, tx, seq, hash)
		return err
	})
	return j, wait, err
}

// rest waits until a run is queued or wait is over, if it is any, or halt ends.
func rest(halt context.Context, queued <-chan struct{}, wait time.Duration) {
	var over <-chan time.Time
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-queued:
	case <-over:
	case <-halt.Done():
	}
}

func (e *Engine) readJob(ctx context.Context, tx *sql.Tx, seq int64, hash string) (*job, error) {
	run, event, err := scanRun(tx.QueryRowContext(ctx, selectRun+` WHERE r.seq = ?`, seq))
	if err != nil {
		return nil, err
	}
	j := &job{seq: seq, run: *run, scope: playbook.Scope{Steps: map[string]playbook.StepResult{}}}
	if err := tx.QueryRowContext(ctx, `SELECT data FROM events WHERE seq = ?`, event).Scan((*[]byte)(&j.scope.Event)); err != nil {
		return nil, err
	}
	if j.book, j.broken, err = e.bookOf(ctx, tx, hash); err != nil || j.broken != nil {
		return j, err
	}
	if j.scope.Shapes, err = readShapes(ctx, tx, event, j.book); err != nil {
		return j, err
	}
	if j.scope.Events, err = readGroup(ctx, tx, seq, run.Group, j.book); err != nil {
		return j, err
	}
	if j.steps, err = readSteps(ctx, tx, seq); err != nil {
		return j, err
	}
	if err := beginRetry(ctx, tx, j, e.o.Now()); err != nil || len(j.steps) > 0 {
		return j, err
	}
	for n, s := range j.book.Steps {
		_, err := tx.ExecContext(ctx, `INSERT INTO steps (run, n, id, action, status) VALUES (?, ?, ?, ?, ?)`, seq, n, s.ID, s.Action, Pending)
		if err != nil {
			return nil, err
		}
		j.steps = append(j.steps, &stepState{StepRun: StepRun{ID: s.ID, Action: s.Action, Status: Pending}})
	}
	return j, nil
}

// work runs the job's steps that are not over. It leaves the run as it is when
// halt ends; otherwise the run is finished when it returns without error.
func (e *Engine) work(halt, calls context.Context, j *job) error {
	e.notify(RunStarted, j.run, nil, 0)
	if j.broken != nil {
		err := sdk.AsError(j.broken)
		return e.finish(calls, j, &sdk.ErrorBody{Code: err.Code, Message: "the playbook as it was when the run was accepted does not load: " + err.Message})
	}
	var first *sdk.ErrorBody
	for n, step := range j.book.Steps {
		s := j.steps[n]
		if !s.over() {
			if halt.Err() != nil {
				return nil
			}
			if over, err := e.step(halt, calls, j, n); err != nil || !over {
				return err
			}
		}
		j.scope.Steps[step.ID] = playbook.StepResult{Status: s.Status, Output: s.Output, Error: s.Error}
		if s.Status != Failed || step.OnError == playbook.Ignore {
			continue
		}
		if first == nil {
			body := *s.Error
			body.Message = fmt.Sprintf("step %q: %s", step.ID, body.Message)
			first = &body
		}
		if step.OnError != playbook.Continue {
			break
		}
	}
	return e.finish(calls, j, first)
}

// finish ends the run; steps that it did not come to are skipped.
func (e *Engine) finish(calls context.Context, j *job, failure *sdk.ErrorBody) error {
	j.run.Status, j.run.Error, j.run.Finished = Succeeded, failure, unstamp(stamp(e.o.Now()))
	if failure != nil {
		j.run.Status = Failed
	}
	column, err := pack(failure)
	if err != nil {
		return err
	}
	ctx := context.WithoutCancel(calls)
	err = e.store.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE steps SET status = 'skipped' WHERE run = ? AND status = 'pending'`, j.seq); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE runs SET status = ?, error = ?, finished = ? WHERE seq = ?`, j.run.Status, column, stamp(j.run.Finished), j.seq)
		return err
	})
	if err != nil {
		return err
	}
	args := []any{"run", j.run.ID, "playbook", j.run.Playbook, "event", j.run.EventID, "status", j.run.Status}
	if failure != nil {
		args = append(args, "code", failure.Code, "error", failure.Message)
	}
	e.o.Logger.Info("run finished", args...)
	e.notify(RunFinished, j.run, nil, 0)
	e.finished.wake()
	return nil
}
