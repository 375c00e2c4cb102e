package playbook

import (
	"fmt"
	"time"

	"cel.dev/cel-go/common/types"

	"soar.example/okta/sdk"
)

// A Grouping gathers events of one key into one run. With the zero Grouping, each event
// starts a run of its own.
type Grouping struct {
	Window  time.Duration // how long a group accepts events, from its first; 0: no groups
	AtFirst bool          // the run begins at the first event, not when the window closes
}

// The bounds of a group's window, and what it is unless the file says.
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
				l.on(n, "%s says nothing without group_by", alone)
			}
		}
		return
	}
	p.Grouping.Window, p.Grouping.AtFirst = window, l.form.GroupWhen == "first"
	p.groupBy = l.expression(by, theGroup)
	if p.groupBy == nil {
		return
	}
	switch t := p.groupBy.result; t.Kind() {
	case types.StringKind, types.IntKind, types.UintKind, types.DoubleKind, types.BoolKind:
	case types.DynKind:
		l.on(by, "group_by must give a text, a number or a boolean, and what this one gives is not known; wrap it, as in string(…)")
	default:
		l.on(by, "group_by must give a text, a number or a boolean, not %s", typeName(t))
	}
}

// GroupKey returns what group_by gives for the event, as JSON: events of one key
// belong into one run. The error is an *sdk.Error (invalid_input) that says why
// there is no key: the expression could not be evaluated on this event, or gave
// null.
func (p *Playbook) GroupKey(e sdk.RawEvent) (string, error) {
	if p.groupBy == nil {
		return "", sdk.Invalid(fmt.Sprintf("playbook %q has no group_by", p.Name))
	}
	v, err := p.evaluate(p.groupBy, Scope{Event: e.Data, Shapes: e.Shapes})
	if err != nil {
		return "", cannot(err, "group_by cannot be evaluated on this event")
	}
	if v.Type() == types.NullType {
		return "", sdk.Invalid("group_by gives nothing for this event: " + shorten(p.groupBy.text) + " is null")
	}
	value, err := toJSON(v)
	if err != nil {
		return "", cannot(err, "group_by cannot be evaluated on this event")
	}
	raw, err := marshal(value)
	if err != nil {
		return "", cannot(err, "group_by cannot be evaluated on this event")
	}
	return string(raw), nil
}

// decodeEvents are all events of the run.
func (p *Playbook) decodeEvents(scope Scope) ([]any, error) {
	all := scope.Events
	if all == nil {
		all = []sdk.RawEvent{{Data: scope.Event, Shapes: scope.Shapes}}
	}
	events := make([]any, len(all))
	for i, e := range all {
		v, err := p.views[eventVar].decode(e.Data, e.Shapes)
		if err != nil {
			return nil, fmt.Errorf("the data of event %d: %w", i+1, err)
		}
		events[i] = v
	}
	return events, nil
}
