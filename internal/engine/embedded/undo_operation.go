package embedded

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/sdk"
)

// UndoOptions configure an undo. Caller.Org is the account that the session acts on.
type UndoOptions struct {
	DryRun bool // send no write, and show the plan
	Force  bool // undo also if the state changed since
	Caller Caller
}

// An UndoResult is the result of an undo. Operations are all that were undone: those
// asked for, and the others of their chains.
type UndoResult struct {
	Operation string     `json:"operation"`                   // ID of the operation to undo
	UndoneBy  string     `json:"already_undone_by,omitempty"` // ID of the operation that undid it before; then Steps is empty
	Steps     []UndoStep `json:"steps"`                       // calls, newest operation first
}

// An UndoStep is one call of an undo.
type UndoStep struct {
	Undoes  string               `json:"undoes"`              // ID of the operation that the call reverts
	By      string               `json:"operation,omitempty"` // ID of the operation of the call; "" of a dry run
	State   string               `json:"state,omitempty"`
	Action  string               `json:"action"`
	Input   json.RawMessage      `json:"input"`
	Outcome string               `json:"outcome,omitempty"`
	Reason  string               `json:"reason,omitempty"`
	Output  json.RawMessage      `json:"output,omitempty"` // secrets are masked
	Plan    []sdk.PlannedRequest `json:"plan,omitempty"`
	Error   *sdk.ErrorBody       `json:"error,omitempty"`
}

// UndoOperation undoes the operation with this ID (see [Store.Operation]). Operations
// whose undos have the same action and state form a chain while they are open: they are
// undone together, newest first, so that the state before the first is restored.
//
// Each call expects the state that the operation left. If the state changed since, the
// error has the code conflict and names the later operation that changed it, if this
// store recorded it. The ID of a batch undoes all its operations. Force ignores such changes. The error is that of the first call
// that failed; the result lists all calls. An operation that was undone before is no error.
func (s *Store) UndoOperation(ctx context.Context, session sdk.Session, m *sdk.Manifest, id string, o UndoOptions) (UndoResult, error) {
	if isBatch(id) {
		return s.undoBatch(ctx, session, m, id, o)
	}
	op, err := s.Operation(ctx, id)
	if err != nil {
		return UndoResult{}, err
	}
	return s.undo(ctx, session, m, op, "", o)
}

// RestoreSubject undoes the latest open containment of the subject with this ID or name,
// as [Store.UndoOperation] does, but only the changes of this subject. Without one, it
// undoes the latest open operation on the subject. If all are undone, the result names
// the latest operation.
func (s *Store) RestoreSubject(ctx context.Context, session sdk.Session, m *sdk.Manifest, subject string, o UndoOptions) (UndoResult, error) {
	q := OperationQuery{Org: o.Caller.Org, Subject: subject, Open: true, Limit: 10_000}
	found, err := s.Operations(ctx, q)
	if q.Open = false; err == nil && len(found) == 0 {
		found, err = s.Operations(ctx, q)
		found = slices.DeleteFunc(found, func(op Operation) bool { return len(op.Undos) == 0 })
	}
	switch {
	case err != nil:
		return UndoResult{}, err
	case len(found) == 0:
		return UndoResult{}, sdk.Errorf(sdk.NotFound, "no operation of this store on %q can be undone", subject)
	}
	latest := slices.IndexFunc(found, func(op Operation) bool {
		info := m.Action(op.Action)
		return info != nil && info.Contains
	})
	op := &found[max(0, latest)]
	for _, known := range op.Subjects {
		if known.ID == subject || strings.EqualFold(known.Name, subject) {
			return s.undo(ctx, session, m, op, known.ID, o)
		}
	}
	return s.undo(ctx, session, m, op, "", o)
}

// undo undoes the changes of an operation; state limits it to one of them.
func (s *Store) undo(ctx context.Context, session sdk.Session, m *sdk.Manifest, op *Operation, state string, o UndoOptions) (UndoResult, error) {
	r := UndoResult{Operation: op.ID, Steps: []UndoStep{}}
	if op.Org != o.Caller.Org {
		return r, sdk.Errorf(sdk.InvalidInput, "operation %s was made on %s, and this connection is to %s. Use a connection to %[2]s", op.ID, op.Org, o.Caller.Org)
	}
	o.Caller.Manifest = m
	o.DryRun = o.DryRun || o.Caller.Shadow
	locked, _, err := s.lockSubjects(ctx, op.Org, op.Subjects, nil)
	if err != nil {
		return r, sdk.AsError(err)
	}
	defer locked.release()
	// Under the lock: the operation may have ended or have been undone in between.
	if op, err = s.Operation(ctx, op.ID); err != nil {
		return r, err
	}
	chain, err := s.chain(ctx, op, state)
	if err != nil {
		return r, err
	}
	if len(chain) == 0 {
		for _, u := range op.Undos {
			r.UndoneBy = cmp.Or(u.UndoneBy, r.UndoneBy)
		}
		if r.UndoneBy == "" {
			return r, sdk.Errorf(sdk.InvalidInput, "operation %s (%s) cannot be undone: it changed nothing, or no action reverts it", op.ID, op.summary())
		}
		return r, nil
	}
	var first error
	stopped := map[string]bool{} // states whose undo failed
	for i, u := range chain {
		if u.State != "" && stopped[u.State] {
			continue
		}
		step, err := s.undoStep(ctx, session, m, u, o, locked, i > 0 && chain[i-1].State == u.State)
		r.Steps = append(r.Steps, step)
		if err != nil {
			stopped[u.State] = true
			first = cmp.Or(first, err)
		}
	}
	return r, first
}

// chain returns the open undos to make: those of the operation, and those of all
// operations with the same state and action, by state, newest first.
func (s *Store) chain(ctx context.Context, op *Operation, state string) ([]OperationUndo, error) {
	one := len(op.Undos) == 1
	var chain []OperationUndo
	db := s.reader(ctx)
	for _, u := range op.Undos {
		switch {
		case u.UndoneBy != "" || state != "" && u.State != state && !one:
		case u.State == "":
			chain = append(chain, u)
		default:
			chain = append(chain, readOperationUndos(db, `WHERE undone = '' AND org = ? AND action = ? AND state = ? ORDER BY operation DESC, n DESC`,
				op.Org, u.Action, u.State)...)
		}
	}
	return chain, db.failed("read the operations to undo")
}

// undoStep makes one call of an undo. Later says whether the step before it reverted a
// later operation on the same state.
func (s *Store) undoStep(ctx context.Context, session sdk.Session, m *sdk.Manifest, u OperationUndo, o UndoOptions,
	locked *subjectLocks, later bool) (step UndoStep, err error) {
	db := s.reader(ctx)
	found := s.readOperations(db, `WHERE o.seq = ?`, u.operation)
	if db.err != nil || len(found) == 0 {
		return step, cmp.Or(db.failed("read the operation to undo"), errors.New("the operation to undo was pruned"))
	}
	op := &found[0]
	step = UndoStep{Undoes: op.ID, State: u.State, Action: u.Action, Input: u.Input}
	fail := func(e *sdk.Error) (UndoStep, error) {
		step.Error = engine.ErrorBody(e)
		return step, e
	}
	info := m.Action(u.Action)
	switch {
	case info == nil:
		return fail(sdk.Errorf(sdk.InvalidInput, "cannot undo operation %s: there is no longer an action %q", op.ID, u.Action))
	case u.Input == nil:
		return fail(sdk.Errorf(sdk.InvalidInput, "cannot undo operation %s: the input of %s holds a secret, which the store does not keep. "+
			"Run %[2]s yourself", op.ID, u.Action))
	}
	more := map[string]json.RawMessage{}
	switch {
	case o.Force:
		if s.takes(info, "force") {
			more["force"] = json.RawMessage("true")
		}
	case op.After != nil && len(op.Undos) == 1 && s.takes(info, expectedParam) && sameState(m.Action(op.Action), info) && !(o.DryRun && later):
		more[expectedParam] = op.After
	}
	if o.DryRun {
		more[dryRunParam] = json.RawMessage("true")
	}
	if reason := o.Caller.Reason; reason != "" && s.takes(info, "reason") {
		more["reason"], _ = json.Marshal(reason) // a string is JSON
	}
	input, err := withMembers(u.Input, more)
	if err != nil {
		return fail(sdk.AsError(err))
	}
	from := o.Caller
	from.RunID, from.StepID = op.RunID, op.StepID
	c := &call{session: session, info: info, input: input, from: from, now: time.Now, cause: CauseUndo, undoes: op.ID, locked: locked}
	c.end = func(tx *conn, result sdk.Result, failure *sdk.Error) {
		if failure == nil && c.operation != "" && engine.ReadOutput(result.Output).AsRequested() {
			tx.exec(`UPDATE operation_undos SET undone = ? WHERE operation = ? AND n = ?`, c.operation, u.operation, u.n)
		}
	}
	result, failure, storeErr := s.perform(ctx, c)
	failure = joined(failure, storeErr)
	step.By, step.Output = c.operation, s.mask(info.Output, result.Output)
	output := engine.ReadOutput(step.Output)
	step.Outcome, step.Reason, step.Plan = string(output.Outcome), output.Reason, output.Plan
	if failure == nil && !o.DryRun && !output.AsRequested() {
		failure = sdk.Errorf(sdk.Conflict, "operation %s is not undone: the outcome of %s is %s%s",
			op.ID, u.Action, cmp.Or(output.Outcome, "unknown"), because(output.Reason))
	}
	if failure == nil {
		return step, nil
	}
	if failure.Code == sdk.Conflict {
		failure = s.conflict(ctx, op, c, failure)
	}
	return fail(failure)
}

// conflict adds to the error of an undo which later operation changed the subject.
func (s *Store) conflict(ctx context.Context, op *Operation, c *call, failure *sdk.Error) *sdk.Error {
	e := *failure
	db := s.reader(context.WithoutCancel(ctx))
	later := s.readOperations(db, `WHERE o.seq > ?1 AND o.seq <> ?2 AND a.outcome NOT IN ('unchanged', 'not_applicable') AND o.undoes <> ?3
		AND EXISTS (SELECT 1 FROM subjects x JOIN subjects y ON y.id = x.id WHERE x.operation = o.seq AND y.operation = ?1)
		AND (o.status <> 'failed' OR EXISTS (SELECT 1 FROM operation_undos WHERE operation = o.seq)) ORDER BY o.seq DESC LIMIT 1`, op.seq, c.entry, op.ID)
	if len(later) > 0 {
		e.Message = fmt.Sprintf("cannot undo operation %s: operation %s changed the same object later (%s): %s", op.ID, later[0].ID, later[0].summary(), e.Message)
	} else {
		e.Message = fmt.Sprintf("cannot undo operation %s: another program or person has changed the object: %s", op.ID, e.Message)
	}
	return &e
}

// sameState reports whether the state that one action leaves has the form of the state
// that the other finds.
func sameState(of, undo *sdk.ActionInfo) bool {
	form := func(info *sdk.ActionInfo, member string) any {
		var output struct{ Properties map[string]any }
		if info == nil || json.Unmarshal(info.Output, &output) != nil {
			return nil
		}
		return withoutTexts(output.Properties[member])
	}
	after := form(of, "after")
	return after != nil && reflect.DeepEqual(after, form(undo, "before"))
}

// withoutTexts returns a schema without its texts for people.
func withoutTexts(schema any) any {
	switch v := schema.(type) {
	case map[string]any:
		plain := map[string]any{}
		for name, value := range v {
			// A property of that name is a schema, not a text.
			if _, isText := value.(string); !isText || name != "title" && name != "description" {
				plain[name] = withoutTexts(value)
			}
		}
		return plain
	case []any:
		plain := make([]any, len(v))
		for i := range v {
			plain[i] = withoutTexts(v[i])
		}
		return plain
	}
	return schema
}

// Target returns the account that a session acts on, for [Caller].Org. It calls check, which
// is the session's Check, only the first time that the store sees these settings of the connection.
// If the service rejects the session, the account can be known beside the error.
func (s *Store) Target(ctx context.Context, check func(context.Context) (sdk.Health, error), settings json.RawMessage) (string, error) {
	digest, err := s.keyedDigest(ctx, settings)
	if err != nil {
		return "", err
	}
	var target string
	db := s.reader(ctx)
	if db.row(`SELECT target FROM targets WHERE settings = ?`, digest).find(&target); target != "" || db.err != nil {
		return target, db.failed("read the account of the connection")
	}
	health, err := check(ctx)
	if health.Target == "" || err != nil {
		return health.Target, err
	}
	return health.Target, s.tx(ctx, func(tx *conn) {
		tx.exec(`INSERT OR REPLACE INTO targets (settings, target) VALUES (?, ?)`, digest, health.Target)
	})
}
