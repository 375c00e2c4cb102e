package playbook

import (
	"bytes"
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"

	"soar.example/okta/internal/nearest"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// Load reads a playbook file and checks it against what the connector of the
// manifest offers. file is the name that problems are reported under; nothing is
// opened. The error is [Problems]: everything that is wrong, sorted by position.
func Load(file string, source []byte, m *sdk.Manifest) (*Playbook, error) {
	text := strings.TrimPrefix(string(source), "\ufeff")
	r := newReport(file, text)
	if len(source) > maxBytes {
		r.at(1, 1, "a playbook has at most %d bytes, this file has %d", maxBytes, len(source))
		return nil, r.err()
	}
	root := r.parseYAML(text)
	if root == nil {
		return nil, r.err()
	}
	if m == nil {
		m = &sdk.Manifest{}
	}
	l := &loader{report: r, root: root, manifest: m, schemas: map[string]*schema.Schema{}, shapeTypes: map[string]*types.Type{}}
	p, err := l.load()
	if err != nil {
		r.at(1, 1, "expressions cannot be compiled: %v", err)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	p.File, p.Source = file, bytes.Clone(source)
	return p, nil
}

// loader holds what loading one file needs.
type loader struct {
	*report
	root      *node
	form      form
	manifest  *sdk.Manifest
	schemas   map[string]*schema.Schema // by the action's name
	objects   *objects
	compiler  *compiler
	constants binding // what an expression can read without an event

	shapeNames []string               // of the variables that are shapes of an event
	shapeTypes map[string]*types.Type // of those that the file mentions
}

func (l *loader) load() (p *Playbook, err error) {
	raw, err := marshal(l.root.plain())
	if err != nil {
		return nil, err
	}
	// Members of a wrong type are left out and found by the schema below.
	_ = json.Unmarshal(raw, &l.form)
	p = &Playbook{Name: l.form.Name, Title: l.form.Title, Trigger: l.form.Trigger, EventTypes: l.form.EventTypes, views: map[string]view{}}
	if l.objects, err = newObjects(); err != nil {
		return nil, err
	}
	l.name("name", l.root.member("name"))
	l.eventTypes()
	event := l.trigger(p)
	l.vars(p)
	l.declareSteps(p)
	if l.compiler, err = newCompiler(l.report, l.objects, l.typesOf(event), slices.Concat(variables, l.shapeNames)); err != nil {
		return nil, err
	}
	p.condition = l.predicate(l.root.member("condition"), theCondition)
	l.flood(p)
	for i, s := range p.Steps {
		l.step(s, i)
	}
	l.also(p)
	// Last, since what the checks above say of a place is clearer.
	l.shape(raw)
	l.objects.reader, l.objects.missed = afterAll, nil
	return p, nil
}

// shape reports what the file's own schema refuses.
func (l *loader) shape(raw json.RawMessage) {
	for _, v := range check(formSchema(), raw) {
		l.violation(l.root, l.root, formSchema().Root(), v)
	}
}

var snakeCase = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// name checks a name of the file. One that is missing or no text is left to the
// schema.
func (l *loader) name(what string, n *node) {
	if n != nil && n.kind == text && (!snakeCase.MatchString(n.text) || len(n.text) > 64) {
		l.on(n, "%s must be snake_case, at most 64 letters, digits and underscores, such as suspend_user", what)
	}
}

func (l *loader) eventTypes() {
	for _, n := range l.root.member("event_types").list() {
		if n.kind != text {
			continue
		}
		if err := sdk.CheckTypePattern(n.text); err != nil {
			l.on(n, "%q %v", shorten(n.text), err)
		}
	}
}

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

var (
	identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	// The words that CEL keeps for itself (langdef.md, "Syntax").
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
				l.at(m.line, m.column, "%q cannot be the name of a variable: it must be letters, digits and underscores, and no word of CEL's own", shorten(m.key))
			}
		}
		values, err := shape(nil, unescaped(n.plain()))
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

// literals refuses expressions where none are evaluated.
func (l *loader) literals(n *node, where string) {
	if n == nil {
		return
	}
	if n.kind == text {
		parts, wrong := template(n.text)
		if wrong != nil || slices.ContainsFunc(parts, func(p part) bool { return p.expression }) {
			l.on(n, "%s holds literals; ${{ }} is evaluated in a step's with and if. $${{ stands for the characters themselves", where)
		}
	}
	for _, m := range n.members {
		l.literals(m.value, where)
	}
	for _, item := range n.items {
		l.literals(item, where)
	}
}

// unescaped puts ${{ where a literal says $${{.
func unescaped(v any) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, "$${{", "${{")
	case []any:
		for i := range v {
			v[i] = unescaped(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = unescaped(v[name])
		}
	}
	return v
}

// check is s.Check in an order that is always the same: of two violations of one
// value, the first is reported.
func check(s *schema.Schema, raw json.RawMessage) []schema.Violation {
	all := s.Check(raw)
	slices.SortFunc(all, func(a, b schema.Violation) int {
		return cmp.Or(cmp.Compare(a.Pointer, b.Pointer), cmp.Compare(a.Message, b.Message))
	})
	return all
}

// violation reports what a schema says of a value of the file. at is the value
// as the schema sees it, owner the node that stands for it where a member is
// missing.
func (l *loader) violation(at, owner *node, root *schema.Node, v schema.Violation) {
	found := at.find(v.Pointer)
	name := found.last
	if _, err := strconv.Atoi(name); err == nil && found.parent != nil && found.parent.kind == list {
		name = "item " + name
	}
	if name != "" {
		name += ": "
	}
	switch {
	case found.node == at && at != owner:
		l.on(owner, "%s", v.Message)
	case found.node == nil && found.parent != nil:
		if found.parent == at {
			found.parent = owner
		}
		l.at(found.parent.line, found.parent.column, "%s%s", name, v.Message)
	case found.node == nil:
		l.at(owner.line, owner.column, "%s: %s", v.Pointer, v.Message)
	case found.key != nil && !declared(root, v.Pointer):
		l.at(found.key.line, found.key.column, "%s%s", name, v.Message)
	default:
		l.on(found.node, "%s%s", name, v.Message)
	}
}

// declared reports whether the schema knows the place.
func declared(n *schema.Node, pointer string) bool {
	for _, step := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		switch {
		case n.Property(step) != nil:
			n = n.Property(step)
		case n.Items != nil:
			n = n.Items
		case members(n) != nil:
			n = members(n)
		default:
			return false
		}
	}
	return true
}

// duration reads a duration of the file; fallback is what an absent or a wrong
// one becomes.
func (l *loader) duration(n *node, what string, least, most, fallback time.Duration) time.Duration {
	if n == nil || n.kind != text && n.kind != number {
		return fallback
	}
	var d sdk.Duration
	if err := d.UnmarshalText([]byte(n.text)); err != nil {
		l.on(n, "%s: %v", what, err)
		return fallback
	}
	if d.Std() < least || d.Std() > most {
		l.on(n, "%s must be between %s and %s", what, written(least), written(most))
		return fallback
	}
	return d.Std()
}

// written is d as people write it: 15m, not 15m0s.
func written(d time.Duration) string {
	s := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	return s
}
