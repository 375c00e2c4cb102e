package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// CauseReplay is the Cause of a call of a run that a replay made.
const CauseReplay = "replay"

// A Replay is a playbook to run over events of the past.
type Replay struct {
	Org    string
	Book   *playbook.Playbook
	Events []sdk.RawEvent
	// Again has an event start the playbook that started it before.
	Again bool
}

// Replay queues the runs that the playbook has on the events, all of them in one
// transaction, for whatever engine works on their org, now or later. The runs are
// marked with the time of the replay, and no checkpoint moves.
//
// An event that started the playbook before, as it happened or in a replay, does not
// start it again unless that is asked for. What a replay has started counts for later
// replays only: should the event come to the engine afterwards, it starts the playbook
// as if there had been none. Events of a group are one run, however long the time
// between them, and it waits for no window.
func (s *Store) Replay(ctx context.Context, r Replay) (Accepted, error) {
	// It judges and writes as an engine does, and works on nothing.
	e := &Engine{store: s, o: Options{Org: r.Org, Logger: hclog.NewNullLogger()}}
	matches, err := e.match(r.Events, []*playbook.Playbook{r.Book})
	if err != nil {
		return Accepted{}, err
	}
	var done Accepted
	now := unstamp(stamp(time.Now()))
	err = s.tx(ctx, func(tx *sql.Tx) error {
		w, err := newPageWriter(ctx, tx, e, now)
		if err != nil {
			return err
		}
		w.replay = replay{begun: now, again: r.Again}
		for _, m := range matches {
			if err := w.replay.setApart(m.group); err != nil {
				return err
			}
			run, became, err := w.write(m)
			if err != nil {
				return err
			}
			done.count(run, became)
		}
		return w.replay.finish(ctx, tx)
	})
	if err != nil {
		return Accepted{}, fmt.Errorf("replay %s: %w", r.Book.Name, err)
	}
	return done, nil
}

// Started reports which of the events have started the playbook of this name before,
// as they happened or in a replay, by their ids.
func (s *Store) Started(ctx context.Context, org, playbook string, events []sdk.RawEvent) (map[string]bool, error) {
	before := map[string]bool{}
	err := inTx(ctx, s.read, func(tx *sql.Tx) error {
		known, err := tx.PrepareContext(ctx, selectKnown)
		if err != nil {
			return err
		}
		for _, event := range events {
			id := eventID(event)
			for _, run := range []string{runID(org, playbook, id), replayID(org, playbook, id)} {
				var is bool
				if err := known.QueryRowContext(ctx, run).Scan(&is); err != nil {
					return err
				}
				before[event.ID] = before[event.ID] || is
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look which events have started %s: %w", playbook, err)
	}
	return before, nil
}

// selectKnown finds out whether there is a run of an id, or a group that an event
// with this id for a run went into, or was before it was pruned.
const selectKnown = `SELECT EXISTS (SELECT 1 FROM runs WHERE id = ?1) OR EXISTS (SELECT 1 FROM group_events WHERE member = ?1)
	OR EXISTS (SELECT 1 FROM pruned_ids WHERE id = ?1)`

// replay is what a page writer knows of the replay that it writes; zero if it writes
// what happens now.
type replay struct {
	begun time.Time
	again bool
}

// replayID is the id of the run that the event has in the first replay.
func replayID(org, playbook, event string) string { return digest(org, playbook, event, "replay") }

// identify returns the id of the run that the match is to have, and whether it has had
// one that counts.
func (w *pageWriter) identify(m match) (id string, known bool, err error) {
	org := w.engine.o.Org
	id = runID(org, m.book.Name, m.event.ID)
	if known, err = w.knows(id); err != nil || w.replay.begun.IsZero() {
		return id, known, err
	}
	first := replayID(org, m.book.Name, m.event.ID)
	replayed, err := w.knows(first)
	if err != nil {
		return "", false, err
	}
	known = known || replayed
	if !known || !w.replay.again {
		return first, known, nil
	}
	id = digest(org, m.book.Name, m.event.ID, "replay", w.replay.begun.String())
	known, err = w.knows(id) // the event is there twice
	return id, known, err
}

func (w *pageWriter) knows(run string) (known bool, err error) {
	err = w.known.QueryRowContext(w.ctx, run).Scan(&known)
	return known, err
}

// setApart keeps what is replayed from going into a group that gathers what happens
// now.
func (r replay) setApart(g *grouping) error {
	if g == nil || !g.key.Valid {
		return nil
	}
	key, err := json.Marshal(map[string]any{"key": json.RawMessage(g.key.String), "replay": r.begun})
	g.key.String = string(key)
	return err
}

// finish closes the replay's groups, and lets its runs begin.
func (r replay) finish(ctx context.Context, tx *sql.Tx) error {
	for _, statement := range []string{
		`UPDATE groups SET closed = coalesce(closed, ?1), closes = min(closes, ?1), key = key -> '$.key' WHERE run IN (SELECT seq FROM runs WHERE replay = ?1) AND key IS NOT NULL`,
		`UPDATE runs SET due = ?1 WHERE replay = ?1 AND status = 'queued'`,
	} {
		if _, err := tx.ExecContext(ctx, statement, stamp(r.begun)); err != nil {
			return err
		}
	}
	return nil
}
