package playbook

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// trigger checks the trigger and its parameters, and returns the type of its events. The type of an
// unknown trigger's events is dyn.
func (l *loader) trigger(p *Playbook) *types.Type {
	params := l.root.member("params")
	l.literals(params, "params")
	n := l.root.member("trigger")
	if n == nil || n.kind != text {
		return types.DynType
	}
	connection, info := find(l, n, Connections.FindTrigger)
	if info == nil {
		return types.DynType
	}
	p.Connection, p.Trigger = connection, info.Name
	event := l.schema(n, info.EventIn(formatOf(params)), "the events of %s", n.text)
	if event == nil {
		return types.DynType
	}
	p.views[eventVar] = view{node: event.Root()}
	if s := l.params(p, n, params, info); s != nil {
		l.shapes(p, info, s, formatOf(params))
	}
	return l.objects.of(event.Root(), eventVar)
}

// formatOf returns the literal format of a trigger's params or an action's input, or "". The schema
// rejects formats that do not exist.
func formatOf(params *node) string {
	if n := params.member(sdk.FormatParam); n != nil && n.kind == text {
		return n.text
	}
	return ""
}

// params checks the trigger's parameters and returns their schema, or nil if the schema is not valid.
func (l *loader) params(p *Playbook, trigger, params *node, info *sdk.TriggerInfo) *schema.Schema {
	s := l.schema(trigger, info.Params, "the parameters of %s", trigger.text)
	if s == nil {
		return nil
	}
	const eventTypes = "event_types"
	// The parameters that the trigger gets, with their positions in the file.
	all := &node{kind: object, line: trigger.line, column: trigger.column}
	if params != nil && params.kind == object {
		all.line, all.column = params.line, params.column
		for _, m := range params.members {
			switch m.key {
			case eventTypes:
				l.at(m.line, m.column, "event_types belongs at the top level of the file, not in params")
			case sdk.AnyParam:
				l.at(m.line, m.column, "any is not for playbooks; write one playbook for each selection")
			default:
				all.members = append(all.members, m)
			}
		}
	}
	switch n, asks := l.root.member(eventTypes), s.Root().Property(eventTypes) != nil; {
	case n != nil && asks:
		all.members = append(all.members, member{eventTypes, n.line, n.column, n})
	case asks:
		l.at(1, 1, "event_types is missing: the trigger %s needs it", trigger.text)
	}
	raw, err := marshal(all.plain())
	if err != nil {
		l.on(trigger, "the params cannot be written as JSON: %v", err)
		return nil
	}
	for _, v := range check(s, raw) {
		l.violation(all, all, s.Root(), v)
	}
	p.Params = raw
	p.paramProblems = func(violations []schema.Violation) error {
		after := &loader{report: &report{file: l.file, lines: l.lines, noted: map[*node]bool{}}}
		for _, v := range violations {
			after.violation(all, trigger, s.Root(), v)
		}
		return after.err()
	}
	return s
}

// shapes declares a variable for each shape of the trigger's events, beside event, which has the shape
// that the file chose. It removes the choice from the poll's parameters, so that playbooks with different
// choices share one poll.
func (l *loader) shapes(p *Playbook, info *sdk.TriggerInfo, params *schema.Schema, chosen string) {
	var standard string // the shape that the trigger delivers unless asked otherwise
	choice := params.Root().Property(sdk.FormatParam)
	if len(info.Shapes) == 0 || choice == nil || params.Root().Property(sdk.AlsoParam) == nil ||
		json.Unmarshal(choice.Default, &standard) != nil || standard == "" {
		return
	}
	if _, ok := info.Shapes[chosen]; ok && chosen != standard {
		p.views[eventVar] = view{chosen, p.views[eventVar].node}
		p.views[rawVar] = view{shape: chosen}
	}
	names := append(slices.Collect(maps.Keys(info.Shapes)), standard)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if slices.Contains(allVariables, name) || slices.Contains(reserved, name) || !identifier.MatchString(name) {
			continue
		}
		l.shapeNames = append(l.shapeNames, name)
		// The schemas are large, and few files need them.
		if !slices.ContainsFunc(l.lines, func(line string) bool { return strings.Contains(line, name) }) {
			continue
		}
		s := l.schema(l.root.member("trigger"), info.EventIn(name), "the events of %s in the %s shape", info.Name, name)
		if s == nil {
			continue
		}
		v := view{name, s.Root()}
		if name == standard {
			v.shape = ""
		}
		p.views[name] = v
		l.shapeTypes[name] = l.objects.of(v.node, name)
	}
	rest := map[string]json.RawMessage{}
	if json.Unmarshal(p.Params, &rest) != nil {
		return
	}
	_ = json.Unmarshal(rest[sdk.AlsoParam], &p.Shapes) // the schema has reported any mistake
	delete(rest, sdk.FormatParam)
	delete(rest, sdk.AlsoParam)
	if raw, err := marshal(rest); err == nil {
		p.Params = raw
	}
}

// neededShapes sets p.Shapes to the shapes that the file asks for or its expressions read.
func (l *loader) neededShapes(p *Playbook) {
	p.Shapes = append(p.Shapes, p.views[eventVar].shape)
	for name := range l.compiler.used {
		p.Shapes = append(p.Shapes, p.views[name].shape)
	}
	slices.Sort(p.Shapes)
	p.Shapes = slices.DeleteFunc(slices.Compact(p.Shapes), func(name string) bool { return name == "" })
}

// typesOf returns the types of the variables of a file's expressions.
func (l *loader) typesOf(event *types.Type) map[string]*types.Type {
	all := maps.Clone(l.shapeTypes)
	all[eventVar], all[eventsVar], all[rawVar] = event, types.NewListType(event), types.DynType
	all[stepsVar], all[varsVar] = types.NewObjectType(stepsObject), types.NewObjectType(varsObject)
	all[failureVar] = l.objects.of(failureSchema().Root(), failureVar)
	return all
}

var (
	identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	// The reserved words of CEL (langdef.md, "Syntax").
	reserved = strings.Fields("true false null in as break const continue else for function if import let loop package namespace return var void while")
)

func (l *loader) vars(p *Playbook) {
	p.vars = map[string]any{}
	n := l.root.member("vars")
	l.literals(n, "vars")
	var fields []field
	if n != nil && n.kind == object {
		for _, m := range n.members {
			if !identifier.MatchString(m.key) || slices.Contains(reserved, m.key) {
				l.at(m.line, m.column, "%q cannot be the name of a variable: use letters, digits and underscores, and no reserved word of CEL", shorten(m.key))
			}
		}
		values, err := convert(nil, n.plain())
		if err != nil {
			l.on(n, "%v", err)
			values = map[string]any{}
		}
		p.vars = values.(map[string]any)
		for name, v := range p.vars {
			fields = append(fields, field{name, ofLiteral(v)})
		}
		slices.SortFunc(fields, func(a, b field) int { return strings.Compare(a.name, b.name) })
	}
	l.constants = binding{varsVar: p.vars}
	l.objects.declare(varsVar, fields)
}

// literals rejects expressions in values that are not evaluated. It replaces $${{ in them by ${{.
func (l *loader) literals(n *node, where string) {
	if n == nil {
		return
	}
	if n.kind == text {
		parts, wrong := template(n.text)
		if wrong != nil || slices.ContainsFunc(parts, func(p part) bool { return p.expression }) {
			l.on(n, "%s has literals only: ${{ }} is evaluated in with and if of a step. Write $${{ for a literal ${{", where)
		} else {
			n.text = literals(parts)
		}
	}
	for _, m := range n.members {
		l.literals(m.value, where)
	}
	for _, item := range n.items {
		l.literals(item, where)
	}
}
