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

	"soar.example/okta/internal/engine"
)

// A worker does one of the tasks of [Engine.Work].
type worker struct {
	*Engine
	stopCtx context.Context // ends when no further step may begin
	runCtx  context.Context // ends when steps under way are canceled
	// storeCtx never ends: the result of a call is stored even if the call was canceled.
	storeCtx context.Context
	stop     context.CancelCauseFunc // ends stopCtx
}

// Work runs what is queued, oldest first, until ctx ends. Then no further step begins.
// Steps under way can finish within Options.Grace, and are canceled after that. The next
// Work resumes the rest, in this process or another. Work returns nil if ctx ended it,
// and an error if the store failed: no action is called that cannot be recorded.
func (e *Engine) Work(ctx context.Context) error {
	e.mu.Lock()
	closed := e.closed
	begun := !closed && e.working.CompareAndSwap(false, true)
	e.mu.Unlock()
	switch {
	case closed:
		return fmt.Errorf("work: %w", errClosed)
	case !begun:
		return errors.New("work: the engine works already")
	}
	defer e.working.Store(false)
	w := &worker{Engine: e, storeCtx: context.WithoutCancel(ctx)}
	if err := w.requeueUndos(); err != nil {
		return fmt.Errorf("make interrupted undos pending again: %w", err)
	}
	var cancel context.CancelFunc
	w.stopCtx, w.stop = context.WithCancelCause(ctx)
	defer w.stop(nil)
	w.runCtx, cancel = context.WithCancel(w.storeCtx)
	defer cancel()

	tasks := []func() error{w.executeRuns}
	if e.o.Only == "" {
		tasks = append(tasks, w.watchStore)
	}
	if e.o.Only == "" {
		tasks = append(tasks, w.executeUndos)
	}
	var running sync.WaitGroup
	for _, task := range tasks {
		running.Go(func() { w.do(task) })
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
	if _, err := e.store.write.ExecContext(w.storeCtx, requeue); err != nil {
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

// do does a task. Its error is an error of the store, which ends Work.
func (w *worker) do(task func() error) {
	if err := task(); err != nil {
		err = cmp.Or(w.store.file.check(), err) // a store that is gone explains every other error
		w.o.Logger.Error("the store failed", "error", err)
		w.stop(err)
	}
}

// A task is work on an org that can begin now.
type task struct {
	org string
	do  func() error
}

// dispatch starts the tasks that next returns, until stopCtx ends, and waits for them. At
// most limit tasks of one org are under way, and a service that responds slowly delays only
// the tasks of its own org: free reports whether the org of a connection is below the limit.
// If next returns no task, dispatch calls it again after wait, and after ready.
func (w *worker) dispatch(limit int, ready *signal, next func(free func(Connection) bool) (t *task, wait time.Duration, err error)) error {
	var running sync.WaitGroup
	defer running.Wait()
	var mu sync.Mutex
	busy := map[string]int{}
	free := func(c Connection) bool {
		mu.Lock()
		defer mu.Unlock()
		return busy[c.Org] < limit
	}
	count := func(org string, n int) {
		mu.Lock()
		defer mu.Unlock()
		busy[org] += n
	}
	for {
		changed := ready.next()
		if w.stopCtx.Err() != nil {
			return nil
		}
		t, wait, err := next(free)
		if err != nil {
			return err
		}
		if t == nil {
			sleep(w.stopCtx, wait, changed)
			continue
		}
		count(t.org, 1)
		running.Go(func() {
			w.do(t.do)
			count(t.org, -1)
			ready.wake()
		})
	}
}

// executeRuns executes the queued runs until stopCtx ends. Its error is an error of the
// store.
func (w *worker) executeRuns() error {
	return w.dispatch(w.o.Workers, &w.queued, func(free func(Connection) bool) (*task, time.Duration, error) {
		j, wait, err := w.claim(w.storeCtx, free)
		if err != nil {
			return nil, 0, fmt.Errorf("take a run: %w", err)
		}
		if j == nil {
			return nil, cmp.Or(wait, time.Hour), nil
		}
		return &task{j.run.Org, func() error {
			defer j.release()
			if err := w.execute(j); err != nil {
				return fmt.Errorf("run %s: %w", j.run.ID, err)
			}
			return nil
		}}, 0, nil
	})
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
		db := &conn{ctx: w.storeCtx, db: w.store.write}
		if db.row(`PRAGMA data_version`).into(&version); db.err != nil {
			return db.failed("read the store's version of data")
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

// claim takes the next run that may start, of the orgs of free connections. If there is none,
// j is nil, and wait is the time until the worker checks again, 0 if no run is queued.
func (e *Engine) claim(ctx context.Context, free func(Connection) bool) (j *job, wait time.Duration, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	orgs := e.connections().orgs(free)
	err = e.timed(ctx, func(tx *conn, now time.Time) {
		var seq int64
		if seq, wait = e.nextRun(tx, orgs, now); seq != 0 {
			j = e.readJob(tx, seq, startRun(tx, seq, now))
		}
	})
	if err == nil && j != nil {
		_, j.release = e.useConnections()
	}
	return j, wait, err
}

// nextRun finds the next run of the orgs: the one that could start first of those that may start
// now. If there is none, wait is the time until the worker checks again, 0 if no run is
// queued. A run that had started before is never delayed; the same holds for the run of
// Options.Only.
//
// It reads one run of each playbook, the first of its queue, however long the queue is.
func (e *Engine) nextRun(tx *conn, orgs []string, now time.Time) (seq int64, wait time.Duration) {
	if e.o.Only != "" {
		tx.row(`SELECT seq FROM runs WHERE id = ? AND status = 'queued'`, e.o.Only).find(&seq)
		return seq, 0
	}
	var ready time.Time
	tx.prepared[selectNext] = tx.db.(*sql.Tx).StmtContext(tx.ctx, e.selectNext)
	found := tx.row(selectNext, orgs, now, time.Minute.Microseconds()).find(&seq, &ready)
	if wait = ready.Sub(now); found && wait > 0 {
		return 0, min(wait, longestSleep)
	}
	return seq, 0
}

// selectNext finds the run of the orgs ?1 that may start now, or that will be the first
// to, and its earliest start; ?2 is now, and ?3 a minute. A playbook with
// max_runs_per_minute starts its next run a minute after the oldest of its last starts.
const selectNext = `WITH RECURSIVE
	names (org, name) AS (
		SELECT value, (SELECT min(playbook) FROM runs WHERE org = value AND status = 'queued') FROM json_each(?1)
		UNION ALL
		SELECT org, (SELECT min(playbook) FROM runs r WHERE r.org = names.org AND status = 'queued' AND playbook > name) FROM names WHERE name IS NOT NULL
	),
	heads (head) AS (
		SELECT (SELECT seq FROM runs r WHERE r.org = names.org AND status = 'queued' AND playbook = name ORDER BY due, seq LIMIT 1)
		FROM names WHERE name IS NOT NULL
	),
	queues (seq, due, ready) AS (
		SELECT r.seq, r.due, CASE WHEN r.started IS NOT NULL THEN 0 WHEN p.max_runs_per_minute = 0 THEN r.due ELSE
			coalesce((SELECT CASE WHEN count(*) >= p.max_runs_per_minute THEN max(r.due, min(at) + ?3) END
				FROM starts s WHERE s.org = r.org AND s.playbook = r.playbook AND at > ?2 - ?3), r.due) END
		FROM heads JOIN runs r ON r.seq = head JOIN playbooks p ON p.hash = r.hash
	)
	SELECT seq, ready FROM queues ORDER BY max(ready, ?2), due, seq LIMIT 1`

// startRun marks the run as running, counts its start for throttling, and fixes the
// events of its group. It returns the hash of the playbook.
func startRun(tx *conn, seq int64, now time.Time) (hash string) {
	var throttled, grouped bool
	tx.row(`SELECT hash, r.started IS NULL AND p.max_runs_per_minute > 0, EXISTS (SELECT 1 FROM groups WHERE run = seq)
		FROM runs r JOIN playbooks p USING (hash) WHERE seq = ?`, seq).into(&hash, &throttled, &grouped)
	tx.exec(`UPDATE runs SET status = 'running', started = coalesce(started, ?2) WHERE seq = ?1`, seq, now)
	if throttled {
		tx.exec(`DELETE FROM starts WHERE at <= ?2 AND (org, playbook) = (SELECT org, playbook FROM runs WHERE seq = ?1)`, seq, now.Add(-time.Minute))
		tx.exec(`INSERT INTO starts (run, org, playbook, at) SELECT seq, org, playbook, ?2 FROM runs WHERE seq = ?1`, seq, now)
	}
	if grouped {
		tx.exec(`UPDATE groups SET taken = coalesce(taken, events),
			closed = CASE WHEN at_first THEN closed ELSE coalesce(closed, closes) END WHERE run = ?1`, seq)
	}
	return hash
}

// unknownTime is later than any other time: the next call of timed checks the store.
const unknownTime = math.MaxInt64

// timed runs do in one write transaction, with the time as it is stored. The caller
// holds mu.
//
// The clock may have been set back since the last call, or while no engine ran. Then
// timed first moves stored times of the future back: no group stays open for longer
// than its window, and no run waits for longer than a minute, from now.
func (e *Engine) timed(ctx context.Context, do func(tx *conn, now time.Time)) error {
	now := engine.Time(e.o.Now())
	latest := e.latest
	e.latest = unknownTime // until it is stored
	err := e.store.tx(ctx, func(tx *conn) {
		if now.UnixMicro() < latest {
			tx.exec(`UPDATE groups SET closes = closes - opened + ?1, opened = ?1 WHERE closed IS NULL AND opened > ?1`, now)
			tx.exec(`UPDATE runs SET due = coalesce((SELECT closes FROM groups WHERE run = seq AND closed IS NULL AND NOT at_first), ?1)
				WHERE status = 'queued' AND due > ?1`, now)
			tx.exec(`UPDATE starts SET at = ?1 WHERE at > ?1`, now)
		}
		do(tx, now)
	})
	if err == nil {
		e.latest = now.UnixMicro()
	}
	return err
}

// A Queue describes the queued runs of one playbook.
type Queue struct {
	Playbook         string
	Runs             int // queued: they collect events, are throttled, or wait for a worker
	Throttled        int // those of Runs that only max_runs_per_minute delays
	MaxRunsPerMinute int // 0: no limit
}

// Queues returns the queues of the orgs that are not empty, by org and by the names of their
// playbooks. It reads only an index, so that long queues can be read often.
func (s *Store) Queues(ctx context.Context, orgs []string) ([]Queue, error) {
	db := s.reader(ctx)
	queues := list(db, func(q *Queue) []any { return []any{&q.Playbook, &q.Runs, &q.MaxRunsPerMinute, &q.Throttled} },
		`WITH waiting (org, playbook, runs, ready) AS (
			SELECT org, playbook, count(*), sum(due <= ?2) FROM runs
			WHERE org IN (SELECT value FROM json_each(?1)) AND status = 'queued'
			GROUP BY org, playbook
		)
		SELECT w.playbook, w.runs, p.max_runs_per_minute, iif(p.max_runs_per_minute > 0 AND p.max_runs_per_minute <=
			(SELECT count(*) FROM starts s WHERE s.org = w.org AND s.playbook = w.playbook AND s.at > ?2 - ?3), w.ready, 0)
		FROM waiting w JOIN runs r ON r.seq =
			(SELECT seq FROM runs WHERE org = w.org AND status = 'queued' AND playbook = w.playbook ORDER BY due, seq LIMIT 1)
		JOIN playbooks p ON p.hash = r.hash ORDER BY w.org, w.playbook`, orgs, time.Now(), time.Minute.Microseconds())
	return queues, db.failed("read queues")
}
