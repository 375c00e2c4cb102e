// Package filter parses and evaluates the SCIM expressions of Okta's filter and search parameters.
package filter

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"soar.example/okta/internal/oktasim/wire"
)

// Expression is a parsed SCIM expression: a comparison, or terms joined by and, or, not.
type Expression struct {
	// Operator is and, or, not, or an attribute operator in lower case.
	Operator string
	// Attribute and Value belong to a comparison. The value is a string, a json.Number or a bool. pr has no
	// value.
	Attribute string
	Value     any

	terms []*Expression
	fold  bool // ignores the case of strings
}

// Comparisons returns the comparisons of the expression from left to right. e may be nil.
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
	}
	values := Values(doc, e.Attribute)
	if e.Operator == "ne" { // true if no value is equal, and therefore for an absent attribute
		equal := Expression{Operator: "eq", Value: e.Value, fold: e.fold}
		return !slices.ContainsFunc(values, equal.holds)
	}
	return slices.ContainsFunc(values, e.holds)
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
	// A client may write the same instant in another format than Okta.
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
	if errA != nil || errB != nil {
		return e.Operator == "eq" && got == want
	}
	return e.holdsOrder(cmp.Compare(a, b))
}

// holdsOrder reports whether the operator accepts an order of -1, 0 or 1.
func (e *Expression) holdsOrder(order int) bool {
	return strings.Contains([]string{"lt le", "eq ge le", "gt ge"}[order+1], e.Operator)
}

func present(v any) bool {
	object, isObject := v.(wire.Doc)
	return v != nil && v != "" && (!isObject || len(object) > 0)
}

// Values returns the values of a dotted attribute in decoded JSON. It searches every element of an array. An absent
// or null attribute has no values.
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
		// A key may itself contain dots, as attributes of debugData do.
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

// Rules define the expressions that a parameter of an endpoint accepts.
type Rules struct {
	// Search selects Okta's search language. It ignores the case of strings, and its errors contain no
	// positions.
	Search bool
	// Negation allows not.
	Negation bool
	// Known reports whether an attribute exists. nil means that only Allows is used.
	Known func(attribute string) bool
	// Allows reports whether the operator may follow the attribute.
	Allows func(attribute, operator string) bool
}

// Parse parses an expression. Its errors are Okta's.
func Parse(text string, rules Rules) (*Expression, error) {
	p := &parser{}
	e, err := p.parse(text)
	switch {
	case err != nil && !rules.Search:
		return nil, wire.Codef("E0000053", "Invalid filter '%s': %v", text, err)
	case err != nil || p.negated && !rules.Negation:
		return nil, wire.Code("E0000031")
	}
	for _, c := range e.Comparisons() {
		if rules.Known != nil && !rules.Known(c.Attribute) {
			return nil, wire.Codef("E0000053", "field is not valid: %s", c.Attribute)
		}
		if !rules.Allows(c.Attribute, c.Operator) {
			return nil, wire.Codef("E0000031", "The supplied combination of operator and field is not currently supported. Operator: %s, Field: %s",
				c.Operator, c.Attribute)
		}
		c.fold = rules.Search
	}
	return e, nil
}

// These sets of operators apply to many attributes.
const (
	Equal   = "eq"
	Ordered = "eq gt ge lt le"
	Compare = "eq sw pr gt ge lt le"
	Contain = Compare + " co"
)

// Table maps each attribute to its allowed operators, separated by spaces.
type Table map[string]string

// Allows reports whether the operator may follow the attribute.
func (t Table) Allows(attribute, operator string) bool {
	return slices.Contains(strings.Fields(t[attribute]), operator)
}

// operators are all attribute operators of RFC 7644.
var operators = []string{"eq", "ne", "gt", "ge", "lt", "le", "sw", "ew", "co", "pr"}

// maxDepth limits the nesting of parentheses, and therefore the stack.
const maxDepth = 64

var (
	// tokenForm matches a parenthesis, a string, the start of a string without an end, or a word.
	tokenForm     = regexp.MustCompile(`(?s)[()]|"(?:[^"\\]|\\.)*"|"|[^ \t\r\n()"]+`)
	attributeForm = regexp.MustCompile(`^[A-Za-z_][\w:$-]*(\.[\w:$-]+)*$`)
)

// token is a part of an expression with its position in characters. The token after the last one has an empty
// text.
type token struct {
	text string
	at   int
}

// isWord reports whether the token is neither a string nor a parenthesis.
func (t token) isWord() bool { return t.text != "" && !strings.ContainsAny(t.text[:1], `()"`) }

type parser struct {
	tokens  []token
	depth   int
	negated bool
}

// parse parses a whole expression. Comparisons have the highest precedence, then parentheses, then and, then or. Its
// errors are sentences without the expression itself.
func (p *parser) parse(text string) (*Expression, error) {
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("The filter is not valid UTF-8")
	}
	for _, m := range tokenForm.FindAllStringIndex(text, -1) {
		t := token{text[m[0]:m[1]], utf8.RuneCountInString(text[:m[0]])}
		if t.text == `"` {
			return nil, fmt.Errorf("End of input in a string that begins at position %d", t.at)
		}
		p.tokens = append(p.tokens, t)
	}
	p.tokens = append(p.tokens, token{"", utf8.RuneCountInString(text)})
	e, err := p.junction("or")
	if t := p.tokens[0]; err == nil && t.text != "" {
		err = fmt.Errorf("Unexpected characters '%s' at position %d", t.text, t.at)
	}
	return e, err
}

// accept consumes the next token if it is that word in any case.
func (p *parser) accept(word string) bool {
	ok := strings.EqualFold(p.tokens[0].text, word)
	if ok {
		p.tokens = p.tokens[1:]
	}
	return ok
}

// take consumes the next token if it is of the expected kind.
func (p *parser) take(expected string, is func(token) bool) (token, error) {
	t := p.tokens[0]
	if t.text == "" {
		return t, fmt.Errorf("End of input at position %d. Expected: %s", t.at, expected)
	}
	if !is(t) {
		return t, fmt.Errorf("Unexpected characters '%s' at position %d. Expected: %s", t.text, t.at, expected)
	}
	p.tokens = p.tokens[1:]
	return t, nil
}

// junction parses terms joined by or. Each of them consists of terms joined by and.
func (p *parser) junction(operator string) (*Expression, error) {
	term := p.term
	if operator == "or" {
		term = func() (*Expression, error) { return p.junction("and") }
	}
	e := &Expression{Operator: operator}
	for len(e.terms) == 0 || p.accept(operator) {
		t, err := term()
		if err != nil {
			return nil, err
		}
		e.terms = append(e.terms, t)
	}
	if len(e.terms) == 1 {
		return e.terms[0], nil
	}
	return e, nil
}

func (p *parser) term() (*Expression, error) {
	if p.tokens[0].text == "(" {
		return p.parenthesis()
	}
	if !p.accept("not") {
		return p.comparison()
	}
	p.negated = true
	e, err := p.parenthesis()
	return &Expression{Operator: "not", terms: []*Expression{e}}, err
}

func (p *parser) parenthesis() (*Expression, error) {
	open, err := p.take("'('", func(t token) bool { return t.text == "(" })
	if err != nil {
		return nil, err
	}
	if p.depth++; p.depth > maxDepth {
		return nil, fmt.Errorf("Too many nested parentheses at position %d", open.at)
	}
	e, err := p.junction("or")
	if err != nil {
		return nil, err
	}
	p.depth--
	_, err = p.take("')'", func(t token) bool { return t.text == ")" })
	return e, err
}

func (p *parser) comparison() (*Expression, error) {
	attribute, err := p.take("an attribute", token.isWord)
	if err == nil && !attributeForm.MatchString(attribute.text) {
		err = fmt.Errorf("Invalid attribute name '%s' at position %d", attribute.text, attribute.at)
	}
	if err != nil {
		return nil, err
	}
	word, err := p.take("an attribute operator", token.isWord)
	e := &Expression{Operator: strings.ToLower(word.text), Attribute: attribute.text}
	if err == nil && !slices.Contains(operators, e.Operator) {
		err = fmt.Errorf("Unrecognized attribute operator '%s' at position %d. Expected: eq,co,sw,pr,gt,ge,lt,le", word.text, word.at)
	}
	if err != nil || e.Operator == "pr" {
		return e, err
	}
	value, err := p.take("a value", func(token) bool { return true })
	if err != nil {
		return nil, err
	}
	if e.Value = literal(value.text); e.Value == nil {
		return nil, fmt.Errorf("Invalid comparison value '%s' at position %d", value.text, value.at)
	}
	return e, nil
}

// literal parses a JSON string, number or boolean. It returns nil for any other text.
func literal(text string) (v any) {
	if strings.ContainsAny(text[:1], "[{") || !json.Valid([]byte(text)) {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	_ = d.Decode(&v) // the text is valid
	return v
}
