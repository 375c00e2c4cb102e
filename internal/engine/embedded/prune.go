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
	// youngestPruned is the smallest age of what is pruned.
	youngestPruned = 24 * time.Hour
	// rememberedFor is how long an event starts nothing twice, even if its run was pruned.
	// Services keep their logs for less, such as 90 days.
	rememberedFor = 100 * 24 * time.Hour
	// pruneBatch is the approximate number of events or rows in one transaction.
	pruneBatch = 200
)

// Pruned counts what was deleted from a store, or what would be.
type Pruned struct {
	Before      time.Time `json:"before"`       // everything in the count had ended by then
	Runs        int       `json:"runs"`         // including their steps and retries
	Events      int       `json:"events"`       // of which no run is left
	Calls       int       `json:"calls"`        // audit entries of the runs and of manual calls
	Undos       int       `json:"undos"`        // done, superseded or failed
	UndosFailed int       `json:"undos_failed"` // those of Undos that failed: their changes were not reverted
	FreedBytes  int64     `json:"freed_bytes"`  // free for reuse: the file does not shrink
}

// Prune deletes what ended longer ago than age: runs with everything that belongs to
// them, manual calls, and undos that are over. It keeps unfinished runs, pending and
// standing undos, the runs of pending undos, checkpoints and playbooks. An event whose
// run is deleted does not start its playbook again.
//
// Prune works in small transactions with pauses between them, so that an engine can work
// at the same time. If it is interrupted, its result counts what is deleted; the rest is
// unchanged. An age under a day is an *[sdk.Error] with code invalid_input.
func (s *Store) Prune(ctx context.Context, age time.Duration) (Pruned, error) {
	before, forget, err := pruneTimes(age, time.Now())
	if err != nil {
		return Pruned{}, err
	}
	return s.prune(ctx, before, forget)
}

// Prunable counts what [Store.Prune] would delete now. FreedBytes is not computed.
func (s *Store) Prunable(ctx context.Context, age time.Duration) (Pruned, error) {
	before, _, err := pruneTimes(age, time.Now())
	if err != nil {
		return Pruned{}, err
	}
	return s.prunable(ctx, before)
}

// pruneTimes returns the times before which everything that is pruned ended, and before
// which the events arrived whose IDs are deleted.
func pruneTimes(age time.Duration, now time.Time) (before, forget time.Time, err error) {
	if age < youngestPruned {
		return before, forget, sdk.Invalid(fmt.Sprintf("an age of %s is too short: prune deletes only what ended at least a day ago", age))
	}
	return unstamp(stamp(now.Add(-age))), unstamp(stamp(now.Add(-rememberedFor))), nil
}

// These select what ended before ?1. A run is kept while an undo of its changes is not
// over, or ended after ?1.
const (
	undoOver = `u.status IN ('done', 'failed', 'superseded') AND max(u.created, coalesce(u.started, 0), coalesce(u.finished, 0)) < ?1`

	fromOldRuns = ` FROM runs r LEFT JOIN groups g ON g.run = r.seq
		WHERE r.status IN ('succeeded', 'failed') AND max(r.created, r.finished) < ?1 AND coalesce(g.closed, g.closes, 0) < ?1
		AND NOT EXISTS (SELECT 1 FROM undos u WHERE u.run = r.id AND u.run <> '' AND u.status <> 'standing' AND NOT (` + undoOver + `))`

	fromManualCalls = ` FROM audit a WHERE a.time < ?1 AND NOT EXISTS (SELECT 1 FROM runs WHERE id = a.run)`
	fromManualUndos = ` FROM undos u WHERE ` + undoOver + ` AND NOT EXISTS (SELECT 1 FROM runs WHERE id = u.run)`
	fromOldIDs      = ` FROM pruned_ids i WHERE i.came < ?1`
)

func (s *Store) prune(ctx context.Context, before, forget time.Time) (Pruned, error) {
	done := Pruned{Before: before}
	for _, part := range []struct {
		what, find string
		ended      time.Time
		do         func(p *pruning) error
	}{
		{"runs", `SELECT r.seq, coalesce(g.events, 1)` + fromOldRuns + ` AND r.seq > ?2 ORDER BY r.seq`, before, (*pruning).runs},
		{"calls", `SELECT a.seq, 1` + fromManualCalls + ` AND a.seq > ?2 ORDER BY a.seq`, before, (*pruning).calls},
		{"undos", `SELECT u.seq, 1` + fromManualUndos + ` AND u.seq > ?2 ORDER BY u.seq`, before, (*pruning).undos},
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

// inBatches calls do with batches of the rows that find selects, as a JSON array. It
// pauses for as long as each batch took: SQLite does not queue writers, and an engine
// should find the lock free half of the time.
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
		if !sleep(ctx, max(time.Since(begun), 10*time.Millisecond), nil) {
			return ctx.Err()
		}
	}
}

// findBatch returns the next rows after last. It holds no lock that blocks writers.
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
			(SELECT count(*) FROM audit WHERE run <> '' AND run IN (SELECT id FROM old)) + (SELECT count(*)`+fromManualCalls+`),
			(SELECT count(*) FROM undos WHERE run <> '' AND run IN (SELECT id FROM old) AND status <> 'standing') + (SELECT count(*)`+fromManualUndos+`),
			(SELECT count(*) FROM undos WHERE run <> '' AND run IN (SELECT id FROM old) AND status = 'failed') + (SELECT count(*)`+fromManualUndos+` AND u.status = 'failed')`,
		stamp(before)).Scan(&p.Runs, &p.Events, &p.Calls, &p.Undos, &p.UndosFailed)
	if err != nil {
		return Pruned{}, fmt.Errorf("count what may be pruned: %w", err)
	}
	return p, nil
}

// A pruning is one transaction of [Store.Prune].
type pruning struct {
	ctx           context.Context
	tx            *sql.Tx
	rows          string // to delete, as a JSON array of their numbers
	ended, forget time.Time
	done          Pruned
}

// these selects the rows or IDs of ?1.
const these = ` IN (SELECT value FROM json_each(?1))`

// runs deletes runs with everything that belongs to them. It checks each run again: a
// retry may have queued it in between.
func (p *pruning) runs() error {
	var err error
	if p.rows, err = p.list(`r.seq`, fromOldRuns+` AND r.seq IN (SELECT value FROM json_each(?2))`, stamp(p.ended), p.rows); err != nil {
		return err
	}
	ids, err := p.list(`id`, ` FROM runs WHERE seq`+these, p.rows)
	if err != nil {
		return err
	}
	events, err := p.list(`event`, ` FROM (SELECT event FROM runs WHERE seq`+these+` UNION SELECT event FROM group_events WHERE run`+these+`)`, p.rows)
	if err != nil {
		return err
	}
	_, err = p.tx.ExecContext(p.ctx, `INSERT INTO pruned_ids (id, came)
		SELECT id, created FROM runs WHERE seq`+these+` AND created >= ?2
		UNION SELECT member, arrived FROM group_events WHERE run`+these+` AND arrived >= ?2
		ON CONFLICT DO NOTHING`, p.rows, stamp(p.forget))
	if err != nil {
		return err
	}
	if err := p.undosOf(`WHERE run <> '' AND status <> 'standing' AND run`+these, ids); err != nil {
		return err
	}
	// An event can belong to other runs, too.
	const orphaned = these + ` AND NOT EXISTS (SELECT 1 FROM runs WHERE event = e.seq) AND NOT EXISTS (SELECT 1 FROM group_events WHERE event = e.seq)`
	for _, d := range []struct {
		count *int // nil: not counted
		from  string
		rows  string
	}{
		{&p.done.Calls, `audit WHERE run <> '' AND run` + these, ids},
		{nil, `retries WHERE run` + these, p.rows},
		{nil, `steps WHERE run` + these, p.rows},
		{nil, `starts WHERE run` + these, p.rows},
		{nil, `group_events WHERE run` + these, p.rows},
		{nil, `groups WHERE run` + these, p.rows},
		{&p.done.Runs, `runs WHERE seq` + these, p.rows},
		{nil, `shapes WHERE event IN (SELECT seq FROM events e WHERE seq` + orphaned + `)`, events},
		{&p.done.Events, `events AS e WHERE seq` + orphaned, events},
	} {
		if err := p.delete(d.count, d.from, d.rows); err != nil {
			return err
		}
	}
	return nil
}

// list selects one column as a JSON array.
func (p *pruning) list(column, from string, args ...any) (array string, err error) {
	err = p.tx.QueryRowContext(p.ctx, `SELECT json_group_array(`+column+`)`+from, args...).Scan(&array)
	return array, err
}

func (p *pruning) calls() error { return p.delete(&p.done.Calls, `audit WHERE seq`+these, p.rows) }
func (p *pruning) undos() error { return p.undosOf(`WHERE seq`+these, p.rows) }
func (p *pruning) ids() error   { return p.delete(nil, `pruned_ids WHERE seq`+these, p.rows) }

func (p *pruning) undosOf(which, rows string) error {
	err := p.tx.QueryRowContext(p.ctx, `SELECT count(*) FROM undos `+which+` AND status = 'failed'`, rows).Scan(&p.done.UndosFailed)
	if err != nil {
		return err
	}
	return p.delete(&p.done.Undos, `undos `+which, rows)
}

func (p *pruning) delete(count *int, from, rows string) error {
	n, err := rowsChanged(p.tx.ExecContext(p.ctx, `DELETE FROM `+from, rows))
	if err == nil && count != nil {
		*count = int(n)
	}
	return err
}

// measured calls do, and counts the bytes of the file that it freed.
func (p *pruning) measured(do func(*pruning) error) error {
	before, err := p.free()
	if err != nil {
		return err
	}
	if err := do(p); err != nil {
		return err
	}
	after, err := p.free()
	p.done.FreedBytes = after - before
	return err
}

func (p *pruning) free() (bytes int64, err error) {
	err = p.tx.QueryRowContext(p.ctx, `SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size`).Scan(&bytes)
	return bytes, err
}

// add adds the counts of one transaction. The IDs that it stores can take more of the file
// than it freed.
func (p *Pruned) add(q Pruned) {
	p.Runs += q.Runs
	p.Events += q.Events
	p.Calls += q.Calls
	p.Undos += q.Undos
	p.UndosFailed += q.UndosFailed
	p.FreedBytes += max(0, q.FreedBytes)
}
