package embedded

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"soar.example/okta/sdk"
)

// undoTimeout is how long one attempt at an undo may take.
const undoTimeout = time.Minute

// arrange stores the undo that an answer asks for; entry is the call's in the audit
// trail. Its failure is the call's: the change may have been taken back while the
// call relied on it.
func arrange(ctx context.Context, tx *sql.Tx, c *call, entry int64, output json.RawMessage) (failure *sdk.Error, err error) {
	outcome := sdk.Outcome(outcomeOf(output))
	if c.org == "" || outcome != sdk.Changed && outcome != sdk.Unchanged || !bytes.Contains(output, []byte(`"undo"`)) || !c.info.AnswersUndo() {
		return nil, nil
	}
	asked, err := sdk.UndoOf(output)
	if asked == nil && err == nil {
		return nil, nil
	}
	now := unstamp(stamp(c.now()))
	u := &Undo{RunID: c.at.RunID, StepID: c.at.StepID, Of: c.info.Name, Action: c.info.Undo, Input: json.RawMessage(`{}`), Created: now, own: outcome == sdk.Changed}
	if err == nil && asked.Action != c.info.Undo {
		err = sdk.Errorf(sdk.Internal, "the answer of %s asks for %q as its undo, and not for %s", c.info.Name, asked.Action, c.info.Undo)
	}
	if err == nil {
		u.Input, err = inOrder(json.RawMessage(asked.Input))
	}
	if err != nil {
		return nil, giveUp(ctx, tx, c.org, u, sdk.AsError(err))
	}
	if asked.At != nil {
		u.Due = unstamp(stamp(*asked.At))
	}
	overlaps, err := undoneMeanwhile(ctx, tx, c.org, u, entry, now)
	if err != nil {
		return nil, err
	}
	if overlaps {
		failure = &sdk.Error{Code: sdk.Unavailable, RetryAfter: time.Second, Message: "an earlier change of the same was taken back at the same time, so that it is not known what came of this one"}
		if !u.own {
			return failure, nil
		}
	}
	spoken, err := merge(ctx, tx, c.org, u, entry)
	if err != nil || spoken {
		return failure, err
	}
	if u.Status = u.live(); u.Status == UndoStanding && !u.Due.IsZero() {
		unsure, err := cutOffBefore(ctx, tx, c.at, entry)
		if err != nil {
			return failure, err
		}
		if unsure {
			return failure, giveUp(ctx, tx, c.org, u, sdk.Errorf(sdk.Conflict,
				"an earlier attempt was cut off, so that it is not known whether this run made the change or it stood there before; it is left as it is: run %s if it is to go", u.Action))
		}
	}
	return failure, addUndo(ctx, tx, c.org, u)
}

// live is the status of an undo that speaks for its change.
func (u *Undo) live() Status {
	if u.own && !u.Due.IsZero() {
		return UndoPending
	}
	return UndoStanding
}

// merge puts u beside the undo of the same change that is live. Of the two the one
// that comes later is to speak for both, as nobody's change may be taken back early:
// merge supersedes the other, and reports whether u was the other, and is stored.
func merge(ctx context.Context, tx *sql.Tx, org string, u *Undo, entry int64) (spoken bool, err error) {
	found, err := undoRows(ctx, tx, `WHERE org = ? AND action = ? AND input = ? AND status IN ('pending', 'standing')`, org, u.Action, string(u.Input))
	if err != nil || len(found) == 0 {
		return false, err
	}
	live := &found[0]
	// What the live one is about had gone when a call that found it gone began.
	if fresh := u.own && entry > live.mark; !fresh {
		u.own = u.own || live.own
		if live.Due.IsZero() || !u.Due.IsZero() && !u.Due.After(live.Due) {
			live.own, u.Status = u.own, UndoSuperseded
			if _, err := tx.ExecContext(ctx, `UPDATE undos SET own = ?, status = ? WHERE seq = ?`, live.own, live.live(), live.ID); err != nil {
				return false, err
			}
			return true, addUndo(ctx, tx, org, u)
		}
	}
	_, err = tx.ExecContext(ctx, `UPDATE undos SET status = 'superseded' WHERE seq = ?`, live.ID)
	return false, err
}

// undoneMeanwhile reports whether an attempt to take the same change back overlaps
// the call. One that was left running for longer than it can take was cut off.
func undoneMeanwhile(ctx context.Context, tx *sql.Tx, org string, u *Undo, entry int64, now time.Time) (overlaps bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM undos WHERE org = ? AND action = ? AND input = ? AND started IS NOT NULL
		AND (ended >= ? OR status = 'running' AND started >= ?))`,
		org, u.Action, string(u.Input), entry, stamp(now.Add(-2*undoTimeout))).Scan(&overlaps)
	return overlaps, err
}

// cutOffBefore reports whether an earlier attempt of the same step may have changed
// something and left no answer.
func cutOffBefore(ctx context.Context, tx *sql.Tx, at Place, entry int64) (cutOff bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM audit WHERE run = ? AND run <> '' AND step = ? AND seq < ? AND cause <> 'undo'
		AND (status = 'started' OR code IN ('unavailable', 'timeout', 'canceled', 'internal')))`, at.RunID, at.StepID, entry).Scan(&cutOff)
	return cutOff, err
}

// giveUp stores an undo that will not be made, and why.
func giveUp(ctx context.Context, tx *sql.Tx, org string, u *Undo, why *sdk.Error) error {
	u.Status, u.Error, u.Finished = Failed, bodyOf(why), u.Created
	return addUndo(ctx, tx, org, u)
}

// inOrder spells an object in the one way in which it is compared.
func inOrder(object json.RawMessage) (json.RawMessage, error) {
	if len(object) == 0 {
		return json.RawMessage(`{}`), nil
	}
	dec := json.NewDecoder(bytes.NewReader(object))
	dec.UseNumber()
	var members map[string]any
	if err := dec.Decode(&members); err != nil {
		return nil, sdk.Errorf(sdk.Internal, "the input of the answer's undo is no object: %w", err)
	}
	return json.Marshal(members)
}
