package playbook

import (
	"encoding/json"

	"cel.dev/cel-go/common/types"

	"soar.example/okta/internal/nearest"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// trigger finds the trigger, checks its parameters and returns the type of its
// events: dyn if it is not known.
func (l *loader) trigger(p *Playbook) *types.Type {
	params := l.root.member("params")
	l.literals(params, "params")
	n := l.root.member("trigger")
	if n == nil || n.kind != text {
		return types.DynType
	}
	info := l.manifest.Trigger(n.text)
	if info == nil {
		l.on(n, "there is no trigger %q%s", shorten(n.text), nearest.Hint(n.text, l.manifest.TriggerNames()))
		return types.DynType
	}
	event, err := schema.Parse(json.RawMessage(info.EventIn(formatOf(params))))
	if err != nil {
		l.on(n, "the connector's schema of the events of %s cannot be read: %v", n.text, err)
		return types.DynType
	}
	p.views[eventVar] = view{node: event.Root()}
	if s := l.params(p, n, params, info); s != nil {
		l.shapes(p, info, s, formatOf(params))
	}
	return l.objects.of(event.Root(), eventVar)
}

// formatOf is the format that a trigger's params or an action's input asks for in so
// many words, or "". One that there is not is found by their schema.
func formatOf(params *node) string {
	if params == nil {
		return ""
	}
	if n := params.member(sdk.FormatParam); n != nil && n.kind == text {
		return n.text
	}
	return ""
}

// params checks the trigger's parameters, and returns their schema, nil if it cannot
// be read.
func (l *loader) params(p *Playbook, trigger, params *node, info *sdk.TriggerInfo) *schema.Schema {
	s, err := schema.Parse(json.RawMessage(info.Params))
	if err != nil {
		l.on(trigger, "the connector's schema of the parameters of %s cannot be read: %v", trigger.text, err)
		return nil
	}
	const eventTypes = "event_types"
	// The parameters as the trigger gets them, with their places in the file.
	all := &node{kind: object, line: trigger.line, column: trigger.column}
	if params != nil && params.kind == object {
		all.line, all.column = params.line, params.column
		for _, m := range params.members {
			if m.key == eventTypes {
				l.at(m.line, m.column, "event_types belongs at the top of the file, not among the params")
				continue
			}
			if m.key == sdk.AnyParam {
				l.at(m.line, m.column, "any is for hosts that serve several playbooks with one poll; write a playbook for each selection")
				continue
			}
			all.members = append(all.members, m)
		}
	}
	if n := l.root.member(eventTypes); n != nil && s.Root().Property(eventTypes) != nil {
		all.members = append(all.members, member{eventTypes, n.line, n.column, n})
	}
	raw, err := marshal(unescaped(all.plain()))
	if err != nil {
		l.on(trigger, "the params cannot be written as JSON: %v", err)
		return nil
	}
	for _, v := range check(s, raw) {
		l.violation(all, all, s.Root(), v)
	}
	p.Params = raw
	p.refused = func(violations []schema.Violation) error {
		after := &loader{report: &report{file: l.file, lines: l.lines, noted: map[*node]bool{}}}
		for _, v := range violations {
			after.violation(all, trigger, s.Root(), v)
		}
		return after.err()
	}
	return s
}
