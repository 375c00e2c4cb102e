package playbook

import (
	"fmt"
	"slices"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"soar.example/okta/sdk"
)

// Match reports whether e starts a run: e has one of the playbook's types and the condition holds.
// The error is an *sdk.Error (invalid_input): the condition could not be evaluated on this event, or
// the trigger could not parse an event that matches otherwise.
func (p *Playbook) Match(e sdk.RawEvent) (bool, error) {
	if !p.Selects(e) {
		return false, nil
	}
	holds, err := p.holds(p.condition, Scope{Event: e.Data, Shapes: e.Shapes})
	if err != nil {
		return false, evaluationError(err, "the condition of playbook %q cannot be evaluated on this event", p.Name)
	}
	if holds && e.Indeterminate != "" {
		return false, sdk.Invalid(fmt.Sprintf("playbook %q is not started: %s", p.Name, e.Indeterminate))
	}
	return holds, nil
}

// Selects reports whether e has one of the playbook's types. It also reports true
// if the playbook names no types, or if the trigger could not read the type.
func (p *Playbook) Selects(e sdk.RawEvent) bool {
	return len(p.EventTypes) == 0 || e.Type == "" && e.Indeterminate != "" ||
		slices.ContainsFunc(p.EventTypes, func(pattern string) bool { return sdk.MatchType(pattern, e.Type) })
}

// A Grouping collects the events of one key in one run. With the zero Grouping, each event
// starts a run of its own.
type Grouping struct {
	Window  time.Duration // how long a group accepts events, from its first; 0: no groups
	AtFirst bool          // the run begins at the first event, not when the window closes
}

// The bounds and the default of a group's window.
const (
	leastWindow   = time.Second
	mostWindow    = 24 * time.Hour
	defaultWindow = time.Minute
)

// grouping reads group_by, window, group_when and max_runs_per_minute.
func (l *loader) grouping(p *Playbook) {
	if l.form.MaxRuns != nil {
		p.MaxRunsPerMinute = *l.form.MaxRuns
	}
	window := l.duration(l.root.member("window"), "window", leastWindow, mostWindow, defaultWindow)
	by := l.root.member("group_by")
	if by == nil {
		for _, alone := range []string{"window", "group_when"} {
			if n := l.root.member(alone); n != nil {
				l.on(n, "%s has no effect without group_by", alone)
			}
		}
		return
	}
	p.Grouping = Grouping{Window: window, AtFirst: l.form.GroupWhen == "first"}
	if p.groupBy = l.expression(by, groupReader); p.groupBy == nil {
		return
	}
	if t := p.groupBy.result; t.Kind() == types.DynKind {
		l.on(by, "group_by must give a text, a number or a boolean, and the type of this expression is unknown; convert it, as in string(…)")
	} else if !isTextPart(t) {
		l.on(by, "group_by must give a text, a number or a boolean, not %s", typeName(t))
	}
}

// GroupKey returns the value of group_by for the event, as JSON. Events with the same key belong to
// one run. The error is an *sdk.Error (invalid_input): the expression could not be evaluated on this
// event, or its value is null.
func (p *Playbook) GroupKey(e sdk.RawEvent) (string, error) {
	if p.groupBy == nil {
		return "", sdk.Invalid(fmt.Sprintf("playbook %q has no group_by", p.Name))
	}
	v, err := p.evaluate(p.groupBy, Scope{Event: e.Data, Shapes: e.Shapes})
	var value any
	if err == nil {
		value, err = toJSON(v)
	}
	if err != nil {
		return "", evaluationError(err, "group_by cannot be evaluated on this event")
	}
	if value == nil {
		return "", sdk.Invalid("group_by has no value for this event: " + shorten(p.groupBy.text) + " is null")
	}
	raw, err := marshal(value)
	return string(raw), err
}

// Applies reports whether the step's "if" holds. A step without "if" always applies. The error is an
// *sdk.Error (invalid_input).
func (p *Playbook) Applies(s *Step, scope Scope) (bool, error) {
	holds, err := p.holds(s.condition, scope)
	if err != nil {
		return false, evaluationError(err, `the "if" of step %q cannot be evaluated`, s.ID)
	}
	return holds, nil
}

// holds reports whether a bool expression is true; null is not. An absent expression holds.
func (p *Playbook) holds(x *expression, scope Scope) (bool, error) {
	if x == nil {
		return true, nil
	}
	v, err := p.evaluate(x, scope)
	if err != nil {
		return false, err
	}
	holds, ok := v.(types.Bool)
	if !ok && v != types.NullValue {
		return false, fmt.Errorf("%s: the value is of type %s, not bool", shorten(x.text), v.Type().TypeName())
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

func evaluationError(err error, format string, args ...any) error {
	e := sdk.Invalid(fmt.Sprintf(format, args...) + ": " + err.Error())
	e.Err = err
	return e
}
