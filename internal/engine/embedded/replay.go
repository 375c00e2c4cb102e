package embedded

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// CauseReplay is the Cause of a call in a run that a replay made.
const CauseReplay = "replay"

// A Replay runs a playbook on past events.
type Replay struct {
	Org      string // account that the connection of the playbook's trigger acts on
	Playbook *playbook.Playbook
	Events   []sdk.RawEvent
	// Again also starts the playbook on events that started it before.
	Again  bool
	Shadow bool // the runs are shadow runs
}

// Replay queues the runs of the playbook on the events in one transaction, for the
// engine that works on their org now or later. The runs are marked with the time of the
// replay, and no checkpoint moves.
//
// An event that started the playbook before, live or in a replay, does not start it again
// unless Again is set. A replay only counts for later replays: if the engine receives the
// event afterwards, the event starts the playbook as if there had been no replay. Events
// of a group are one run, however long the time between them, and the run does not wait
// for a window.
func (s *Store) Replay(ctx context.Context, r Replay) (Accepted, error) {
	// This engine matches and writes like any other, and executes nothing.
	e := &Engine{store: s, o: Options{Logger: hclog.NewNullLogger()}}
	e.set.Store(new(connectionSet))
	matches, err := e.match(ctx, r.Org, r.Events, []*playbook.Playbook{r.Playbook})
	if err != nil {
		return Accepted{}, err
	}
	now := engine.Time(time.Now())
	w := e.newPageWriter(&Connection{Org: r.Org, Shadow: r.Shadow}, now)
	w.replay = replay{begun: now, again: r.Again}
	err = s.tx(ctx, func(tx *conn) {
		w.write(tx, matches)
		// The groups of the replay are closed, so that its runs can start.
		tx.exec(`UPDATE groups SET closed = coalesce(closed, ?1), closes = min(closes, ?1), key = key -> '$.key'
			WHERE run IN (SELECT seq FROM runs WHERE replay = ?1) AND key IS NOT NULL`, now)
		tx.exec(`UPDATE runs SET due = ?1 WHERE replay = ?1 AND status = 'queued'`, now)
	})
	if err != nil {
		return Accepted{}, fmt.Errorf("replay %s: %w", r.Playbook.Name, err)
	}
	return w.done, nil
}

// Started reports which of the events have started the playbook of this name before,
// live or in a replay, by their IDs.
func (s *Store) Started(ctx context.Context, org, playbook string, events []sdk.RawEvent) (map[string]bool, error) {
	before := map[string]bool{}
	err := inTx(ctx, s.read, func(tx *conn) {
		tx.prepare(selectKnown)
		for _, event := range events {
			id := engine.EventID(event)
			before[event.ID] = before[event.ID] || known(tx, engine.RunID(org, playbook, id)) || known(tx, replayID(org, playbook, id))
		}
	})
	if err != nil {
		return nil, fmt.Errorf("find the events that have started %s: %w", playbook, err)
	}
	return before, nil
}

// selectKnown reports whether the ID belongs to a run, to an event of a group, or to one
// of these that was pruned.
const selectKnown = `SELECT EXISTS (SELECT 1 FROM runs WHERE id = ?1) OR EXISTS (SELECT 1 FROM group_events WHERE member = ?1)
	OR EXISTS (SELECT 1 FROM pruned_ids WHERE id = ?1)`

// replay is the replay that a page writer stores; zero for live events.
type replay struct {
	begun time.Time
	again bool
}

// replayID returns the ID of the event's run in its first replay.
func replayID(org, playbook, event string) string {
	return engine.Digest(org, playbook, event, "replay")
}

// identify returns the ID of the match's run, and whether an earlier run prevents it.
func (w *pageWriter) identify(m match) (id string, exists bool) {
	org, now := w.from.Org, w.replay.begun
	id = engine.RunID(org, m.playbook.Name, m.event.ID)
	exists = known(w.tx, id)
	if now.IsZero() {
		return id, exists
	}
	id = replayID(org, m.playbook.Name, m.event.ID)
	exists = exists || known(w.tx, id)
	if exists && w.replay.again {
		id = engine.Digest(org, m.playbook.Name, m.event.ID, "replay", now.String())
		exists = known(w.tx, id) // the events contain the event twice
	}
	return id, exists
}

// known reports whether the ID is that of an earlier run.
func known(db *conn, id string) (known bool) {
	db.row(selectKnown, id).into(&known)
	return known
}

// separate keeps replayed events out of the groups of live events.
func (r replay) separate(g *grouping) {
	if r.begun.IsZero() || g == nil || !g.key.Valid {
		return
	}
	key, _ := json.Marshal(map[string]any{"key": json.RawMessage(g.key.String), "replay": r.begun}) // the key is JSON
	g.key.String = string(key)
}

// CauseRetry is the Cause of a call in a run that was retried.
const CauseRetry = "retry"

// A Retry is one retry of a failed run.
type Retry struct {
	N      int            `json:"n"`               // from 1
	Time   time.Time      `json:"time"`            // of the request
	Failed time.Time      `json:"failed,omitzero"` // when the run had failed
	Error  *sdk.ErrorBody `json:"error,omitempty"` // of the run when it had failed
	Begun  time.Time      `json:"begun,omitzero"`  // when a worker took the run
}

// Retry queues a failed run again, for the engine that works on its org now or later.
// The run continues with the first step whose failure counted, and with the playbook as
// it was when the run was accepted. Steps that succeeded are not run again. If the event
// was set aside before the playbook's condition was evaluated, the condition is evaluated
// first. The ID may be the beginning of one, as for [Store.Run].
//
// It fails with an *[sdk.Error]: not_found if there is no such run; conflict if the run
// has not failed, or failed before its first step for another reason.
func (s *Store) Retry(ctx context.Context, id string) (*Run, error) {
	var run *Run
	err := s.byID(ctx, s.write, id, func(tx *conn, seq int64) {
		run = readRun(tx, seq)
		if tx.err == nil {
			tx.fail(run.CanRetry())
		}
		var org string
		tx.row(`SELECT org FROM runs WHERE seq = ?`, seq).into(&org)
		tx.exec(`DELETE FROM evaluation_deaths WHERE event = ?`, markOf(org, run.EventID))
		now := time.Now()
		tx.exec(`INSERT INTO retries (run, n, time, failed, error) VALUES (?, ?, ?, ?, ?)`, seq, len(run.Retries)+1, now, run.Finished, run.Error)
		tx.exec(`UPDATE runs SET status = 'queued', error = NULL, started = ?, finished = NULL WHERE seq = ?`, now, seq)
		if tx.err == nil {
			run = readRun(tx, seq)
		}
	})
	return run, err
}

// CanRetry returns an *[sdk.Error] with code conflict if [Store.Retry] rejects the run.
func (r *Run) CanRetry() error {
	switch {
	case r.Status != engine.Failed:
		return sdk.Errorf(sdk.Conflict, "run %s is %s: only a failed run can be retried", r.ID, r.Status)
	case r.Started.IsZero() && !r.unmatched:
		return sdk.Errorf(sdk.Conflict, "run %s failed before its first step, and a retry would fail again: %s", r.ID, r.Error.Message)
	}
	return nil
}

func readRetries(db *conn, run int64) []Retry {
	return list(db, func(r *Retry) []any { return []any{&r.N, &r.Time, &r.Failed, &r.Error, &r.Begun} },
		`SELECT n, time, failed, error, begun FROM retries WHERE run = ? ORDER BY n`, run)
}

// cause returns the Cause of the job's calls.
func (j *job) cause() string {
	if len(j.run.Retries) > 0 {
		return CauseRetry
	}
	if !j.run.Replay.IsZero() {
		return CauseReplay
	}
	return ""
}

// beginRetry makes the steps pending that a new retry runs again.
func beginRetry(tx *conn, j *job, now time.Time) {
	j.run.Retries = readRetries(tx, j.run.seq)
	if len(j.run.Retries) == 0 {
		return
	}
	last := &j.run.Retries[len(j.run.Retries)-1]
	if !last.Begun.IsZero() {
		return // the retry is resumed
	}
	last.Begun = engine.Time(now)
	tx.exec(`UPDATE retries SET begun = ? WHERE run = ? AND n = ?`, last.Begun, j.run.seq, last.N)
	for _, n := range engine.ResetFailed(j.playbook, j.steps) {
		saveStep(tx, j.run.seq, n, j.steps[n])
	}
}
