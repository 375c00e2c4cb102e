package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// undoRetry makes the attempts at an undo last for about a day.
var undoRetry = playbook.Retry{Attempts: 100, Wait: 5 * time.Second, MaxWait: 15 * time.Minute}

// CauseUndo is the Cause of a call that takes a change back.
const CauseUndo = "undo"

// undoer makes the undos that are due, one at a time, until halt ends. Its error is
// the store's.
func (e *Engine) undoer(halt, calls context.Context) error {
	for {
		arranged := e.arranged.next()
		if halt.Err() != nil {
			return nil
		}
		u, wait, err := e.nextUndo(context.WithoutCancel(calls))
		if err != nil {
			return fmt.Errorf("look for undos that are due: %w", err)
		}
		if u == nil {
			if !pauseUntil(halt, arranged, wait) {
				return nil
			}
			continue
		}
		if err := e.takeBack(calls, u); err != nil {
			return fmt.Errorf("undo %d: %w", u.ID, err)
		}
	}
}

// pauseUntil waits for the time to pass or news to come, and reports false if halt
// ends first.
func pauseUntil(halt context.Context, news <-chan struct{}, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-news:
	case <-halt.Done():
	}
	return halt.Err() == nil
}

// nextUndo returns the undo that is due, or nil and how long to wait: never over a
// minute, as the clock may be put forward.
func (e *Engine) nextUndo(ctx context.Context) (u *Undo, wait time.Duration, err error) {
	found, err := undoRows(ctx, e.store.read, `WHERE org = ? AND status = 'pending' ORDER BY coalesce(next_try, due) LIMIT 1`, e.o.Org)
	if err != nil || len(found) == 0 {
		return nil, time.Minute, err
	}
	at := found[0].Due
	if !found[0].NextTry.IsZero() {
		at = found[0].NextTry
	}
	if wait := at.Sub(e.o.Now()); wait > 0 {
		return nil, min(wait, time.Minute), nil
	}
	return &found[0], 0, nil
}

// errSuperseded ends an attempt at an undo for which another speaks by now.
var errSuperseded = errors.New("the undo is no longer pending")

// takeBack makes one attempt at an undo. Its error is the store's.
func (e *Engine) takeBack(calls context.Context, u *Undo) error {
	info := e.o.Manifest.Action(u.Action)
	u.Attempts++
	logger := e.o.Logger.With("undo", u.ID, "of", u.Of, "action", u.Action, "run", u.RunID, "step", u.StepID, "attempt", u.Attempts)
	if info == nil {
		return e.settleUndo(calls, u, sdk.Errorf(sdk.InvalidInput, "there is no action %q any more", u.Action), logger)
	}
	ctx, cancel := context.WithTimeout(hclog.WithContext(calls, logger), undoTimeout)
	defer cancel()
	journal := context.WithoutCancel(calls)
	over := true
	_, _, err := e.store.perform(ctx, &call{
		session: e.o.Session, info: info, input: u.Input, now: e.o.Now, cause: CauseUndo,
		at: Place{RunID: u.RunID, StepID: u.StepID, Attempt: u.Attempts},
		begin: func(tx *sql.Tx, _ json.RawMessage) error {
			u.Status, u.Started = Running, unstamp(stamp(e.o.Now()))
			claimed, err := tx.ExecContext(journal, `UPDATE undos SET status = 'running', attempts = ?, started = ? WHERE seq = ? AND status = 'pending'`,
				u.Attempts, stamp(u.Started), u.ID)
			if err != nil {
				return err
			}
			if n, err := claimed.RowsAffected(); err != nil || n == 1 {
				return err
			}
			return errSuperseded
		},
		end: func(tx *sql.Tx, result sdk.Result, failure *sdk.Error) error {
			if failure != nil && calls.Err() != nil {
				over = false // cut off; requeueUndos makes it pending again
				return nil
			}
			u.judge(result, failure, e.o.Now())
			return e.endUndo(journal, tx, u)
		},
	})
	switch {
	case errors.Is(err, errSuperseded):
		return nil
	case err == nil && over:
		e.tellUndo(journal, u, logger)
	}
	return err
}

// settleUndo ends an undo without a call.
func (e *Engine) settleUndo(calls context.Context, u *Undo, failure *sdk.Error, logger hclog.Logger) error {
	journal := context.WithoutCancel(calls)
	u.judge(sdk.Result{}, failure, e.o.Now())
	if err := e.store.tx(journal, func(tx *sql.Tx) error { return e.endUndo(journal, tx, u) }); err != nil {
		return err
	}
	e.tellUndo(journal, u, logger)
	return nil
}

// judge takes an attempt's answer into the undo.
func (u *Undo) judge(result sdk.Result, failure *sdk.Error, now time.Time) {
	now = unstamp(stamp(now))
	u.NextTry, u.Error, u.Outcome = time.Time{}, nil, ""
	if failure == nil {
		u.Status, u.Outcome, u.Finished = UndoDone, outcomeOf(result.Output), now
		if u.Outcome == string(sdk.NotApplicable) {
			u.Status, u.Error = Failed, &sdk.ErrorBody{Code: NotApplicable, Message: reasonOf(result.Output)}
		}
		return
	}
	u.failures++
	u.Error = bodyOf(failure)
	passing := *failure
	passing.RetryAfter = 0 // an undo holds no worker: it can wait for as long as the service asks
	if failure.Code == sdk.Unauthenticated {
		passing.Code = sdk.Unavailable // a login is mended without anything here being told
	}
	if wait, again := nextAttempt(undoRetry, u.failures, &passing); again {
		u.Status, u.NextTry = UndoPending, unstamp(stamp(now.Add(max(wait, failure.RetryAfter))))
		return
	}
	u.Status, u.Finished = Failed, now
}

// endUndo stores what came of an attempt. One that is to be tried again gives way to
// an undo of the same change that was arranged in between.
func (e *Engine) endUndo(ctx context.Context, tx *sql.Tx, u *Undo) error {
	if u.Status == UndoPending {
		given, err := tx.ExecContext(ctx, handOver, e.o.Org, u.Action, string(u.Input))
		if err != nil {
			return err
		}
		if n, err := given.RowsAffected(); err != nil {
			return err
		} else if n > 0 {
			u.Status = UndoSuperseded
		}
	}
	return saveUndo(ctx, tx, u)
}

// handOver makes the live undo of a change answer for what a call on record made.
const handOver = `UPDATE undos SET own = 1, status = CASE WHEN due IS NULL THEN 'standing' ELSE 'pending' END
	WHERE org = ? AND action = ? AND input = ? AND status IN ('pending', 'standing')`

// requeueUndos makes those pending again that were cut off.
func (e *Engine) requeueUndos(ctx context.Context) error {
	return e.store.tx(ctx, func(tx *sql.Tx) error {
		cutOff, err := undoRows(ctx, tx, `WHERE org = ? AND status = 'running'`, e.o.Org)
		if err != nil {
			return err
		}
		for i := range cutOff {
			cutOff[i].Status = UndoPending
			if err := e.endUndo(ctx, tx, &cutOff[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// tellUndo says what came of an attempt, in the log and to the observer.
func (e *Engine) tellUndo(ctx context.Context, u *Undo, logger hclog.Logger) {
	n := Notice{Kind: UndoFinished, Run: &Run{ID: u.RunID}, Undo: u}
	switch {
	case u.Status == Failed:
		logger.Error("a change could not be taken back, and nobody will try again", "input", string(schema.MaskNamed(u.Input)), "code", u.Error.Code, "error", u.Error.Message)
	case u.Error != nil:
		n.Kind = UndoRetry
		n.Wait = max(0, u.NextTry.Sub(e.o.Now()))
		logger.Warn("a change could not be taken back yet", "code", u.Error.Code, "error", u.Error.Message, "next_try", u.NextTry)
	default:
		logger.Info("took a change back", "outcome", u.Outcome)
	}
	if e.o.Observe == nil {
		return
	}
	if u.RunID != "" {
		// Only its id is told if the run cannot be read: the undo stands either way.
		if run, _, err := scanRun(e.store.read.QueryRowContext(ctx, selectRun+` WHERE r.id = ?`, u.RunID)); err == nil {
			n.Run = run
		}
	}
	e.o.Observe(n)
}
