package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// selectGroup are the columns of a run's group, and of what else may hold the run
// back: of starts, only those of the minute before the last are kept.
const selectGroup = `g.key, g.events, g.taken, g.opened, g.closes, g.closed, g.note, g.at_first,
	p.runs_a_minute, CASE WHEN r.status = 'queued' AND p.runs_a_minute > 0 THEN
		(SELECT CASE WHEN count(*) >= p.runs_a_minute THEN min(at) END FROM starts s WHERE s.org = r.org AND s.playbook = r.playbook) END`

// A groupRow is a row of selectGroup. What belongs to the group is NULL if there is
// none.
type groupRow struct {
	key, note              sql.NullString
	events, taken          sql.NullInt64
	opened, closes, closed sql.NullInt64
	atFirst                sql.NullBool
	runsAMinute            int
	oldest                 sql.NullInt64 // when the run began that the next must be a minute after
}

func (g *groupRow) columns() []any {
	return []any{&g.key, &g.events, &g.taken, &g.opened, &g.closes, &g.closed, &g.note, &g.atFirst, &g.runsAMinute, &g.oldest}
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

// waits says why the run is held back, "" if it is not: then it waits for a worker.
func (g *groupRow) waits(r *Run) string {
	if r.Status != Queued || !r.Started.IsZero() {
		return ""
	}
	now := time.Now()
	if closes := unstamp(g.closes); g.opened.Valid && !g.closed.Valid && !g.atFirst.Bool && closes.After(now) {
		return fmt.Sprintf("gathers events until %s", closes.Format(time.TimeOnly+"Z"))
	}
	if g.runsAMinute > 0 && g.oldest.Valid && unstamp(g.oldest).Add(time.Minute).After(now) {
		return fmt.Sprintf("waits for its turn: no more than %d a minute", g.runsAMinute)
	}
	return ""
}

// readGroup returns the events that a run's steps read, nil if it has no group.
func readGroup(ctx context.Context, tx *sql.Tx, run int64, g *Group, book *playbook.Playbook) ([]sdk.RawEvent, error) {
	if g == nil {
		return nil, nil
	}
	events, seqs, err := readEvents(ctx, tx, run, g.Taken)
	if err != nil {
		return nil, err
	}
	all := make([]sdk.RawEvent, len(events))
	for i, e := range events {
		all[i] = sdk.RawEvent{ID: e.ID, Type: e.Type, Time: e.Time, Data: e.Data}
		if all[i].Shapes, err = readShapes(ctx, tx, seqs[i], book); err != nil {
			return nil, err
		}
	}
	return all, nil
}
