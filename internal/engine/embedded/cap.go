package embedded

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// longestLook is how long a worker waits at most before it looks again for a run
// that is held back: the clock by which it is held may be put forward.
const longestLook = 10 * time.Second

// selectNext finds the run of the org ?1 that may begin, or will be the first to,
// and from when; ?2 is now, and ?3 a minute.
const selectNext = `WITH RECURSIVE
	books (name) AS (
		SELECT min(playbook) FROM runs WHERE org = ?1 AND status = 'queued'
		UNION ALL
		SELECT (SELECT min(playbook) FROM runs WHERE org = ?1 AND status = 'queued' AND playbook > name) FROM books WHERE name IS NOT NULL
	),
	heads (head) AS (
		SELECT (SELECT seq FROM runs WHERE org = ?1 AND status = 'queued' AND playbook = name ORDER BY due, seq LIMIT 1)
		FROM books WHERE name IS NOT NULL
	),
	lines (seq, due, ready) AS (
		SELECT r.seq, r.due, CASE WHEN r.started IS NOT NULL THEN 0 WHEN p.runs_a_minute = 0 THEN r.due ELSE
			coalesce((SELECT CASE WHEN count(*) >= p.runs_a_minute THEN max(r.due, min(at) + ?3) END
				FROM starts s WHERE s.org = ?1 AND s.playbook = r.playbook AND at > ?2 - ?3), r.due) END
		FROM heads JOIN runs r ON r.seq = head JOIN playbooks p ON p.hash = r.hash
	)
	SELECT seq, ready FROM lines ORDER BY max(ready, ?2), due, seq LIMIT 1`

// nextRun finds the run to take up: of those that may begin, the one that could
// first. Where there is none, wait is how long until there may be, 0 if nothing
// is queued. A run that had begun before is never held back, nor is the only one
// that the engine works on.
//
// It looks at one run of each playbook, its first in line, however many wait
// behind it.
func (e *Engine) nextRun(ctx context.Context, tx *sql.Tx, now time.Time) (seq int64, wait time.Duration, err error) {
	if e.o.Only != "" {
		return e.onlyRun(ctx, tx)
	}
	var ready int64
	err = tx.StmtContext(ctx, e.lines).QueryRowContext(ctx, e.o.Org, stamp(now), time.Minute.Microseconds()).Scan(&seq, &ready)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, err
	}
	if left := time.Duration(ready-now.UnixMicro()) * time.Microsecond; left > 0 {
		return 0, min(left, longestLook), nil
	}
	return seq, 0, nil
}

// takeUp makes the run one that is under way: its group has what it has, and its
// start counts in the minute. It returns its playbook's hash.
func (e *Engine) takeUp(ctx context.Context, tx *sql.Tx, seq int64, now time.Time) (hash string, err error) {
	var counts, grouped bool
	err = tx.QueryRowContext(ctx, `SELECT hash, r.started IS NULL AND p.runs_a_minute > 0, EXISTS (SELECT 1 FROM groups WHERE run = seq)
		FROM runs r JOIN playbooks p USING (hash) WHERE seq = ?`, seq).Scan(&hash, &counts, &grouped)
	if err != nil {
		return "", err
	}
	statements := []string{`UPDATE runs SET status = 'running', started = coalesce(started, ?2) WHERE seq = ?1`}
	if counts {
		statements = append(statements,
			`DELETE FROM starts WHERE at <= ?2 - ?3 AND (org, playbook) = (SELECT org, playbook FROM runs WHERE seq = ?1)`,
			`INSERT INTO starts (run, org, playbook, at) SELECT seq, org, playbook, ?2 FROM runs WHERE seq = ?1`)
	}
	if grouped {
		statements = append(statements,
			`UPDATE groups SET taken = coalesce(taken, events), closed = CASE WHEN at_first THEN closed ELSE coalesce(closed, closes) END WHERE run = ?1`)
	}
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement, seq, stamp(now), time.Minute.Microseconds()); err != nil {
			return "", err
		}
	}
	return hash, nil
}
