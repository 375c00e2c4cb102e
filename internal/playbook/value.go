package playbook

import (
	"fmt"
	"maps"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"soar.example/okta/schema"
)

// value is one place of a step's input: a literal, an expression, a text with
// expressions in it, or an object or list of values.
type value struct {
	pointer string
	kind    kind // as written
	literal any  // if there is nothing to evaluate
	whole   *expression
	parts   []textPart
	names   []string // of an object's members
	items   []*value // of an object or list
	// informs: the schema marks the text as informational. Then an expression that
	// cannot be evaluated becomes part of the text, and the step goes on.
	informs  bool
	language string // of the text, see schema.Node.Language; "": any text
}

type textPart struct {
	literal string
	expr    *expression // nil: literal
}

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

// An evaluation is that of one step's input.
type evaluation struct {
	binding
	wrong []schema.Violation // what could not be evaluated
	size  int                // of the values so far, as weigh counts
}

// take evaluates an expression, unless the values would be too large together.
func (e *evaluation) take(x *expression) (ref.Val, error) {
	if e.size > maxEffort {
		return nil, fmt.Errorf("%s: %w", shorten(x.text), errInputTooLarge)
	}
	got, err := x.eval(e.binding)
	if err != nil {
		return nil, err
	}
	if e.size += weigh(got, maxEffort); e.size > maxEffort {
		return nil, fmt.Errorf("%s: %w", shorten(x.text), errInputTooLarge)
	}
	return got, nil
}

var errInputTooLarge = fmt.Errorf("with this value, the input has more than %d million bytes", maxEffort/1_000_000)

// eval returns the value in the types of encoding/json. What cannot be evaluated
// is added to e.wrong, and present is false for an optional that holds nothing.
func (v *value) eval(e *evaluation) (result any, present bool) {
	fail := func(err error) (any, bool) {
		if v.informs {
			return "(" + err.Error() + ")", true
		}
		e.wrong = append(e.wrong, schema.Violation{Pointer: v.pointer, Message: err.Error()})
		return nil, true
	}
	switch {
	case v.whole != nil:
		got, err := e.take(v.whole)
		if err != nil {
			return fail(err)
		}
		if o, ok := got.(*types.Optional); ok {
			if !o.HasValue() {
				return nil, false
			}
			got = o.GetValue()
		}
		result, err := toJSON(got)
		if err != nil {
			return fail(fmt.Errorf("%s: %w", shorten(v.whole.text), err))
		}
		return result, true
	case v.parts != nil:
		var text strings.Builder
		for _, p := range v.parts {
			if p.expr == nil {
				text.WriteString(p.literal)
				continue
			}
			s, err := e.text(p.expr, v.language)
			switch {
			case err == nil:
				text.WriteString(s)
			case v.informs:
				text.WriteString("(" + err.Error() + ")")
			default:
				return fail(err)
			}
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

// text returns what the expression adds to the text around it, in that text's
// language.
func (e *evaluation) text(x *expression, language string) (string, error) {
	got, err := e.take(x)
	if err != nil {
		return "", err
	}
	s, err := literalOf(language, got)
	if err != nil {
		return "", fmt.Errorf("%s: %w", shorten(x.text), err)
	}
	return s, nil
}
