package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// Accepted says what a page brought. Matched counts pairs of an event and a
// playbook that it matches; of them, Started are new runs, Joined were put into the
// run of a group that is open, Repeated had a run already, and the rest are new runs
// that failed at once, because the playbook's condition could not be evaluated on
// the event.
type Accepted struct {
	Matched  int
	Started  int
	Joined   int
	Repeated int
	Runs     []string // ids of all new runs, in order
}

// count counts a match by what became of it; run is the new one, if it started one.
func (a *Accepted) count(run Run, became fate) {
	a.Matched++
	switch became {
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

// Accept matches a page's events against books and commits, in one transaction,
// the runs that they start, the events themselves and the checkpoint that
// follows the page (a page without one leaves the old one); then it wakes the
// workers. When it fails, nothing was stored, and the page may be read and
// accepted again. Two books of one name are an *[sdk.Error] with code
// invalid_input.
//
// An event whose condition cannot be evaluated is not dropped: its run is
// recorded as failed, with that error. So is one that the trigger is in doubt about,
// and one during which the process died twice.
// An event that lists its MatchedSelectors is matched against the books at those
// places alone.
func (e *Engine) Accept(ctx context.Context, source string, page sdk.RawPage, books []*playbook.Playbook) (Accepted, error) {
	matches, err := e.match(page.Events, books)
	if err != nil {
		return Accepted{}, err
	}
	e.gate.Lock()
	defer e.gate.Unlock()
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
		for _, m := range matches {
			run, became, err := w.write(m)
			if err != nil {
				return err
			}
			if done.count(run, became); became == started {
				fresh = append(fresh, run)
			}
		}
		if fresh, grown, err = w.grown(fresh); err != nil {
			return err
		}
		if !page.Newest.IsZero() {
			if err := writeNewest(ctx, tx, source, stamp(page.Newest)); err != nil {
				return err
			}
		}
		if len(page.Next) == 0 {
			return nil
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO checkpoints (source, place, saved) VALUES (?, ?, ?)
			ON CONFLICT (source) DO UPDATE SET place = excluded.place, saved = excluded.saved
			WHERE place <> excluded.place`, source, []byte(page.Next), stamp(now))
		return err
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

// A match is an event and a playbook that it matches, or that could not say so.
type match struct {
	event sdk.RawEvent
	book  *playbook.Playbook
	err   error
	group *grouping // nil: the event is not grouped
	run   string    // the id of the run that it is to have; set when it is written
}

func (e *Engine) match(events []sdk.RawEvent, books []*playbook.Playbook) ([]match, error) {
	files := map[string]string{}
	for _, b := range books {
		if other, double := files[b.Name]; double {
			return nil, sdk.Invalid(fmt.Sprintf("two playbooks are named %s (%s and %s): an event would start only one of them", b.Name, other, b.File))
		}
		files[b.Name] = b.File
	}
	var all []match
	mark := e.marks.slot()
	defer mark.release()
	for _, event := range events {
		event.ID = eventID(event)
		dangerous := e.marks.setAside(markOf(e.o.Org, event.ID))
		mark.put(markOf(e.o.Org, event.ID))
		if !json.Valid(event.Data) {
			// Kept as a text, which conditions and people can still be shown.
			event.Data, _ = json.Marshal(string(event.Data))
		}
		var kept *sdk.RawEvent // the event as it is stored
		for i, b := range books {
			if event.MatchedSelectors != nil && !slices.Contains(event.MatchedSelectors, i) {
				continue
			}
			if dangerous != nil {
				if b.Selects(event) {
					all = append(all, match{event: event, book: b, err: dangerous})
				}
				continue
			}
			ok, err := guarded(e, "the condition of "+b.Name, func() (bool, error) { return b.Match(event) })
			if ok || err != nil {
				if kept == nil {
					masked := maskEvent(event)
					kept = &masked
				}
				all = append(all, match{event: *kept, book: b, err: err, group: e.group(b, event)})
			}
		}
	}
	return all, nil
}
