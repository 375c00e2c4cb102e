package embedded

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/user"
	"slices"
	"sync"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// An Actor says who made a call: the process that made it, and the reason of its caller.
type Actor struct {
	OSUser     string `json:"os_user"` // account of the operating system
	Host       string `json:"host"`
	Process    int    `json:"process"`
	Connection string `json:"connection,omitempty"`
	Case       string `json:"case,omitempty"`
	Reason     string `json:"reason,omitempty"`
	Playbook   string `json:"playbook,omitempty"`
	Key        string `json:"key,omitempty"` // name of the API key
}

// thisProcess is the Actor of a call without a caller.
var thisProcess = sync.OnceValue(func() Actor {
	a := Actor{Process: os.Getpid()}
	a.Host, _ = os.Hostname() // "" if it is unknown
	if u, err := user.Current(); err == nil {
		a.OSUser = u.Username
	}
	return a
})

func (a Actor) who() string { return fmt.Sprintf("%s on %s, process %d", a.OSUser, a.Host, a.Process) }

// An Operation is one recorded write: a call of an action that writes, unless it was a
// dry run. It is stored before the first request that writes is sent. Secrets are masked.
type Operation struct {
	ID       string               `json:"id"`
	Org      string               `json:"org"`
	Action   string               `json:"action"`
	Input    json.RawMessage      `json:"input"`
	Status   engine.Status        `json:"status"`            // Running, Done, Failed or Interrupted
	Outcome  string               `json:"outcome,omitempty"` // see sdk.Outcome; OutcomeUnknown until the call ends
	Code     string               `json:"code,omitempty"`    // of the error, see sdk.Code
	Message  string               `json:"message,omitempty"` // of the error
	Subjects []sdk.Subject        `json:"subjects"`
	Plan     []sdk.PlannedRequest `json:"plan,omitempty"`
	Before   json.RawMessage      `json:"before,omitempty"` // as the dry run found it
	After    json.RawMessage      `json:"after,omitempty"`
	Undos    []OperationUndo      `json:"undos"`
	Undoes   string               `json:"undoes,omitempty"` // ID of the operation that this one reverts
	RunID    string               `json:"run_id,omitempty"`
	StepID   string               `json:"step_id,omitempty"`
	Batch    string               `json:"batch,omitempty"` // ID of the batch
	Item     string               `json:"item,omitempty"`  // of the batch
	Created  time.Time            `json:"created"`
	Finished time.Time            `json:"finished,omitzero"`
	Actor

	seq, writer int64
}

// An OperationUndo is a call that reverts the change of an operation. Undos of one action
// and one state form a chain: they are undone together, newest first.
type OperationUndo struct {
	State    string          `json:"state,omitempty"` // see sdk.Undo.Subject
	Action   string          `json:"action"`
	Input    json.RawMessage `json:"input,omitempty"`     // absent if it contains a secret: a person must make the call
	UndoneBy string          `json:"undone_by,omitempty"` // ID of the operation that reverted the change

	operation int64
	n         int
}

// Open reports whether a change of the operation is not reverted yet.
func (o *Operation) Open() bool {
	return slices.ContainsFunc(o.Undos, func(u OperationUndo) bool { return u.UndoneBy == "" })
}

// summary describes the operation in an error.
func (o *Operation) summary() string {
	return fmt.Sprintf("%s at %s by %s", o.Action, o.Created.Format(time.RFC3339), o.who())
}

// An OperationQuery selects operations. Empty members select all; a Limit of 0 means 100.
type OperationQuery struct {
	Org     string
	Subject string // ID or name of a subject
	Action  string
	RunID   string
	Status  engine.Status
	Open    bool // only operations with a change that is not reverted
	Limit   int
}

// Operations returns the operations that q selects, newest first.
func (s *Store) Operations(ctx context.Context, q OperationQuery) ([]Operation, error) {
	limit, err := listLimit(q.Limit)
	if err != nil {
		return nil, err
	}
	if err := checkStatus("an operation", q.Status, engine.Running, engine.Done, engine.Failed, engine.Interrupted); err != nil {
		return nil, err
	}
	found := []Operation{}
	// The status of an operation depends on a lock, which a SELECT cannot read.
	for last := int64(1 << 62); len(found) < limit; {
		db := s.reader(ctx)
		page := s.readOperations(db, `WHERE o.seq < ?1 AND (?2 = '' OR o.org = ?2) AND (?3 = '' OR a.action = ?3) AND (?4 = '' OR a.run = ?4)
			AND (?5 = '' OR EXISTS (SELECT 1 FROM subjects WHERE operation = o.seq AND (id = ?5 OR name = ?5 COLLATE NOCASE)))
			AND (NOT ?6 OR EXISTS (SELECT 1 FROM operation_undos WHERE operation = o.seq AND undone = ''))
			ORDER BY o.seq DESC LIMIT ?7`, last, q.Org, q.Action, q.RunID, q.Subject, q.Open, limit)
		if db.err != nil {
			return nil, db.failed("read operations")
		}
		for _, o := range page {
			if last = o.seq; len(found) < limit && (q.Status == "" || o.Status == q.Status) {
				found = append(found, o)
			}
		}
		if len(page) < limit {
			break
		}
	}
	return found, nil
}

// Origin returns the account on which an operation or a batch was made, and the name of its connection.
func (s *Store) Origin(ctx context.Context, id string) (org, connection string, err error) {
	if !isBatch(id) {
		op, err := s.Operation(ctx, id)
		if err != nil {
			return "", "", err
		}
		return op.Org, op.Actor.Connection, nil
	}
	db := s.reader(ctx)
	id = db.findID("batch", "batches", id)
	db.row(`SELECT org FROM batches WHERE id = ?`, id).into(&org)
	db.row(`SELECT a.connection FROM operations o JOIN audit a ON a.seq = o.seq WHERE o.batch = ? LIMIT 1`, id).find(&connection)
	return org, connection, db.failed("read " + id)
}

// Operation returns the operation with this ID, or the only one whose ID begins with it.
// It fails with an *[sdk.Error]: not_found if there is none, invalid_input if the
// beginning is shorter than four letters or ambiguous.
func (s *Store) Operation(ctx context.Context, id string) (*Operation, error) {
	db := s.reader(ctx)
	id = db.findID("operation", "operations", id)
	if found := s.readOperations(db, `WHERE o.id = ?`, id); len(found) > 0 {
		return &found[0], nil
	}
	db.fail(sql.ErrNoRows)
	return nil, db.failed("read operation " + id)
}

// readOperations reads the operations that the rest of a SELECT selects.
func (s *Store) readOperations(db *conn, rest string, args ...any) []Operation {
	all := list(db, func(o *Operation) []any {
		return append([]any{&o.seq, &o.ID, &o.Org, &o.Undoes, &o.writer, &o.Status, &o.Plan, &o.Before, &o.After, &o.Created, &o.Finished, &o.Batch,
			&o.Item, &o.Action, &o.Input, &o.Outcome, &o.Code, &o.Message, &o.RunID, &o.StepID}, o.Actor.columns()...)
	}, `SELECT o.seq, o.id, o.org, o.undoes, o.writer, o.status, o.plan, o.before, o.after, o.created, o.finished, o.batch, o.item,
		a.action, a.input, a.outcome, a.code, a.message, a.run, a.step, `+actorColumns+`
		FROM operations o JOIN audit a ON a.seq = o.seq `+rest, args...)
	for i := range all {
		o := &all[i]
		o.Subjects = append([]sdk.Subject{}, list(db, func(s *sdk.Subject) []any { return []any{&s.Type, &s.ID, &s.Name} },
			`SELECT type, id, name FROM subjects WHERE operation = ? ORDER BY n`, o.seq)...)
		o.Undos = append([]OperationUndo{}, readOperationUndos(db, `WHERE operation = ? ORDER BY n`, o.seq)...)
		if o.Status == engine.Running && db.err == nil {
			alive, err := s.file.lockedByAnyone(o.writer)
			if db.fail(err); !alive {
				o.Status = engine.Interrupted
			}
		}
	}
	return all
}

const actorColumns = `a.os_user, a.host, a.process, a.connection, a.incident, a.reason, a.playbook, a.api_key`

func (a *Actor) columns() []any {
	return []any{&a.OSUser, &a.Host, &a.Process, &a.Connection, &a.Case, &a.Reason, &a.Playbook, &a.Key}
}

func readOperationUndos(db *conn, rest string, args ...any) []OperationUndo {
	return list(db, func(u *OperationUndo) []any {
		return []any{&u.operation, &u.n, &u.State, &u.Action, &u.Input, &u.UndoneBy}
	},
		`SELECT operation, n, state, action, input, undone FROM operation_undos `+rest, args...)
}

// A plan is the result of the dry run of a write.
type plan struct {
	engine.Output
	result   sdk.Result // empty if the action has no dry run
	subjects []sdk.Subject
	undos    []sdk.Undo
}

// readPlan reads the output of a dry run.
func readPlan(result sdk.Result) (p plan, err error) {
	p = plan{result: result, Output: engine.ReadOutput(result.Output)}
	if p.subjects, err = sdk.SubjectsOf(result.Output); err == nil {
		p.undos, err = sdk.UndosOf(result.Output)
	}
	return p, err
}

// idle reports whether the write would change nothing, so that it is not called.
func (p *plan) idle() bool {
	return len(p.Plan) == 0 && (p.Outcome == sdk.Unchanged || p.Outcome == sdk.NotApplicable)
}

// store stores the operation of a call. If the call was planned before, the new plan
// replaces the old one.
func (p *plan) store(tx *conn, s *Store, c *call) {
	masked := engine.ReadOutput(s.mask(c.info.Output, p.result.Output))
	requests := len(p.Plan)
	if !p.idle() {
		requests = max(1, requests)
	}
	tx.exec(`DELETE FROM operations WHERE seq = ?`, c.entry)
	tx.exec(`INSERT INTO operations (seq, id, org, undoes, writer, status, plan, before, requests, contained, created, batch, item)
		VALUES (?, ?, ?, ?, ?, 'running', ?, ?, ?, ?, ?, ?, ?)`,
		c.entry, c.operation, c.from.Org, c.undoes, c.writer, masked.Plan, masked.Before, requests, p.contained(c), c.now(),
		c.from.batch, c.from.item)
	tx.exec(`UPDATE audit SET operation = ? WHERE seq = ?`, c.operation, c.entry)
	for n, subject := range p.subjects {
		tx.exec(`INSERT INTO subjects (operation, n, type, id, name) VALUES (?, ?, ?, ?, ?)`, c.entry, n, subject.Type, subject.ID, subject.Name)
	}
	if !p.idle() {
		s.storeOperationUndos(tx, c, p.undos)
	}
}

// storeOperationUndos stores the calls that revert the operation. An undo is not undone.
func (s *Store) storeOperationUndos(tx *conn, c *call, undos []sdk.Undo) {
	tx.exec(`DELETE FROM operation_undos WHERE operation = ?`, c.entry)
	if c.cause == CauseUndo {
		return
	}
	for n, u := range undos {
		if u.Action != c.info.Undo {
			continue
		}
		input, secret, err := s.undoInput(c, json.RawMessage(u.Input))
		if err != nil || secret {
			input = nil
		}
		tx.exec(`INSERT INTO operation_undos (operation, n, org, state, action, input) VALUES (?, ?, ?, ?, ?, ?)`, c.entry, n, c.from.Org, u.Subject, u.Action, input)
	}
}

// contained counts the subjects that lose access by the call.
func (p *plan) contained(c *call) int {
	if !c.info.Contains || p.idle() {
		return 0
	}
	users := 0
	for _, s := range p.subjects {
		if s.Type == "user" {
			users++
		}
	}
	return max(1, users)
}

// completeOperation stores the result of a call. An operation that changed nothing has
// nothing to undo. After a failure the planned undos stay, unless nothing was written.
func (s *Store) completeOperation(tx *conn, c *call, result sdk.Result, failure *sdk.Error) {
	status, output := engine.Done, engine.ReadOutput(result.Output)
	var after json.RawMessage
	switch {
	case c.interrupted:
		status = engine.Interrupted
	case failure != nil:
		if status = engine.Failed; nothingWritten(result.Calls, failure) {
			tx.exec(`DELETE FROM operation_undos WHERE operation = ?`, c.entry)
		}
	default:
		if masked := s.mask(c.info.Output, result.Output); bytes.Equal(masked, result.Output) {
			after = output.After
		}
		undos, err := sdk.UndosOf(result.Output)
		// An action that is not_applicable may have made a part of the change: then it lists undos.
		if err != nil || output.Outcome == sdk.Unchanged || output.Outcome == sdk.Planned {
			undos = nil
		}
		s.storeOperationUndos(tx, c, undos)
		s.closeUndos(tx, c, result.Output)
	}
	tx.exec(`UPDATE operations SET status = ?, after = ?, finished = ?, ended = (SELECT max(seq) FROM audit), output_contained = ? WHERE seq = ?`,
		status, after, c.now(), output.Contained, c.entry)
}

// nothingWritten reports whether a failed call is known to have sent no request that
// writes. Without recorded requests, the error decides.
func nothingWritten(calls []sdk.Call, failure *sdk.Error) bool {
	for _, c := range calls {
		if c.Method != "GET" && c.Method != "HEAD" {
			return false
		}
	}
	return len(calls) > 0 || !slices.Contains([]sdk.Code{sdk.Timeout, sdk.Canceled, sdk.Unavailable, sdk.Internal}, failure.Code)
}

// closeUndos closes the undos that the call made: those of operations with the same
// action and input, and scheduled undos of the same action and the same state.
func (s *Store) closeUndos(tx *conn, c *call, output json.RawMessage) {
	o := engine.ReadOutput(output)
	if !o.AsRequested() {
		return
	}
	input, err := inOrder(withoutMembers(c.input, "dry_run", "reason", "expected_before", "force"))
	if err != nil {
		return
	}
	tx.exec(`UPDATE operation_undos SET undone = ?1 WHERE undone = '' AND org = ?2 AND action = ?3 AND input = ?4 AND operation < ?5`,
		c.operation, c.from.Org, c.info.Name, input, c.entry)
	s.closeReverted(tx, c, output, o.Outcome)
	subjects, err := sdk.SubjectsOf(output)
	if err != nil {
		return
	}
	tx.exec(`UPDATE undos SET status = 'done', outcome = ?1, finished = ?2, ended = (SELECT max(seq) FROM audit) WHERE org = ?3 AND action = ?4 AND mark < ?5
		AND status = 'pending' AND (input = ?6 OR state <> '' AND state IN (SELECT value FROM json_each(?7)))`,
		string(o.Outcome), c.now(), c.from.Org, c.info.Name, c.entry, input, subjectIDs(subjects))
}

// closeReverted closes the undos of operations on a state that the call reverted, however
// its input spells the objects: an unsuspended user must not be unsuspended again.
// Both actions must have the same form of state, since a restore can revert a part only.
func (s *Store) closeReverted(tx *conn, c *call, output json.RawMessage, outcome sdk.Outcome) {
	undos, err := sdk.UndosOf(output)
	if err != nil || outcome != sdk.Changed || c.cause == CauseUndo || c.from.Manifest == nil {
		return
	}
	for _, u := range undos {
		if u.Subject != "" && u.Action != c.info.Name && sameState(c.from.Manifest.Action(u.Action), c.info) {
			tx.exec(`UPDATE operation_undos SET undone = ? WHERE undone = '' AND org = ? AND action = ? AND state = ? AND operation < ?`,
				c.operation, c.from.Org, c.info.Name, u.Subject, c.entry)
		}
	}
}

func subjectIDs(subjects []sdk.Subject) []string {
	ids := []string{}
	for _, s := range subjects {
		ids = append(ids, s.ID)
	}
	return ids
}

// withMembers returns the object with further members.
func withMembers(object json.RawMessage, more map[string]json.RawMessage) (json.RawMessage, error) {
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(object, &members); err != nil {
		return nil, err
	}
	maps.Copy(members, more)
	return json.Marshal(members)
}

// withoutMembers returns the object without some of its members.
func withoutMembers(object json.RawMessage, names ...string) json.RawMessage {
	members := map[string]json.RawMessage{}
	if json.Unmarshal(object, &members) != nil {
		return object
	}
	for _, name := range names {
		delete(members, name)
	}
	rest, _ := json.Marshal(members) // they were JSON
	return rest
}

// takes reports whether the input of the action has the parameter.
func (s *Store) takes(info *sdk.ActionInfo, param string) bool {
	input, err := s.schemaOf(info.Input)
	return err == nil && input.Root().Property(param) != nil
}

// undoInput returns the input of an undo in the form in which it is stored and compared.
// The store holds no secrets: an input with a secret is masked.
func (s *Store) undoInput(c *call, input json.RawMessage) (ordered json.RawMessage, secret bool, err error) {
	if ordered, err = inOrder(input); err != nil {
		return json.RawMessage(`{}`), false, err
	}
	masked := schema.MaskNamed(ordered)
	if c.from.Manifest != nil {
		if action := c.from.Manifest.Action(c.info.Undo); action != nil {
			masked = s.mask(action.Input, ordered)
		}
	}
	if masked, err = inOrder(masked); err != nil {
		return json.RawMessage(`{}`), false, err
	}
	return masked, !bytes.Equal(masked, ordered), nil
}

// withUndoInputs returns the output with other inputs of its undos.
func withUndoInputs(output json.RawMessage, inputs map[int]json.RawMessage) json.RawMessage {
	var members map[string]json.RawMessage
	var undos []map[string]json.RawMessage
	if len(inputs) == 0 || json.Unmarshal(output, &members) != nil || json.Unmarshal(members["undo"], &undos) != nil {
		return output
	}
	for n, input := range inputs {
		undos[n]["input"] = input
	}
	members["undo"], _ = json.Marshal(undos)
	changed, _ := json.Marshal(members)
	return changed
}

// inOrder returns an object in the form in which inputs are compared.
func inOrder(object json.RawMessage) (json.RawMessage, error) {
	if len(object) == 0 {
		return json.RawMessage(`{}`), nil
	}
	dec := json.NewDecoder(bytes.NewReader(object))
	dec.UseNumber()
	var members map[string]any
	if err := dec.Decode(&members); err != nil {
		return nil, sdk.Errorf(sdk.Internal, "the input of the undo is not an object: %w", err)
	}
	return json.Marshal(members)
}
