package oktatest

import (
	"encoding/json"
	"strings"
	"time"
)

// A filterExpr is a parsed SCIM filter. String writes it so that parsing it again gives the same expression.
type filterExpr interface {
	String() string
	// match evaluates the expression; values returns all values of an attribute, none where it is absent or null.
	match(values func(attribute string) []any) bool
	// visit calls fn for each comparison until it returns an error.
	visit(fn func(*comparison) error) error
	// rank tells how strongly the expression binds: or, and, not, comparison.
	rank() int
}

const (
	rankOr = iota
	rankAnd
	rankNot
	rankComparison
)

// junction is "and" or "or" over two or more terms.
type junction struct {
	or    bool
	terms []filterExpr
}

func (j *junction) rank() int {
	if j.or {
		return rankOr
	}
	return rankAnd
}

func (j *junction) String() string {
	word := " and "
	if j.or {
		word = " or "
	}
	var b strings.Builder
	for i, t := range j.terms {
		if i > 0 {
			b.WriteString(word)
		}
		if t.rank() <= j.rank() {
			b.WriteString("(" + t.String() + ")")
		} else {
			b.WriteString(t.String())
		}
	}
	return b.String()
}

func (j *junction) match(values func(string) []any) bool {
	for _, t := range j.terms {
		if t.match(values) == j.or {
			return j.or
		}
	}
	return !j.or
}

func (j *junction) visit(fn func(*comparison) error) error {
	for _, t := range j.terms {
		if err := t.visit(fn); err != nil {
			return err
		}
	}
	return nil
}

// negation is "not (…)".
type negation struct{ term filterExpr }

func (n *negation) rank() int                              { return rankNot }
func (n *negation) String() string                         { return "not (" + n.term.String() + ")" }
func (n *negation) match(values func(string) []any) bool   { return !n.term.match(values) }
func (n *negation) visit(fn func(*comparison) error) error { return n.term.visit(fn) }

// comparison is an attribute, an operator in lower case and, unless that is pr, a value.
type comparison struct {
	attribute string
	operator  string
	// value is a string, a json.Number or a bool.
	value any
	// fold makes strings equal that differ in case only.
	fold bool
}

func (c *comparison) rank() int { return rankComparison }

func (c *comparison) String() string {
	if c.operator == "pr" {
		return c.attribute + " pr"
	}
	return c.attribute + " " + c.operator + " " + string(encode(c.value))
}

func (c *comparison) visit(fn func(*comparison) error) error { return fn(c) }

// match holds when any value of the attribute compares; ne holds when none is equal, so also for an absent one.
func (c *comparison) match(values func(string) []any) bool {
	all := values(c.attribute)
	if c.operator == "ne" {
		equal := *c
		equal.operator = "eq"
		return !equal.match(values)
	}
	for _, v := range all {
		if c.holds(v) {
			return true
		}
	}
	return false
}

func (c *comparison) holds(v any) bool {
	if c.operator == "pr" {
		return present(v)
	}
	switch want := c.value.(type) {
	case string:
		got, ok := v.(string)
		return ok && c.holdsText(got, want)
	case json.Number:
		got, ok := v.(json.Number)
		return ok && c.holdsNumber(got, want)
	case bool:
		got, ok := v.(bool)
		return ok && c.operator == "eq" && got == want
	}
	return false
}

func (c *comparison) holdsText(got, want string) bool {
	if c.fold {
		got, want = strings.ToLower(got), strings.ToLower(want)
	}
	switch c.operator {
	case "co":
		return strings.Contains(got, want)
	case "sw":
		return strings.HasPrefix(got, want)
	case "ew":
		return strings.HasSuffix(got, want)
	}
	order := strings.Compare(got, want)
	// A client may write the same instant in another form than Okta does.
	if a, err := time.Parse(stampLayout, strings.ToUpper(got)); err == nil {
		if b, ok := parseTime(want); ok {
			order = a.Compare(b)
		}
	}
	return c.holdsOrder(order)
}

func (c *comparison) holdsNumber(got, want json.Number) bool {
	a, errA := got.Float64()
	b, errB := want.Float64()
	if errA != nil || errB != nil {
		return c.operator == "eq" && got == want
	}
	switch {
	case a < b:
		return c.holdsOrder(-1)
	case a > b:
		return c.holdsOrder(1)
	}
	return c.holdsOrder(0)
}

func (c *comparison) holdsOrder(order int) bool {
	switch c.operator {
	case "eq":
		return order == 0
	case "gt":
		return order > 0
	case "ge":
		return order >= 0
	case "lt":
		return order < 0
	case "le":
		return order <= 0
	}
	return false
}

func present(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case map[string]any:
		return len(v) > 0
	}
	return true
}

// valuesAt collects the values at a dotted path in decoded JSON, going into every element of the arrays on its way.
func valuesAt(doc any, path []string) []any {
	switch v := doc.(type) {
	case nil:
		return nil
	case []any:
		var all []any
		for _, e := range v {
			all = append(all, valuesAt(e, path)...)
		}
		return all
	case map[string]any:
		if len(path) == 0 {
			return []any{v}
		}
		// A key may itself hold dots, as attributes of debugData do.
		whole := strings.Join(path, ".")
		if e, ok := v[whole]; ok && len(path) > 1 {
			return valuesAt(e, nil)
		}
		return valuesAt(v[path[0]], path[1:])
	}
	if len(path) > 0 {
		return nil
	}
	return []any{doc}
}
