package embedded

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// A DryRunStep is the result of a step in a dry run. Output is that of the action's dry
// run, or of the action itself if it only reads.
type DryRunStep struct {
	ID      string               `json:"id"`
	Action  string               `json:"action"`
	Status  engine.Status        `json:"status"` // Succeeded, Failed, Skipped, or Pending if a failure ended the run before
	Input   json.RawMessage      `json:"input,omitempty"`
	Output  json.RawMessage      `json:"output,omitempty"`
	Outcome string               `json:"outcome,omitempty"` // see sdk.Outcome; "" for an action that only reads
	Plan    []sdk.PlannedRequest `json:"plan,omitempty"`    // requests that a real run would send
	Error   *sdk.ErrorBody       `json:"error,omitempty"`
}

// DryRun executes the steps of a playbook on events. The first event starts the playbook. DryRun
// writes nothing, neither to the service nor to a store. It calls actions that only read,
// and the dry run of actions that write; it does not call an action without a dry run.
// Each step is tried once, in the session with the name of its connection. Secrets are
// masked in the result.
func DryRun(ctx context.Context, sessions map[string]sdk.Session, p *playbook.Playbook, events []sdk.RawEvent) ([]DryRunStep, error) {
	if len(events) == 0 {
		return nil, errors.New("a dry run needs an event")
	}
	masked := make([]sdk.RawEvent, len(events))
	for i, event := range events {
		masked[i] = engine.MaskEvent(event) // as the steps of a run read it
	}
	scope := playbook.Scope{Event: masked[0].Data, Shapes: masked[0].Shapes, Events: masked, Steps: map[string]playbook.StepResult{}}
	e := &Engine{store: new(Store), o: Options{Logger: hclog.NewNullLogger()}} // this store only caches schemas
	steps := make([]DryRunStep, len(p.Steps))
	over := false
	for i, step := range p.Steps {
		r := &steps[i]
		*r = DryRunStep{ID: step.ID, Action: step.Action, Status: engine.Pending}
		if over {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := e.dryRun(ctx, sessions[step.Connection], p, step, scope, r); err != nil {
			r.Status, r.Error = engine.Failed, engine.ErrorBody(err)
		}
		// Later steps read the masked output, as the steps of a run do.
		scope.Steps[step.ID] = playbook.StepResult{Status: r.Status, Output: r.Output, Error: r.Error}
		over = engine.StopsRun(step, r.Status)
	}
	return steps, nil
}

// dryRun fills in the result of a step. Its error is that of the step.
func (e *Engine) dryRun(ctx context.Context, session sdk.Session, p *playbook.Playbook, step *playbook.Step, scope playbook.Scope, r *DryRunStep) error {
	d := engine.Decide(p, step, scope, e.guarded)
	if r.Status = d.Status; d.Status != engine.Running {
		return d.Err
	}
	takes, err := e.store.schemaOf(d.Action.Input)
	if err != nil {
		return err
	}
	r.Input = takes.Truncate(takes.MaskAll(d.Input))
	input, err := e.store.dryRunInput(d.Action, takes.Truncate(d.Input))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, step.Timeout)
	defer cancel()
	result, err := session.Run(ctx, d.Action.Name, input)
	if err != nil {
		return err
	}
	after := engine.AfterAttempt(step.Retry, 0, result.Output, nil, 0)
	r.Status, r.Outcome, r.Error = after.Status, after.Outcome, after.Error
	r.Plan, r.Output = engine.ReadOutput(result.Output).Plan, e.store.mask(d.Action.Output, result.Output)
	return nil
}

// dryRunParam is the parameter that requests a dry run.
const dryRunParam = "dry_run"

// dryRunInput requests the dry run of an action that has one.
func (s *Store) dryRunInput(info *sdk.ActionInfo, input json.RawMessage) (json.RawMessage, error) {
	if s.takes(info, dryRunParam) {
		return withMembers(input, map[string]json.RawMessage{dryRunParam: json.RawMessage("true")})
	}
	if info.Effect == sdk.Reads {
		return input, nil
	}
	return nil, sdk.Errorf(sdk.InvalidInput, "%s has no dry run: it was not called, and later steps that read its output are unknown", info.Name)
}

// GroupEvents returns the events of each run that [Store.Replay] would start, in order of
// their first events. An event whose group cannot be evaluated is alone.
func GroupEvents(p *playbook.Playbook, events []sdk.RawEvent) [][]sdk.RawEvent {
	e := &Engine{o: Options{Logger: hclog.NewNullLogger()}}
	var all [][]sdk.RawEvent
	at := map[string]int{}
	for _, event := range events {
		g := e.group(p, event)
		if g == nil || !g.key.Valid {
			all = append(all, []sdk.RawEvent{event})
			continue
		}
		i, open := at[g.key.String]
		if !open {
			i = len(all)
			at[g.key.String], all = i, append(all, nil)
		}
		all[i] = append(all[i], event)
	}
	return all
}
