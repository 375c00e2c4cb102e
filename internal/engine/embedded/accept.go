package embedded

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// Accepted is the result of accepting a page. Matched counts pairs of an event and a
// playbook that matches it. Started are new runs, Joined events were added to the run of
// an open group, Repeated pairs had a run before. The rest are new runs that failed at
// once, because the condition could not be evaluated on the event.
type Accepted struct {
	Matched  int
	Started  int
	Joined   int
	Repeated int
	Runs     []string // IDs of all new runs, in order
}

// Accept matches the events of a page against playbooks, which have the connection of their
// trigger in common. It stores, in one transaction,
// the new runs, their events and the checkpoint after the page; a page without a
// checkpoint keeps the old one. Then it wakes the workers. If it fails, nothing was
// stored, and the page can be read and accepted again. Two playbooks of the same name are
// an *[sdk.Error] with code invalid_input.
//
// No event is dropped because its condition cannot be evaluated: its run is stored as
// failed, with the error. The same holds if the trigger could not parse the event, and
// if the event is set aside. An event that lists its playbooks (MatchedSelectors) is matched against
// these only.
func (e *Engine) Accept(ctx context.Context, source string, page sdk.RawPage, playbooks []*playbook.Playbook) (Accepted, error) {
	from, err := e.triggerConnection(playbooks)
	if err != nil {
		return Accepted{}, err
	}
	matches, err := e.match(ctx, from.Org, page.Events, playbooks)
	if err != nil {
		return Accepted{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return Accepted{}, fmt.Errorf("accept events of %s: %w", source, errClosed)
	}
	w := e.newPageWriter(from, time.Time{})
	err = e.timed(ctx, func(tx *conn, now time.Time) {
		w.now = now
		w.write(tx, matches)
		w.readGroups()
		for _, event := range page.Events {
			e.forget(tx, from.Org, engine.EventID(event))
		}
		writeCheckpoint(tx, source, page, now)
	})
	if err != nil {
		return Accepted{}, fmt.Errorf("accept events of %s: %w", source, err)
	}
	for _, run := range w.fresh {
		kind := RunQueued
		if run.Status == engine.Failed {
			kind = RunFinished
			e.o.Logger.Warn("run failed", "run", run.ID, "playbook", run.Playbook, "event", run.EventID, "error", run.Error.Message)
		}
		e.notify(kind, run, nil, 0)
	}
	for _, run := range w.grown {
		e.notify(RunGrown, run, nil, 0)
	}
	if w.done.Started+w.done.Joined > 0 {
		e.queued.wake()
	}
	return w.done, nil
}

// A match is an event and a playbook that matches it, or whose condition failed.
type match struct {
	event     sdk.RawEvent
	playbook  *playbook.Playbook
	err       error
	unmatched bool      // the event is set aside: the condition was not evaluated
	group     *grouping // nil: the event is not grouped
	run       string    // ID of the run, set by the page writer
}

// triggerConnection returns the connection whose trigger delivers the events of the playbooks.
func (e *Engine) triggerConnection(playbooks []*playbook.Playbook) (*Connection, error) {
	set := e.connections()
	if len(playbooks) == 0 {
		return &set.all[0], nil // no run starts
	}
	from := set.named(playbooks[0].Connection)
	for _, p := range playbooks {
		if c := set.named(p.Connection); c == nil || c.Org != from.Org {
			return nil, sdk.Errorf(sdk.InvalidInput, "the playbooks of one poll have different connections: %s has %q, and %s has %q",
				playbooks[0].Name, playbooks[0].Connection, p.Name, p.Connection)
		}
	}
	return from, nil
}

func (e *Engine) match(ctx context.Context, org string, events []sdk.RawEvent, playbooks []*playbook.Playbook) ([]match, error) {
	files := map[string]string{}
	for _, p := range playbooks {
		if other, double := files[p.Name]; double {
			return nil, sdk.Invalid(fmt.Sprintf("two playbooks are named %s (%s and %s): an event would start only one of them", p.Name, other, p.File))
		}
		files[p.Name] = p.File
	}
	var all []match
	for _, event := range events {
		event.ID = engine.EventID(event)
		aside, err := e.setAside(ctx, org, event.ID, true)
		if err != nil {
			return nil, fmt.Errorf("read whether event %s is set aside: %w", event.ID, err)
		}
		if !json.Valid(event.Data) {
			// Stored as a text, which conditions can read and people can see.
			event.Data, _ = json.Marshal(string(event.Data))
		}
		end := e.evaluations.begin(markOf(org, event.ID))
		all = append(all, e.matchEvent(event, aside, playbooks)...)
		end()
	}
	return all, nil
}

func (e *Engine) matchEvent(event sdk.RawEvent, aside error, playbooks []*playbook.Playbook) (all []match) {
	for i, p := range playbooks {
		if event.MatchedSelectors != nil && !slices.Contains(event.MatchedSelectors, i) {
			continue
		}
		m := match{playbook: p, err: aside, unmatched: aside != nil && event.Indeterminate == ""}
		var matches bool
		if aside != nil {
			matches = p.Selects(event)
		} else {
			matches, m.err = engine.Evaluated(e.guarded, "the condition of "+p.Name, func() (bool, error) { return p.Match(event) })
			matches = matches || m.err != nil
		}
		if !matches {
			continue
		}
		if aside == nil {
			m.group = e.group(p, event)
		}
		if len(all) == 0 {
			m.event = engine.MaskEvent(event)
		} else {
			m.event = all[0].event
		}
		all = append(all, m)
	}
	return all
}

// A pageWriter stores the runs of a page in one transaction.
type pageWriter struct {
	tx      *conn
	engine  *Engine
	from    *Connection
	now     time.Time // arrival of the page
	hashes  map[*playbook.Playbook]string
	replay  replay   // zero: the page is not a replay
	current bool     // groups whose window is over were closed
	touched []int64  // the runs whose groups have a new event, once each
	done    Accepted // counts the matches
	fresh   []Run    // the new runs
	grown   []Run    // older runs whose groups have new events
}

func (e *Engine) newPageWriter(from *Connection, now time.Time) *pageWriter {
	return &pageWriter{engine: e, from: from, now: now, hashes: map[*playbook.Playbook]string{}}
}

// The update changes nothing; without it a known event would return no row.
const insertEvent = `INSERT INTO events (org, id, type, time, data) VALUES (?, ?, ?, ?, ?)
	ON CONFLICT (org, id) DO UPDATE SET id = id RETURNING seq`

const insertRun = `INSERT INTO runs (id, org, playbook, title, hash, event, status, error, created, finished, due, replay, shadow, unmatched)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// write stores the matches of a page, and counts them.
func (w *pageWriter) write(tx *conn, matches []match) {
	w.tx = tx
	for _, query := range []string{selectKnown, insertEvent, insertRun} {
		tx.prepare(query)
	}
	for _, m := range matches {
		w.replay.separate(m.group)
		w.done.Matched++
		var exists bool
		if m.run, exists = w.identify(m); exists {
			w.done.Repeated++
		} else {
			w.writeRun(m)
		}
	}
}

// writeRun stores the new run of a match with everything it needs, or adds the event to
// the run of an open group.
func (w *pageWriter) writeRun(m match) {
	org, hash := w.from.Org, w.storePlaybook(m.playbook)
	var event int64
	w.tx.row(insertEvent, org, m.event.ID, m.event.Type, m.event.Time, m.event.Data).into(&event)
	writeShapes(w.tx, event, m.event, m.playbook)
	run := Run{
		ID: m.run, Org: org, Playbook: m.playbook.Name, Title: m.playbook.Title, Status: engine.Queued,
		EventID: m.event.ID, EventType: m.event.Type, EventTime: engine.Time(m.event.Time), Created: w.now, Replay: w.replay.begun,
		Shadow: w.from.Shadow || m.playbook.Shadow,
	}
	if m.err != nil {
		run.Status, run.Error, run.Finished, m.group = engine.Failed, engine.ErrorBody(m.err), run.Created, nil
	}
	if w.join(m, hash, event) {
		w.done.Joined++
		return
	}
	due := run.Created
	if m.group != nil && m.group.key.Valid && !m.playbook.Grouping.AtFirst {
		due = due.Add(m.playbook.Grouping.Window)
	}
	seq := w.tx.exec(insertRun, run.ID, org, run.Playbook, run.Title, hash, event, run.Status, run.Error,
		run.Created, run.Finished, due, run.Replay, run.Shadow, m.unmatched).seq
	w.open(m, seq, event)
	w.fresh = append(w.fresh, run)
	w.done.Runs = append(w.done.Runs, run.ID)
	if run.Status == engine.Queued {
		w.done.Started++
	}
}

// readGroups reads the runs whose groups have new events, as they are at the end of the
// page.
func (w *pageWriter) readGroups() {
	for _, seq := range w.touched {
		run := findRun(w.tx, `r.seq = ?`, seq)
		if i := slices.IndexFunc(w.fresh, func(r Run) bool { return r.ID == run.ID }); i >= 0 {
			w.fresh[i] = *run
		} else {
			w.grown = append(w.grown, *run)
		}
	}
}

// storePlaybook stores the playbook in its present version, and returns its hash.
func (w *pageWriter) storePlaybook(p *playbook.Playbook) string {
	if hash, ok := w.hashes[p]; ok {
		return hash
	}
	hash := p.Hash()
	w.tx.exec(`INSERT INTO playbooks (hash, name, file, source, max_runs_per_minute) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		hash, p.Name, p.File, p.Source, p.MaxRunsPerMinute)
	w.hashes[p] = hash
	w.engine.connections().playbooks.Store(hash, p)
	return hash
}

// writeShapes stores the shapes of an event that the playbook reads. An existing shape
// stays: it was made of the same event.
func writeShapes(tx *conn, event int64, from sdk.RawEvent, p *playbook.Playbook) {
	for _, name := range p.Shapes {
		if data, ok := from.Shapes[name]; ok {
			tx.exec(`INSERT INTO shapes (event, name, data) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, event, name, string(data))
		}
	}
}

// readShapes returns the further shapes of an event, if the playbook reads any.
func readShapes(db *conn, event int64, p *playbook.Playbook) map[string]json.RawMessage {
	if len(p.Shapes) == 0 {
		return nil
	}
	type shape struct {
		name string
		data json.RawMessage
	}
	shapes := map[string]json.RawMessage{}
	for _, s := range list(db, func(s *shape) []any { return []any{&s.name, &s.data} }, `SELECT name, data FROM shapes WHERE event = ?`, event) {
		shapes[s.name] = s.data
	}
	return shapes
}
