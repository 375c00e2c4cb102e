package embedded

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"soar.example/okta/sdk"
)

// Checkpoint returns the checkpoint of the source, nil if there is none.
func (s *Store) Checkpoint(ctx context.Context, source string) (json.RawMessage, error) {
	var data []byte
	err := s.read.QueryRowContext(ctx, `SELECT checkpoint FROM checkpoints WHERE source = ?`, source).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read checkpoint of %s: %w", source, err)
	}
	return data, nil
}

// writeCheckpoint stores the checkpoint after a page, and the time of the newest event
// that was read. It writes nothing if neither has changed.
func writeCheckpoint(ctx context.Context, tx *sql.Tx, source string, page sdk.RawPage, now time.Time) error {
	if len(page.Next) == 0 {
		_, err := tx.ExecContext(ctx, `UPDATE checkpoints SET newest = ?2 WHERE source = ?1 AND ?2 > coalesce(newest, 0)`, source, stamp(page.Newest))
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO checkpoints (source, checkpoint, saved, newest) VALUES (?, ?, ?, ?)
		ON CONFLICT (source) DO UPDATE SET checkpoint = excluded.checkpoint,
			saved = CASE WHEN checkpoint = excluded.checkpoint THEN saved ELSE excluded.saved END,
			newest = coalesce(max(newest, excluded.newest), newest, excluded.newest)
		WHERE checkpoint <> excluded.checkpoint OR excluded.newest > coalesce(newest, 0)`, source, []byte(page.Next), stamp(now), stamp(page.Newest))
	return err
}

// A Reading is one poll of a trigger that a watch makes: the source of its checkpoint,
// and the selection of each of its playbooks.
type Reading struct {
	Trigger string            // the connection and the trigger
	Source  string            // of the checkpoint: the trigger and the selection
	Asked   map[string]string // selection of each playbook, by the names of the playbooks
}

// Resume stores the checkpoint where each reading of a watch continues, in one
// transaction. That is the earliest of the checkpoints that covered its playbooks:
//
//   - The checkpoint that covered the playbook with the same selection, so that a return
//     to an old selection misses nothing of the time between.
//   - Otherwise the last checkpoint that covered the playbook with any selection. The
//     trigger recognizes the new selection, and starts a while before the newest event.
//   - For a playbook of a new name, the checkpoint of the same selection.
//   - Otherwise the latest checkpoint whose playbooks are all gone: the playbook may have
//     been renamed.
//
// A reading without any of them has no checkpoint, and starts like the first poll of the
// trigger.
func (s *Store) Resume(ctx context.Context, readings []Reading) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		r := &resumption{ctx: ctx, tx: tx, now: time.Now(), present: map[string]bool{}, checkpoints: map[string]checkpoint{}}
		return r.run(readings)
	})
	if err != nil {
		return fmt.Errorf("resume the checkpoints: %w", err)
	}
	return nil
}

// A checkpoint is a row of the table checkpoints.
type checkpoint struct {
	source string
	data   []byte
	saved  int64
	newest sql.NullInt64
}

// position orders checkpoints by their progress.
func (c checkpoint) position() int64 {
	if c.newest.Valid {
		return c.newest.Int64
	}
	return c.saved
}

// coverage is a row of the table coverage.
type coverage struct {
	trigger, playbook, selection, source string
	resumed                              int64
}

type resumption struct {
	ctx         context.Context // of the transaction
	tx          *sql.Tx
	now         time.Time
	checkpoints map[string]checkpoint // by source
	coverage    []coverage
	present     map[string]bool // the playbooks of the watch, each with its trigger
}

func (r *resumption) run(readings []Reading) (err error) {
	_, err = list(r.ctx, r.tx, func(row row) (c checkpoint, err error) {
		err = row.Scan(&c.source, &c.data, &c.saved, &c.newest)
		r.checkpoints[c.source] = c
		return c, err
	}, `SELECT source, checkpoint, saved, newest FROM checkpoints`)
	if err != nil {
		return err
	}
	r.coverage, err = list(r.ctx, r.tx, func(row row) (c coverage, err error) {
		err = row.Scan(&c.trigger, &c.playbook, &c.selection, &c.source, &c.resumed)
		return c, err
	}, `SELECT trigger, playbook, selection, source, resumed FROM coverage`)
	if err != nil {
		return err
	}
	for _, reading := range readings {
		for playbook := range reading.Asked {
			r.present[reading.Trigger+"\n"+playbook] = true
		}
	}
	begin := make([]*checkpoint, len(readings)) // all of them, before any is written
	for i, reading := range readings {
		begin[i] = r.begin(reading)
	}
	for i, reading := range readings {
		if err := r.store(reading, begin[i]); err != nil {
			return err
		}
	}
	// A checkpoint that covered playbooks and no longer does is deleted: nothing continues
	// from it, and a playbook of a new name must not.
	for _, c := range r.coverage {
		if _, err := r.tx.ExecContext(r.ctx, `DELETE FROM checkpoints WHERE source = ?1
			AND NOT EXISTS (SELECT 1 FROM coverage WHERE source = ?1)`, c.source); err != nil {
			return err
		}
	}
	return nil
}

// begin returns the checkpoint where the reading continues, nil if there is none.
func (r *resumption) begin(reading Reading) *checkpoint {
	var all []checkpoint
	for playbook, selection := range reading.Asked {
		if c, ok := r.covering(reading, playbook, selection); ok {
			all = append(all, c)
		}
	}
	if len(all) == 0 {
		return r.orphan(reading.Trigger)
	}
	earliest := slices.MinFunc(all, func(a, b checkpoint) int {
		return cmp.Or(cmp.Compare(a.position(), b.position()), cmp.Compare(a.source, b.source))
	})
	own, ok := r.checkpoints[reading.Source]
	if ok && own.position() == earliest.position() && slices.ContainsFunc(all, func(c checkpoint) bool { return c.source == own.source }) {
		return &own
	}
	return &earliest
}

// covering returns the checkpoint that covered a playbook.
func (r *resumption) covering(reading Reading, playbook, selection string) (checkpoint, bool) {
	last := coverage{resumed: -1}
	for _, c := range r.coverage {
		if _, exists := r.checkpoints[c.source]; !exists || c.trigger != reading.Trigger || c.playbook != playbook {
			continue
		}
		if c.selection == selection {
			return r.checkpoints[c.source], true
		}
		if c.resumed > last.resumed {
			last = c
		}
	}
	if c, ok := r.checkpoints[last.source]; ok {
		return c, true
	}
	c, ok := r.checkpoints[reading.Source]
	return c, ok
}

// orphan returns the latest checkpoint of the trigger whose playbooks are all gone.
func (r *resumption) orphan(trigger string) *checkpoint {
	var latest *checkpoint
	gone := map[string]bool{}
	for _, c := range r.coverage {
		if c.trigger == trigger {
			before, known := gone[c.source]
			gone[c.source] = (before || !known) && !r.present[trigger+"\n"+c.playbook]
		}
	}
	for source, all := range gone {
		if c, ok := r.checkpoints[source]; ok && all && (latest == nil || c.saved > latest.saved) {
			latest = &c
		}
	}
	return latest
}

// store writes where the reading continues, and that it covers its playbooks.
func (r *resumption) store(reading Reading, begin *checkpoint) error {
	if begin != nil && begin.source != reading.Source {
		if _, err := r.tx.ExecContext(r.ctx, `INSERT OR REPLACE INTO checkpoints (source, checkpoint, saved, newest) VALUES (?, ?, ?, ?)`,
			reading.Source, begin.data, begin.saved, begin.newest); err != nil {
			return err
		}
	}
	for playbook, selection := range reading.Asked {
		if _, err := r.tx.ExecContext(r.ctx, `INSERT INTO coverage (trigger, playbook, selection, source, resumed) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (trigger, playbook, selection) DO UPDATE SET source = excluded.source, resumed = excluded.resumed`,
			reading.Trigger, playbook, selection, reading.Source, stamp(r.now)); err != nil {
			return err
		}
	}
	return nil
}
