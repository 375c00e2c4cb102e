package playbook

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"

	"soar.example/okta/internal/nearest"
	"soar.example/okta/schema"
)

// The bounds and defaults of a step's times.
const (
	leastTimeout    = time.Second
	mostTime        = 15 * time.Minute
	defaultTimeout  = 3 * time.Minute // an action that does several things may wait for a rate limit's window amid them
	defaultAttempts = 4
	defaultWait     = time.Second
	defaultMaxWait  = 30 * time.Second
)

// declareSteps makes the steps and the types that expressions see of them. All
// are declared before any expression is compiled, so that one that is used too
// early is known from one that does not exist.
func (l *loader) declareSteps(p *Playbook) {
	var fields []field
	result := func(path string, output *types.Type) *types.Type {
		text := types.NewNullableType(types.StringType)
		return l.objects.declare(path, []field{
			{"status", text},
			{"output", output},
			{"error", l.objects.declare(path+".error", []field{{"code", text}, {"message", text}})},
		})
	}
	for i, n := range l.root.member("steps").list() {
		f := l.stepForm(i)
		s := &Step{ID: f.ID, Title: f.Title, Action: f.Action}
		p.Steps = append(p.Steps, s)
		known := l.action(s, n.member("action"), formatOf(n.member("with")))
		id := n.member("id")
		if id == nil || id.kind != text {
			continue
		}
		l.name("the id of a step", id)
		if slices.Contains(reserved, id.text) {
			l.on(id, "%q is a word of CEL's own: no expression could name this step", id.text)
		}
		if first, double := l.objects.order[id.text]; double {
			l.on(id, "step %d has the id %q already", first+1, shorten(id.text))
			continue
		}
		l.objects.order[id.text] = i
		where, output := stepsVar+"."+id.text, types.DynType
		if known {
			output = l.objects.of(s.output, where+".output")
		}
		fields = append(fields, field{id.text, result(where, output)})
	}
	l.objects.declare(stepsVar, fields)
}

func (l *loader) stepForm(i int) stepForm {
	if i < len(l.form.Steps) {
		return l.form.Steps[i]
	}
	return stepForm{}
}

// action finds the step's action and its schemas, that of the output in the format
// asked for.
func (l *loader) action(s *Step, n *node, format string) bool {
	if n == nil || n.kind != text {
		return false
	}
	info := l.manifest.Action(n.text)
	if info == nil {
		l.on(n, "there is no action %q%s", shorten(n.text), nearest.Hint(n.text, l.manifest.ActionNames()))
		return false
	}
	input, err := l.parsed(info.Name+" input", json.RawMessage(info.Input))
	if err != nil {
		l.on(n, "the connector's schema of the input of %s cannot be read: %v", n.text, err)
		return false
	}
	output, err := l.parsed(info.Name+" output "+format, json.RawMessage(info.OutputIn(format)))
	if err != nil {
		l.on(n, "the connector's schema of the output of %s cannot be read: %v", n.text, err)
		return false
	}
	s.input, s.output = input, output.Root()
	if len(info.Shapes) > 0 && strings.Contains(format, "${{") {
		s.output = nil // which shape it has shows at run time only
	}
	return true
}

func (l *loader) parsed(key string, raw json.RawMessage) (*schema.Schema, error) {
	if s, ok := l.schemas[key]; ok {
		return s, nil
	}
	s, err := schema.Parse(raw)
	if err == nil {
		l.schemas[key] = s
	}
	return s, err
}

// step fills in the i-th step.
func (l *loader) step(s *Step, i int) {
	n := l.root.member("steps").list()[i]
	f := l.stepForm(i)
	s.OnError = OnError(f.OnError)
	if s.OnError == "" {
		s.OnError = Stop
	}
	s.Timeout = l.duration(n.member("timeout"), "timeout", leastTimeout, mostTime, defaultTimeout)
	s.Retry = l.retry(n.member("retry"), f.Retry)
	s.guard = l.predicate(n.member("if"), i)
	l.input(s, n, i)
}

func (l *loader) retry(n *node, f *retryForm) Retry {
	r := Retry{Attempts: defaultAttempts}
	if f != nil && f.Attempts != nil {
		r.Attempts = *f.Attempts
	}
	r.Wait = l.duration(n.member("wait"), "wait", 0, mostTime, defaultWait)
	r.MaxWait = l.duration(n.member("max_wait"), "max_wait", 0, mostTime, max(defaultMaxWait, r.Wait))
	if at := n.member("max_wait"); at != nil && r.MaxWait < r.Wait {
		l.on(at, "max_wait must not be less than wait, which is %s", written(r.Wait))
	}
	return r
}

// input compiles the step's "with" and checks what it can of it.
func (l *loader) input(s *Step, step *node, reader int) {
	with := step.member("with")
	owner := with
	if with == nil || with.kind == null {
		owner = step.member("action")
		with = &node{kind: object}
	}
	if with.kind != object {
		return
	}
	in := inputs{loader: l, reader: reader, evaluated: map[string]bool{}}
	var root *schema.Node
	if s.input != nil {
		root = s.input.Root()
	}
	s.with = in.value(with, root, "", false)
	if s.input == nil {
		return
	}
	raw, err := marshal(in.sketch(s.with))
	if err != nil {
		l.on(owner, "the input cannot be written as JSON: %v", err)
		return
	}
	for _, v := range check(s.input, raw) {
		if !in.evaluated[v.Pointer] || !declared(root, v.Pointer) {
			l.violation(with, owner, root, v)
		}
	}
}

// inputs compiles one step's input.
type inputs struct {
	*loader
	reader    int
	evaluated map[string]bool // pointers of what shows at run time only
}

// value compiles n. of is what the action's schema says there, nil if it says
// nothing; optional tells whether an absent value can be left out.
func (in *inputs) value(n *node, of *schema.Node, pointer string, optional bool) *value {
	v := &value{pointer: pointer, kind: n.kind}
	if of != nil {
		v.informs, v.language = of.Truncate > 0, of.Language
	}
	switch n.kind {
	case object:
		for _, m := range n.members {
			var member *schema.Node
			if of != nil {
				if member = of.Property(m.key); member == nil {
					member = members(of)
				}
			}
			at := pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(m.key)
			v.names = append(v.names, m.key)
			v.items = append(v.items, in.value(m.value, member, at, of == nil || !of.IsRequired(m.key)))
		}
	case list:
		var items *schema.Node
		if of != nil {
			items = of.Items
		}
		for i, item := range n.items {
			v.items = append(v.items, in.value(item, items, pointer+"/"+strconv.Itoa(i), false))
		}
	case text:
		in.text(v, n, of, optional)
	default:
		v.literal = n.plain()
	}
	return v
}

func (in *inputs) text(v *value, n *node, of *schema.Node, optional bool) {
	parts, wrong := template(n.text)
	if wrong != nil {
		line, column := in.locate(n, wrong.offset)
		in.at(line, column, "%s", wrong.message)
		in.evaluated[v.pointer] = true
		return
	}
	if one := single(parts); one != nil {
		in.whole(v, n, one, of, optional)
		return
	}
	if !slices.ContainsFunc(parts, func(p part) bool { return p.expression }) {
		v.literal = ""
		if len(parts) > 0 {
			v.literal = parts[0].text
		}
		return
	}
	in.evaluated[v.pointer] = true
	in.checkLanguage(n, parts, v.language)
	for _, p := range parts {
		if !p.expression {
			v.parts = append(v.parts, textPart{literal: p.text})
			continue
		}
		x := in.compiler.compile(p.text, n, p.offset, in.reader)
		if x != nil && !isTextPart(x.result) {
			line, column := in.locate(n, p.offset)
			in.at(line, column, "only a string, int, double or bool can be part of a text, and this is %s", typeName(x.result))
		}
		v.parts = append(v.parts, textPart{expr: x})
	}
	if why := misfit(types.StringType, of); why != "" {
		in.on(n, "%s", why)
	}
}

// whole compiles a text that is one expression.
func (in *inputs) whole(v *value, n *node, p *part, of *schema.Node, optional bool) {
	in.evaluated[v.pointer] = true
	x := in.compiler.compile(p.text, n, p.offset, in.reader)
	if x == nil {
		return
	}
	v.whole = x
	result, isOptional := unwrapOptional(x.result)
	if isOptional && !optional {
		in.on(n, "the expression may give nothing, and this cannot be left out; .orValue(…) gives it a value")
		return
	}
	if why := misfit(result, of); why != "" {
		in.on(n, "%s", why)
		return
	}
	if why := wholeOf(x, of); why != "" {
		in.on(n, "%s", why)
		return
	}
	if !x.constant() || isOptional {
		return
	}
	// It reads only what the file gives, so its value can be checked now.
	known := &value{pointer: v.pointer, whole: x}
	e := evaluation{binding: in.constants}
	got, _ := known.eval(&e)
	if e.wrong != nil {
		in.on(n, "%s", e.wrong[0].Message)
		return
	}
	v.whole, v.literal = nil, got
	delete(in.evaluated, v.pointer)
}

// sketch is the input as far as it is known. What is not stands there as a text
// unlike any other, whose violations are nobody's fault.
func (in *inputs) sketch(v *value) any {
	switch {
	case in.evaluated[v.pointer]:
		return fmt.Sprintf("evaluated at run time: %s", v.pointer)
	case v.kind == object:
		members := map[string]any{}
		for i, item := range v.items {
			members[v.names[i]] = in.sketch(item)
		}
		return members
	case v.kind == list:
		items := []any{}
		for _, item := range v.items {
			items = append(items, in.sketch(item))
		}
		return items
	default:
		return v.literal
	}
}
