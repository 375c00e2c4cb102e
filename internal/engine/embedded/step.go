package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// step runs the job's n-th step until it is over, or reports false if halt or
// calls ended first: then it is left to be run again. Its error is the store's.
func (e *Engine) step(halt, calls context.Context, j *job, n int) (over bool, err error) {
	step, s := j.book.Steps[n], j.steps[n]
	applies, err := marked(e, j.run.EventID, "the condition of step "+step.ID, func() (bool, error) { return j.book.Applies(step, j.scope) })
	if err != nil {
		return true, e.settle(calls, j, n, Failed, sdk.AsError(err))
	}
	if !applies {
		return true, e.settle(calls, j, n, Skipped, nil)
	}
	input, err := marked(e, j.run.EventID, "the input of step "+step.ID, func() (json.RawMessage, error) { return j.book.Input(step, j.scope) })
	if err != nil {
		return true, e.settle(calls, j, n, Failed, sdk.AsError(err))
	}
	info := e.o.Manifest.Action(step.Action)
	if info == nil {
		return true, e.settle(calls, j, n, Failed, sdk.Errorf(sdk.InvalidInput, "there is no action %q", step.Action))
	}
	announced := false
	for !s.over() {
		if !pause(halt, s.nextTry.Sub(e.o.Now()), step.Retry) {
			return false, nil
		}
		wait, err := e.attempt(calls, j, n, info, input, &announced)
		if err != nil {
			return false, err
		}
		switch {
		case s.over():
			e.notify(StepFinished, j.run, s, 0)
		case wait == 0:
			return false, nil
		default:
			e.notify(StepRetry, j.run, s, wait)
		}
	}
	return true, nil
}

// attempt calls the step's action once. The step is over afterwards, or wait is
// how long until the next attempt, or, if wait is 0, calls ended.
func (e *Engine) attempt(calls context.Context, j *job, n int, info *sdk.ActionInfo, input json.RawMessage, announced *bool) (wait time.Duration, err error) {
	if calls.Err() != nil {
		return 0, nil
	}
	step, s := j.book.Steps[n], j.steps[n]
	s.Attempts++
	at := Place{RunID: j.run.ID, StepID: s.ID, Attempt: s.Attempts}
	logger := e.o.Logger.With("run", at.RunID, "step", at.StepID, "attempt", at.Attempt)
	ctx, cancel := context.WithTimeout(hclog.WithContext(calls, logger), step.Timeout)
	defer cancel()
	journal := context.WithoutCancel(calls)
	_, _, err = e.store.perform(ctx, &call{
		session: e.o.Session, info: info, input: input, at: at, org: e.o.Org, cause: j.cause(), now: e.o.Now,
		begin: func(tx *sql.Tx, masked json.RawMessage) error {
			s.Status, s.Input = Running, masked
			if s.Started.IsZero() {
				s.Started = unstamp(stamp(e.o.Now()))
			}
			return saveStep(journal, tx, j.seq, n, s)
		},
		begun: func() {
			if !*announced {
				*announced = true
				e.notify(StepStarted, j.run, s, 0)
			}
		},
		end: func(tx *sql.Tx, result sdk.Result, failure *sdk.Error) error {
			if failure != nil && calls.Err() != nil {
				return nil // cut off: not a failure of the step
			}
			result.Output = e.store.maskOutput(info, result.Output)
			wait = s.judge(step.Retry, result, failure, e.o.Now())
			return saveStep(journal, tx, j.seq, n, s)
		},
	})
	e.arranged.wake()
	return wait, err
}

// judge takes an attempt's answer into the step: it is over afterwards, or wait
// says how long until the next attempt.
func (s *stepState) judge(retry playbook.Retry, result sdk.Result, failure *sdk.Error, now time.Time) (wait time.Duration) {
	if failure == nil {
		s.Status, s.Error, s.Output, s.Outcome = Succeeded, nil, result.Output, outcomeOf(result.Output)
		s.Finished, s.nextTry = unstamp(stamp(now)), time.Time{}
		if s.Outcome == string(sdk.NotApplicable) {
			s.Status, s.Error = Failed, &sdk.ErrorBody{Code: NotApplicable, Message: reasonOf(result.Output)}
		}
		return 0
	}
	s.failures++
	s.Error = bodyOf(failure)
	if wait, again := nextAttempt(retry, s.failures, failure); again {
		s.nextTry = now.Add(wait)
		return wait
	}
	s.Status, s.Finished, s.nextTry = Failed, unstamp(stamp(now)), time.Time{}
	return 0
}

// settle ends the step without a call.
func (e *Engine) settle(calls context.Context, j *job, n int, status Status, failure *sdk.Error) error {
	s := j.steps[n]
	s.Status, s.Finished = status, unstamp(stamp(e.o.Now()))
	if failure != nil {
		s.Error = bodyOf(failure)
	}
	ctx := context.WithoutCancel(calls)
	if err := e.store.tx(ctx, func(tx *sql.Tx) error { return saveStep(ctx, tx, j.seq, n, s) }); err != nil {
		return err
	}
	e.notify(StepFinished, j.run, s, 0)
	return nil
}

// reasonOf is why an action could not bring about the state asked for.
func reasonOf(output json.RawMessage) string {
	var answer struct {
		Reason any `json:"reason"`
	}
	if json.Unmarshal(output, &answer) == nil {
		if reason, ok := answer.Reason.(string); ok && reason != "" {
			return reason
		}
	}
	return "the action could not bring about the state asked for"
}
