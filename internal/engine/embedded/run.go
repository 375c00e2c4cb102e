package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/nearest"
	"soar.example/okta/sdk"
)

// A Run is one playbook, started by one event or by a group of events. EventID and the
// fields after it are those of the first event. The ID is made of the org, the name of
// the playbook and the ID of the event. A time is zero until it is reached.
type Run struct {
	ID        string           `json:"id"`
	Org       string           `json:"org"` // account that the run's trigger reads
	Playbook  string           `json:"playbook"`
	Title     string           `json:"title,omitempty"`
	Status    engine.Status    `json:"status"`
	EventID   string           `json:"event_id"`
	EventType string           `json:"event_type"`
	EventTime time.Time        `json:"event_time,omitzero"`
	Event     json.RawMessage  `json:"event,omitempty"`  // data of the event
	Group     *Group           `json:"group,omitempty"`  // nil: the playbook groups no events
	Events    []GroupedEvent   `json:"events,omitempty"` // of the group, in order of arrival
	Waits     string           `json:"waits,omitempty"`  // why a queued run does not start yet
	Created   time.Time        `json:"created"`
	Replay    time.Time        `json:"replay,omitzero"`  // start of the replay that made the run
	Shadow    bool             `json:"shadow,omitempty"` // the writes of the run are dry runs
	Started   time.Time        `json:"started,omitzero"`
	Finished  time.Time        `json:"finished,omitzero"`
	Error     *sdk.ErrorBody   `json:"error,omitempty"`    // of the first step that failed
	Subjects  []string         `json:"subjects,omitempty"` // names or IDs of the objects that the run changed, or planned to change
	Steps     []engine.StepRun `json:"steps,omitempty"`    // none before the run starts
	Audit     []AuditEntry     `json:"audit,omitempty"`    // oldest first
	Undos     []Undo           `json:"undos,omitempty"`    // scheduled, of the run's changes, oldest first
	Retries   []Retry          `json:"retries,omitempty"`  // oldest first

	seq, eventSeq int64
	unmatched     bool // the condition of the playbook was not evaluated on the event
}

// A Query selects runs. Empty members select all runs; a Limit of 0 means 100.
type Query struct {
	Status   engine.Status
	Playbook string // its name
	Shadow   bool   // only shadow runs
	Limit    int
}

// Runs returns the runs that q selects, newest first, without the data of their event,
// steps and audit. An unknown status or a negative limit is an *[sdk.Error] with code
// invalid_input.
func (s *Store) Runs(ctx context.Context, q Query) ([]Run, error) {
	limit, err := listLimit(q.Limit)
	if err != nil {
		return nil, err
	}
	if err := checkStatus("a run", q.Status, engine.Queued, engine.Running, engine.Succeeded, engine.Failed); err != nil {
		return nil, err
	}
	db := s.reader(ctx)
	runs := readRuns(db, `WHERE (?1 = '' OR r.status = ?1) AND (?2 = '' OR r.playbook = ?2) AND (NOT ?3 OR r.shadow) ORDER BY r.seq DESC LIMIT ?4`,
		q.Status, q.Playbook, q.Shadow, limit)
	for i := range runs {
		runs[i].Subjects = readRunSubjects(db, &runs[i])
	}
	return runs, db.failed("read runs")
}

// Run returns the run with this ID, or the only run whose ID begins with it. Its event,
// steps and audit are of one instant. It fails with an *[sdk.Error]: not_found if there
// is none, invalid_input if the beginning is shorter than four letters or ambiguous.
func (s *Store) Run(ctx context.Context, id string) (run *Run, err error) {
	err = s.byID(ctx, s.read, id, func(tx *conn, seq int64) { run = readRun(tx, seq) })
	if err != nil {
		return nil, err
	}
	return run, nil
}

// PlaybookOf returns the file and the source of the playbook that the run was accepted
// with, and the org of the run.
func (s *Store) PlaybookOf(ctx context.Context, run string) (file string, source []byte, org string, err error) {
	err = s.byID(ctx, s.read, run, func(tx *conn, seq int64) {
		tx.row(`SELECT p.file, p.source, r.org FROM runs r JOIN playbooks p ON p.hash = r.hash WHERE r.seq = ?`, seq).into(&file, &source, &org)
	})
	return file, source, org, err
}

// byID calls do in one transaction with the run that has this ID, or the only run
// whose ID begins with it.
func (s *Store) byID(ctx context.Context, db *sql.DB, id string, do func(tx *conn, seq int64)) error {
	err := inTx(ctx, db, func(tx *conn) {
		var seq int64
		tx.row(`SELECT seq FROM runs WHERE id = ?`, tx.findID("run", "runs", id)).into(&seq)
		if tx.err == nil {
			do(tx, seq)
		}
	})
	return (&conn{err: err}).failed("run " + id)
}

// readRun reads a run with everything that belongs to it.
func readRun(tx *conn, seq int64) *Run {
	run := findRun(tx, `r.seq = ?`, seq)
	tx.row(`SELECT data FROM events WHERE seq = ?`, run.eventSeq).into(&run.Event)
	if run.Group != nil {
		run.Events = readEvents(tx, seq, run.Group.Events)
	}
	for _, s := range readSteps(tx, seq) {
		run.Steps = append(run.Steps, s.StepRun)
	}
	run.Audit = readAudit(tx, `WHERE run = ? AND run <> '' ORDER BY seq`, run.ID)
	run.Subjects = readRunSubjects(tx, run)
	run.Undos = readUndos(tx, `WHERE run = ? AND run <> '' ORDER BY seq`, run.ID)
	run.Retries = readRetries(tx, seq)
	return run
}

// readRunSubjects returns the objects of a run's operations, and of the dry runs of a
// shadow run.
func readRunSubjects(db *conn, run *Run) []string {
	return list(db, only[string], `SELECT coalesce(nullif(s.name, ''), s.id) FROM audit a JOIN subjects s ON s.operation = a.seq WHERE a.run = ?1 AND ?1 <> ''
		UNION SELECT CASE x.type WHEN 'object' THEN coalesce(nullif(x.value ->> 'name', ''), x.value ->> 'id', '?') END
		FROM steps t, json_each(t.output, '$.subjects') x WHERE ?2 AND t.run = ?3 AND x.type = 'object' ORDER BY 1`, run.ID, run.Shadow, run.seq)
}

// findRun reads the only run that the condition selects. After an error the run is empty.
func findRun(db *conn, condition string, arg any) *Run {
	for _, run := range readRuns(db, `WHERE `+condition, arg) {
		return &run
	}
	db.fail(sql.ErrNoRows)
	return new(Run)
}

// readRuns reads the runs that the rest of a SELECT selects.
func readRuns(db *conn, rest string, args ...any) []Run {
	type row struct {
		Run
		groupRow
	}
	runs := []Run{}
	for _, r := range list(db, func(r *row) []any {
		return append([]any{&r.seq, &r.ID, &r.Org, &r.Playbook, &r.Title, &r.Status, &r.Error, &r.Created, &r.Started, &r.Finished, &r.Replay, &r.Shadow,
			&r.unmatched, &r.eventSeq, &r.EventID, &r.EventType, &r.EventTime}, r.groupRow.columns()...)
	}, `SELECT r.seq, r.id, r.org, r.playbook, r.title, r.status, r.error, r.created, r.started, r.finished, r.replay, r.shadow, r.unmatched,
		e.seq, e.id, e.type, e.time, `+selectGroup+`
		FROM runs r JOIN events e ON e.seq = r.event JOIN playbooks p ON p.hash = r.hash LEFT JOIN groups g ON g.run = r.seq `+rest, args...) {
		r.set(&r.Run)
		runs = append(runs, r.Run)
	}
	return runs
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

// checkStatus rejects a status that the named thing cannot have.
func checkStatus(thing string, status engine.Status, known ...engine.Status) error {
	if status == "" || slices.Contains(known, status) {
		return nil
	}
	return sdk.Invalid(fmt.Sprintf("%s is never %q; it is %s%s", thing, status, strings.Join(known, ", "), nearest.Hint(status, known)))
}
