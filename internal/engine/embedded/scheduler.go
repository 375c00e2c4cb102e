package embedded

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"
)

// A worker does one of the tasks of [Engine.Work].
type worker struct {
	*Engine
	stopCtx context.Context // ends when no further step may begin
	runCtx  context.Context // ends when steps under way are canceled
	// storeCtx never ends: the result of a call is stored even if the call was canceled.
	storeCtx context.Context
}

// Work runs what is queued, oldest first, until ctx ends. Then no further step begins.
// Steps under way can finish within Options.Grace, and are canceled after that. The next
// Work resumes the rest, in this process or another. Work returns nil if ctx ended it,
// and an error if the store failed: no action is called that cannot be recorded.
func (e *Engine) Work(ctx context.Context) error {
	if err := e.beginWork(); err != nil {
		return err
	}
	defer e.working.Store(false)
	w := &worker{Engine: e, storeCtx: context.WithoutCancel(ctx)}
	if err := w.requeueUndos(); err != nil {
		return fmt.Errorf("make interrupted undos pending again: %w", err)
	}
	var stop context.CancelCauseFunc
	var cancel context.CancelFunc
	w.stopCtx, stop = context.WithCancelCause(ctx)
	defer stop(nil)
	w.runCtx, cancel = context.WithCancel(w.storeCtx)
	defer cancel()

	tasks := []func() error{}
	for range e.o.Workers {
		tasks = append(tasks, w.executeRuns)
	}
	if e.o.Only == "" {
		tasks = append(tasks, w.watchStore, w.executeUndos)
	}
	var running sync.WaitGroup
	for _, task := range tasks {
		running.Go(func() {
			if err := task(); err != nil {
				e.o.Logger.Error("the store failed", "error", err)
				stop(err)
			}
		})
	}
	ended := make(chan struct{})
	go func() {
		running.Wait()
		close(ended)
	}()

	<-w.stopCtx.Done()
	grace := time.NewTimer(e.o.Grace)
	defer grace.Stop()
	select {
	case <-ended:
	case <-grace.C:
		e.o.Logger.Warn("canceling steps that did not finish in time", "grace", e.o.Grace)
		cancel()
		<-ended
	}
	// Readers must not see interrupted runs as running. New requeues them too, so a failure
	// here loses nothing.
	if _, err := e.store.write.ExecContext(w.storeCtx, requeue, e.o.Org); err != nil {
		e.o.Logger.Warn("could not queue interrupted runs", "error", err)
	}
	if err := w.requeueUndos(); err != nil {
		e.o.Logger.Warn("could not make interrupted undos pending", "error", err)
	}
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("work on %s: %w", e.store.Path(), context.Cause(w.stopCtx))
}

func (e *Engine) beginWork() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return fmt.Errorf("work: %w", errClosed)
	}
	if !e.working.CompareAndSwap(false, true) {
		return errors.New("work: the engine works already")
	}
	return nil
}

// executeRuns executes one run after another until stopCtx ends. Its error is an error
// of the store.
func (w *worker) executeRuns() error {
	for {
		queued := w.queued.next()
		if w.stopCtx.Err() != nil {
			return nil
		}
		j, wait, err := w.claim(w.storeCtx)
		if err != nil {
			return fmt.Errorf("take a run: %w", err)
		}
		if j == nil {
			sleep(w.stopCtx, cmp.Or(wait, time.Hour), queued)
			continue
		}
		if err := w.execute(j); err != nil {
			return fmt.Errorf("run %s: %w", j.run.ID, err)
		}
	}
}

// watchStore wakes the workers if another process has written to the store, for example
// a retry or an undo, and checks that the store's path still names the store. It ends
// with stopCtx.
func (w *worker) watchStore() error {
	var last int64
	for {
		if err := w.store.file.check(); err != nil {
			return err
		}
		// On one connection this number changes only if another connection commits
		// (https://www.sqlite.org/pragma.html#pragma_data_version).
		var version int64
		if err := w.store.write.QueryRowContext(w.storeCtx, `PRAGMA data_version`).Scan(&version); err != nil {
			return fmt.Errorf("read the store's version of data: %w", err)
		}
		if version != last {
			last = version
			w.queued.wake()
			w.undoStored.wake()
		}
		if !sleep(w.stopCtx, w.o.watchEvery, nil) {
			return nil
		}
	}
}

// longestSleep is the longest time until a worker checks again for a run that is
// delayed: the clock may be set forward.
const longestSleep = 10 * time.Second

// claim takes the next run that may start. If there is none, j is nil, and wait is the
// time until the worker checks again, 0 if no run is queued.
func (e *Engine) claim(ctx context.Context) (j *job, wait time.Duration, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	err = e.timed(ctx, func(tx *sql.Tx, now time.Time) error {
		seq, delay, err := e.nextRun(ctx, tx, now)
		if err != nil || seq == 0 {
			wait = delay
			return err
		}
		hash, err := startRun(ctx, tx, seq, now)
		if err != nil {
			return err
		}
		j, err = e.readJob(ctx, tx, seq, hash)
		return err
	})
	return j, wait, err
}

// nextRun finds the next run: the one that could start first of those that may start
// now. If there is none, wait is the time until the worker checks again, 0 if no run is
// queued. A run that had started before is never delayed; the same holds for the run of
// Options.Only.
//
// It reads one run of each playbook, the first of its queue, however long the queue is.
func (e *Engine) nextRun(ctx context.Context, tx *sql.Tx, now time.Time) (seq int64, wait time.Duration, err error) {
	var ready int64
	if e.o.Only != "" {
		err = tx.QueryRowContext(ctx, `SELECT seq FROM runs WHERE org = ? AND id = ? AND status = 'queued'`, e.o.Org, e.o.Only).Scan(&seq)
	} else {
		err = tx.StmtContext(ctx, e.selectNext).QueryRowContext(ctx, e.o.Org, stamp(now), time.Minute.Microseconds()).Scan(&seq, &ready)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, err
	}
	if delay := time.Duration(ready-now.UnixMicro()) * time.Microsecond; delay > 0 {
		return 0, min(delay, longestSleep), nil
	}
	return seq, 0, nil
}

// unknownTime is later than any other time: the next call of timed checks the store.
const unknownTime = math.MaxInt64

// timed runs do in one write transaction, with the time as it is stored. The caller
// holds mu.
//
// The clock may have been set back since the last call, or while no engine ran. Then
// timed first moves stored times of the future back: no group stays open for longer
// than its window, and no run waits for longer than a minute, from now.
func (e *Engine) timed(ctx context.Context, do func(tx *sql.Tx, now time.Time) error) error {
	now := unstamp(stamp(e.o.Now()))
	latest := e.latest
	e.latest = unknownTime // until it is stored
	err := e.store.tx(ctx, func(tx *sql.Tx) error {
		if now.UnixMicro() < latest {
			if err := e.setBack(ctx, tx, now); err != nil {
				return err
			}
		}
		return do(tx, now)
	})
	if err == nil {
		e.latest = now.UnixMicro()
	}
	return err
}

func (e *Engine) setBack(ctx context.Context, tx *sql.Tx, now time.Time) error {
	return execAll(ctx, tx, []string{
		`UPDATE groups SET closes = closes - opened + ?2, opened = ?2 WHERE org = ?1 AND closed IS NULL AND opened > ?2`,
		`UPDATE runs SET due = coalesce((SELECT closes FROM groups WHERE run = seq AND closed IS NULL AND NOT at_first), ?2)
			WHERE org = ?1 AND status = 'queued' AND due > ?2`,
		`UPDATE starts SET at = ?2 WHERE org = ?1 AND at > ?2`,
	}, e.o.Org, stamp(now))
}
