package embedded

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/playbook"
)

// Options configure an Engine. Connections are required.
type Options struct {
	// Connections are the first connections, see [Engine.SetConnections]. The engine ignores
	// runs of orgs that no connection acts on.
	Connections []Connection
	Case        string        // of the calls, for the audit trail
	Only        string        // ID of a run: work on this run only, and execute no undos; "" for all
	Workers     int           // number of runs under way at once for each org; 0 means 4
	Grace       time.Duration // time for steps under way to finish when Work ends; 0 means 10s
	Logger      hclog.Logger
	// Observe receives notices, in order for each run, from several goroutines for
	// different runs. The engine waits for it. It must not call the engine.
	Observe func(Notice)
	Now     func() time.Time // clock of stored times; time.Now if nil

	watchEvery time.Duration // interval of watchStore; 0 means a second
}

// An Engine starts runs on events and works on them. It is safe for concurrent use.
type Engine struct {
	store *Store
	o     Options
	// mu also keeps a worker from taking a run before its notice was sent.
	mu          sync.Mutex
	closed      bool      // under mu
	latest      int64     // under mu: the last stored time, see timed
	selectNext  *sql.Stmt // parsing this query costs more than running it
	working     atomic.Bool
	set         atomic.Pointer[connectionSet] // set under mu
	queued      signal                        // a run was queued
	finished    signal                        // a run has finished
	undoStored  signal                        // an undo was stored
	evaluations evaluations
}

// New locks the store for this engine, until [Engine.Close] or the end of the process.
// It fails at once if another engine has the lock, or if the store is damaged. It
// queues interrupted runs again: the lock proves that their engine is gone.
func New(store *Store, o Options) (*Engine, error) {
	set, err := newConnectionSet(o.Connections)
	if err != nil {
		return nil, err
	}
	o.Workers = cmp.Or(max(o.Workers, 0), 4)
	o.Grace = cmp.Or(o.Grace, 10*time.Second)
	o.watchEvery = cmp.Or(o.watchEvery, time.Second)
	if o.Logger == nil {
		o.Logger = hclog.NewNullLogger()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	e := &Engine{store: store, o: o, latest: unknownTime}
	e.set.Store(set)
	free, _, err := store.file.tryAcquire(engineByte, false)
	if err != nil {
		return nil, fmt.Errorf("lock the store: %w", err)
	}
	if !free {
		return nil, fmt.Errorf("%w %s: two engines would run each step twice", ErrInUse, store.Path())
	}
	interrupted, err := e.takeOver()
	if err != nil {
		return nil, errors.Join(err, store.file.release(engineByte))
	}
	if interrupted > 0 {
		o.Logger.Info("resuming interrupted runs", "runs", interrupted)
	}
	return e, nil
}

// takeOver prepares a store after the engine has locked it, and returns the number of
// interrupted runs.
func (e *Engine) takeOver() (interrupted int64, err error) {
	if err := e.store.checkIntegrity(); err != nil {
		return 0, err
	}
	ctx := context.Background()
	err = e.store.tx(ctx, func(tx *conn) { interrupted = tx.exec(requeue).rows })
	if err != nil {
		return 0, fmt.Errorf("queue interrupted runs: %w", err)
	}
	if e.selectNext, err = e.store.write.Prepare(selectNext); err != nil {
		return 0, fmt.Errorf("prepare the query for runs: %w", err)
	}
	if err = e.evaluations.open(ctx, e.store); err != nil {
		return 0, errors.Join(err, e.selectNext.Close())
	}
	e.store.file.pin()
	return interrupted, nil
}

// Interrupted runs start before runs that have not started yet.
const requeue = `UPDATE runs SET status = 'queued', due = 0 WHERE status = 'running'`

// Close releases the store for another engine. It fails while Work is under way.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.working.Load() {
		return errors.New("close engine: Work is still running. End its context first")
	}
	e.closed = true
	return errors.Join(e.selectNext.Close(), e.evaluations.close(), e.store.file.release(engineByte))
}

var errClosed = errors.New("the engine is closed")

// ErrInUse is the cause if another engine has locked the store.
var ErrInUse = errors.New("another engine works on the store")

// Idle waits until no run of the engine's orgs is queued or running, or until ctx ends.
func (e *Engine) Idle(ctx context.Context) error {
	for {
		finished := e.finished.next()
		db := e.store.reader(ctx)
		if !db.exists(`SELECT 1 FROM runs WHERE status IN ('queued', 'running') AND org IN (SELECT value FROM json_each(?))`, e.connections().allOrgs()) {
			return db.failed("count unfinished runs")
		}
		select {
		case <-finished:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// playbookOf returns the playbook with this hash from the store, loaded with the connections
// of the set. Broken says why the playbook does not load.
func (e *Engine) playbookOf(db *conn, hash string, set *connectionSet) (p *playbook.Playbook, broken error) {
	if known, ok := set.playbooks.Load(hash); ok {
		return known.(*playbook.Playbook), nil
	}
	var file string
	var source []byte
	if !db.row(`SELECT file, source FROM playbooks WHERE hash = ?`, hash).find(&file, &source) {
		db.fail(sql.ErrNoRows)
		return nil, nil
	}
	p, broken = engine.Evaluated(e.guarded, "loading a playbook", func() (*playbook.Playbook, error) {
		return playbook.Load(file, source, set.manifests())
	})
	if broken != nil {
		return nil, broken
	}
	set.playbooks.Store(hash, p)
	return p, nil
}

// NoticeKind is the kind of a Notice.
type NoticeKind = string

// The kinds of notices.
const (
	RunQueued    NoticeKind = "run_queued"
	RunGrown     NoticeKind = "run_grown"    // events of a page joined the run's group
	RunStarted   NoticeKind = "run_started"  // also when a run is resumed
	StepStarted  NoticeKind = "step_started" // before its first attempt, and when it is resumed
	StepRetry    NoticeKind = "step_retry"   // an attempt failed; the next follows after Wait
	StepFinished NoticeKind = "step_finished"
	RunFinished  NoticeKind = "run_finished"
	UndoRetry    NoticeKind = "undo_retry"    // an attempt failed; the next follows after Wait
	UndoFinished NoticeKind = "undo_finished" // done, or failed for good
)

// A Notice reports an event of the engine after it was stored. Run has no event data,
// steps and audit. Step is nil in notices about the run as a whole. Both are copies that
// the observer may keep. Undo is set in notices about an undo: Run is the run that asked
// for it, and empty after a manual call.
type Notice struct {
	Kind NoticeKind
	Run  *Run
	Step *engine.StepRun
	Undo *Undo
	Wait time.Duration
}

// notify informs the observer, if there is one.
func (e *Engine) notify(kind NoticeKind, run Run, step *engine.StepState, wait time.Duration) {
	if e.o.Observe == nil {
		return
	}
	n := Notice{Kind: kind, Run: &run, Wait: wait}
	if step != nil {
		s := step.StepRun
		s.Input, s.Output = slices.Clone(s.Input), slices.Clone(s.Output)
		n.Step = &s
	}
	e.o.Observe(n)
}

// A signal wakes every goroutine that waits for a change.
type signal struct {
	mu sync.Mutex
	c  chan struct{}
}

// next returns a channel that the next wake closes. Call it before reading the state
// that may change, or a change in between is missed.
func (s *signal) next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.c == nil {
		s.c = make(chan struct{})
	}
	return s.c
}

func (s *signal) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.c != nil {
		close(s.c)
		s.c = nil
	}
}
