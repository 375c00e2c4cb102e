package oktatest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// operators are all attribute operators of RFC 7644.
var operators = []string{"eq", "ne", "gt", "ge", "lt", "le", "sw", "ew", "co", "pr"}

// maxFilterDepth bounds the nesting of parentheses, and with it the stack.
const maxFilterDepth = 64

// parseFilter reads a SCIM filter: comparisons bind tighter than parentheses, these tighter than "and", that
// tighter than "or". Its errors are sentences without the filter itself.
func parseFilter(text string) (filterExpr, error) {
	tokens, err := lexFilter(text)
	if err != nil {
		return nil, err
	}
	p := &filterParser{tokens: tokens, end: utf8.RuneCountInString(text)}
	e, err := p.junction(true)
	if err != nil {
		return nil, err
	}
	if t, ok := p.peek(); ok {
		return nil, fmt.Errorf("Unexpected characters '%s' at position %d", t.text, t.at)
	}
	return e, nil
}

type tokenKind int

const (
	wordToken tokenKind = iota
	openToken
	closeToken
	stringToken
)

type token struct {
	kind tokenKind
	text string
	at   int // in characters
}

func lexFilter(text string) ([]token, error) {
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("The filter is not valid UTF-8")
	}
	var tokens []token
	at := 0 // i in characters
	for i, before := 0, 0; i < len(text); {
		at += utf8.RuneCountInString(text[before:i])
		before = i
		switch ch := text[i]; {
		case ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n':
			i++
		case ch == '(':
			tokens = append(tokens, token{openToken, "(", at})
			i++
		case ch == ')':
			tokens = append(tokens, token{closeToken, ")", at})
			i++
		case ch == '"':
			end := endOfString(text, i)
			if end < 0 {
				return nil, fmt.Errorf("End of input in a string that begins at position %d", at)
			}
			tokens = append(tokens, token{stringToken, text[i:end], at})
			i = end
		default:
			end := i + strings.IndexAny(text[i:]+" ", " \t\r\n()\"")
			tokens = append(tokens, token{wordToken, text[i:end], at})
			i = end
		}
	}
	return tokens, nil
}

// endOfString returns the index behind the closing quote of the string that begins at i, or -1.
func endOfString(text string, i int) int {
	for j := i + 1; j < len(text); j++ {
		switch text[j] {
		case '\\':
			j++
		case '"':
			return j + 1
		}
	}
	return -1
}

type filterParser struct {
	tokens []token
	next   int
	depth  int
	end    int
}

func (p *filterParser) peek() (token, bool) {
	if p.next == len(p.tokens) {
		return token{at: p.end}, false
	}
	return p.tokens[p.next], true
}

// takeWord consumes the next token if it is that word in any case.
func (p *filterParser) takeWord(word string) bool {
	t, ok := p.peek()
	if !ok || t.kind != wordToken || !strings.EqualFold(t.text, word) {
		return false
	}
	p.next++
	return true
}

func (p *filterParser) take(kind tokenKind, what string) (token, error) {
	t, ok := p.peek()
	if !ok {
		return t, fmt.Errorf("End of input at position %d. Expected: %s", t.at, what)
	}
	if t.kind != kind {
		return t, fmt.Errorf("Unexpected characters '%s' at position %d. Expected: %s", t.text, t.at, what)
	}
	p.next++
	return t, nil
}

// junction reads terms joined by "or", each of them terms joined by "and".
func (p *filterParser) junction(or bool) (filterExpr, error) {
	word, term := "and", p.term
	if or {
		word, term = "or", func() (filterExpr, error) { return p.junction(false) }
	}
	first, err := term()
	if err != nil {
		return nil, err
	}
	terms := []filterExpr{first}
	for p.takeWord(word) {
		t, err := term()
		if err != nil {
			return nil, err
		}
		terms = append(terms, t)
	}
	if len(terms) == 1 {
		return first, nil
	}
	return &junction{or: or, terms: terms}, nil
}

func (p *filterParser) term() (filterExpr, error) {
	if t, ok := p.peek(); ok && t.kind == openToken {
		return p.parenthesis()
	}
	if t, ok := p.peek(); ok && t.kind == wordToken && strings.EqualFold(t.text, "not") {
		p.next++
		e, err := p.parenthesis()
		if err != nil {
			return nil, err
		}
		return &negation{e}, nil
	}
	return p.comparison()
}

func (p *filterParser) parenthesis() (filterExpr, error) {
	open, err := p.take(openToken, "'('")
	if err != nil {
		return nil, err
	}
	if p.depth++; p.depth > maxFilterDepth {
		return nil, fmt.Errorf("Too many nested parentheses at position %d", open.at)
	}
	e, err := p.junction(true)
	if err != nil {
		return nil, err
	}
	p.depth--
	_, err = p.take(closeToken, "')'")
	return e, err
}

func (p *filterParser) comparison() (filterExpr, error) {
	attribute, err := p.take(wordToken, "an attribute")
	if err != nil {
		return nil, err
	}
	if !isAttribute(attribute.text) {
		return nil, fmt.Errorf("Invalid attribute name '%s' at position %d", attribute.text, attribute.at)
	}
	word, err := p.take(wordToken, "an attribute operator")
	if err != nil {
		return nil, err
	}
	operator := strings.ToLower(word.text)
	if !slices.Contains(operators, operator) {
		return nil, fmt.Errorf("Unrecognized attribute operator '%s' at position %d. Expected: eq,co,sw,pr,gt,ge,lt,le", word.text, word.at)
	}
	c := &comparison{attribute: attribute.text, operator: operator}
	if operator == "pr" {
		return c, nil
	}
	t, ok := p.peek()
	if !ok {
		return nil, fmt.Errorf("End of input at position %d. Expected: a value", t.at)
	}
	p.next++
	if c.value, ok = literal(t); !ok {
		return nil, fmt.Errorf("Invalid comparison value '%s' at position %d", t.text, t.at)
	}
	return c, nil
}

// literal reads a JSON string, number or boolean.
func literal(t token) (any, bool) {
	if t.kind != stringToken && t.kind != wordToken {
		return nil, false
	}
	if !json.Valid([]byte(t.text)) {
		return nil, false
	}
	d := json.NewDecoder(strings.NewReader(t.text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, false
	}
	switch v.(type) {
	case string, json.Number, bool:
		return v, true
	}
	return nil, false
}

// isAttribute accepts names of letters, digits, '_', '-', ':' and '$', joined by dots, that begin with a letter or '_'.
func isAttribute(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if part == "" {
			return false
		}
	}
	for i := range len(s) {
		ch := s[i]
		letter := ch >= 'a' && ch <= 'z' || ch >= 'A' && ch <= 'Z' || ch == '_'
		if !letter && (i == 0 || !(ch >= '0' && ch <= '9' || strings.IndexByte(".-:$", ch) >= 0)) {
			return false
		}
	}
	return s != ""
}
