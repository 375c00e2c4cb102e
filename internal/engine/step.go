package engine

import (
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

// A Decision says how a run continues with a step: Running means that the engine
// calls Action with Input. Skipped and Failed end the step without a call.
type Decision struct {
	Status Status
	Action *sdk.ActionInfo
	Input  json.RawMessage // of Running
	Err    error           // of Failed
}

// Decide evaluates the condition and the input of a step.
func Decide(p *playbook.Playbook, step *playbook.Step, scope playbook.Scope, m *sdk.Manifest, evaluate Evaluate) Decision {
	var applies bool
	err := evaluate("the condition of step "+step.ID, func() (err error) {
		applies, err = p.Applies(step, scope)
		return err
	})
	if err != nil {
		return Decision{Status: Failed, Err: err}
	}
	if !applies {
		return Decision{Status: Skipped}
	}
	var input json.RawMessage
	err = evaluate("the input of step "+step.ID, func() (err error) {
		input, err = p.Input(step, scope)
		return err
	})
	if err != nil {
		return Decision{Status: Failed, Err: err}
	}
	action := m.Action(step.Action)
	if action == nil {
		return Decision{Status: Failed, Err: sdk.Errorf(sdk.InvalidInput, "there is no action %q", step.Action)}
	}
	return Decision{Status: Running, Action: action, Input: input}
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
// number of attempts goes on; the number of failures starts at zero. ResetFailed
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
