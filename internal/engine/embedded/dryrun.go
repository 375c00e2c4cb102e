package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// A DryRunStep is the result of one step in a dry run. Output is the output of the
// action's dry run, or of the action itself if it only reads.
type DryRunStep struct {
	ID      string               `json:"id"`
	Action  string               `json:"action"`
	Status  Status               `json:"status"` // Succeeded, Failed, Skipped, or Pending where a failure ends the run before
	Input   json.RawMessage      `json:"input,omitempty"`
	Output  json.RawMessage      `json:"output,omitempty"`
	Outcome string               `json:"outcome,omitempty"` // see sdk.Outcome; "" for what only reads
	Plan    []sdk.PlannedRequest `json:"plan,omitempty"`    // what would be sent
	Error   *sdk.ErrorBody       `json:"error,omitempty"`
}

// DryRun runs a playbook's steps on events without writing to the service or a store.
// The first event is the one that starts the run. Actions that only read are called.
// Actions that write are called for their dry run; actions without a dry run are not
// called. Each step is tried once. Secrets are masked in the result.
func DryRun(ctx context.Context, s sdk.Session, m *sdk.Manifest, book *playbook.Playbook, events []sdk.RawEvent) ([]DryRunStep, error) {
	if len(events) == 0 {
		return nil, errors.New("a dry run needs an event")
	}
	masked := make([]sdk.RawEvent, len(events))
	for i, event := range events {
		masked[i] = maskEvent(event) // as the steps of a run read it
	}
	events = masked
	scope := playbook.Scope{Event: events[0].Data, Shapes: events[0].Shapes, Events: events, Steps: map[string]playbook.StepResult{}}
	e := &Engine{o: Options{Session: s, Manifest: m, Logger: hclog.NewNullLogger()}}
	steps := make([]DryRunStep, len(book.Steps))
	over := false
	for i, step := range book.Steps {
		steps[i] = DryRunStep{ID: step.ID, Action: step.Action, Status: Pending}
		if over {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		output := e.dryRunStep(ctx, book, step, scope, &steps[i])
		r := steps[i]
		scope.Steps[step.ID] = playbook.StepResult{Status: r.Status, Output: output, Error: r.Error}
		over = r.Status == Failed && step.OnError == playbook.Stop
	}
	return steps, nil
}

// dryRunStep records the result of a step, and returns the output that later steps read.
func (e *Engine) dryRunStep(ctx context.Context, book *playbook.Playbook, step *playbook.Step, scope playbook.Scope, r *DryRunStep) json.RawMessage {
	fail := func(err error) json.RawMessage {
		r.Status, r.Error = Failed, bodyOf(err)
		return nil
	}
	applies, err := guarded(e, "the condition of step "+step.ID, func() (bool, error) { return book.Applies(step, scope) })
	if err != nil {
		return fail(err)
	}
	if !applies {
		r.Status = Skipped
		return nil
	}
	input, err := guarded(e, "the input of step "+step.ID, func() (json.RawMessage, error) { return book.Input(step, scope) })
	if err != nil {
		return fail(err)
	}
	info := e.o.Manifest.Action(step.Action)
	if info == nil {
		return fail(sdk.Errorf(sdk.InvalidInput, "there is no action %q", step.Action))
	}
	takes, err := schema.Parse(json.RawMessage(info.Input))
	if err != nil {
		return fail(err)
	}
	gives, err := schema.Parse(json.RawMessage(info.Output))
	if err != nil {
		return fail(err)
	}
	r.Input = takes.Truncate(takes.MaskAll(input))
	if input, err = dry(info, takes, takes.Truncate(input)); err != nil {
		return fail(err)
	}
	ctx, cancel := context.WithTimeout(ctx, step.Timeout)
	defer cancel()
	result, err := e.o.Session.Run(ctx, info.Name, input)
	if err != nil {
		return fail(err)
	}
	var answer struct {
		Plan []sdk.PlannedRequest `json:"plan"`
	}
	_ = json.Unmarshal(result.Output, &answer) // an answer without a plan has none
	r.Status, r.Outcome, r.Plan, r.Output = Succeeded, outcomeOf(result.Output), answer.Plan, gives.MaskAll(result.Output)
	if r.Outcome == string(sdk.NotApplicable) {
		r.Status, r.Error = Failed, &sdk.ErrorBody{Code: NotApplicable, Message: reasonOf(result.Output)}
	}
	return r.Output // masked, as the steps of a run read it
}

// dryRunParam is the parameter of the dry run; see [sdk.DryRunner].
const dryRunParam = "dry_run"

// dry asks for the dry run, unless the action only reads.
func dry(info *sdk.ActionInfo, takes *schema.Schema, input json.RawMessage) (json.RawMessage, error) {
	if takes.Root().Property(dryRunParam) == nil {
		if info.Effect == sdk.Reads {
			return input, nil
		}
		return nil, sdk.Errorf(sdk.InvalidInput, "%s has no dry run: it was not called, and what follows from its answer is not known", info.Name)
	}
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(input, &members); err != nil {
		return nil, fmt.Errorf("input of %s: %w", info.Name, err)
	}
	members[dryRunParam] = json.RawMessage("true")
	return json.Marshal(members)
}

// Together returns the events that start one run each, and those that a group makes
// one run of, in order of the first: what [Store.Replay] starts. An event whose group
// cannot be told is alone.
func Together(book *playbook.Playbook, events []sdk.RawEvent) [][]sdk.RawEvent {
	e := &Engine{o: Options{Logger: hclog.NewNullLogger()}}
	var all [][]sdk.RawEvent
	at := map[string]int{}
	for _, event := range events {
		g := e.group(book, event)
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
