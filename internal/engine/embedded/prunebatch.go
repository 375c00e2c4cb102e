package embedded

import (
	"context"
	"database/sql"
	"time"
)

// A pruning is one transaction of [Store.Prune].
type pruning struct {
	ctx           context.Context
	tx            *sql.Tx
	rows          string // that are to go, their numbers as a JSON array
	ended, forget time.Time
	done          Pruned
}

// these are the rows, or the ids, of ?1.
const these = ` IN (SELECT value FROM json_each(?1))`

// runs deletes runs with all that belongs to them. What has become of one since it was
// found is looked at again: it may have been queued once more.
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
	// An event may belong to other runs as well.
	const orphaned = these + ` AND NOT EXISTS (SELECT 1 FROM runs WHERE event = e.seq) AND NOT EXISTS (SELECT 1 FROM group_events WHERE event = e.seq)`
	for _, d := range []struct {
		count *int // nil: it is not counted
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
	gone, err := p.tx.ExecContext(p.ctx, `DELETE FROM `+from, rows)
	if err != nil || count == nil {
		return err
	}
	n, err := gone.RowsAffected()
	*count = int(n)
	return err
}

// measured does one part, and takes down how much of the file it freed.
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

// add counts what one transaction did. The ids that it keeps may take more of the file
// than it freed.
func (p *Pruned) add(q Pruned) {
	p.Runs += q.Runs
	p.Events += q.Events
	p.Calls += q.Calls
	p.Undos += q.Undos
	p.UndosFailed += q.UndosFailed
	p.FreedBytes += max(0, q.FreedBytes)
}
