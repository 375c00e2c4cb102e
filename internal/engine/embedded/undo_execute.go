package embedded

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/engine"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// CauseUndo is the Cause of a call that reverts a change.
const CauseUndo = "undo"

const (
	// undoTimeout is the longest duration of one attempt at an undo.
	undoTimeout = time.Minute
	// longestUndoSleep is the longest time until the engine checks again for undos that are
	// due: the clock may be set forward.
	longestUndoSleep = time.Minute
)

// executeUndos executes the undos that are due, one at a time, until stopCtx ends. Its
// error is an error of the store.
func (w *worker) executeUndos() error {
	for {
		stored := w.undoStored.next()
		if w.stopCtx.Err() != nil {
			return nil
		}
		u, wait, err := w.nextUndo()
		if err != nil {
			return fmt.Errorf("find undos that are due: %w", err)
		}
		if u == nil {
			sleep(w.stopCtx, wait, stored)
			continue
		}
		if err := w.executeUndo(u); err != nil {
			return fmt.Errorf("undo %d: %w", u.ID, err)
		}
	}
}

// nextUndo returns the undo that is due. If there is none, it returns nil and the time
// until the engine checks again.
func (w *worker) nextUndo() (u *Undo, wait time.Duration, err error) {
	db := w.store.reader(w.storeCtx)
	wait = longestUndoSleep
	for _, u := range readUndos(db, `WHERE org = ? AND status = 'pending' ORDER BY coalesce(next_try, due) LIMIT 1`, w.o.Org) {
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
	info := w.o.Manifest.Action(u.Action)
	if info == nil {
		u.record(nil, sdk.Errorf(sdk.InvalidInput, "there is no longer an action %q", u.Action), w.o.Now())
		err := w.store.tx(w.storeCtx, func(tx *conn) { w.saveUndo(tx, u) })
		if err == nil {
			w.reportUndo(u, logger)
		}
		return err
	}
	canceled, err := w.call(undoTimeout, logger, &call{
		info: info, input: u.Input, cause: CauseUndo, from: Caller{RunID: u.RunID, StepID: u.StepID, Attempt: u.Attempts},
		begin: func(tx *conn, _ json.RawMessage) {
			u.Status, u.Started = Running, engine.Time(w.o.Now())
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
	case Pending:
		u.Status, u.NextTry = UndoPending, engine.Time(now.Add(r.Wait))
		return
	case Succeeded:
		u.Status = UndoDone
	default:
		u.Status = Failed
	}
	u.Finished = engine.Time(now)
}

// saveUndo stores the result of an attempt. If another attempt follows, and an undo of
// the same change was stored in between, that undo replaces this one.
func (w *worker) saveUndo(tx *conn, u *Undo) {
	if u.Status == UndoPending && tx.exec(`UPDATE undos SET own = 1, status = CASE WHEN due IS NULL THEN 'standing' ELSE 'pending' END `+selectLive,
		w.o.Org, u.Action, u.Input).rows > 0 {
		u.Status = UndoSuperseded
	}
	tx.exec(`UPDATE undos SET status = ?, attempts = ?, failures = ?, next_try = ?, outcome = ?, error = ?, started = ?, finished = ?,
		ended = (SELECT max(seq) FROM audit) WHERE seq = ?`,
		u.Status, u.Attempts, u.failures, u.NextTry, u.Outcome, u.Error, u.Started, u.Finished, u.ID)
}

// requeueUndos makes interrupted undos pending again.
func (w *worker) requeueUndos() error {
	return w.store.tx(w.storeCtx, func(tx *conn) {
		for _, u := range readUndos(tx, `WHERE org = ? AND status = 'running'`, w.o.Org) {
			u.Status = UndoPending
			w.saveUndo(tx, &u)
		}
	})
}

// reportUndo reports the result of an attempt to the log and to the observer.
func (w *worker) reportUndo(u *Undo, logger hclog.Logger) {
	n := Notice{Kind: UndoFinished, Run: &Run{ID: u.RunID}, Undo: u}
	switch {
	case u.Status == Failed:
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
