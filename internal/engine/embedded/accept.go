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

// A disposition says how a match was stored.
type disposition int

const (
	repeated disposition = iota // the event had a run before
	joined                      // the event was added to the run of a group
	started                     // the event has a new run
)

// count counts a match; run is the new run if there is one.
func (a *Accepted) count(run Run, d disposition) {
	a.Matched++
	switch d {
	case repeated:
		a.Repeated++
	case joined:
		a.Joined++
	case started:
		a.Runs = append(a.Runs, run.ID)
		if run.Status == Queued {
			a.Started++
		}
	}
}

// Accept matches the events of a page against playbooks. It stores, in one transaction,
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
	matches, err := e.match(ctx, page.Events, playbooks)
	if err != nil {
		return Accepted{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return Accepted{}, fmt.Errorf("accept events of %s: %w", source, errClosed)
	}
	var done Accepted
	var fresh, grown []Run
	err = e.timed(ctx, func(tx *sql.Tx, now time.Time) error {
		w, err := newPageWriter(ctx, tx, e, now)
		if err != nil {
			return err
		}
		if fresh, err = w.writeAll(matches, &done); err != nil {
			return err
		}
		if fresh, grown, err = w.grown(fresh); err != nil {
			return err
		}
		for _, event := range page.Events {
			if err := e.forget(ctx, tx, engine.EventID(event)); err != nil {
				return err
			}
		}
		return writeCheckpoint(ctx, tx, source, page, now)
	})
	if err != nil {
		return Accepted{}, fmt.Errorf("accept events of %s: %w", source, err)
	}
	for _, run := range fresh {
		kind := RunQueued
		if run.Status == Failed {
			kind = RunFinished
			e.o.Logger.Warn("run failed", "run", run.ID, "playbook", run.Playbook, "event", run.EventID, "error", run.Error.Message)
		}
		e.notify(kind, run, nil, 0)
	}
	for _, run := range grown {
		e.notify(RunGrown, run, nil, 0)
	}
	if done.Started+done.Joined > 0 {
		e.queued.wake()
	}
	return done, nil
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

func (e *Engine) match(ctx context.Context, events []sdk.RawEvent, playbooks []*playbook.Playbook) ([]match, error) {
	files := map[string]string{}
	for _, p := range playbooks {
		if other, double := files[p.Name]; double {
			return nil, sdk.Invalid(fmt.Sprintf("two playbooks are named %s (%s and %s): an event would start only one of them", p.Name, other, p.File))
		}
		files[p.Name] = p.File
	}
	var all []match
	slot := e.evaluations.slot()
	defer slot.release()
	for _, event := range events {
		event.ID = engine.EventID(event)
		aside, err := e.setAside(ctx, event.ID, true)
		if err != nil {
			return nil, fmt.Errorf("read whether event %s is set aside: %w", event.ID, err)
		}
		slot.put(markOf(e.o.Org, event.ID))
		if !json.Valid(event.Data) {
			// Stored as a text, which conditions can read and people can see.
			event.Data, _ = json.Marshal(string(event.Data))
		}
		var masked *sdk.RawEvent
		for i, p := range playbooks {
			if event.MatchedSelectors != nil && !slices.Contains(event.MatchedSelectors, i) {
				continue
			}
			m := match{playbook: p, err: aside, unmatched: aside != nil && event.Indeterminate == ""}
			if aside != nil {
				if !p.Selects(event) {
					continue
				}
			} else {
				var matches bool
				m.err = e.guarded("the condition of "+p.Name, func() (err error) {
					matches, err = p.Match(event)
					return err
				})
				if !matches && m.err == nil {
					continue
				}
				m.group = e.group(p, event)
			}
			if masked == nil {
				kept := engine.MaskEvent(event)
				masked = &kept
			}
			m.event = *masked
			all = append(all, m)
		}
	}
	return all, nil
}

// A pageWriter stores the runs of a page in one transaction.
type pageWriter struct {
	ctx               context.Context // of the transaction
	tx                *sql.Tx
	engine            *Engine
	now               time.Time // arrival of the page
	known, event, run *sql.Stmt
	hashes            map[*playbook.Playbook]string
	replay            replay  // zero: the page is not a replay
	current           bool    // groups whose window is over were closed
	touched           []int64 // the runs whose groups have a new event, once each
}

func newPageWriter(ctx context.Context, tx *sql.Tx, e *Engine, now time.Time) (*pageWriter, error) {
	w := &pageWriter{ctx: ctx, tx: tx, engine: e, now: now, hashes: map[*playbook.Playbook]string{}}
	var errs [3]error
	w.known, errs[0] = tx.PrepareContext(ctx, selectKnown)
	// The update changes nothing; without it a known event would return no row.
	w.event, errs[1] = tx.PrepareContext(ctx, `INSERT INTO events (org, id, type, time, data) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (org, id) DO UPDATE SET id = id RETURNING seq`)
	w.run, errs[2] = tx.PrepareContext(ctx, `INSERT INTO runs (id, org, playbook, title, hash, event, status, error, created, finished, due, replay, unmatched)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	return w, errors.Join(errs[:]...)
}

// writeAll stores the matches of a page, counts them, and returns the new runs.
func (w *pageWriter) writeAll(matches []match, done *Accepted) (fresh []Run, err error) {
	for _, m := range matches {
		if err := w.replay.separate(m.group); err != nil {
			return nil, err
		}
		run, d, err := w.write(m)
		if err != nil {
			return nil, err
		}
		if done.count(run, d); d == started {
			fresh = append(fresh, run)
		}
	}
	return fresh, nil
}

// write stores the run of a match with everything it needs, unless the run exists.
func (w *pageWriter) write(m match) (run Run, d disposition, err error) {
	org := w.engine.o.Org
	var known bool
	if m.run, known, err = w.identify(m); err != nil || known {
		return Run{}, repeated, err
	}
	hash, err := w.storePlaybook(m.playbook)
	if err != nil {
		return Run{}, started, err
	}
	var event int64
	err = w.event.QueryRowContext(w.ctx, org, m.event.ID, m.event.Type, stamp(m.event.Time), string(m.event.Data)).Scan(&event)
	if err != nil {
		return Run{}, started, err
	}
	if err := writeShapes(w.ctx, w.tx, event, m.event, m.playbook); err != nil {
		return Run{}, started, err
	}
	run = Run{
		ID: m.run, Playbook: m.playbook.Name, Title: m.playbook.Title, Status: Queued,
		EventID: m.event.ID, EventType: m.event.Type, EventTime: unstamp(stamp(m.event.Time)), Created: w.now, Replay: w.replay.begun,
	}
	if m.err != nil {
		run.Status, run.Error, run.Finished, m.group = Failed, engine.ErrorBody(m.err), run.Created, nil
	}
	if in, err := w.join(m, hash, event); err != nil || in {
		return Run{}, joined, err
	}
	due := run.Created
	if m.group != nil && m.group.key.Valid && !m.playbook.Grouping.AtFirst {
		due = due.Add(m.playbook.Grouping.Window)
	}
	inserted, err := w.run.ExecContext(w.ctx, run.ID, org, run.Playbook, run.Title, hash, event, run.Status, asJSON[sdk.ErrorBody]{&run.Error},
		stamp(run.Created), stamp(run.Finished), stamp(due), stamp(run.Replay), m.unmatched)
	if err != nil {
		return Run{}, started, err
	}
	seq, err := inserted.LastInsertId()
	if err != nil {
		return Run{}, started, err
	}
	return run, started, w.open(m, seq, event)
}

// grown returns the new runs with their groups as they are at the end of the page, and
// the older runs whose groups have new events.
func (w *pageWriter) grown(fresh []Run) (_, grown []Run, err error) {
	for _, seq := range w.touched {
		run, err := findRun(w.ctx, w.tx, `r.seq = ?`, seq)
		if err != nil {
			return nil, nil, err
		}
		if i := slices.IndexFunc(fresh, func(r Run) bool { return r.ID == run.ID }); i >= 0 {
			fresh[i] = *run
		} else {
			grown = append(grown, *run)
		}
	}
	return fresh, grown, nil
}

// storePlaybook stores the playbook in its present version.
func (w *pageWriter) storePlaybook(p *playbook.Playbook) (hash string, err error) {
	if hash, ok := w.hashes[p]; ok {
		return hash, nil
	}
	hash = p.Hash()
	_, err = w.tx.ExecContext(w.ctx, `INSERT INTO playbooks (hash, name, file, source, max_runs_per_minute) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		hash, p.Name, p.File, p.Source, p.MaxRunsPerMinute)
	if err != nil {
		return "", err
	}
	w.hashes[p] = hash
	w.engine.playbooks.Store(hash, p)
	return hash, nil
}

// writeShapes stores the shapes of an event that the playbook reads. An existing shape
// stays: it was made of the same event.
func writeShapes(ctx context.Context, tx *sql.Tx, event int64, from sdk.RawEvent, p *playbook.Playbook) error {
	for _, name := range p.Shapes {
		data, ok := from.Shapes[name]
		if !ok {
			continue
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO shapes (event, name, data) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, event, name, string(data))
		if err != nil {
			return err
		}
	}
	return nil
}

// readShapes returns the further shapes of an event, if the playbook reads any.
func readShapes(ctx context.Context, tx *sql.Tx, event int64, p *playbook.Playbook) (map[string]json.RawMessage, error) {
	if len(p.Shapes) == 0 {
		return nil, nil
	}
	shapes := map[string]json.RawMessage{}
	_, err := list(ctx, tx, func(r row) (name string, err error) {
		var data []byte
		err = r.Scan(&name, &data)
		shapes[name] = data
		return name, err
	}, `SELECT name, data FROM shapes WHERE event = ?`, event)
	return shapes, err
}
