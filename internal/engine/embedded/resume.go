package embedded

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// A Reading is one poll of a trigger that a watch makes: where its checkpoint is stored,
// and what each of its playbooks asks for.
type Reading struct {
	Trigger string            // the connection and the trigger
	Source  string            // of the checkpoint: the trigger and the selection
	Former  string            // where an earlier version stored it
	Asked   map[string]string // what each playbook asks for, by the playbooks' names
}

// Resume stores, for each of the readings that a watch is to make, the checkpoint where it
// goes on, in one transaction. That is the earliest of the checkpoints that covered its
// playbooks:
//
//   - The one that covered the playbook when it asked for the same events, so that going
//     back to an old selection misses nothing of the time between.
//   - Otherwise the one that covered it last, whatever it asked for: the trigger sees that
//     the selection is new, and begins a while before the newest event of that checkpoint.
//   - For a playbook of a new name, the checkpoint of the same selection.
//   - Otherwise the latest checkpoint whose playbooks are all gone: the playbook may have
//     taken the place of one.
//
// A reading without any of them has no checkpoint, and begins as the trigger's first poll.
func (s *Store) Resume(ctx context.Context, readings []Reading) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		r := &resumption{ctx: ctx, tx: tx, now: time.Now(), present: map[string]bool{}, places: map[string]place{}}
		return r.run(readings)
	})
	if err != nil {
		return fmt.Errorf("resume the checkpoints: %w", err)
	}
	return nil
}

// A place is a stored checkpoint.
type place struct {
	source string
	data   []byte
	saved  int64
	newest sql.NullInt64
}

// at orders places by how far they have come.
func (p place) at() int64 {
	if p.newest.Valid {
		return p.newest.Int64
	}
	return p.saved
}

// covered is a row of the table coverage.
type covered struct {
	trigger, playbook, selection, source string
	resumed                              int64
}

type resumption struct {
	ctx      context.Context // of the transaction
	tx       *sql.Tx
	now      time.Time
	places   map[string]place
	coverage []covered
	present  map[string]bool // the playbooks of the watch, each with its trigger
}

func (r *resumption) run(readings []Reading) error {
	if err := r.load(); err != nil {
		return err
	}
	for _, reading := range readings {
		for book := range reading.Asked {
			r.present[reading.Trigger+"\n"+book] = true
		}
	}
	begin := make([]*place, len(readings)) // all of them, before any is written
	for i, reading := range readings {
		begin[i] = r.begin(reading)
	}
	for i, reading := range readings {
		if err := r.store(reading, begin[i]); err != nil {
			return err
		}
	}
	return r.forget()
}

func (r *resumption) load() error {
	rows, err := r.tx.QueryContext(r.ctx, `SELECT c.source, c.place, c.saved, n.time FROM checkpoints c LEFT JOIN newest n ON n.source = c.source`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var p place
		if err := rows.Scan(&p.source, &p.data, &p.saved, &p.newest); err != nil {
			return err
		}
		r.places[p.source] = p
	}
	if err := rows.Err(); err != nil {
		return err
	}
	rows, err = r.tx.QueryContext(r.ctx, `SELECT trigger, playbook, selection, source, resumed FROM coverage`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var c covered
		if err := rows.Scan(&c.trigger, &c.playbook, &c.selection, &c.source, &c.resumed); err != nil {
			return err
		}
		r.coverage = append(r.coverage, c)
	}
	return rows.Err()
}

// begin returns the checkpoint where the reading goes on, nil if there is none.
func (r *resumption) begin(reading Reading) *place {
	var all []place
	for book, selection := range reading.Asked {
		if p, ok := r.of(reading, book, selection); ok {
			all = append(all, p)
		}
	}
	if len(all) == 0 {
		return r.orphan(reading.Trigger)
	}
	earliest := slices.MinFunc(all, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.at(), b.at()), cmp.Compare(a.source, b.source))
	})
	if own, ok := r.places[reading.Source]; ok && own.at() == earliest.at() && slices.ContainsFunc(all, func(p place) bool { return p.source == own.source }) {
		return &own
	}
	return &earliest
}

// of returns the checkpoint that covered a playbook.
func (r *resumption) of(reading Reading, book, selection string) (place, bool) {
	last := covered{resumed: -1}
	for _, c := range r.coverage {
		if _, there := r.places[c.source]; !there || c.trigger != reading.Trigger || c.playbook != book {
			continue
		}
		if c.selection == selection {
			return r.places[c.source], true
		}
		if c.resumed > last.resumed {
			last = c
		}
	}
	for _, source := range []string{last.source, reading.Source, reading.Former} {
		if p, ok := r.places[source]; ok {
			return p, true
		}
	}
	return place{}, false
}

// orphan returns the latest checkpoint of the trigger whose playbooks are all gone.
func (r *resumption) orphan(trigger string) *place {
	var latest *place
	gone := map[string]bool{}
	for _, c := range r.coverage {
		if c.trigger == trigger {
			before, known := gone[c.source]
			gone[c.source] = (before || !known) && !r.present[trigger+"\n"+c.playbook]
		}
	}
	for source, all := range gone {
		if p, ok := r.places[source]; ok && all && (latest == nil || p.saved > latest.saved) {
			latest = &p
		}
	}
	return latest
}

// store writes where the reading goes on, and that it covers its playbooks.
func (r *resumption) store(reading Reading, begin *place) error {
	if begin != nil && begin.source != reading.Source {
		if _, err := r.tx.ExecContext(r.ctx, `INSERT INTO checkpoints (source, place, saved) VALUES (?, ?, ?)
			ON CONFLICT (source) DO UPDATE SET place = excluded.place, saved = excluded.saved`, reading.Source, begin.data, begin.saved); err != nil {
			return err
		}
		if _, err := r.tx.ExecContext(r.ctx, `DELETE FROM newest WHERE source = ?`, reading.Source); err != nil {
			return err
		}
		if begin.newest.Valid {
			if err := writeNewest(r.ctx, r.tx, reading.Source, begin.newest); err != nil {
				return err
			}
		}
	}
	for book, selection := range reading.Asked {
		if _, err := r.tx.ExecContext(r.ctx, `INSERT INTO coverage (trigger, playbook, selection, source, resumed) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (trigger, playbook, selection) DO UPDATE SET source = excluded.source, resumed = excluded.resumed`,
			reading.Trigger, book, selection, reading.Source, stamp(r.now)); err != nil {
			return err
		}
	}
	return nil
}

// forget deletes the checkpoints that covered a playbook and do not any more: nobody goes
// on from them, and a playbook of a new name must not.
func (r *resumption) forget() error {
	for _, c := range r.coverage {
		for _, statement := range []string{
			`DELETE FROM checkpoints WHERE source = ?1 AND NOT EXISTS (SELECT 1 FROM coverage WHERE source = ?1)`,
			`DELETE FROM newest WHERE source = ?1 AND NOT EXISTS (SELECT 1 FROM coverage WHERE source = ?1)`,
		} {
			if _, err := r.tx.ExecContext(r.ctx, statement, c.source); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeNewest notes the newest event that was read from a source.
func writeNewest(ctx context.Context, tx *sql.Tx, source string, newest sql.NullInt64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO newest (source, time) VALUES (?, ?)
		ON CONFLICT (source) DO UPDATE SET time = excluded.time WHERE time < excluded.time`, source, newest)
	return err
}
