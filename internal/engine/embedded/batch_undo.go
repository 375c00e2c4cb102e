package embedded

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"soar.example/okta/sdk"
)

func isBatch(id string) bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(id)), batchPrefix)
}

// undoBatch undoes all operations of a batch, newest first. Operations on different
// items are undone at the same time. The command of the batch then starts a new batch.
func (s *Store) undoBatch(ctx context.Context, session sdk.Session, m *sdk.Manifest, id string, o UndoOptions) (UndoResult, error) {
	var org, undoneBy string
	o.DryRun = o.DryRun || o.Caller.Shadow
	db := s.reader(ctx)
	id = db.findID("batch", "batches", id)
	db.row(`SELECT org FROM batches WHERE id = ?`, id).into(&org)
	db.row(`SELECT u.undone FROM operations o JOIN operation_undos u ON u.operation = o.seq
		WHERE o.batch = ? AND u.undone <> '' ORDER BY o.seq DESC`, id).find(&undoneBy)
	r := UndoResult{Operation: id, Steps: []UndoStep{}}
	if db.err != nil {
		return r, db.failed("read " + id)
	}
	if org != o.Caller.Org {
		return r, sdk.Errorf(sdk.InvalidInput, "%s was made on %s, and this connection is to %s. Use a connection to %[2]s", id, org, o.Caller.Org)
	}
	release, err := s.lockBatch(ctx, id)
	if err != nil {
		return r, err
	}
	defer release()
	db = s.reader(ctx)
	ops := s.readOperations(db, `WHERE o.batch = ? AND EXISTS (SELECT 1 FROM operation_undos WHERE operation = o.seq AND undone = '') ORDER BY o.seq DESC`, id)
	if db.err != nil {
		return r, db.failed("read the operations of " + id)
	}
	if len(ops) == 0 && undoneBy == "" {
		return r, sdk.Errorf(sdk.InvalidInput, "%s cannot be undone: it changed nothing, or no action reverts it", id)
	}
	if len(ops) == 0 {
		r.UndoneBy = undoneBy
		return r, nil
	}
	if !o.DryRun {
		if err := s.finishBatch(ctx, id); err != nil {
			return r, err
		}
	}
	items := map[string][]*Operation{} // newest first
	var order []string
	for i := range ops {
		if item := ops[i].Item; items[item] == nil {
			order = append(order, item)
		}
		items[ops[i].Item] = append(items[ops[i].Item], &ops[i])
	}
	results, failures := make([][]UndoStep, len(order)), make([]error, len(order))
	gate := &rateGate{}
	g := new(errgroup.Group)
	g.SetLimit(batchWorkers)
	for i, item := range order {
		g.Go(func() error {
			results[i], failures[i] = s.undoAll(ctx, session, m, items[item], o, gate)
			return nil
		})
	}
	_ = g.Wait() // each item has a failure of its own
	seen := map[string]bool{}
	for _, step := range slices.Concat(results...) {
		// Two items can name one object, and then have one chain.
		if key := step.Undoes + " " + step.Action + " " + step.State; !o.DryRun || !seen[key] {
			seen[key] = true
			r.Steps = append(r.Steps, step)
		}
	}
	return r, cmp.Or(failures...)
}

// undoAll undoes operations, the first first. It stops at a failure.
func (s *Store) undoAll(ctx context.Context, session sdk.Session, m *sdk.Manifest, ops []*Operation,
	o UndoOptions, gate *rateGate) (steps []UndoStep, err error) {
	for _, op := range ops {
		err := gate.do(ctx, func() error {
			r, err := s.undo(ctx, session, m, op, "", o)
			if failure := sdk.AsError(err); failure == nil || failure.Code != sdk.RateLimited {
				steps = append(steps, r.Steps...)
				return err
			}
			for _, step := range r.Steps { // the others are made again
				if step.Error == nil {
					steps = append(steps, step)
				}
			}
			return err
		})
		if err != nil {
			return steps, err
		}
	}
	return steps, nil
}

// A rateGate makes all calls of a batch wait when one of them exceeds a rate limit.
type rateGate struct {
	mu     sync.Mutex
	free   time.Time
	notify func(wait time.Duration) // may be nil
}

// do makes a call, and makes it again as long as it exceeds a rate limit and ctx lasts.
func (g *rateGate) do(ctx context.Context, call func() error) error {
	for {
		g.mu.Lock()
		wait := time.Until(g.free)
		g.mu.Unlock()
		if wait > 0 && !sleep(ctx, wait, nil) || ctx.Err() != nil {
			return ctx.Err()
		}
		err := call()
		failure := sdk.AsError(err)
		if failure == nil || failure.Code != sdk.RateLimited {
			return err
		}
		wait = max(failure.RetryAfter, time.Second)
		g.mu.Lock()
		later := time.Now().Add(wait).After(g.free)
		if later {
			g.free = time.Now().Add(wait)
		}
		g.mu.Unlock()
		if later && g.notify != nil {
			g.notify(wait)
		}
	}
}
