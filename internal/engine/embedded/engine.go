package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// Options are what an Engine works with. Org, Manifest and Session are needed.
type Options struct {
	Org      string        // the account that Session acts on; runs of other orgs are left alone
	Manifest *sdk.Manifest // what playbooks are loaded against when a run is resumed
	Session  sdk.Session
	Only     string        // the id of a run: work on no other, and make no undo; "" for all there is
	Workers  int           // how many runs are under way at once; 0 means 4
	Grace    time.Duration // how long steps under way may take when Work is to end; 0 means 10s
	Logger   hclog.Logger
	// Observe is told what happens, in order for each run, from several
	// goroutines for different runs. The engine waits for it; it must not call
	// the engine.
	Observe func(Notice)
	Now     func() time.Time // the clock of what is stored; time.Now if nil

	lookEvery time.Duration // how often the lookout looks; 0 means lookoutEvery
}

// An Engine starts runs on events and works on them. It is safe for concurrent
// use.
type Engine struct {
	store *Store
	o     Options
	// gate keeps a worker from taking a run before it was announced.
	gate     sync.Mutex
	closed   bool      // under gate
	latest   int64     // under gate: the time last stored, see timed
	lines    *sql.Stmt // selectNext: to parse it costs more than to run it
	working  atomic.Bool
	books    sync.Map // hash → *playbook.Playbook
	queued   signal   // a run was queued
	finished signal   // a run has finished
	arranged signal   // an undo was stored
	marks    *marks
}

// New takes the store for this engine: its database file is locked until
// [Engine.Close] or the end of the process. While another engine holds the lock, New
// fails at once; so it does if the store is damaged. Runs that were left running are
// queued again, since the lock proves that the engine which began them is gone.
func New(store *Store, o Options) (*Engine, error) {
	if o.Org == "" || o.Manifest == nil || o.Session == nil {
		return nil, errors.New("an engine needs an org, a manifest and a session")
	}
	if o.Workers <= 0 {
		o.Workers = 4
	}
	if o.Grace == 0 {
		o.Grace = 10 * time.Second
	}
	if o.Logger == nil {
		o.Logger = hclog.NewNullLogger()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.lookEvery == 0 {
		o.lookEvery = lookoutEvery
	}
	e := &Engine{store: store, o: o, latest: unknownTime}
	free, err := store.file.lock()
	if err != nil {
		return nil, fmt.Errorf("lock the store: %w", err)
	}
	if !free {
		return nil, fmt.Errorf("%w %s: two would do everything twice", ErrInUse, store.Path())
	}
	left, err := e.takeOver()
	if err != nil {
		return nil, errors.Join(err, store.file.unlock())
	}
	if left > 0 {
		o.Logger.Info("resuming runs that were cut off", "runs", left)
	}
	return e, nil
}

// takeOver readies a store whose lock the engine has, and returns how many runs
// were cut off.
func (e *Engine) takeOver() (left int64, err error) {
	if err := e.store.checkWhole(); err != nil {
		return 0, err
	}
	ctx := context.Background()
	err = e.store.tx(ctx, func(tx *sql.Tx) error {
		requeued, err := tx.ExecContext(ctx, requeue, e.o.Org)
		if err == nil {
			left, err = requeued.RowsAffected()
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("queue the runs that were cut off: %w", err)
	}
	if e.lines, err = e.store.write.Prepare(selectNext); err != nil {
		return 0, fmt.Errorf("prepare to look for runs: %w", err)
	}
	if e.marks, err = openMarks(e.store.Path() + markSuffix); err != nil {
		return 0, errors.Join(err, e.lines.Close())
	}
	e.store.file.pin()
	return left, nil
}

// They go before those that have not begun.
const requeue = `UPDATE runs SET status = 'queued', due = 0 WHERE org = ? AND status = 'running'`

// Close gives the store free for another engine. It fails while Work is under
// way.
func (e *Engine) Close() error {
	e.gate.Lock()
	defer e.gate.Unlock()
	if e.working.Load() {
		return errors.New("close engine: it is still at work")
	}
	e.closed = true
	return errors.Join(e.lines.Close(), e.marks.close(), e.store.file.unlock())
}

var errClosed = errors.New("the engine is closed")

// ErrInUse is why there is no second engine on a store.
var ErrInUse = errors.New("another engine works on the store")

// Idle waits until no run of the engine's org is queued or running, or until ctx
// ends.
func (e *Engine) Idle(ctx context.Context) error {
	for {
		finished := e.finished.next()
		var busy bool
		err := e.store.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM runs WHERE org = ?1 AND status = 'queued')
			OR EXISTS (SELECT 1 FROM runs WHERE org = ?1 AND status = 'running')`, e.o.Org).Scan(&busy)
		if err != nil {
			return fmt.Errorf("look for unfinished runs: %w", err)
		}
		if !busy {
			return nil
		}
		select {
		case <-finished:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// bookOf returns the playbook with this source, which the store has.
func (e *Engine) bookOf(ctx context.Context, q querier, hash string) (*playbook.Playbook, error, error) {
	if known, ok := e.books.Load(hash); ok {
		return known.(*playbook.Playbook), nil, nil
	}
	var file string
	var source []byte
	if err := q.QueryRowContext(ctx, `SELECT file, source FROM playbooks WHERE hash = ?`, hash).Scan(&file, &source); err != nil {
		return nil, nil, err
	}
	book, err := guarded(e, "loading a playbook", func() (*playbook.Playbook, error) {
		return playbook.Load(file, source, e.o.Manifest)
	})
	if err != nil {
		return nil, err, nil
	}
	e.books.Store(hash, book)
	return book, nil, nil
}
