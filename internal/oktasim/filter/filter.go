// Package filter reads and evaluates the SCIM expressions of Okta's filter and search parameters.
package filter

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"soar.example/okta/internal/oktasim/wire"
)

// Expression is a parsed SCIM expression: a comparison, or terms joined by and, or, not.
type Expression struct {
	// Operator is and, or, not, or an attribute operator in lower case.
	Operator string
	// Attribute and Value belong to a comparison. The value is a string, a json.Number or a bool, and pr has none.
	Attribute string
	Value     any

	terms []*Expression
	fold  bool // ignores the case of strings
}

// Comparisons returns the comparisons of the expression from left to right. No expression has none.
func (e *Expression) Comparisons() []*Expression {
	switch {
	case e == nil:
		return nil
	case e.terms == nil:
		return []*Expression{e}
	}
	var all []*Expression
	for _, t := range e.terms {
		all = append(all, t.Comparisons()...)
	}
	return all
}

// Match evaluates the expression for a decoded JSON object.
func (e *Expression) Match(doc wire.Doc) bool {
	matches := func(t *Expression) bool { return t.Match(doc) }
	switch e.Operator {
	case "or":
		return slices.ContainsFunc(e.terms, matches)
	case "and":
		return !slices.ContainsFunc(e.terms, func(t *Expression) bool { return !t.Match(doc) })
	case "not":
		return !e.terms[0].Match(doc)
	case "ne":
		// ne holds if no value is equal, and so for an absent attribute.
		equal := *e
		equal.Operator = "eq"
		return !equal.Match(doc)
	}
	return slices.ContainsFunc(Values(doc, e.Attribute), e.holds)
}

func (e *Expression) holds(v any) bool {
	if e.Operator == "pr" {
		return present(v)
	}
	switch want := e.Value.(type) {
	case string:
		got, ok := v.(string)
		return ok && e.holdsText(got, want)
	case json.Number:
		got, ok := v.(json.Number)
		return ok && e.holdsNumber(got, want)
	case bool:
		return e.Operator == "eq" && v == e.Value
	}
	return false
}

func (e *Expression) holdsText(got, want string) bool {
	if e.fold {
		got, want = strings.ToLower(got), strings.ToLower(want)
	}
	switch e.Operator {
	case "co":
		return strings.Contains(got, want)
	case "sw":
		return strings.HasPrefix(got, want)
	case "ew":
		return strings.HasSuffix(got, want)
	}
	order := strings.Compare(got, want)
	// A client may write the same instant in another form than Okta does.
	if a, err := time.Parse(wire.StampLayout, strings.ToUpper(got)); err == nil {
		if b, err := wire.ParseTime(want); err == nil {
			order = a.Compare(b)
		}
	}
	return e.holdsOrder(order)
}

func (e *Expression) holdsNumber(got, want json.Number) bool {
	a, errA := got.Float64()
	b, errB := want.Float64()
	switch {
	case errA != nil || errB != nil:
		return e.Operator == "eq" && got == want
	case a < b:
		return e.holdsOrder(-1)
	case a > b:
		return e.holdsOrder(1)
	}
	return e.holdsOrder(0)
}

func (e *Expression) holdsOrder(order int) bool {
	switch e.Operator {
	case "eq", "ge", "le":
		return order == 0 || e.Operator == "ge" && order > 0 || e.Operator == "le" && order < 0
	}
	return e.Operator == "gt" && order > 0 || e.Operator == "lt" && order < 0
}

func present(v any) bool {
	switch v := v.(type) {
	case string:
		return v != ""
	case wire.Doc:
		return len(v) > 0
	}
	return v != nil
}

// Values returns the values of a dotted attribute in decoded JSON, from every element of the arrays on its way. An
// absent or null attribute has none.
func Values(in any, attribute string) []any {
	switch v := in.(type) {
	case nil:
		return nil
	case []any:
		var all []any
		for _, e := range v {
			all = append(all, Values(e, attribute)...)
		}
		return all
	case wire.Doc:
		if attribute == "" {
			break
		}
		name, rest, _ := strings.Cut(attribute, ".")
		// A key may itself hold dots, as attributes of debugData do.
		if _, whole := v[attribute]; whole {
			name, rest = attribute, ""
		}
		return Values(v[name], rest)
	}
	if attribute != "" {
		return nil
	}
	return []any{in}
}
