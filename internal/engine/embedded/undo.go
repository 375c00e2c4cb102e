package embedded

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/engine"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// An Undo is the undo that the output of an action asks for (see [sdk.Undo]), and its
// state. RunID and StepID are empty if the change was made by a manual call.
type Undo struct {
	ID       int64           `json:"id"`
	RunID    string          `json:"run_id,omitempty"`
	StepID   string          `json:"step_id,omitempty"`
	Of       string          `json:"of"`     // the action that made the change
	Action   string          `json:"action"` // the action that reverts the change
	Input    json.RawMessage `json:"input"`
	Due      time.Time       `json:"due,omitzero"`
	Status   engine.Status   `json:"status"`
	Attempts int             `json:"attempts"`
	NextTry  time.Time       `json:"next_try,omitzero"` // next attempt after a failure
	Outcome  string          `json:"outcome,omitempty"`
	Error    *sdk.ErrorBody  `json:"error,omitempty"` // of the last attempt, or why there is no attempt
	Created  time.Time       `json:"created"`
	Started  time.Time       `json:"started,omitzero"` // of the last attempt
	Finished time.Time       `json:"finished,omitzero"`

	failures int
	org      string
	state    string // see sdk.Undo.Subject
	own      bool   // a recorded call made the change
	mark     int64  // latest audit entry when the undo was stored
}

// An UndoQuery selects undos. Empty members select all undos that are neither standing
// nor superseded; a Limit of 0 means 100.
type UndoQuery struct {
	Status engine.Status
	Limit  int
}

// Undos returns the undos that q selects, newest first. An unknown status or a negative
// limit is an *[sdk.Error] with code invalid_input.
func (s *Store) Undos(ctx context.Context, q UndoQuery) ([]Undo, error) {
	limit, err := listLimit(q.Limit)
	if err != nil {
		return nil, err
	}
	if err := checkStatus("an undo", q.Status, engine.Pending, engine.Running, engine.Done, engine.Failed, engine.Standing, engine.Superseded); err != nil {
		return nil, err
	}
	db := s.reader(ctx)
	undos := readUndos(db, `WHERE status = ?1 OR ?1 = '' AND status NOT IN ('standing', 'superseded') ORDER BY seq DESC LIMIT ?2`, q.Status, limit)
	return undos, db.failed("read undos")
}

// ofChange selects the undos of one change by org, action and input.
const ofChange = `org = ? AND action = ? AND input = ?`

// selectLive selects the undo that represents all undos of a change.
const selectLive = `WHERE ` + ofChange + ` AND status IN ('pending', 'standing')`

// UndoOf returns the undo that represents the change of an output, nil if none does.
func (s *Store) UndoOf(ctx context.Context, org string, asked *sdk.Undo) (*Undo, error) {
	input, err := inOrder(json.RawMessage(asked.Input))
	if err != nil {
		return nil, err
	}
	db := s.reader(ctx)
	return liveUndo(db, org, asked.Action, input), db.err
}

// liveUndo reads the undo that represents the change, nil if none does.
func liveUndo(db *conn, org, action string, input json.RawMessage) *Undo {
	for _, u := range readUndos(db, selectLive, org, action, input) {
		return &u
	}
	return nil
}

// readUndos reads the undos that the rest of a SELECT selects.
func readUndos(db *conn, rest string, args ...any) []Undo {
	return list(db, func(u *Undo) []any {
		return []any{&u.ID, &u.org, &u.RunID, &u.StepID, &u.Of, &u.Action, &u.Input, &u.own, &u.mark, &u.Due, &u.Status, &u.Attempts,
			&u.failures, &u.NextTry, &u.Outcome, &u.Error, &u.Created, &u.Started, &u.Finished}
	}, `SELECT seq, org, run, step, of, action, input, own, mark, due, status, attempts, failures, next_try, outcome, error, created, started, finished
		FROM undos `+rest, args...)
}

// addUndo stores a new undo.
func addUndo(tx *conn, org string, u *Undo) {
	tx.exec(`INSERT INTO undos (org, run, step, of, action, input, state, own, due, status, error, created, finished, mark)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT max(seq) FROM audit))`,
		org, u.RunID, u.StepID, u.Of, u.Action, u.Input, u.state, u.own, u.Due, u.Status, u.Error, u.Created, u.Finished)
}

// storeUndos stores the scheduled undos of an output. The failure
// becomes that of the call: an undo may have reverted the change on which the call relied.
func (s *Store) storeUndos(tx *conn, c *call, output json.RawMessage) (failure *sdk.Error) {
	outcome := engine.ReadOutput(output).Outcome
	if c.from.Org == "" || c.cause == CauseUndo || outcome != sdk.Changed && outcome != sdk.Unchanged ||
		!bytes.Contains(output, []byte(`"undo"`)) || !c.info.ReturnsUndos() {
		return nil
	}
	undos, err := sdk.UndosOf(output)
	if err != nil {
		failUndo(tx, c.from.Org, c.newUndo(outcome), sdk.AsError(err))
	}
	for n, asked := range undos {
		if e := s.storeUndo(tx, c, n, asked, outcome); failure == nil {
			failure = e
		}
	}
	return failure
}

// newUndo returns an undo of the call without its input.
func (c *call) newUndo(outcome sdk.Outcome) *Undo {
	return &Undo{
		RunID: c.from.RunID, StepID: c.from.StepID, Of: c.info.Name, Action: c.info.Undo,
		Input: json.RawMessage(`{}`), Created: engine.Time(c.now()), own: outcome == sdk.Changed,
	}
}

// storeUndo stores the n-th undo of an output. If the subjects of the call are locked, an
// undo without a time is stored only if it replaces another one: no call at the same
// time can have one with a time.
func (s *Store) storeUndo(tx *conn, c *call, n int, asked sdk.Undo, outcome sdk.Outcome) (failure *sdk.Error) {
	org, u := c.from.Org, c.newUndo(outcome)
	u.state = asked.Subject
	var err error
	if asked.Action != c.info.Undo {
		err = sdk.Errorf(sdk.Internal, "the output of %s asks for %q as its undo, not for %s", c.info.Name, asked.Action, c.info.Undo)
	} else {
		var secret bool
		if u.Input, secret, err = s.undoInput(c, json.RawMessage(asked.Input)); secret {
			if c.undosMasked == nil {
				c.undosMasked = map[int]json.RawMessage{}
			}
			c.undosMasked[n] = u.Input
			err = sdk.Errorf(sdk.InvalidInput, "the undo's input holds a secret, and the store keeps no secrets. "+
				"The change is not reverted: run %s yourself", c.info.Undo)
		}
	}
	if err != nil {
		if asked.At != nil {
			failUndo(tx, org, u, sdk.AsError(err))
		}
		return nil
	}
	if asked.At != nil {
		u.Due = engine.Time(*asked.At)
	}
	if overlapsUndo(tx, org, u, c.entry, u.Created) {
		failure = &sdk.Error{Code: sdk.Unavailable, RetryAfter: time.Second,
			Message: "an earlier change of the same state was reverted at the same time, so the result of this change is unknown"}
		if !u.own {
			return failure
		}
	}
	if asked.At == nil && c.exclusive && !tx.exists(`SELECT 1 FROM undos WHERE `+ofChange+` AND status IN ('pending', 'standing', 'running')`,
		org, u.Action, u.Input) {
		return failure
	}
	u.own = u.own || plannedBefore(tx, org, u, c.entry)
	if merge(tx, org, u, c.entry) {
		return failure
	}
	u.Status = u.live()
	if u.Status == engine.Standing && !u.Due.IsZero() && interruptedBefore(tx, c.from, c.entry) {
		failUndo(tx, org, u, sdk.Errorf(sdk.Conflict, "an earlier attempt was interrupted, so it is unknown whether this run made the change "+
			"or the state existed before. The state is left alone: run %s to revert it", u.Action))
		return failure
	}
	addUndo(tx, org, u)
	return failure
}

// plannedBefore reports whether an earlier operation without a result planned the change:
// then its dry run found that the state did not exist before.
func plannedBefore(tx *conn, org string, u *Undo, entry int64) bool {
	return tx.exists(`SELECT 1 FROM operation_undos JOIN operations o ON o.seq = operation
		WHERE o.org = ? AND action = ? AND input = ? AND undone = '' AND o.status <> 'done' AND o.seq < ?`, org, u.Action, u.Input, entry)
}

// live returns the status of an undo that represents its change.
func (u *Undo) live() engine.Status {
	if u.own && !u.Due.IsZero() {
		return engine.Pending
	}
	return engine.Standing
}

// merge compares u with the live undo of the same change. The one with the later end
// represents both, because no change may be reverted early. merge supersedes the other. If
// the other is u, merge stores u and reports replaced.
func merge(tx *conn, org string, u *Undo, entry int64) (replaced bool) {
	live := liveUndo(tx, org, u.Action, u.Input)
	if live == nil {
		return false
	}
	// A call that changed the state and began after the live undo was stored proves that the
	// change of the live undo had been reverted by then.
	if fresh := u.own && entry > live.mark; !fresh {
		u.own = u.own || live.own
		if live.Due.IsZero() || !u.Due.IsZero() && !u.Due.After(live.Due) {
			live.own, u.Status = u.own, engine.Superseded
			tx.exec(`UPDATE undos SET own = ?, status = ? WHERE seq = ?`, live.own, live.live(), live.ID)
			addUndo(tx, org, u)
			return true
		}
	}
	tx.exec(`UPDATE undos SET status = 'superseded' WHERE seq = ?`, live.ID)
	return false
}

// overlapsUndo reports whether an attempt to revert the same change overlaps the call. An
// attempt that has been running for longer than possible was interrupted.
func overlapsUndo(tx *conn, org string, u *Undo, entry int64, now time.Time) bool {
	return tx.exists(`SELECT 1 FROM undos WHERE `+ofChange+` AND started IS NOT NULL
		AND (ended >= ? OR status = 'running' AND started >= ?)`, org, u.Action, u.Input, entry, now.Add(-2*undoTimeout))
}

// interruptedBefore reports whether an earlier attempt of the same step may have changed
// something without a response.
func interruptedBefore(tx *conn, from Caller, entry int64) bool {
	return tx.exists(`SELECT 1 FROM audit WHERE run = ? AND run <> '' AND step = ? AND seq < ? AND cause <> 'undo' AND operation <> ''
		AND (status = 'started' OR code IN ('unavailable', 'timeout', 'canceled', 'internal'))`, from.RunID, from.StepID, entry)
}

// failUndo stores an undo that is never executed, and why.
func failUndo(tx *conn, org string, u *Undo, why *sdk.Error) {
	u.Status, u.Error, u.Finished = engine.Failed, engine.ErrorBody(why), u.Created
	addUndo(tx, org, u)
}

// CauseUndo is the Cause of a call that reverts a change.
const CauseUndo = "undo"

const (
	// undoTimeout is the longest duration of one attempt at an undo.
	undoTimeout = time.Minute
	// longestUndoSleep is the longest time until the engine checks again for undos that are
	// due: the clock may be set forward.
	longestUndoSleep = time.Minute
)

// executeUndos executes the undos that are due, one at a time for each org, until stopCtx
// ends. Its error is an error of the store.
func (w *worker) executeUndos() error {
	return w.dispatch(1, &w.undoStored, func(free func(Connection) bool) (*task, time.Duration, error) {
		u, wait, err := w.nextUndo(w.connections().orgs(func(c Connection) bool { return !c.Shadow && free(c) }))
		if err != nil {
			return nil, 0, fmt.Errorf("find undos that are due: %w", err)
		}
		if u == nil {
			return nil, wait, nil
		}
		return &task{u.org, func() error {
			if err := w.executeUndo(u); err != nil {
				return fmt.Errorf("undo %d: %w", u.ID, err)
			}
			return nil
		}}, 0, nil
	})
}

// nextUndo returns the undo of the orgs that is due. If there is none, it returns nil and
// the time until the engine checks again.
func (w *worker) nextUndo(orgs []string) (u *Undo, wait time.Duration, err error) {
	db := w.store.reader(w.storeCtx)
	wait = longestUndoSleep
	for _, u := range readUndos(db, `WHERE org IN (SELECT value FROM json_each(?)) AND status = 'pending' ORDER BY coalesce(next_try, due) LIMIT 1`, orgs) {
		wait = min(wait, cmp.Or(u.NextTry, u.Due).Sub(w.o.Now()))
		if wait <= 0 {
			return &u, 0, nil
		}
	}
	return nil, wait, db.err
}

// errSuperseded ends an attempt at an undo that another undo has replaced.
var errSuperseded = errors.New("the undo is no longer pending")

// executeUndo makes one attempt at an undo. Its error is an error of the store.
func (w *worker) executeUndo(u *Undo) error {
	u.Attempts++
	logger := w.o.Logger.With("undo", u.ID, "of", u.Of, "action", u.Action, "run", u.RunID, "step", u.StepID, "attempt", u.Attempts)
	w.mu.Lock()
	set, release := w.useConnections()
	w.mu.Unlock()
	defer release()
	c := set.forUndo(u.org, u.Action)
	if c == nil && !slices.Contains(set.allOrgs(), u.org) {
		return nil // the connection was removed in between
	}
	if c == nil {
		u.record(nil, sdk.Errorf(sdk.InvalidInput, "there is no longer an action %q", u.Action), w.o.Now())
		err := w.store.tx(w.storeCtx, func(tx *conn) { w.saveUndo(tx, u) })
		if err == nil {
			w.reportUndo(u, logger)
		}
		return err
	}
	info := c.Manifest.Action(u.Action)
	if resumed, err := w.waitResumed(info, u.Input); err != nil || !resumed {
		return err
	}
	from := c.caller(w.o.Case)
	from.RunID, from.StepID, from.Attempt = u.RunID, u.StepID, u.Attempts
	canceled, failure, err := w.call(c, undoTimeout, logger, &call{
		info: info, input: u.Input, cause: CauseUndo, from: from,
		begin: func(tx *conn, _ json.RawMessage) {
			u.Status, u.Started = engine.Running, engine.Time(w.o.Now())
			if tx.exec(`UPDATE undos SET status = 'running', attempts = ?, started = ? WHERE seq = ? AND status = 'pending'`,
				u.Attempts, u.Started, u.ID).rows == 0 {
				tx.fail(errSuperseded)
			}
		},
		end: func(tx *conn, result sdk.Result, failure *sdk.Error) {
			u.record(result.Output, failure, w.o.Now())
			w.saveUndo(tx, u)
		},
	})
	if errors.Is(err, errSuperseded) {
		return nil
	}
	if err == nil && u.Status == engine.Running && errors.Is(failure, ErrPaused) && w.runCtx.Err() == nil {
		u.Attempts-- // the pause uses up no attempt
		u.Status = engine.Pending
		return w.store.tx(w.storeCtx, func(tx *conn) { w.saveUndo(tx, u) })
	}
	if err == nil && !canceled { // requeueUndos makes a canceled undo pending again
		w.reportUndo(u, logger)
	}
	return err
}

// record takes the result of an attempt into the undo.
func (u *Undo) record(output json.RawMessage, failure *sdk.Error, now time.Time) {
	if failure != nil {
		u.failures++
	}
	r := engine.AfterUndo(u.failures, output, failure, rand.Float64())
	u.Error, u.Outcome, u.NextTry = r.Error, r.Outcome, time.Time{}
	switch r.Status {
	case engine.Pending:
		u.Status, u.NextTry = engine.Pending, engine.Time(now.Add(r.Wait))
		return
	case engine.Succeeded:
		u.Status = engine.Done
	default:
		u.Status = engine.Failed
	}
	u.Finished = engine.Time(now)
}

// saveUndo stores the result of an attempt. If another attempt follows, and an undo of
// the same change was stored in between, that undo replaces this one.
func (w *worker) saveUndo(tx *conn, u *Undo) {
	if u.Status == engine.Pending && tx.exec(`UPDATE undos SET own = 1, status = CASE WHEN due IS NULL THEN 'standing' ELSE 'pending' END `+selectLive,
		u.org, u.Action, u.Input).rows > 0 {
		u.Status = engine.Superseded
	}
	tx.exec(`UPDATE undos SET status = ?, attempts = ?, failures = ?, next_try = ?, outcome = ?, error = ?, started = ?, finished = ?,
		ended = (SELECT max(seq) FROM audit) WHERE seq = ?`,
		u.Status, u.Attempts, u.failures, u.NextTry, u.Outcome, u.Error, u.Started, u.Finished, u.ID)
}

// requeueUndos makes interrupted undos pending again.
func (w *worker) requeueUndos() error {
	return w.store.tx(w.storeCtx, func(tx *conn) {
		for _, u := range readUndos(tx, `WHERE status = 'running'`) {
			u.Status = engine.Pending
			w.saveUndo(tx, &u)
		}
	})
}

// reportUndo reports the result of an attempt to the log and to the observer.
func (w *worker) reportUndo(u *Undo, logger hclog.Logger) {
	n := Notice{Kind: UndoFinished, Run: &Run{ID: u.RunID}, Undo: u}
	switch {
	case u.Status == engine.Failed:
		logger.Error("undo failed for good", "input", string(schema.MaskNamed(u.Input)), "code", u.Error.Code, "error", u.Error.Message)
	case u.Error != nil:
		n.Kind = UndoRetry
		n.Wait = max(0, u.NextTry.Sub(w.o.Now()))
		logger.Warn("undo failed and is retried", "code", u.Error.Code, "error", u.Error.Message, "next_try", u.NextTry)
	default:
		logger.Info("undo finished", "outcome", u.Outcome)
	}
	if w.o.Observe == nil {
		return
	}
	if u.RunID != "" {
		// If the run cannot be read, the notice has only its ID.
		db := w.store.reader(w.storeCtx)
		if run := findRun(db, `r.id = ?`, u.RunID); db.err == nil {
			n.Run = run
		}
	}
	w.o.Observe(n)
}
