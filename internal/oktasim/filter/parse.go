package filter

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"soar.example/okta/internal/oktasim/wire"
)

// Rules say which expressions a parameter of an endpoint accepts.
type Rules struct {
	// Search marks Okta's search language. It ignores the case of strings and reports no positions in its errors.
	Search bool
	// Negation allows not.
	Negation bool
	// Known reports whether an attribute exists. Nil means that Allows alone decides.
	Known func(attribute string) bool
	// Allows reports whether the operator may follow the attribute.
	Allows func(attribute, operator string) bool
}

// Parse reads an expression. Its errors are Okta's.
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

// Sets of operators that many attributes allow.
const (
	Equal   = "eq"
	Ordered = "eq gt ge lt le"
	Compare = "eq sw pr gt ge lt le"
	Contain = Compare + " co"
)

// Table is an Allows of the operators, separated by spaces, that each attribute allows.
type Table map[string]string

// Allows reports whether the operator may follow the attribute.
func (t Table) Allows(attribute, operator string) bool {
	return slices.Contains(strings.Fields(t[attribute]), operator)
}

// operators are all attribute operators of RFC 7644.
var operators = []string{"eq", "ne", "gt", "ge", "lt", "le", "sw", "ew", "co", "pr"}

// maxDepth bounds the nesting of parentheses, and with it the stack.
const maxDepth = 64

var (
	// tokenForm matches a parenthesis, a string, the beginning of a string without an end, or a word.
	tokenForm     = regexp.MustCompile(`(?s)[()]|"(?:[^"\\]|\\.)*"|"|[^ \t\r\n()"]+`)
	attributeForm = regexp.MustCompile(`^[A-Za-z_][\w:$-]*(\.[\w:$-]+)*$`)
)

// token is a part of an expression with its position in characters. The text of the token after the last is empty.
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

// parse reads a whole expression: comparisons bind tighter than parentheses, parentheses tighter than and, and tighter
// than or. Its errors are sentences without the expression itself.
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

// junction reads terms joined by or, each of them terms joined by and.
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
	if err != nil {
		return nil, err
	}
	if !attributeForm.MatchString(attribute.text) {
		return nil, fmt.Errorf("Invalid attribute name '%s' at position %d", attribute.text, attribute.at)
	}
	word, err := p.take("an attribute operator", token.isWord)
	if err != nil {
		return nil, err
	}
	e := &Expression{Operator: strings.ToLower(word.text), Attribute: attribute.text}
	if !slices.Contains(operators, e.Operator) {
		return nil, fmt.Errorf("Unrecognized attribute operator '%s' at position %d. Expected: eq,co,sw,pr,gt,ge,lt,le", word.text, word.at)
	}
	if e.Operator == "pr" {
		return e, nil
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

// literal reads a JSON string, number or boolean. It returns nil for anything else.
func literal(text string) any {
	if !json.Valid([]byte(text)) || strings.ContainsAny(text[:1], "[{") {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil
	}
	return v
}
