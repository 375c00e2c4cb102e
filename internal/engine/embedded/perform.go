package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// A Place is the step that a call belongs to; the zero Place is none.
type Place struct {
	RunID, StepID string
	Attempt       int // from 1
	// Org is the account that the session acts on. Without it an undo that the
	// answer asks for is not arranged.
	Org string
}

// Perform runs one action and leaves an audit entry, written before the call and
// completed after it, even if ctx ends in between. Where the entry cannot be
// written, the action is not called. Where it cannot be completed, the error
// says so, and the result is still that of the call. An undo that the answer asks
// for is stored with it, for the engine that works on the store.
//
// Its errors are *[sdk.Error]s.
func (s *Store) Perform(ctx context.Context, session sdk.Session, info *sdk.ActionInfo, input json.RawMessage, at Place) (sdk.Result, error) {
	if info == nil {
		return sdk.Result{}, sdk.Invalid("there is no action to perform")
	}
	if err := ctx.Err(); err != nil {
		return sdk.Result{}, sdk.AsError(err)
	}
	result, failure, err := s.perform(ctx, &call{session: session, info: info, input: input, at: at, org: at.Org, now: time.Now})
	switch {
	case err != nil && failure != nil:
		return result, &sdk.Error{Code: failure.Code, Message: failure.Message + " (nor could the audit trail be written: " + err.Error() + ")", Upstream: failure.Upstream, Err: err}
	case err != nil:
		return result, sdk.Errorf(sdk.Internal, "%w", err)
	case failure != nil:
		return result, failure
	}
	return result, nil
}

// A call is one call of an action to be made, and what its step has to write in
// the same transactions as the audit entry.
type call struct {
	session sdk.Session
	info    *sdk.ActionInfo
	input   json.RawMessage
	at      Place
	org     string // whose undos are arranged; "" for none
	cause   string
	now     func() time.Time
	begin   func(tx *sql.Tx, masked json.RawMessage) error
	begun   func() // after begin is stored, before the call
	end     func(tx *sql.Tx, result sdk.Result, failure *sdk.Error) error
}

// perform returns what became of the action, and apart from that whether the
// store failed.
func (s *Store) perform(ctx context.Context, c *call) (result sdk.Result, failure *sdk.Error, err error) {
	masked := s.mask(c.info, c.input)
	if takes, err := s.schemaOf(json.RawMessage(c.info.Input)); err == nil {
		// Masked first: a secret that was cut would not be known as one.
		masked, c.input = takes.Truncate(masked), takes.Truncate(c.input)
	}
	// What is on record must not hang on the caller's patience.
	journal := context.WithoutCancel(ctx)
	entry, err := s.begin(journal, c, masked)
	if err != nil {
		return sdk.Result{}, nil, fmt.Errorf("write audit entry of %s, which was not called: %w", c.info.Name, err)
	}
	if c.begun != nil {
		c.begun()
	}
	start := time.Now()
	result, runErr := c.session.Run(ctx, c.info.Name, c.input)
	duration := time.Since(start)
	failure = sdk.AsError(runErr)
	if failure != nil && failure.Code == sdk.Canceled && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		failure = sdk.AsError(ctx.Err()) // nobody gave up: the time ran out
	}
	if failure == nil && !json.Valid(result.Output) {
		result.Output = nil
		failure = sdk.Errorf(sdk.Internal, "%s gave an answer that is not JSON", c.info.Name)
	}
	failure = maskFailure(failure, schema.Hidden(c.input, masked)...)
	if failure, err = s.end(journal, c, entry, result, failure, duration); err != nil {
		return result, failure, fmt.Errorf("complete audit entry of %s, which was called: %w", c.info.Name, err)
	}
	return result, failure, nil
}

func (s *Store) begin(ctx context.Context, c *call, masked json.RawMessage) (entry int64, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		row, err := tx.ExecContext(ctx, `INSERT INTO audit (time, run, step, attempt, action, input, status, outcome, cause) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			stamp(c.now()), c.at.RunID, c.at.StepID, c.at.Attempt, c.info.Name, string(masked), CallStarted, OutcomeUnknown, c.cause)
		if err != nil {
			return err
		}
		if entry, err = row.LastInsertId(); err != nil || c.begin == nil {
			return err
		}
		return c.begin(tx, masked)
	})
	return entry, err
}

// end completes the audit entry with what is stored beside it. It returns the
// call's failure, which the undo that the answer asks for may bring.
func (s *Store) end(ctx context.Context, c *call, entry int64, result sdk.Result, failure *sdk.Error, duration time.Duration) (*sdk.Error, error) {
	err := s.tx(ctx, func(tx *sql.Tx) (err error) {
		if failure == nil {
			if failure, err = arrange(ctx, tx, c, entry, result.Output); err != nil {
				return err
			}
		}
		status, outcome, code, message := CallDone, outcomeOf(result.Output), "", ""
		if failure != nil {
			// An answer beside the error says what was done all the same.
			status, code, message = CallFailed, string(failure.Code), sentence(failure)
			if c.info.Effect != sdk.Reads && (failure.Code == sdk.Timeout || failure.Code == sdk.Canceled) {
				outcome = OutcomeUnknown
			}
		}
		var ids sql.NullString
		if all := requestIDs(result.Calls, failure); all != nil {
			if ids, err = pack(&all); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `UPDATE audit SET status = ?, outcome = ?, code = ?, message = ?, request_ids = ?, duration = ? WHERE seq = ?`,
			status, outcome, code, message, ids, int64(duration), entry)
		if err != nil || c.end == nil {
			return err
		}
		return c.end(tx, result, failure)
	})
	return failure, err
}

// outcomeOf returns what a write says that it changed, "" if it says nothing.
func outcomeOf(output json.RawMessage) string {
	var answer struct {
		Outcome any `json:"outcome"`
	}
	if json.Unmarshal(output, &answer) != nil {
		return ""
	}
	outcome, _ := answer.Outcome.(string)
	return outcome
}

// sentence is the error without its code and the service's part, which have
// columns of their own.
func sentence(failure *sdk.Error) string {
	s := failure.Message
	for _, v := range failure.Violations {
		s += "; " + v.String()
	}
	return s
}

func requestIDs(calls []sdk.Call, failure *sdk.Error) []string {
	var ids []string
	for _, c := range calls {
		if c.RequestID != "" {
			ids = append(ids, c.RequestID)
		}
	}
	if failure != nil && failure.Upstream != nil && failure.Upstream.RequestID != "" && !slices.Contains(ids, failure.Upstream.RequestID) {
		ids = append(ids, failure.Upstream.RequestID)
	}
	return ids
}
