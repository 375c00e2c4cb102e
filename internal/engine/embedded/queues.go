package embedded

import (
	"context"
	"fmt"
	"time"
)

// A Queue is what waits of one playbook's runs.
type Queue struct {
	Playbook string
	Runs     int // that are queued: they gather events, or wait for their turn or a worker
	Held     int // of them, those that nothing but the playbook's cap keeps from beginning
	Cap      int // how many may begin in a minute; 0: any number
}

// Queues returns the queues of an org's playbooks that are not empty, by their names.
// It reads an index alone, so that long ones may be looked at often.
func (s *Store) Queues(ctx context.Context, org string) ([]Queue, error) {
	rows, err := s.read.QueryContext(ctx, `WITH waiting (playbook, runs, ready) AS (
			SELECT playbook, count(*), sum(due <= ?2) FROM runs WHERE org = ?1 AND status = 'queued' GROUP BY playbook
		)
		SELECT w.playbook, w.runs, w.ready, p.runs_a_minute,
			(SELECT count(*) FROM starts s WHERE s.org = ?1 AND s.playbook = w.playbook AND s.at > ?2 - ?3)
		FROM waiting w JOIN runs r ON r.seq =
			(SELECT seq FROM runs WHERE org = ?1 AND status = 'queued' AND playbook = w.playbook ORDER BY due, seq LIMIT 1)
		JOIN playbooks p ON p.hash = r.hash ORDER BY w.playbook`, org, stamp(time.Now()), time.Minute.Microseconds())
	if err != nil {
		return nil, fmt.Errorf("read queues: %w", err)
	}
	defer rows.Close()
	var all []Queue
	for rows.Next() {
		var q Queue
		var ready, begun int
		if err := rows.Scan(&q.Playbook, &q.Runs, &ready, &q.Cap, &begun); err != nil {
			return nil, fmt.Errorf("read queues: %w", err)
		}
		if q.Cap > 0 && begun >= q.Cap {
			q.Held = ready
		}
		all = append(all, q)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read queues: %w", err)
	}
	return all, nil
}
