package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// A group that reaches one of these limits is closed: its run can start, and the next
// event opens another group.
const (
	maxGroupEvents = 10_000
	maxGroupBytes  = 8 << 20
)

// longestKey is the length in bytes from which a key is shortened.
const longestKey = 200

// A Group describes the events of a run of a playbook with group_by. Such a playbook
// collects events with the same key within a window, and runs once for all of them.
type Group struct {
	Key    json.RawMessage `json:"key,omitempty"` // value of group_by, shortened if it is long; none if it has no value
	Events int             `json:"events"`        // so far
	Taken  int             `json:"taken"`         // number of events that the steps read; 0 before the run starts
	Opened time.Time       `json:"opened"`        // arrival of the first event
	Closes time.Time       `json:"closes"`        // end of the window
	Closed bool            `json:"closed"`        // no further events are added; may be false for a while after Closes
	Note   string          `json:"note,omitempty"`
}

// A GroupedEvent is one event of a grouped run.
type GroupedEvent struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Time    time.Time       `json:"time,omitzero"`
	Arrived time.Time       `json:"arrived"`
	Data    json.RawMessage `json:"data"`

	seq int64
}

// A grouping is the value of a playbook's group_by for an event.
type grouping struct {
	key  sql.NullString
	note string // why there is no key
}

// group evaluates the playbook's group_by, if it has one.
func (e *Engine) group(p *playbook.Playbook, event sdk.RawEvent) *grouping {
	if p.Grouping.Window == 0 {
		return nil
	}
	var key string
	err := e.guarded("the group_by of "+p.Name, func() (err error) {
		key, err = p.GroupKey(event)
		return err
	})
	if err != nil {
		return &grouping{note: "alone: " + engine.ErrorBody(err).Message}
	}
	key = string(schema.MaskNamed(json.RawMessage(key)))
	if len(key) > longestKey {
		short, _ := json.Marshal(string([]rune(key[:longestKey])) + "… " + engine.Digest(key))
		key = string(short)
	}
	return &grouping{key: sql.NullString{String: key, Valid: true}}
}

// join adds the event to the open group of its key, if there is one.
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
		w.engine.o.Org, m.playbook.Name, hash, m.group.key).Scan(&run, &events)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, w.member(m, run, events, event)
}

// open makes the stored run the run of a new group.
func (w *pageWriter) open(m match, run, event int64) error {
	if m.group == nil {
		return nil
	}
	closes, closed := w.now.Add(m.playbook.Grouping.Window), sql.NullInt64{}
	if !m.group.key.Valid {
		closes, closed = w.now, stamp(w.now)
	}
	_, err := w.tx.ExecContext(w.ctx, `INSERT INTO groups (run, org, playbook, hash, key, at_first, opened, closes, closed, events, bytes, note)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?)`, run, w.engine.o.Org, m.playbook.Name, w.hashes[m.playbook], m.group.key, m.playbook.Grouping.AtFirst,
		stamp(w.now), stamp(closes), closed, m.group.note)
	if err != nil {
		return err
	}
	return w.member(m, run, 0, event)
}

// member adds the event to the run as its n-th, and closes a group that is too large.
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
	if !slices.Contains(w.touched, run) {
		w.touched = append(w.touched, run)
	}
	if !m.group.key.Valid || n+1 < maxGroupEvents && bytes < maxGroupBytes {
		return nil
	}
	note := fmt.Sprintf("closed early, with %d events of %d KiB: a group has at most %d events or %d MiB", n+1, bytes>>10, maxGroupEvents, maxGroupBytes>>20)
	if _, err := w.tx.ExecContext(w.ctx, `UPDATE groups SET closed = ?, note = ? WHERE run = ?`, stamp(w.now), note, run); err != nil {
		return err
	}
	_, err = w.tx.ExecContext(w.ctx, `UPDATE runs SET due = min(due, ?) WHERE seq = ? AND status = 'queued'`, stamp(w.now), run)
	return err
}

// readEvents returns the first events of a grouped run in order of arrival, none if the
// run is not grouped.
func readEvents(ctx context.Context, tx *sql.Tx, run int64, limit int) ([]GroupedEvent, error) {
	return list(ctx, tx, scanEvent, `SELECT e.seq, e.id, e.type, e.time, g.arrived, e.data FROM group_events g JOIN events e ON e.seq = g.event
		WHERE g.run = ? AND g.n < ? ORDER BY g.n`, run, limit)
}

func scanEvent(r row) (e GroupedEvent, err error) {
	err = r.Scan(&e.seq, &e.ID, &e.Type, timeColumn{&e.Time}, timeColumn{&e.Arrived}, (*[]byte)(&e.Data))
	return e, err
}

// selectGroup lists the columns of a run's group and of throttling, which may delay the
// run: starts holds only the starts of the minute before the last one.
const selectGroup = `g.key, g.events, g.taken, g.opened, g.closes, g.closed, g.note, g.at_first,
	p.max_runs_per_minute, CASE WHEN r.status = 'queued' AND p.max_runs_per_minute > 0 THEN
		(SELECT CASE WHEN count(*) >= p.max_runs_per_minute THEN min(at) END FROM starts s WHERE s.org = r.org AND s.playbook = r.playbook) END`

// A groupRow is a row of selectGroup. The columns of the group are NULL if there is none.
type groupRow struct {
	key, note              sql.NullString
	events, taken          sql.NullInt64
	opened, closes, closed sql.NullInt64
	atFirst                sql.NullBool
	maxRunsPerMinute       int
	oldest                 sql.NullInt64 // the next run starts a minute after this start
}

func (g *groupRow) columns() []any {
	return []any{&g.key, &g.events, &g.taken, &g.opened, &g.closes, &g.closed, &g.note, &g.atFirst, &g.maxRunsPerMinute, &g.oldest}
}

func (g *groupRow) group() *Group {
	if !g.opened.Valid {
		return nil
	}
	group := &Group{
		Events: int(g.events.Int64), Taken: int(g.taken.Int64), Opened: unstamp(g.opened), Closes: unstamp(g.closes),
		Closed: g.closed.Valid, Note: g.note.String,
	}
	if g.key.Valid {
		group.Key = []byte(g.key.String)
	}
	return group
}

// waits returns why the run is delayed, "" if the run only waits for a worker.
func (g *groupRow) waits(r *Run) string {
	if r.Status != Queued || !r.Started.IsZero() {
		return ""
	}
	now := time.Now()
	if closes := unstamp(g.closes); g.opened.Valid && !g.closed.Valid && !g.atFirst.Bool && closes.After(now) {
		return fmt.Sprintf("gathers events until %s", closes.Format(time.TimeOnly+"Z"))
	}
	if g.maxRunsPerMinute > 0 && g.oldest.Valid && unstamp(g.oldest).Add(time.Minute).After(now) {
		return fmt.Sprintf("waits for its turn: no more than %d a minute", g.maxRunsPerMinute)
	}
	return ""
}

// readGroup returns the events that the run's steps read, nil if it has no group.
func readGroup(ctx context.Context, tx *sql.Tx, run int64, g *Group, p *playbook.Playbook) ([]sdk.RawEvent, error) {
	if g == nil {
		return nil, nil
	}
	events, err := readEvents(ctx, tx, run, g.Taken)
	if err != nil {
		return nil, err
	}
	all := make([]sdk.RawEvent, len(events))
	for i, e := range events {
		all[i] = sdk.RawEvent{ID: e.ID, Type: e.Type, Time: e.Time, Data: e.Data}
		if all[i].Shapes, err = readShapes(ctx, tx, e.seq, p); err != nil {
			return nil, err
		}
	}
	return all, nil
}
