package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"soar.example/okta/sdk"
)

const (
	// youngestPruned is the least age that anything is pruned at.
	youngestPruned = 24 * time.Hour
	// rememberedFor is how long after an event came it still starts nothing twice,
	// though its run was pruned. No service is asked for what is older: Okta keeps 90
	// days of its log, and clocks may differ.
	rememberedFor = 100 * 24 * time.Hour
	// pruneBatch is about how many events' runs, or other rows, go in one transaction.
	pruneBatch = 200
)

// Pruned is what was deleted from a store, or would be.
type Pruned struct {
	Before      time.Time `json:"before"`       // what had ended by then
	Runs        int       `json:"runs"`         // with their steps and retries
	Events      int       `json:"events"`       // that no run is left of
	Calls       int       `json:"calls"`        // entries of the audit trail: those of the runs, and those by hand
	Undos       int       `json:"undos"`        // that were done, superseded or failed
	UndosFailed int       `json:"undos_failed"` // of them: what they were to take back was left as it was
	FreedBytes  int64     `json:"freed_bytes"`  // of the file, for what comes next; it does not shrink
}

// Prune deletes what ended longer ago than age: runs with all that belongs to them,
// calls by hand, and undos that are over. It leaves alone what is unfinished, undos that
// are pending or stand and the runs of those that are pending, checkpoints, and
// playbooks. An event whose run is gone still starts its playbook no second time.
//
// It works in small transactions, and leaves the store to others between them, so that
// an engine may be at work meanwhile. Where it is cut off, what it says was deleted is
// gone, and the rest is as it was. An age under a day is an *[sdk.Error] with code
// invalid_input.
func (s *Store) Prune(ctx context.Context, age time.Duration) (Pruned, error) {
	before, forget, err := pruneTimes(age, time.Now())
	if err != nil {
		return Pruned{}, err
	}
	return s.prune(ctx, before, forget)
}

// Prunable returns what [Store.Prune] would delete now, but for how many bytes that
// would free.
func (s *Store) Prunable(ctx context.Context, age time.Duration) (Pruned, error) {
	before, _, err := pruneTimes(age, time.Now())
	if err != nil {
		return Pruned{}, err
	}
	return s.prunable(ctx, before)
}

// pruneTimes are when what is pruned had ended, and before when events came whose ids
// need not be kept any more.
func pruneTimes(age time.Duration, now time.Time) (before, forget time.Time, err error) {
	if age < youngestPruned {
		return before, forget, sdk.Invalid(fmt.Sprintf("only what ended at least a day ago is pruned: %s is too short", age))
	}
	return unstamp(stamp(now.Add(-age))), unstamp(stamp(now.Add(-rememberedFor))), nil
}

// What is pruned, of what ended before ?1. A run is kept for as long as something of
// what it changed is still to be taken back, or was only lately.
const (
	undoOver = `u.status IN ('done', 'failed', 'superseded') AND max(u.created, coalesce(u.started, 0), coalesce(u.finished, 0)) < ?1`

	fromOldRuns = ` FROM runs r LEFT JOIN groups g ON g.run = r.seq
		WHERE r.status IN ('succeeded', 'failed') AND max(r.created, r.finished) < ?1 AND coalesce(g.closed, g.closes, 0) < ?1
		AND NOT EXISTS (SELECT 1 FROM undos u WHERE u.run = r.id AND u.run <> '' AND u.status <> 'standing' AND NOT (` + undoOver + `))`

	fromLooseCalls = ` FROM audit a WHERE a.time < ?1 AND NOT EXISTS (SELECT 1 FROM runs WHERE id = a.run)`
	fromLooseUndos = ` FROM undos u WHERE ` + undoOver + ` AND NOT EXISTS (SELECT 1 FROM runs WHERE id = u.run)`
	fromOldIDs     = ` FROM pruned_ids i WHERE i.came < ?1`
)

func (s *Store) prune(ctx context.Context, before, forget time.Time) (Pruned, error) {
	done := Pruned{Before: before}
	for _, part := range []struct {
		what, find string
		ended      time.Time
		do         func(p *pruning) error
	}{
		{"runs", `SELECT r.seq, coalesce(g.events, 1)` + fromOldRuns + ` AND r.seq > ?2 ORDER BY r.seq`, before, (*pruning).runs},
		{"calls", `SELECT a.seq, 1` + fromLooseCalls + ` AND a.seq > ?2 ORDER BY a.seq`, before, (*pruning).calls},
		{"undos", `SELECT u.seq, 1` + fromLooseUndos + ` AND u.seq > ?2 ORDER BY u.seq`, before, (*pruning).undos},
		{"ids", `SELECT i.seq, 1` + fromOldIDs + ` AND i.seq > ?2 ORDER BY i.seq`, forget, (*pruning).ids},
	} {
		err := s.inBatches(ctx, part.find, part.ended, func(rows string) error {
			p := &pruning{ctx: ctx, rows: rows, ended: part.ended, forget: forget}
			err := s.tx(ctx, func(tx *sql.Tx) error {
				p.tx = tx
				return p.measured(part.do)
			})
			if err == nil {
				done.add(p.done)
			}
			return err
		})
		if err != nil {
			return done, fmt.Errorf("prune %s: %w", part.what, err)
		}
	}
	return done, nil
}

// inBatches has do delete the rows that find selects, some at a time, which it is told
// as a JSON array. It rests for as long as that took: SQLite gives its lock to whoever
// happens to ask, and an engine is to find it free every other time.
func (s *Store) inBatches(ctx context.Context, find string, ended time.Time, do func(rows string) error) error {
	var last int64
	for {
		seqs, err := s.findBatch(ctx, find, ended, last)
		if err != nil || len(seqs) == 0 {
			return err
		}
		last = seqs[len(seqs)-1]
		rows, err := json.Marshal(seqs)
		if err != nil {
			return err
		}
		begun := time.Now()
		if err := do(string(rows)); err != nil {
			return err
		}
		rest := time.NewTimer(max(time.Since(begun), 10*time.Millisecond))
		select {
		case <-rest.C:
		case <-ctx.Done():
			rest.Stop()
			return ctx.Err()
		}
	}
}

// findBatch returns the next rows after last. It holds no lock that would keep anybody
// from writing.
func (s *Store) findBatch(ctx context.Context, find string, ended time.Time, last int64) (seqs []int64, err error) {
	rows, err := s.read.QueryContext(ctx, find, stamp(ended), last)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for size := 0; size < pruneBatch && rows.Next(); {
		var seq int64
		var events int
		if err := rows.Scan(&seq, &events); err != nil {
			return nil, err
		}
		seqs, size = append(seqs, seq), size+events
	}
	return seqs, rows.Err()
}

// prunable counts what prune would delete.
func (s *Store) prunable(ctx context.Context, before time.Time) (Pruned, error) {
	p := Pruned{Before: before}
	err := s.read.QueryRowContext(ctx, `WITH old (seq, id) AS MATERIALIZED (SELECT r.seq, r.id`+fromOldRuns+`)
		SELECT (SELECT count(*) FROM old),
			(SELECT count(*) FROM events e WHERE NOT EXISTS (SELECT 1 FROM runs WHERE event = e.seq AND seq NOT IN (SELECT seq FROM old))
				AND NOT EXISTS (SELECT 1 FROM group_events WHERE event = e.seq AND run NOT IN (SELECT seq FROM old))),
			(SELECT count(*) FROM audit WHERE run <> '' AND run IN (SELECT id FROM old)) + (SELECT count(*)`+fromLooseCalls+`),
			(SELECT count(*) FROM undos WHERE run <> '' AND run IN (SELECT id FROM old) AND status <> 'standing') + (SELECT count(*)`+fromLooseUndos+`),
			(SELECT count(*) FROM undos WHERE run <> '' AND run IN (SELECT id FROM old) AND status = 'failed') + (SELECT count(*)`+fromLooseUndos+` AND u.status = 'failed')`,
		stamp(before)).Scan(&p.Runs, &p.Events, &p.Calls, &p.Undos, &p.UndosFailed)
	if err != nil {
		return Pruned{}, fmt.Errorf("look what may be pruned: %w", err)
	}
	return p, nil
}
