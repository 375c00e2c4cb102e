package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// A group that has come to one of these takes in no more: its run may begin, and
// the next event opens another.
const (
	mostGroupEvents = 10_000
	mostGroupBytes  = 8 << 20
)

// longestKey is how many bytes of a key are kept as they are.
const longestKey = 200

// A Group says what events a run of a playbook with group_by stands for.
type Group struct {
	Key    json.RawMessage `json:"key,omitempty"` // what group_by gave, shortened if it is long; none if it gave nothing
	Events int             `json:"events"`        // so far
	Taken  int             `json:"taken"`         // how many of them the steps read; 0 before the run begins
	Opened time.Time       `json:"opened"`        // when the first event arrived
	Closes time.Time       `json:"closes"`        // the end of the window
	Closed bool            `json:"closed"`        // it takes in no more events; may be false for a while after Closes
	Note   string          `json:"note,omitempty"`
}

// A GroupedEvent is one event of a grouped run.
type GroupedEvent struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Time    time.Time       `json:"time,omitzero"`
	Arrived time.Time       `json:"arrived"`
	Data    json.RawMessage `json:"data"`
}

// A grouping is what a playbook's group_by came to for an event.
type grouping struct {
	key  sql.NullString
	note string // why there is no key
}

// group evaluates the playbook's group_by, if it has one.
func (e *Engine) group(b *playbook.Playbook, event sdk.RawEvent) *grouping {
	if b.Grouping.Window == 0 {
		return nil
	}
	key, err := guarded(e, "the group_by of "+b.Name, func() (string, error) { return b.GroupKey(event) })
	if err != nil {
		return &grouping{note: "alone: " + bodyOf(err).Message}
	}
	key = string(schema.MaskNamed(json.RawMessage(key)))
	if len(key) > longestKey {
		short, _ := json.Marshal(string([]rune(key[:longestKey])) + "… " + digest(key))
		key = string(short)
	}
	return &grouping{key: sql.NullString{String: key, Valid: true}}
}

// join puts the event into the open group that it belongs to, if there is one.
func (w *pageWriter) join(m match, hash string, event int64) (joined bool, err error) {
	if m.group == nil || !m.group.key.Valid {
		return false, nil
	}
	if !w.current {
		_, err := w.tx.ExecContext(w.ctx, `UPDATE groups SET closed = closes WHERE org = ? AND closed IS NULL AND closes <= ?`, w.engine.o.Org, stamp(w.now))
		if err != nil {
			return false, err
		}
		w.current = true
	}
	var run, events int64
	err = w.tx.QueryRowContext(w.ctx, `SELECT run, events FROM groups WHERE org = ? AND playbook = ? AND hash = ? AND key = ? AND closed IS NULL`,
		w.engine.o.Org, m.book.Name, hash, m.group.key).Scan(&run, &events)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, w.member(m, run, events, event)
}

// open makes the run that was written one that stands for a group.
func (w *pageWriter) open(m match, run, event int64) error {
	if m.group == nil {
		return nil
	}
	closes, closed := w.now.Add(m.book.Grouping.Window), sql.NullInt64{}
	if !m.group.key.Valid {
		closes, closed = w.now, stamp(w.now)
	}
	_, err := w.tx.ExecContext(w.ctx, `INSERT INTO groups (run, org, playbook, hash, key, at_first, opened, closes, closed, events, bytes, note)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?)`, run, w.engine.o.Org, m.book.Name, w.hashes[m.book], m.group.key, m.book.Grouping.AtFirst,
		stamp(w.now), stamp(closes), closed, m.group.note)
	if err != nil {
		return err
	}
	return w.member(m, run, 0, event)
}

// member writes that the event is the run's n-th, and closes a group that has
// become too large.
func (w *pageWriter) member(m match, run, n, event int64) error {
	_, err := w.tx.ExecContext(w.ctx, `INSERT INTO group_events (run, n, event, member, arrived) VALUES (?, ?, ?, ?, ?)`,
		run, n, event, m.run, stamp(w.now))
	if err != nil {
		return err
	}
	var bytes int64
	err = w.tx.QueryRowContext(w.ctx, `UPDATE groups SET events = events + 1, bytes = bytes + ? WHERE run = ? RETURNING bytes`, len(m.event.Data), run).Scan(&bytes)
	if err != nil {
		return err
	}
	w.touch(run)
	if !m.group.key.Valid || n+1 < mostGroupEvents && bytes < mostGroupBytes {
		return nil
	}
	note := fmt.Sprintf("closed early, with %d events of %d KiB: a group takes in %d events or %d MiB", n+1, bytes>>10, mostGroupEvents, mostGroupBytes>>20)
	if _, err := w.tx.ExecContext(w.ctx, `UPDATE groups SET closed = ?, note = ? WHERE run = ?`, stamp(w.now), note, run); err != nil {
		return err
	}
	_, err = w.tx.ExecContext(w.ctx, `UPDATE runs SET due = min(due, ?) WHERE seq = ? AND status = 'queued'`, stamp(w.now), run)
	return err
}

// readEvents returns the events of a grouped run in order of arrival, the first
// most of them; none if the run is not grouped.
func readEvents(ctx context.Context, tx *sql.Tx, run int64, most int) (events []GroupedEvent, seqs []int64, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT e.seq, e.id, e.type, e.time, g.arrived, e.data FROM group_events g JOIN events e ON e.seq = g.event
		WHERE g.run = ? AND g.n < ? ORDER BY g.n`, run, most)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var e GroupedEvent
		var seq int64
		var at, arrived sql.NullInt64
		if err := rows.Scan(&seq, &e.ID, &e.Type, &at, &arrived, (*[]byte)(&e.Data)); err != nil {
			return nil, nil, err
		}
		e.Time, e.Arrived = unstamp(at), unstamp(arrived)
		events, seqs = append(events, e), append(seqs, seq)
	}
	return events, seqs, rows.Err()
}
