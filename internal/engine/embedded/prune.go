package embedded

import (
	"context"
	"fmt"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/sdk"
)

const (
	// youngestPruned is the minimum age of pruned rows.
	youngestPruned = 24 * time.Hour
	// rememberedFor is how long an event cannot start a playbook twice, even if its run was pruned.
	// Services keep their logs for less, such as 90 days.
	rememberedFor = 100 * 24 * time.Hour
	// pruneBatch is the approximate number of events or rows in one transaction.
	pruneBatch = 200
)

// Pruned counts the rows that were deleted from a store, or would be.
type Pruned struct {
	Before      time.Time `json:"before"`       // everything in the count had ended by then
	Runs        int       `json:"runs"`         // including their steps and retries
	Events      int       `json:"events"`       // without a remaining run
	Calls       int       `json:"calls"`        // audit entries of the runs and of manual calls
	Undos       int       `json:"undos"`        // done, superseded or failed
	UndosFailed int       `json:"undos_failed"` // those of Undos that failed: their changes were not reverted
	FreedBytes  int64     `json:"freed_bytes"`  // free for reuse: the file does not shrink
}

// Prune deletes what ended longer ago than age: runs with everything that belongs to
// them, manual calls, and undos that are over. It keeps unfinished runs, pending and
// standing undos, the runs of pending undos, checkpoints and playbooks. An operation goes
// with its audit entry; both stay for 100 days longer if its change is not reverted. An event whose
// run is deleted does not start its playbook again.
//
// Prune works in small transactions with pauses between them, so that an engine can work
// at the same time. If it is interrupted, its result counts what is deleted; the rest is
// unchanged. An age under a day is an *[sdk.Error] with code invalid_input.
func (s *Store) Prune(ctx context.Context, age time.Duration) (Pruned, error) {
	now := time.Now()
	if err := checkAge(age); err != nil {
		return Pruned{}, err
	}
	return s.prune(ctx, engine.Time(now.Add(-age)), now.Add(-rememberedFor))
}

// Prunable counts what [Store.Prune] would delete now. FreedBytes is not computed.
func (s *Store) Prunable(ctx context.Context, age time.Duration) (Pruned, error) {
	if err := checkAge(age); err != nil {
		return Pruned{}, err
	}
	return s.prunable(ctx, engine.Time(time.Now().Add(-age)))
}

func checkAge(age time.Duration) error {
	if age < youngestPruned {
		return sdk.Invalid(fmt.Sprintf("an age of %s is too short: prune deletes only what ended at least a day ago", age))
	}
	return nil
}

// These select what ended before ?1. A run is kept while an undo of its changes is not
// over, or ended after ?1.
const (
	undoOver = `u.status IN ('done', 'failed', 'superseded') AND max(u.created, coalesce(u.started, 0), coalesce(u.finished, 0)) < ?1`

	fromOldRuns = ` FROM runs r LEFT JOIN groups g ON g.run = r.seq
		WHERE r.status IN ('succeeded', 'failed') AND max(r.created, r.finished) < ?1 AND coalesce(g.closed, g.closes, 0) < ?1
		AND NOT EXISTS (SELECT 1 FROM undos u WHERE u.run = r.id AND u.run <> '' AND u.status <> 'standing' AND NOT (` + undoOver + `))`

	// An operation whose change is not reverted stays for 100 days (in microseconds) longer,
	// with its audit entry.
	keptOperation = `EXISTS (SELECT 1 FROM operation_undos JOIN operations o ON o.seq = operation
		WHERE operation = a.seq AND undone = '' AND o.created >= ?1 - 8640000000000)`

	fromManualCalls = ` FROM audit a WHERE a.time < ?1 AND NOT EXISTS (SELECT 1 FROM runs WHERE id = a.run) AND NOT ` + keptOperation
	fromManualUndos = ` FROM undos u WHERE ` + undoOver + ` AND NOT EXISTS (SELECT 1 FROM runs WHERE id = u.run)`
)

// prune deletes what ended before a time, and the IDs of events that arrived before forget.
func (s *Store) prune(ctx context.Context, before, forget time.Time) (Pruned, error) {
	done := Pruned{Before: before}
	for _, part := range []struct {
		name, find string
		ended      time.Time
		delete     func(p *pruning)
	}{
		{"runs", `SELECT r.seq, coalesce(g.events, 1)` + fromOldRuns + ` AND r.seq > ?2 ORDER BY r.seq`, before, (*pruning).runs},
		{"calls", `SELECT a.seq, 1` + fromManualCalls + ` AND a.seq > ?2 ORDER BY a.seq`, before,
			func(p *pruning) {
				p.done.Calls = p.delete(`audit WHERE seq`+these, p.rows)
				p.exec(`DELETE FROM batches WHERE created < ? AND NOT EXISTS (SELECT 1 FROM operations WHERE batch = batches.id AND batch <> '')`, p.ended)
			}},
		{"undos", `SELECT u.seq, 1` + fromManualUndos + ` AND u.seq > ?2 ORDER BY u.seq`, before, func(p *pruning) { p.undos(`WHERE seq`+these, p.rows) }},
		{"ids", `SELECT i.seq, 1 FROM pruned_ids i WHERE i.came < ?1 AND i.seq > ?2 ORDER BY i.seq`, forget,
			func(p *pruning) { p.delete(`pruned_ids WHERE seq`+these, p.rows) }},
	} {
		err := s.inBatches(ctx, part.find, part.ended, func(rows []int64) error {
			p := &pruning{rows: rows, ended: part.ended, forget: forget}
			err := s.tx(ctx, func(tx *conn) {
				p.conn = tx
				free := p.free()
				part.delete(p)
				p.done.FreedBytes = max(0, p.free()-free) // the stored IDs can take more than was freed
			})
			if err == nil {
				done.add(p.done)
			}
			return err
		})
		if err != nil {
			return done, fmt.Errorf("prune %s: %w", part.name, err)
		}
	}
	return done, nil
}

// inBatches calls do with batches of the rows that find selects. It pauses for as long as
// each batch took: SQLite does not queue writers, and an engine should find the lock free
// half of the time.
func (s *Store) inBatches(ctx context.Context, find string, ended time.Time, do func(rows []int64) error) error {
	var last int64
	for {
		// This holds no lock that blocks writers.
		db := s.reader(ctx)
		var rows []int64
		size := 0
		db.each(func(read func(...any)) bool {
			var events int
			read(&last, &events)
			rows, size = append(rows, last), size+events
			return size < pruneBatch
		}, find, ended, last)
		if db.err != nil || len(rows) == 0 {
			return db.err
		}
		begun := time.Now()
		if err := do(rows); err != nil {
			return err
		}
		if !sleep(ctx, max(time.Since(begun), 10*time.Millisecond), nil) {
			return ctx.Err()
		}
	}
}

// prunable counts the rows that prune would delete.
func (s *Store) prunable(ctx context.Context, before time.Time) (Pruned, error) {
	p := Pruned{Before: before}
	db := s.reader(ctx)
	db.row(`WITH old (seq, id) AS MATERIALIZED (SELECT r.seq, r.id`+fromOldRuns+`)
		SELECT (SELECT count(*) FROM old),
			(SELECT count(*) FROM events e WHERE NOT EXISTS (SELECT 1 FROM runs WHERE event = e.seq AND seq NOT IN (SELECT seq FROM old))
				AND NOT EXISTS (SELECT 1 FROM group_events WHERE event = e.seq AND run NOT IN (SELECT seq FROM old))),
			(SELECT count(*) FROM audit a WHERE run <> '' AND run IN (SELECT id FROM old) AND NOT `+keptOperation+`) + (SELECT count(*)`+fromManualCalls+`),
			(SELECT count(*) FROM undos WHERE run <> '' AND run IN (SELECT id FROM old) AND status <> 'standing') + (SELECT count(*)`+fromManualUndos+`),
			(SELECT count(*) FROM undos WHERE run <> '' AND run IN (SELECT id FROM old) AND status = 'failed')
				+ (SELECT count(*)`+fromManualUndos+` AND u.status = 'failed')`,
		before).into(&p.Runs, &p.Events, &p.Calls, &p.Undos, &p.UndosFailed)
	return p, db.failed("count the rows to prune")
}

// A pruning is one transaction of [Store.Prune].
type pruning struct {
	*conn
	rows          []int64 // to delete
	ended, forget time.Time
	done          Pruned
}

// these selects the rows or IDs of ?1.
const these = ` IN (SELECT value FROM json_each(?1))`

// runs deletes runs with everything that belongs to them. It checks each run again: a
// retry may have queued it in between.
func (p *pruning) runs() {
	p.rows = list(p.conn, only[int64], `SELECT r.seq`+fromOldRuns+` AND r.seq IN (SELECT value FROM json_each(?2))`, p.ended, p.rows)
	ids := list(p.conn, only[string], `SELECT id FROM runs WHERE seq`+these, p.rows)
	events := list(p.conn, only[int64], `SELECT event FROM runs WHERE seq`+these+` UNION SELECT event FROM group_events WHERE run`+these, p.rows)
	p.exec(`INSERT INTO pruned_ids (id, came)
		SELECT id, created FROM runs WHERE seq`+these+` AND created >= ?2
		UNION SELECT member, arrived FROM group_events WHERE run`+these+` AND arrived >= ?2
		ON CONFLICT DO NOTHING`, p.rows, p.forget)
	p.undos(`WHERE run <> '' AND status <> 'standing' AND run`+these, ids)
	p.done.Calls = p.delete(`audit WHERE run <> '' AND run`+these+` AND seq NOT IN (SELECT operation FROM operation_undos WHERE undone = '')`, ids)
	for _, table := range []string{"retries", "steps", "starts", "group_events", "groups"} {
		p.delete(table+` WHERE run`+these, p.rows)
	}
	p.done.Runs = p.delete(`runs WHERE seq`+these, p.rows)
	// An event can belong to other runs, too.
	const orphaned = these + ` AND NOT EXISTS (SELECT 1 FROM runs WHERE event = e.seq) AND NOT EXISTS (SELECT 1 FROM group_events WHERE event = e.seq)`
	p.delete(`shapes WHERE event IN (SELECT seq FROM events e WHERE seq`+orphaned+`)`, events)
	p.done.Events = p.delete(`events AS e WHERE seq`+orphaned, events)
}

func (p *pruning) undos(which string, rows any) {
	p.row(`SELECT count(*) FROM undos `+which+` AND status = 'failed'`, rows).into(&p.done.UndosFailed)
	p.done.Undos = p.delete(`undos `+which, rows)
}

// delete returns the number of deleted rows.
func (p *pruning) delete(from string, rows any) int {
	return int(p.exec(`DELETE FROM `+from, rows).rows)
}

// free returns the bytes of the file that are free for reuse.
func (p *pruning) free() (bytes int64) {
	p.row(`SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size`).into(&bytes)
	return bytes
}

// add adds the counts of one transaction.
func (p *Pruned) add(q Pruned) {
	p.Runs += q.Runs
	p.Events += q.Events
	p.Calls += q.Calls
	p.Undos += q.Undos
	p.UndosFailed += q.UndosFailed
	p.FreedBytes += q.FreedBytes
}
