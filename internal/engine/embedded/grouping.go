package embedded

import (
	"database/sql"
	"encoding/json"
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
	key, err := engine.Evaluated(e.guarded, "the group_by of "+p.Name, func() (string, error) { return p.GroupKey(event) })
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
func (w *pageWriter) join(m match, hash string, event int64) (joined bool) {
	if m.group == nil || !m.group.key.Valid {
		return false
	}
	if !w.current {
		w.tx.exec(`UPDATE groups SET closed = closes WHERE org = ? AND closed IS NULL AND closes <= ?`, w.from.Org, w.now)
		w.current = true
	}
	var run, events int64
	joined = w.tx.row(`SELECT run, events FROM groups WHERE org = ? AND playbook = ? AND hash = ? AND key = ? AND closed IS NULL`,
		w.from.Org, m.playbook.Name, hash, m.group.key).find(&run, &events)
	if joined {
		w.member(m, run, events, event)
	}
	return joined
}

// open makes the stored run the run of a new group.
func (w *pageWriter) open(m match, run, event int64) {
	if m.group == nil {
		return
	}
	closes, closed := w.now.Add(m.playbook.Grouping.Window), time.Time{}
	if !m.group.key.Valid {
		closes, closed = w.now, w.now
	}
	w.tx.exec(`INSERT INTO groups (run, org, playbook, hash, key, at_first, opened, closes, closed, events, bytes, note)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?)`, run, w.from.Org, m.playbook.Name, w.hashes[m.playbook], m.group.key,
		m.playbook.Grouping.AtFirst, w.now, closes, closed, m.group.note)
	w.member(m, run, 0, event)
}

// member adds the event to the run as its n-th, and closes a group that is too large.
func (w *pageWriter) member(m match, run, n, event int64) {
	w.tx.exec(`INSERT INTO group_events (run, n, event, member, arrived) VALUES (?, ?, ?, ?, ?)`, run, n, event, m.run, w.now)
	var bytes int64
	w.tx.row(`UPDATE groups SET events = events + 1, bytes = bytes + ? WHERE run = ? RETURNING bytes`, len(m.event.Data), run).into(&bytes)
	if !slices.Contains(w.touched, run) {
		w.touched = append(w.touched, run)
	}
	if m.group.key.Valid && (n+1 >= maxGroupEvents || bytes >= maxGroupBytes) {
		note := fmt.Sprintf("closed early, with %d events of %d KiB: a group has at most %d events or %d MiB", n+1, bytes>>10, maxGroupEvents, maxGroupBytes>>20)
		w.tx.exec(`UPDATE groups SET closed = ?, note = ? WHERE run = ?`, w.now, note, run)
		w.tx.exec(`UPDATE runs SET due = min(due, ?) WHERE seq = ? AND status = 'queued'`, w.now, run)
	}
}

// readEvents returns the first events of a grouped run in order of arrival, none if the
// run is not grouped.
func readEvents(db *conn, run int64, limit int) []GroupedEvent {
	return list(db, func(e *GroupedEvent) []any { return []any{&e.seq, &e.ID, &e.Type, &e.Time, &e.Arrived, &e.Data} },
		`SELECT e.seq, e.id, e.type, e.time, g.arrived, e.data FROM group_events g JOIN events e ON e.seq = g.event
			WHERE g.run = ? AND g.n < ? ORDER BY g.n`, run, limit)
}

// selectGroup lists the columns of a run's group and of throttling, which may delay the
// run: starts holds only the starts of the minute before the last one.
const selectGroup = `g.key, g.events, g.taken, g.opened, g.closes, g.closed, g.note, g.at_first,
	p.max_runs_per_minute, CASE WHEN r.status = 'queued' AND p.max_runs_per_minute > 0 THEN
		(SELECT CASE WHEN count(*) >= p.max_runs_per_minute THEN min(at) END FROM starts s WHERE s.org = r.org AND s.playbook = r.playbook) END`

// A groupRow is a row of selectGroup. The columns of the group are NULL if there is none.
type groupRow struct {
	group            Group
	note             sql.NullString
	events, taken    sql.NullInt64
	closed, oldest   time.Time // the next run starts a minute after oldest
	atFirst          sql.NullBool
	maxRunsPerMinute int
}

func (g *groupRow) columns() []any {
	return []any{&g.group.Key, &g.events, &g.taken, &g.group.Opened, &g.group.Closes, &g.closed, &g.note, &g.atFirst, &g.maxRunsPerMinute, &g.oldest}
}

// set sets the group of the run, and why the run is delayed if it does not only wait for
// a worker.
func (g *groupRow) set(r *Run) {
	if !g.group.Opened.IsZero() {
		r.Group = &g.group
		r.Group.Events, r.Group.Taken, r.Group.Closed, r.Group.Note = int(g.events.Int64), int(g.taken.Int64), !g.closed.IsZero(), g.note.String
	}
	now := time.Now()
	switch {
	case r.Status != engine.Queued || !r.Started.IsZero():
	case r.Group != nil && !r.Group.Closed && !g.atFirst.Bool && r.Group.Closes.After(now):
		r.Waits = fmt.Sprintf("collects events until %s", r.Group.Closes.Format(time.TimeOnly+"Z"))
	case g.maxRunsPerMinute > 0 && !g.oldest.IsZero() && g.oldest.Add(time.Minute).After(now):
		r.Waits = fmt.Sprintf("throttled: at most %d per minute", g.maxRunsPerMinute)
	}
}

// readGroup returns the events that the run's steps read, nil if it has no group.
func readGroup(db *conn, run int64, g *Group, p *playbook.Playbook) []sdk.RawEvent {
	if g == nil {
		return nil
	}
	events := readEvents(db, run, g.Taken)
	all := make([]sdk.RawEvent, len(events))
	for i, e := range events {
		all[i] = sdk.RawEvent{ID: e.ID, Type: e.Type, Time: e.Time, Data: e.Data, Shapes: readShapes(db, e.seq, p)}
	}
	return all
}
