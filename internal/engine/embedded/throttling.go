package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// selectNext finds the run of the org ?1 that may start now, or that will be the first
// to, and its earliest start; ?2 is now, and ?3 a minute. A playbook with
// max_runs_per_minute starts its next run a minute after the oldest of its last starts.
const selectNext = `WITH RECURSIVE
	names (name) AS (
		SELECT min(playbook) FROM runs WHERE org = ?1 AND status = 'queued'
		UNION ALL
		SELECT (SELECT min(playbook) FROM runs WHERE org = ?1 AND status = 'queued' AND playbook > name) FROM names WHERE name IS NOT NULL
	),
	heads (head) AS (
		SELECT (SELECT seq FROM runs WHERE org = ?1 AND status = 'queued' AND playbook = name ORDER BY due, seq LIMIT 1)
		FROM names WHERE name IS NOT NULL
	),
	queues (seq, due, ready) AS (
		SELECT r.seq, r.due, CASE WHEN r.started IS NOT NULL THEN 0 WHEN p.max_runs_per_minute = 0 THEN r.due ELSE
			coalesce((SELECT CASE WHEN count(*) >= p.max_runs_per_minute THEN max(r.due, min(at) + ?3) END
				FROM starts s WHERE s.org = ?1 AND s.playbook = r.playbook AND at > ?2 - ?3), r.due) END
		FROM heads JOIN runs r ON r.seq = head JOIN playbooks p ON p.hash = r.hash
	)
	SELECT seq, ready FROM queues ORDER BY max(ready, ?2), due, seq LIMIT 1`

// startRun marks the run as running, counts its start for throttling, and fixes the
// events of its group. It returns the hash of the playbook.
func startRun(ctx context.Context, tx *sql.Tx, seq int64, now time.Time) (hash string, err error) {
	var throttled, grouped bool
	err = tx.QueryRowContext(ctx, `SELECT hash, r.started IS NULL AND p.max_runs_per_minute > 0, EXISTS (SELECT 1 FROM groups WHERE run = seq)
		FROM runs r JOIN playbooks p USING (hash) WHERE seq = ?`, seq).Scan(&hash, &throttled, &grouped)
	if err != nil {
		return "", err
	}
	statements := []string{`UPDATE runs SET status = 'running', started = coalesce(started, ?2) WHERE seq = ?1`}
	if throttled {
		statements = append(statements,
			`DELETE FROM starts WHERE at <= ?2 - ?3 AND (org, playbook) = (SELECT org, playbook FROM runs WHERE seq = ?1)`,
			`INSERT INTO starts (run, org, playbook, at) SELECT seq, org, playbook, ?2 FROM runs WHERE seq = ?1`)
	}
	if grouped {
		statements = append(statements,
			`UPDATE groups SET taken = coalesce(taken, events), closed = CASE WHEN at_first THEN closed ELSE coalesce(closed, closes) END WHERE run = ?1`)
	}
	return hash, execAll(ctx, tx, statements, seq, stamp(now), time.Minute.Microseconds())
}

// A Queue describes the queued runs of one playbook.
type Queue struct {
	Playbook         string
	Runs             int // queued: their events are collected, or they wait for their turn or a worker
	Throttled        int // those of Runs that only max_runs_per_minute delays
	MaxRunsPerMinute int // 0: no limit
}

// Queues returns the queues of an org that are not empty, by the names of their
// playbooks. It reads only an index, so that long queues can be read often.
func (s *Store) Queues(ctx context.Context, org string) ([]Queue, error) {
	queues, err := list(ctx, s.read, scanQueue, `WITH waiting (playbook, runs, ready) AS (
			SELECT playbook, count(*), sum(due <= ?2) FROM runs WHERE org = ?1 AND status = 'queued' GROUP BY playbook
		)
		SELECT w.playbook, w.runs, w.ready, p.max_runs_per_minute,
			(SELECT count(*) FROM starts s WHERE s.org = ?1 AND s.playbook = w.playbook AND s.at > ?2 - ?3)
		FROM waiting w JOIN runs r ON r.seq =
			(SELECT seq FROM runs WHERE org = ?1 AND status = 'queued' AND playbook = w.playbook ORDER BY due, seq LIMIT 1)
		JOIN playbooks p ON p.hash = r.hash ORDER BY w.playbook`, org, stamp(time.Now()), time.Minute.Microseconds())
	if err != nil {
		return nil, fmt.Errorf("read queues: %w", err)
	}
	return queues, nil
}

func scanQueue(r row) (q Queue, err error) {
	var ready, starts int
	err = r.Scan(&q.Playbook, &q.Runs, &ready, &q.MaxRunsPerMinute, &starts)
	if q.MaxRunsPerMinute > 0 && starts >= q.MaxRunsPerMinute {
		q.Throttled = ready
	}
	return q, err
}
