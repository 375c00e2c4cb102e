package embedded

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"soar.example/okta/sdk"
)

// Checkpoint returns the checkpoint of the source, nil if there is none.
func (s *Store) Checkpoint(ctx context.Context, source string) (json.RawMessage, error) {
	var data []byte
	db := s.reader(ctx)
	db.row(`SELECT checkpoint FROM checkpoints WHERE source = ?`, source).find(&data)
	return data, db.failed("read checkpoint of " + source)
}

// writeCheckpoint stores the checkpoint after a page, and the time of the newest event
// that was read. It writes nothing if neither has changed.
func writeCheckpoint(tx *conn, source string, page sdk.RawPage, now time.Time) {
	if len(page.Next) == 0 {
		tx.exec(`UPDATE checkpoints SET newest = ?2 WHERE source = ?1 AND ?2 > coalesce(newest, 0)`, source, page.Newest)
		return
	}
	tx.exec(`INSERT INTO checkpoints (source, checkpoint, saved, newest) VALUES (?, ?, ?, ?)
		ON CONFLICT (source) DO UPDATE SET checkpoint = excluded.checkpoint,
			saved = CASE WHEN checkpoint = excluded.checkpoint THEN saved ELSE excluded.saved END,
			newest = coalesce(max(newest, excluded.newest), newest, excluded.newest)
		WHERE checkpoint <> excluded.checkpoint OR excluded.newest > coalesce(newest, 0)`, source, []byte(page.Next), now, page.Newest)
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
	err := s.tx(ctx, func(tx *conn) {
		now := time.Now()
		playbooks := map[string][]string{} // of each trigger
		for _, r := range readings {
			playbooks[r.Trigger] = slices.AppendSeq(playbooks[r.Trigger], maps.Keys(r.Asked))
		}
		begin := make([]*checkpoint, len(readings)) // all of them, before any is written
		for i, r := range readings {
			begin[i] = findCheckpoint(tx, r, playbooks[r.Trigger])
		}
		covered := list(tx, only[string], `SELECT DISTINCT source FROM coverage`)
		for i, r := range readings {
			if c := begin[i]; c != nil && c.source != r.Source {
				tx.exec(`INSERT OR REPLACE INTO checkpoints (source, checkpoint, saved, newest) VALUES (?, ?, ?, ?)`, r.Source, c.data, c.saved, c.newest)
			}
			for playbook, selection := range r.Asked {
				tx.exec(`INSERT INTO coverage (trigger, playbook, selection, source, resumed) VALUES (?, ?, ?, ?, ?)
					ON CONFLICT (trigger, playbook, selection) DO UPDATE SET source = excluded.source, resumed = excluded.resumed`,
					r.Trigger, playbook, selection, r.Source, now)
			}
		}
		// A checkpoint that covered playbooks and no longer does is deleted: nothing continues
		// from it, and a playbook of a new name must not.
		for _, source := range covered {
			tx.exec(`DELETE FROM checkpoints WHERE source = ?1 AND NOT EXISTS (SELECT 1 FROM coverage WHERE source = ?1)`, source)
		}
	})
	if err != nil {
		return fmt.Errorf("resume the checkpoints: %w", err)
	}
	return nil
}

// A checkpoint is a row of the table checkpoints.
type checkpoint struct {
	source        string
	data          []byte
	saved, newest time.Time
}

func (c *checkpoint) columns() []any { return []any{&c.source, &c.data, &c.saved, &c.newest} }

// findCheckpoint returns the checkpoint where the reading continues, nil if there is none.
// Playbooks are all playbooks of the watch that have the trigger of the reading.
func findCheckpoint(tx *conn, r Reading, playbooks []string) *checkpoint {
	const selectCheckpoint = `SELECT k.source, k.checkpoint, k.saved, k.newest FROM checkpoints k `
	var found []checkpoint
	for playbook, selection := range r.Asked {
		found = append(found, list(tx, (*checkpoint).columns, selectCheckpoint+`
			LEFT JOIN coverage c ON c.source = k.source AND c.trigger = ?1 AND c.playbook = ?2
			WHERE c.source IS NOT NULL OR k.source = ?4
			ORDER BY c.selection = ?3 DESC, c.resumed DESC, c.selection LIMIT 1`, r.Trigger, playbook, selection, r.Source)...)
	}
	if len(found) == 0 {
		found = list(tx, (*checkpoint).columns, selectCheckpoint+`JOIN coverage c ON c.source = k.source WHERE c.trigger = ?
			GROUP BY k.source HAVING NOT max(c.playbook IN (SELECT value FROM json_each(?))) ORDER BY k.saved DESC LIMIT 1`, r.Trigger, playbooks)
	}
	if len(found) == 0 {
		return nil
	}
	earliest := slices.MinFunc(found, func(a, b checkpoint) int {
		order := cmp.Or(a.newest, a.saved).Compare(cmp.Or(b.newest, b.saved))
		switch {
		case order == 0 && a.source == r.Source:
			return -1
		case order == 0 && b.source == r.Source:
			return 1
		}
		return cmp.Or(order, cmp.Compare(a.source, b.source))
	})
	return &earliest
}
