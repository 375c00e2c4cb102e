package playbook

import (
	"encoding/json"
	"fmt"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"soar.example/okta/sdk"
)

// Match reports whether e starts a run: whether its type is one of the
// playbook's and the condition holds. The error is an *sdk.Error (invalid_input)
// that says why the condition could not be evaluated on this event, such as a
// function of a text applied to a field that is null, or why the trigger is in doubt
// about an event that fits otherwise.
func (p *Playbook) Match(e sdk.RawEvent) (bool, error) {
	if !p.Selects(e) {
		return false, nil
	}
	holds, err := p.decide(p.condition, Scope{Event: e.Data, Shapes: e.Shapes})
	if err != nil {
		return false, cannot(err, "the condition of playbook %q cannot be evaluated on this event", p.Name)
	}
	if holds && e.Indeterminate != "" {
		return false, sdk.Invalid(fmt.Sprintf("playbook %q is not started: %s", p.Name, e.Indeterminate))
	}
	return holds, nil
}

// Selects reports whether e has one of the playbook's types, or may have: where the
// trigger could not read its type.
func (p *Playbook) Selects(e sdk.RawEvent) bool {
	typeUnread := e.Type == "" && e.Indeterminate != ""
	return typeUnread || p.matchesType(e.Type)
}

func (p *Playbook) matchesType(eventType string) bool {
	for _, pattern := range p.EventTypes {
		if sdk.MatchType(pattern, eventType) {
			return true
		}
	}
	return false
}

// Applies reports whether the step's "if" holds; it does if there is none. The
// error is an *sdk.Error (invalid_input).
func (p *Playbook) Applies(s *Step, scope Scope) (bool, error) {
	holds, err := p.decide(s.guard, scope)
	if err != nil {
		return false, cannot(err, `the "if" of step %q cannot be evaluated`, s.ID)
	}
	return holds, nil
}

// Input returns the step's evaluated "with", which the action's input schema
// allows. The error is an *sdk.Error (invalid_input) that names the step and,
// as JSON Pointers into the input, every place that could not be evaluated or
// that the schema refuses.
func (p *Playbook) Input(s *Step, scope Scope) (json.RawMessage, error) {
	uses := map[string]bool{}
	s.with.uses(uses)
	b, err := p.bind(uses, scope)
	if err != nil {
		return nil, cannot(err, "the input of step %q cannot be evaluated", s.ID)
	}
	e := evaluation{binding: b}
	result, _ := s.with.eval(&e)
	if e.wrong != nil {
		return nil, sdk.Invalid(fmt.Sprintf("the input of step %q cannot be evaluated", s.ID), e.wrong...)
	}
	raw, err := marshal(result)
	if err != nil {
		return nil, cannot(err, "the input of step %q cannot be evaluated", s.ID)
	}
	if wrong := s.input.Check(s.input.Truncate(raw)); wrong != nil {
		return nil, sdk.Invalid(fmt.Sprintf("the input of step %q is not valid for %s", s.ID, s.Action), wrong...)
	}
	return raw, nil
}

// decide evaluates a bool expression; none is true.
func (p *Playbook) decide(x *expression, scope Scope) (bool, error) {
	if x == nil {
		return true, nil
	}
	v, err := p.evaluate(x, scope)
	if err != nil {
		return false, err
	}
	holds, ok := v.(types.Bool)
	if !ok {
		return false, fmt.Errorf("%s: gave %s, not true or false", shorten(x.text), v.Type().TypeName())
	}
	return bool(holds), nil
}

func (p *Playbook) evaluate(x *expression, scope Scope) (ref.Val, error) {
	b, err := p.bind(x.uses, scope)
	if err != nil {
		return nil, err
	}
	return x.eval(b)
}

func cannot(err error, format string, args ...any) error {
	e := sdk.Invalid(fmt.Sprintf(format, args...) + ": " + err.Error())
	e.Err = err
	return e
}
