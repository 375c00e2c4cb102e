package playbook

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// input compiles the step's "with" and checks the parts that are known before a run.
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
	if s.input == nil {
		s.with = in.value(with, nil, "", false)
		return
	}
	root := s.input.Root()
	s.with = in.value(with, root, "", false)
	known, _ := s.with.eval(&evaluation{unknown: in.evaluated})
	raw, err := marshal(known)
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
	evaluated map[string]bool // pointers of values that are known at run time only
}

// A value is one part of a step's input: a literal, an expression, a text with expressions in it, or
// an object or list of values.
type value struct {
	pointer string
	kind    kind // as written
	literal any  // if there is nothing to evaluate
	whole   *expression
	parts   []textPart
	names   []string // of an object's members
	items   []*value // of an object or list
	// informs marks a text that the schema calls informational. An expression that cannot be evaluated
	// becomes part of the text, and the step continues.
	informs  bool
	language string // of the text, see schema.Node.Language; "": any text
}

type textPart struct {
	literal string
	expr    *expression // nil: literal
}

// value compiles n. of is the schema of the value, or nil. An optional value may be left out.
func (in *inputs) value(n *node, of *schema.Node, pointer string, optional bool) *value {
	v := &value{pointer: pointer, kind: n.kind}
	if of != nil {
		v.informs, v.language = of.Truncate > 0, of.Language
	}
	switch n.kind {
	case object:
		for _, m := range n.members {
			member := members(of)
			if of != nil && of.Property(m.key) != nil {
				member = of.Property(m.key)
			}
			at := pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(m.key)
			v.names = append(v.names, m.key)
			v.items = append(v.items, in.value(m.value, member, at, of == nil || !of.IsRequired(m.key)))
		}
	case list:
		for i, item := range n.items {
			v.items = append(v.items, in.value(item, itemsOf(of), pointer+"/"+strconv.Itoa(i), false))
		}
	case text:
		in.text(v, n, of, optional)
	default:
		v.literal = n.plain()
	}
	return v
}

func (in *inputs) text(v *value, n *node, of *schema.Node, optional bool) {
	parts, ok := in.template(n, n.text)
	if ok && !slices.ContainsFunc(parts, func(p part) bool { return p.expression }) {
		v.literal = literals(parts)
		return
	}
	in.evaluated[v.pointer] = true
	if !ok {
		return
	}
	if one := single(parts); one != nil {
		in.whole(v, n, one, of, optional)
		return
	}
	in.checkLanguage(n, parts, v.language)
	for _, p := range parts {
		if !p.expression {
			v.parts = append(v.parts, textPart{literal: p.text})
			continue
		}
		x := in.compiler.compile(p.text, n, p.offset, in.reader)
		if x != nil && !isTextPart(x.result) {
			in.inside(n, p.offset, "only a string, int, double or bool can be part of a text, and this is %s", typeName(x.result))
		}
		v.parts = append(v.parts, textPart{expr: x})
	}
	if why := mismatch(types.StringType, of); why != "" {
		in.on(n, "%s", why)
	}
}

// whole compiles a text that consists of one expression.
func (in *inputs) whole(v *value, n *node, p *part, of *schema.Node, optional bool) {
	x := in.compiler.compile(p.text, n, p.offset, in.reader)
	if x == nil {
		return
	}
	v.whole = x
	result, isOptional := unwrapOptional(x.result)
	why := ""
	if isOptional && !optional {
		why = "the expression can be absent, and this value is required; give it a default with .orValue(…)"
	}
	if why = cmp.Or(why, mismatch(result, of), wholeProblem(x, of)); why != "" {
		in.on(n, "%s", why)
		return
	}
	if !x.constant() || isOptional {
		return
	}
	// The expression reads only literals of the file, so its value is checked now.
	e := evaluation{binding: in.constants}
	got, _ := (&value{pointer: v.pointer, whole: x}).eval(&e)
	if e.wrong != nil {
		in.on(n, "%s", e.wrong[0].Message)
		return
	}
	v.whole, v.literal = nil, got
	delete(in.evaluated, v.pointer)
}

// Input returns the step's evaluated "with", which the action's input schema allows. The error is an
// *sdk.Error (invalid_input). It names the step and, as JSON Pointers into the input, every value that
// could not be evaluated or that the schema rejects.
func (p *Playbook) Input(s *Step, scope Scope) (json.RawMessage, error) {
	uses := map[string]bool{}
	s.with.uses(uses)
	b, err := p.bind(uses, scope)
	if err != nil {
		return nil, evaluationError(err, "the input of step %q cannot be evaluated", s.ID)
	}
	e := evaluation{binding: b}
	result, _ := s.with.eval(&e)
	if e.wrong != nil {
		return nil, sdk.Invalid(fmt.Sprintf("the input of step %q cannot be evaluated", s.ID), e.wrong...)
	}
	raw, err := marshal(result)
	if err != nil {
		return nil, evaluationError(err, "the input of step %q cannot be evaluated", s.ID)
	}
	if wrong := s.input.Check(s.input.Truncate(raw)); wrong != nil {
		return nil, sdk.Invalid(fmt.Sprintf("the input of step %q is not valid for %s", s.ID, s.Action), wrong...)
	}
	return raw, nil
}

// uses adds the variables of the value's expressions.
func (v *value) uses(into map[string]bool) {
	if v.whole != nil {
		maps.Copy(into, v.whole.uses)
	}
	for _, p := range v.parts {
		if p.expr != nil {
			maps.Copy(into, p.expr.uses)
		}
	}
	for _, item := range v.items {
		item.uses(into)
	}
}

// An evaluation evaluates one step's input.
type evaluation struct {
	binding binding
	unknown map[string]bool    // pointers that get a placeholder instead of a value
	wrong   []schema.Violation // values that could not be evaluated
	size    int                // of the values so far, as weigh counts
}

var errInputTooLarge = fmt.Errorf("with this value, the input has more than %d million bytes", maxEffort/1_000_000)

// take evaluates an expression, unless the values would be too large together.
func (e *evaluation) take(x *expression) (ref.Val, error) {
	if e.size <= maxEffort {
		got, err := x.eval(e.binding)
		if err != nil {
			return nil, err
		}
		if e.size += weigh(got, maxEffort); e.size <= maxEffort {
			return got, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", shorten(x.text), errInputTooLarge)
}

// eval returns the value in the types of encoding/json. It adds failures to e.wrong. present is false
// for an optional without a value.
func (v *value) eval(e *evaluation) (result any, present bool) {
	switch {
	case e.unknown[v.pointer]:
		// Violations of this text are ignored.
		return "evaluated at run time: " + v.pointer, true
	case v.whole != nil:
		got, err := e.take(v.whole)
		if err != nil {
			return v.failed(e, err)
		}
		if o, ok := got.(*types.Optional); ok {
			if !o.HasValue() {
				return nil, false
			}
			got = o.GetValue()
		}
		result, err := toJSON(got)
		if err != nil {
			return v.failed(e, fmt.Errorf("%s: %w", shorten(v.whole.text), err))
		}
		return result, true
	case v.parts != nil:
		var text strings.Builder
		for _, p := range v.parts {
			s, err := p.eval(e, v.language)
			if err != nil && !v.informs {
				return v.failed(e, err)
			} else if err != nil {
				s = "(" + err.Error() + ")"
			}
			text.WriteString(s)
		}
		return text.String(), true
	case v.kind == object:
		members := map[string]any{}
		for i, item := range v.items {
			if m, present := item.eval(e); present {
				members[v.names[i]] = m
			}
		}
		return members, true
	case v.kind == list:
		items := []any{}
		for _, item := range v.items {
			m, _ := item.eval(e)
			items = append(items, m)
		}
		return items, true
	default:
		return v.literal, true
	}
}

// failed records that v could not be evaluated.
func (v *value) failed(e *evaluation, err error) (result any, present bool) {
	if v.informs {
		return "(" + err.Error() + ")", true
	}
	e.wrong = append(e.wrong, schema.Violation{Pointer: v.pointer, Message: err.Error()})
	return nil, true
}

// eval returns the part's text in the language of the text around it.
func (p textPart) eval(e *evaluation, language string) (string, error) {
	if p.expr == nil {
		return p.literal, nil
	}
	got, err := e.take(p.expr)
	if err != nil {
		return "", err
	}
	s, err := literalOf(language, got)
	if err != nil {
		return "", fmt.Errorf("%s: %w", shorten(p.expr.text), err)
	}
	return s, nil
}
