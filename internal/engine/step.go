package engine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// NewSteps returns the history of a run that has not started.
func NewSteps(p *playbook.Playbook) []*StepState {
	steps := make([]*StepState, len(p.Steps))
	for i, s := range p.Steps {
		steps[i] = &StepState{StepRun: StepRun{ID: s.ID, Action: s.Action, Status: Pending}}
	}
	return steps
}

// Next returns the index of the step that the run continues with. If there is none,
// over is true, and failure is the error of the run, nil if it succeeded. The steps
// that are still pending then are skipped.
func Next(p *playbook.Playbook, steps []*StepState) (n int, over bool, failure *sdk.ErrorBody) {
	for n, step := range p.Steps {
		s := steps[n]
		if !s.Over() {
			return n, false, nil
		}
		if failsRun(step, s.Status) && failure == nil {
			body := *s.Error
			body.Message = fmt.Sprintf("step %q: %s", step.ID, body.Message)
			failure = &body
		}
		if StopsRun(step, s.Status) {
			break
		}
	}
	return 0, true, failure
}

// failsRun reports whether a step with this status makes its run fail.
func failsRun(step *playbook.Step, status Status) bool {
	return status == Failed && step.OnError != playbook.Ignore
}

// StopsRun reports whether a step with this status is the last one of its run.
func StopsRun(step *playbook.Step, status Status) bool {
	return failsRun(step, status) && step.OnError != playbook.Continue
}

// Results returns the results of the steps that are over, as expressions read them.
func Results(p *playbook.Playbook, steps []*StepState) map[string]playbook.StepResult {
	results := map[string]playbook.StepResult{}
	for n, s := range steps {
		if s.Over() {
			results[p.Steps[n].ID] = playbook.StepResult{Status: s.Status, Output: s.Output, Error: s.Error}
		}
	}
	return results
}

// Evaluate runs an evaluation of an expression. Each engine adds its own protection,
// for example against a panic. The label says which expression it is.
type Evaluate func(label string, do func() error) error

// Evaluated returns the value of an evaluation.
func Evaluated[T any](evaluate Evaluate, label string, do func() (T, error)) (v T, err error) {
	err = evaluate(label, func() (err error) {
		v, err = do()
		return err
	})
	return v, err
}

// A Decision says how a run continues with a step: Running means that the engine
// calls Action with Input. Skipped and Failed end the step without a call.
type Decision struct {
	Status Status
	Action *sdk.ActionInfo
	Input  json.RawMessage // of Running
	Err    error           // of Failed
}

// Decide evaluates the condition and the input of a step.
func Decide(p *playbook.Playbook, step *playbook.Step, scope playbook.Scope, evaluate Evaluate) Decision {
	applies, err := Evaluated(evaluate, "the condition of step "+step.ID, func() (bool, error) { return p.Applies(step, scope) })
	if err == nil && !applies {
		return Decision{Status: Skipped}
	}
	var input json.RawMessage
	if err == nil {
		input, err = Evaluated(evaluate, "the input of step "+step.ID, func() (json.RawMessage, error) { return p.Input(step, scope) })
	}
	if err != nil {
		return Decision{Status: Failed, Err: err}
	}
	return Decision{Status: Running, Action: step.Info, Input: input}
}

// Settle ends the step without a call.
func (s *StepState) Settle(status Status, err error, now time.Time) {
	s.Status, s.Finished = status, Time(now)
	if err != nil {
		s.Error = ErrorBody(err)
	}
}

// Record takes the result of an attempt into the history. The step is over then, or
// wait is the time until the next attempt. See [AfterAttempt] for random.
func (s *StepState) Record(retry playbook.Retry, output json.RawMessage, failure *sdk.Error, now time.Time, random float64) (wait time.Duration) {
	if failure != nil {
		s.Failures++
	} else {
		s.Output = output
	}
	r := AfterAttempt(retry, s.Failures, output, failure, random)
	s.Error, s.NextTry = r.Error, time.Time{}
	if r.Status == Pending {
		s.NextTry = now.Add(r.Wait)
		return r.Wait
	}
	s.Status, s.Finished = r.Status, Time(now)
	if failure == nil {
		s.Outcome = r.Outcome
	}
	return 0
}

// ResetFailed makes the steps of a failed run pending that a retry runs again: the
// first step whose failure counts, and every later step that did not succeed. The
// number of attempts continues. The number of failures restarts at zero. ResetFailed
// returns the indexes of these steps.
func ResetFailed(p *playbook.Playbook, steps []*StepState) (reset []int) {
	for n, s := range steps {
		ignored := s.Status == Failed && !failsRun(p.Steps[n], s.Status)
		if len(reset) == 0 && !failsRun(p.Steps[n], s.Status) || s.Status == Succeeded || ignored {
			continue
		}
		*s = StepState{StepRun: StepRun{ID: s.ID, Action: s.Action, Status: Pending, Attempts: s.Attempts}}
		reset = append(reset, n)
	}
	return reset
}

// LongestRetryAfter is the longest wait that a service may ask for. A step that would
// wait longer fails, so that it does not occupy a worker.
const LongestRetryAfter = 15 * time.Minute

// UndoRetry is the retry policy of undos. Its attempts take about a day.
var UndoRetry = playbook.Retry{Attempts: 100, Wait: 5 * time.Second, MaxWait: LongestRetryAfter}

// A Result says what follows from an attempt: Succeeded and Failed are final. Pending
// means that another attempt follows after Wait.
type Result struct {
	Status  Status
	Outcome string
	Error   *sdk.ErrorBody // with secrets masked
	Wait    time.Duration
}

// AfterAttempt returns what follows from an attempt of a call with this output or
// failure. Failures is the number of failed attempts, this one included. Random is
// a number from 0 to 1 that spreads the next attempts of different runs.
func AfterAttempt(retry playbook.Retry, failures int, output json.RawMessage, failure *sdk.Error, random float64) Result {
	if failure == nil {
		o := ReadOutput(output)
		r := Result{Status: Succeeded, Outcome: string(o.Outcome)}
		if o.Outcome == sdk.NotApplicable || o.Outcome == sdk.Partial {
			message := cmp.Or(o.Reason, "the action could not establish the requested state")
			r.Status, r.Error = Failed, &sdk.ErrorBody{Code: sdk.Code(o.Outcome), Message: message}
		}
		return r
	}
	r := Result{Status: Failed, Error: ErrorBody(failure)}
	if wait, again := retryWait(retry, failures, failure, random); again {
		r.Status, r.Wait = Pending, wait
	}
	return r
}

// AfterUndo is [AfterAttempt] for an attempt at an undo. An undo occupies no worker, so
// it can wait as long as the service asks. It is retried while the credentials are
// rejected: an administrator can replace them at any time.
func AfterUndo(failures int, output json.RawMessage, failure *sdk.Error, random float64) Result {
	if failure == nil {
		return AfterAttempt(UndoRetry, failures, output, nil, random)
	}
	policy := *failure
	policy.RetryAfter = 0
	if failure.Code == sdk.Unauthenticated {
		policy.Code = sdk.Unavailable
	}
	r := AfterAttempt(UndoRetry, failures, output, &policy, random)
	r.Error = ErrorBody(failure)
	if r.Status == Pending {
		r.Wait = max(r.Wait, failure.RetryAfter)
	}
	return r
}

// retryWait reports whether another attempt follows, and after which wait. The wait
// doubles each time, varies by a fifth, and is never shorter than the service asks.
func retryWait(retry playbook.Retry, failures int, failure *sdk.Error, random float64) (wait time.Duration, again bool) {
	if !failure.Code.Transient() || failures >= retry.Attempts || failure.RetryAfter > LongestRetryAfter {
		return 0, false
	}
	wait = min(retry.Wait, retry.MaxWait)
	for i := 1; i < failures && wait < retry.MaxWait; i++ {
		// Not min(2*wait, …): the double may exceed a Duration.
		wait += min(wait, retry.MaxWait-wait)
	}
	wait = max(wait, time.Millisecond)
	wait = time.Duration(float64(wait) * (0.8 + 0.4*random))
	return max(wait, failure.RetryAfter), true
}

// LongestWait is the longest wait between two attempts under this policy. An engine
// waits no longer, even if its clock was set back.
func LongestWait(retry playbook.Retry) time.Duration {
	return max(LongestRetryAfter, retry.MaxWait+retry.MaxWait/5)
}

// An Output holds the members that engines read of the output of an action. A member that
// is missing or has another type is zero.
type Output struct {
	Outcome   sdk.Outcome          `json:"outcome"`
	Reason    string               `json:"reason"`
	Plan      []sdk.PlannedRequest `json:"plan"`
	Before    json.RawMessage      `json:"before"`
	After     json.RawMessage      `json:"after"`
	Contained *bool                `json:"contained"`
}

// ReadOutput returns these members of an output.
func ReadOutput(raw json.RawMessage) (o Output) {
	_ = json.Unmarshal(raw, &o) // skips members of another type
	return o
}

// AsRequested reports whether the outcome of a write is that the state is as requested.
func (o Output) AsRequested() bool {
	return o.Outcome == sdk.Changed || o.Outcome == sdk.Unchanged || o.Outcome == sdk.Accepted
}
