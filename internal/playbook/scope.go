package playbook

import (
	"encoding/json"
	"fmt"

	"cel.dev/cel-go/cel"

	"soar.example/okta/sdk"
)

// A Scope is what a step's expressions read: the event that started the run, all
// events of the run, and what the steps before it came to.
type Scope struct {
	Event  json.RawMessage
	Shapes map[string]json.RawMessage // Event in further shapes, those in the playbook's Shapes
	Events []sdk.RawEvent             // in order of arrival, Event the first; nil: Event alone
	Steps  map[string]StepResult      // by step id; one that is absent reads as nulls
}

// The statuses of a step that an expression can see.
const (
	Succeeded = "succeeded"
	Failed    = "failed"
	Skipped   = "skipped"
)

// A StepResult is what a step came to. Without an Output, every field of it reads
// as null.
type StepResult struct {
	Status string // Succeeded, Failed or Skipped
	Output json.RawMessage
	Error  *sdk.ErrorBody
}

// binding gives the variables of an expression their values.
type binding map[string]any

// ResolveName returns a variable's value.
func (b binding) ResolveName(name string) (any, bool) {
	v, ok := b[name]
	return v, ok
}

// Parent returns nil: there is nothing around it.
func (b binding) Parent() cel.Activation { return nil }

// bind decodes what expressions that use those variables need, and no more.
func (p *Playbook) bind(uses map[string]bool, scope Scope) (binding, error) {
	if n := scope.size(uses); n > maxInput {
		return nil, fmt.Errorf("what it reads has %d MiB, and an expression reads at most %d MiB", n>>20, maxInput>>20)
	}
	b := binding{varsVar: p.vars}
	for name := range uses {
		if name == eventsVar || name == stepsVar || name == varsVar {
			continue
		}
		v, err := p.views[name].decode(scope.Event, scope.Shapes)
		if err != nil {
			return nil, fmt.Errorf("the event's data: %w", err)
		}
		b[name] = v
	}
	if uses[eventsVar] {
		events, err := p.decodeEvents(scope)
		if err != nil {
			return nil, err
		}
		b[eventsVar] = events
	}
	if !uses[stepsVar] {
		return b, nil
	}
	results := map[string]any{}
	for _, s := range p.Steps {
		r, ok := scope.Steps[s.ID]
		if !ok {
			continue
		}
		result := map[string]any{"status": r.Status}
		if len(r.Output) > 0 {
			output, err := decode(r.Output, s.output)
			if err != nil {
				return nil, fmt.Errorf("the output of step %q: %w", s.ID, err)
			}
			result["output"] = output
		}
		if r.Error != nil {
			result["error"] = map[string]any{"code": string(r.Error.Code), "message": r.Error.Message}
		}
		results[s.ID] = result
	}
	b[stepsVar] = results
	return b, nil
}

// size is how many bytes of JSON expressions that use those variables read.
func (s Scope) size(uses map[string]bool) int {
	n := len(s.Event)
	for _, shape := range s.Shapes {
		n += len(shape)
	}
	if uses[eventsVar] {
		for _, e := range s.Events {
			n += len(e.Data)
		}
	}
	if uses[stepsVar] {
		for _, r := range s.Steps {
			n += len(r.Output)
		}
	}
	return n
}
