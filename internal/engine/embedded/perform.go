package embedded

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// A Caller is the origin of a call: a step of a run, or a manual call, and who makes it.
type Caller struct {
	RunID, StepID string
	Attempt       int // from 1
	// Org is the account that the session acts on (see [Store.Target]), and Manifest that of
	// the session. A scheduled undo of the output is stored if Org is set. Manifest shows
	// which of the undo's parameters are secret.
	Org      string
	Manifest *sdk.Manifest
	Limits   Limits
	Shadow   bool // writes are dry runs
	// Connection, Case, Key and Playbook are for the audit trail. Reason is, too; without it,
	// the parameter reason of the input counts.
	Connection, Case, Reason, Key, Playbook string
	// Alert is the cause of an alert, "" for another call. An alert whose action has no undo is also sent while all writes
	// are paused.
	Alert string

	batch, item string // see [Store.PerformBatch]
}

// actor returns the caller with its process.
func (c *call) actor() Actor {
	a := thisProcess()
	a.Connection, a.Case, a.Reason, a.Key, a.Playbook = c.from.Connection, c.from.Case, c.from.Reason, c.from.Key, c.from.Playbook
	if a.Reason == "" {
		var input struct {
			Reason string `json:"reason"`
		}
		_ = json.Unmarshal(c.input, &input) // another type is no reason
		a.Reason = schema.MaskText(input.Reason)
	}
	return a
}

// pausable reports whether a pause of all writes stops the call.
func (c *call) pausable() bool { return c.from.Alert == "" || c.info.Undo != "" || c.info.Contains }

// writes reports whether the call may change something.
func (c *call) writes() bool {
	var input struct {
		DryRun bool `json:"dry_run"`
	}
	return c.info.Effect != sdk.Reads && (json.Unmarshal(c.input, &input) != nil || !input.DryRun)
}

// A Result is the result of a call. Operation is the ID of the operation that recorded
// it, "" if the call wrote nothing. Calls includes the requests of the dry run.
type Result struct {
	sdk.Result
	Operation string
}

// Perform runs one action. It writes an audit entry before the call and completes it
// after the call, even if ctx ends in between. If the entry cannot be written, the action
// is not called. If it cannot be completed, the error says so, and the result is still
// that of the call. A scheduled undo of the output is stored in the same transaction.
//
// A write is an [Operation]. Perform makes a dry run first, locks the subjects that it
// names, and stores the operation. Then it makes the call, with the state that the dry
// run found as expected_before. It makes no call if the dry run shows that nothing would
// change, while all writes are paused, or if a limit is exceeded.
//
// Its errors are *[sdk.Error]s. The result of an error can have an operation, too.
func (s *Store) Perform(ctx context.Context, session sdk.Session, info *sdk.ActionInfo, input json.RawMessage, from Caller) (Result, error) {
	if info == nil {
		return Result{}, sdk.Invalid("there is no action to perform")
	}
	if err := ctx.Err(); err != nil {
		return Result{}, sdk.AsError(err)
	}
	c := &call{session: session, info: info, input: input, from: from, now: time.Now}
	if from.Alert != "" {
		c.cause = causeAlert + from.Alert
	}
	if from.Shadow && c.writes() {
		var err error
		if c.input, err = s.dryRunInput(info, input); err != nil {
			return Result{}, sdk.AsError(err)
		}
	}
	result, failure, err := s.perform(ctx, c)
	failure = joined(failure, err)
	if failure == nil {
		return Result{result, c.operation}, nil // not a nil *sdk.Error
	}
	return Result{result, c.operation}, failure
}

// causeAlert begins the Cause of an alert. The cause of the alert follows.
const causeAlert = "alert: "

// LastAlert returns the time of the last alert with this cause that was sent, zero if there is none.
func (s *Store) LastAlert(ctx context.Context, cause string) (last time.Time, err error) {
	db := s.reader(ctx)
	db.row(`SELECT time FROM audit WHERE cause = ? AND status = ? ORDER BY seq DESC LIMIT 1`, causeAlert+cause, engine.Done).find(&last)
	return last, db.failed("read the last alert")
}

// joined returns one error for the failure of a call and that of the store.
func joined(failure *sdk.Error, err error) *sdk.Error {
	switch {
	case err != nil && failure != nil:
		message := failure.Message + " (the audit entry could not be completed either: " + err.Error() + ")"
		return &sdk.Error{Code: failure.Code, Message: message, Upstream: failure.Upstream, Err: err}
	case err != nil:
		return sdk.Errorf(sdk.Internal, "%w", err)
	}
	return failure
}

// A call is one call of an action, with the changes of its step or undo: these are stored
// in the transactions that begin and complete the audit entry.
type call struct {
	session sdk.Session
	info    *sdk.ActionInfo
	input   json.RawMessage
	from    Caller
	cause   string
	now     func() time.Time
	begin   func(tx *conn, masked json.RawMessage)
	begun   func() // after begin is stored, before the call
	end     func(tx *conn, result sdk.Result, failure *sdk.Error)
	undoes  string        // ID of the operation that the call reverts
	locked  *subjectLocks // of subjects that the caller has locked

	entry       int64  // audit.seq
	operation   string // ID of the operation, "" until it is stored
	writer      int64  // see storeFile.enterWrite
	exclusive   bool   // the subjects of the call are known and locked
	interrupted bool   // the call was canceled, since all writes were paused
	// undosMasked are the masked inputs of undos of the output that hold a secret.
	undosMasked map[int]json.RawMessage
}

// perform makes the call. Failure is that of the action, err that of the store.
func (s *Store) perform(ctx context.Context, c *call) (result sdk.Result, failure *sdk.Error, err error) {
	if len(c.input) == 0 {
		c.input = json.RawMessage(`{}`)
	}
	masked := s.mask(c.info.Input, c.input)
	if input, err := s.schemaOf(c.info.Input); err == nil {
		// Masked before it is truncated: a truncated secret is not recognized.
		masked, c.input = input.Truncate(masked), input.Truncate(c.input)
	}
	// The record does not depend on the caller's deadline.
	storeCtx := context.WithoutCancel(ctx)
	if c.writes() && c.pausable() {
		if p, err := s.WritesPaused(storeCtx); err != nil {
			return sdk.Result{}, nil, err
		} else if p != nil {
			return sdk.Result{}, p.rejection(c.info.Name), nil
		}
	}
	a := c.actor()
	err = s.tx(storeCtx, func(tx *conn) {
		c.entry = tx.exec(`INSERT INTO audit (time, run, step, attempt, action, input, status, outcome, cause,
			org, connection, incident, reason, playbook, api_key, os_user, host, process) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			c.now(), c.from.RunID, c.from.StepID, c.from.Attempt, c.info.Name, string(masked), engine.Started, OutcomeUnknown, c.cause,
			c.from.Org, a.Connection, a.Case, a.Reason, a.Playbook, a.Key, a.OSUser, a.Host, a.Process).seq
		if c.begin != nil {
			c.begin(tx, masked)
		}
	})
	if err != nil {
		return sdk.Result{}, nil, fmt.Errorf("write audit entry of %s, which was not called: %w", c.info.Name, err)
	}
	if c.begun != nil {
		c.begun()
	}
	start := time.Now()
	release := func() {}
	if c.writes() {
		result, failure, release, err = s.performWrite(ctx, c)
	} else {
		result, failure = c.run(ctx, c.input)
	}
	defer release()
	duration := time.Since(start)
	failure = engine.MaskError(failure, schema.Hidden(c.input, masked)...)
	storeErr := s.tx(storeCtx, func(tx *conn) {
		if c.operation != "" {
			s.completeOperation(tx, c, result, failure)
		}
		if failure == nil && err == nil {
			failure = s.storeUndos(tx, c, result.Output)
		}
		shown := failure
		if err != nil {
			shown = sdk.AsError(err)
		}
		s.complete(tx, c, result, shown, duration)
	})
	if storeErr != nil {
		storeErr = fmt.Errorf("complete audit entry of %s, which was called: %w", c.info.Name, storeErr)
	}
	return result, failure, errors.Join(err, storeErr)
}

// run calls the action.
func (c *call) run(ctx context.Context, input json.RawMessage) (sdk.Result, *sdk.Error) {
	result, err := c.session.Run(ctx, c.info.Name, input)
	failure := sdk.AsError(err)
	if failure != nil && failure.Code == sdk.Canceled && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		failure = sdk.AsError(ctx.Err()) // a timeout, not a cancellation by the caller
	}
	if failure == nil && !json.Valid(result.Output) {
		result.Output = nil
		failure = sdk.Errorf(sdk.Internal, "the output of %s is not JSON", c.info.Name)
	}
	return result, failure
}

// maxPlans is how often a write is planned if its subjects change between plan and call.
const maxPlans = 4

// performWrite plans the write, locks its subjects, stores the operation, and makes the call.
// The caller calls release after it has stored the result. Err is an error of the store.
func (s *Store) performWrite(ctx context.Context, c *call) (result sdk.Result, failure *sdk.Error, release func(), err error) {
	var locked *subjectLocks
	inFlight := false
	release = func() {
		if inFlight {
			_ = s.file.release(writesByte) // an error here means that the file is closed
		}
		if locked != nil {
			locked.release()
		}
	}
	planned := c.entry // number of the latest audit entry when the plan was made
	p, failure := s.plan(ctx, c)
	for try := 1; failure == nil; try++ {
		var waited bool
		if locked == nil {
			if locked, waited, err = s.lockSubjects(ctx, c.from.Org, p.subjects, c.locked); err != nil {
				return p.result, sdk.AsError(err), release, nil
			}
		}
		stale := waited
		if !stale {
			db := s.reader(context.WithoutCancel(ctx))
			if stale = changedSince(db, planned, c, p.subjects); db.err != nil {
				return p.result, nil, release, db.err
			}
		}
		if stale && try < maxPlans {
			planned = math.MaxInt64 // nothing changes the subjects under the lock
			calls := p.result.Calls
			if p, failure = s.plan(ctx, c); failure == nil && !locked.cover(c.from.Org, p.subjects) {
				locked.release()
				locked, planned = nil, c.entry
			}
			p.result.Calls = slices.Concat(calls, p.result.Calls)
			continue
		}
		if !inFlight {
			if c.writer, err = s.file.enterWrite(ctx); err != nil {
				return p.result, sdk.AsError(err), release, nil
			}
			inFlight = true
		}
		c.exclusive = len(p.subjects) > 0
		if failure, err = s.storeOperation(context.WithoutCancel(ctx), c, &p); failure != nil || err != nil || p.idle() {
			return p.result, failure, release, err
		}
		result, failure = s.send(ctx, c, &p)
		result.Calls = slices.Concat(p.result.Calls, result.Calls)
		if try >= maxPlans || !stateChanged(failure) {
			return result, failure, release, nil
		}
		// Somebody else changed the state after the dry run, and nothing was written.
		p, failure = s.plan(ctx, c)
		p.result.Calls = slices.Concat(result.Calls, p.result.Calls)
	}
	return p.result, failure, release, nil
}

// plan makes the dry run of the call. An action without a dry run has an empty plan.
func (s *Store) plan(ctx context.Context, c *call) (plan, *sdk.Error) {
	if !s.takes(c.info, dryRunParam) {
		return plan{Output: engine.Output{Outcome: sdk.Planned}}, nil
	}
	input, err := s.dryRunInput(c.info, c.input)
	if err != nil {
		return plan{}, sdk.AsError(err)
	}
	result, failure := c.run(ctx, input)
	if failure != nil {
		return plan{result: result}, failure
	}
	p, err := readPlan(result)
	return p, sdk.AsError(err)
}

// changedSince reports whether another operation on the subjects ended after the plan.
func changedSince(db *conn, planned int64, c *call, subjects []sdk.Subject) bool {
	return planned != math.MaxInt64 && db.exists(`SELECT 1 FROM subjects s JOIN operations o ON o.seq = s.operation
		WHERE s.id IN (SELECT value FROM json_each(?)) AND o.org = ? AND o.seq <> ? AND o.ended >= ?`, subjectIDs(subjects), c.from.Org, c.entry, planned)
}

// storeOperation stores the operation before its call, unless the writes are paused or a
// limit is exceeded.
func (s *Store) storeOperation(ctx context.Context, c *call, p *plan) (failure *sdk.Error, err error) {
	id := c.operation
	if id == "" {
		id = randomID()
	}
	err = s.tx(ctx, func(tx *conn) {
		if pause := readPause(tx); pause != nil && c.pausable() {
			failure = pause.rejection(c.info.Name)
		} else if failure = c.from.Limits.exceeded(tx, c, p); failure == nil {
			c.operation = id
			p.store(tx, s, c)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("store the operation of %s, which was not called: %w", c.info.Name, err)
	}
	return failure, nil
}

func randomID() string {
	random := make([]byte, 8)
	rand.Read(random) // never fails
	return hex.EncodeToString(random)
}

// send makes the call of a write. A pause cancels it.
func (s *Store) send(ctx context.Context, c *call, p *plan) (sdk.Result, *sdk.Error) {
	input := c.input
	if p.Before != nil && s.takes(c.info, expectedParam) {
		with, err := withMembers(input, map[string]json.RawMessage{expectedParam: p.Before})
		if err != nil {
			return sdk.Result{}, sdk.AsError(err)
		}
		input = with
	}
	runCtx := ctx
	if c.pausable() {
		var stop func()
		runCtx, stop = s.untilPaused(ctx)
		defer stop()
	}
	result, failure := c.run(runCtx, input)
	if failure != nil && errors.Is(context.Cause(runCtx), ErrPaused) {
		c.interrupted = true
		failure = &sdk.Error{Code: sdk.Unavailable, Err: ErrPaused, Upstream: failure.Upstream, Message: fmt.Sprintf(
			"%s was canceled, because all writes were paused. A part of the change may have been made: see operation %s", c.info.Name, c.operation)}
	}
	return result, failure
}

// expectedParam is the parameter with the state that the caller expects before a write.
const expectedParam = "expected_before"

// stateChanged reports whether a write failed since the state is not as expected. Then
// nothing was written.
func stateChanged(failure *sdk.Error) bool {
	return failure != nil && failure.Code == sdk.Conflict && slices.ContainsFunc(failure.Violations, func(v schema.Violation) bool {
		return strings.HasPrefix(v.Pointer, "/"+expectedParam)
	})
}
