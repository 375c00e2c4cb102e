package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"soar.example/okta/internal/nearest"
	"soar.example/okta/sdk"
)

// A Query selects runs. Empty members select all; a Limit of 0 means 100.
type Query struct {
	Status   Status
	Playbook string // its name
	Limit    int
}

// Runs returns the runs that q selects, newest first, without their event's
// data, steps and audit. A status that no run can have, or a negative limit, is
// an *[sdk.Error] with code invalid_input.
func (s *Store) Runs(ctx context.Context, q Query) ([]Run, error) {
	limit, err := listLimit(q.Limit)
	if err != nil {
		return nil, err
	}
	known := []string{Queued, Running, Succeeded, Failed}
	if q.Status != "" && !slices.Contains(known, q.Status) {
		return nil, sdk.Invalid(fmt.Sprintf("a run is never %q; it is %s%s", q.Status, strings.Join(known, ", "), nearest.Hint(q.Status, known)))
	}
	rows, err := s.read.QueryContext(ctx, selectRun+`
		WHERE (?1 = '' OR r.status = ?1) AND (?2 = '' OR r.playbook = ?2) ORDER BY r.seq DESC LIMIT ?3`, q.Status, q.Playbook, limit)
	if err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	defer rows.Close()
	runs := []Run{}
	for rows.Next() {
		run, _, err := scanRun(rows)
		if err != nil {
			return nil, fmt.Errorf("read runs: %w", err)
		}
		runs = append(runs, *run)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	return runs, nil
}

// Run returns the run with this id, or the one run whose id begins with it, with
// its event, steps and audit as of one instant. It fails with an *[sdk.Error]:
// not_found if there is none, invalid_input if the beginning is shorter than
// four letters or several ids have it.
func (s *Store) Run(ctx context.Context, id string) (run *Run, err error) {
	err = s.byID(ctx, s.read, id, func(tx *sql.Tx, seq int64) (err error) {
		run, err = readRun(ctx, tx, seq)
		return err
	})
	if err != nil {
		return nil, err
	}
	return run, nil
}

// byID runs do in one transaction on the run with this id, or the one run whose id
// begins with it.
func (s *Store) byID(ctx context.Context, db *sql.DB, id string, do func(tx *sql.Tx, seq int64) error) error {
	id = strings.ToLower(strings.TrimSpace(id))
	if len(id) < 4 {
		return sdk.Invalid(fmt.Sprintf("%q is too short for the beginning of a run's id: at least four letters are needed", id))
	}
	err := inTx(ctx, db, func(tx *sql.Tx) error {
		seq, err := findRun(ctx, tx, id)
		if err != nil {
			return err
		}
		return do(tx, seq)
	})
	var e *sdk.Error
	if err != nil && !errors.As(err, &e) {
		err = fmt.Errorf("run %s: %w", id, err)
	}
	return err
}

func findRun(ctx context.Context, q querier, prefix string) (seq int64, err error) {
	// Ids are of hexadecimal digits, so that all that begin with prefix lie
	// between it and itself with a letter past them.
	rows, err := q.QueryContext(ctx, `SELECT seq FROM runs WHERE id >= ?1 AND id < ?1 || 'g' ORDER BY id LIMIT 2`, prefix)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	found := 0
	for ; rows.Next(); found++ {
		if err := rows.Scan(&seq); err != nil {
			return 0, err
		}
	}
	switch {
	case rows.Err() != nil:
		return 0, rows.Err()
	case found == 0:
		return 0, sdk.Errorf(sdk.NotFound, "there is no run %q", prefix)
	case found > 1:
		return 0, sdk.Invalid(fmt.Sprintf("the ids of several runs begin with %q: give more of it", prefix))
	}
	return seq, nil
}

func readRun(ctx context.Context, tx *sql.Tx, seq int64) (*Run, error) {
	run, event, err := scanRun(tx.QueryRowContext(ctx, selectRun+` WHERE r.seq = ?`, seq))
	if err != nil {
		return nil, err
	}
	if err := tx.QueryRowContext(ctx, `SELECT data FROM events WHERE seq = ?`, event).Scan((*[]byte)(&run.Event)); err != nil {
		return nil, err
	}
	if run.Group != nil {
		if run.Events, _, err = readEvents(ctx, tx, seq, run.Group.Events); err != nil {
			return nil, err
		}
	}
	states, err := readSteps(ctx, tx, seq)
	if err != nil {
		return nil, err
	}
	for _, s := range states {
		run.Steps = append(run.Steps, s.StepRun)
	}
	if run.Audit, err = auditRows(ctx, tx, `WHERE run = ? AND run <> '' ORDER BY seq`, run.ID); err != nil {
		return nil, err
	}
	if run.Undos, err = undoRows(ctx, tx, `WHERE run = ? AND run <> '' ORDER BY seq`, run.ID); err != nil {
		return nil, err
	}
	run.Retries, err = readRetries(ctx, tx, seq)
	return run, err
}

const selectRun = `SELECT r.id, r.playbook, r.title, r.status, r.error, r.created, r.started, r.finished, r.replay, e.seq, e.id, e.type, e.time, ` + selectGroup + `
	FROM runs r JOIN events e ON e.seq = r.event JOIN playbooks p ON p.hash = r.hash LEFT JOIN groups g ON g.run = r.seq`

// scanRun reads a row of selectRun, and its event's number.
func scanRun(row interface{ Scan(...any) error }) (*Run, int64, error) {
	var r Run
	var event int64
	var failure []byte
	var created, started, finished, replay, at sql.NullInt64
	var g groupRow
	err := row.Scan(append([]any{&r.ID, &r.Playbook, &r.Title, &r.Status, &failure, &created, &started, &finished, &replay,
		&event, &r.EventID, &r.EventType, &at}, g.columns()...)...)
	if err != nil {
		return nil, 0, err
	}
	r.Created, r.Started, r.Finished, r.EventTime = unstamp(created), unstamp(started), unstamp(finished), unstamp(at)
	r.Replay = unstamp(replay)
	r.Group, r.Waits = g.group(), g.waits(&r)
	return &r, event, unpack(failure, &r.Error)
}

func listLimit(n int) (int, error) {
	if n < 0 {
		return 0, sdk.Invalid(fmt.Sprintf("a list cannot be limited to %d", n))
	}
	if n == 0 {
		n = 100
	}
	return n, nil
}
