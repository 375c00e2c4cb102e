package playbook

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"soar.example/okta/schema"
)

// A part is a piece of a text: a literal or an expression. offset is its first character in the text.
type part struct {
	text       string
	expression bool
	offset     int
}

// A templateError is a malformed ${{ … }} at a character of the text.
type templateError struct {
	offset  int
	message string
}

// template splits a text into literals and expressions. $${{ is a literal ${{.
func template(s string) ([]part, *templateError) {
	var parts []part
	var literal strings.Builder
	counted, characters := 0, 0
	offset := func(i int) int { // i never decreases
		characters += utf8.RuneCountInString(s[counted:i])
		counted = i
		return characters
	}
	start := 0
	flush := func() {
		if literal.Len() > 0 {
			parts = append(parts, part{literal.String(), false, start})
			literal.Reset()
		}
	}
	for at := 0; at < len(s); {
		n := strings.Index(s[at:], "${{")
		if n < 0 {
			literal.WriteString(s[at:])
			break
		}
		from := at + n
		if n > 0 && s[from-1] == '$' {
			literal.WriteString(s[at:from-1] + "${{")
			at = from + 3
			continue
		}
		literal.WriteString(s[at:from])
		flush()
		length, closed := expressionLength(s[from+3:])
		if !closed {
			return nil, &templateError{offset(from), "this ${{ has no closing }}, or a quote inside it is not closed; write $${{ for a literal ${{"}
		}
		inner := s[from+3 : from+3+length]
		trimmed := strings.TrimSpace(inner)
		if trimmed == "" {
			return nil, &templateError{offset(from), "there is no expression between ${{ and }}"}
		}
		lead := len(inner) - len(strings.TrimLeftFunc(inner, unicode.IsSpace))
		parts = append(parts, part{trimmed, true, offset(from + 3 + lead)})
		at = from + 3 + length + 2
		start = offset(at)
	}
	flush()
	return parts, nil
}

// template splits a text of n. It reports a malformed ${{ … }}.
func (r *report) template(n *node, text string) (parts []part, ok bool) {
	parts, wrong := template(text)
	if wrong != nil {
		r.inside(n, wrong.offset, "%s", wrong.message)
	}
	return parts, wrong == nil
}

// single returns the expression if a text consists of one expression, and nil otherwise.
// A final line break, which YAML adds to block texts, is ignored.
func single(parts []part) *part {
	if len(parts) > 1 && !parts[1].expression && strings.Trim(parts[1].text, "\r\n") == "" {
		parts = slices.Delete(slices.Clone(parts), 1, 2)
	}
	if len(parts) != 1 || !parts[0].expression {
		return nil
	}
	return &parts[0]
}

// celToken matches the first token of an expression, as far as tokens decide where the expression ends:
// a raw string, a word, a string, a comment up to its line's end or }}, or one other character.
var celToken = regexp.MustCompile(`^(?s:(?i:r|br|rb)(?:""".*?"""|'''.*?'''|"[^"]*"|'[^']*')|\w+|` +
	`"""(?:\\.|[^\\])*?"""|'''(?:\\.|[^\\])*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|` +
	`//.*?(?:\n|}}|$)|[^"'])`)

// expressionLength returns the length of the expression at the start of s, up to the }} outside of CEL's braces and strings.
func expressionLength(s string) (length int, closed bool) {
	depth := 0
	for i := 0; i < len(s); {
		token := celToken.FindString(s[i:])
		switch {
		case token == "":
			return 0, false
		case strings.HasPrefix(token, "//") && strings.HasSuffix(token, "}}"):
			return i + len(token) - 2, true
		case depth == 0 && strings.HasPrefix(s[i:], "}}"):
			return i, true
		case token == "{":
			depth++
		case token == "}":
			depth = max(0, depth-1)
		}
		i += len(token)
	}
	return 0, false
}

// Some inputs are expressions of a language, such as a filter. Attackers choose the text of events,
// so a value in such an input is always one literal. The file alone decides the structure.

// checkLanguage reports a template whose value would not be exactly one literal of the language.
func (in *inputs) checkLanguage(n *node, parts []part, language string) {
	if language != schema.SCIMFilter {
		return
	}
	edge := func(s, allowed string) bool { return s == "" || strings.ContainsAny(s, allowed) }
	for i, p := range parts {
		if !p.expression {
			continue
		}
		before, after := literals(parts[:i]), literals(parts[i+1:])
		switch {
		case insideString(before):
			in.inside(n, p.offset, `the value is quoted when the playbook runs, so write no quotes around it: … eq ${{ %s }}, not … eq "${{ %s }}"`, p.text, p.text)
		case !edge(before[max(0, len(before)-1):], " \t\r\n("), !edge(after[:min(1, len(after))], " \t\r\n)"):
			in.inside(n, p.offset, "the value becomes one quoted literal, so write a space or a parenthesis on each side of it; "+
				"join texts within the expression, as in ${{ a + b }}")
		}
	}
}

// literals returns the text of the parts, with an x for each expression.
func literals(parts []part) string {
	var b strings.Builder
	for _, p := range parts {
		if p.expression {
			p.text = "x"
		}
		b.WriteString(p.text)
	}
	return b.String()
}

// insideString reports whether a string of a filter is still open at the end of the text.
func insideString(text string) bool {
	open := false
	for i := 0; i < len(text); i++ {
		switch {
		case open && text[i] == '\\':
			i++
		case text[i] == '"':
			open = !open
		}
	}
	return open
}

// wholeProblem says why an expression must not be the whole of an input that is, or holds,
// an expression of a language. It is "" for any other input.
func wholeProblem(x *expression, of *schema.Node) string {
	const dynamic = "the structure of a %s must be in the file, because the text of an event could change it: write it as in %s${{ event.actor.id }}"
	switch {
	case x.constant() || !of.HasLanguage():
		return ""
	case of.Language == schema.SCIMFilter:
		return fmt.Sprintf(dynamic, "filter", "actor.id eq ")
	case of.Language == schema.URLPath:
		return fmt.Sprintf(dynamic, "path", "/api/v1/users/")
	default:
		return "the members must be in the file, because one of them is a filter or a path: give each member an expression of its own"
	}
}

// literalOf writes v as one literal of the language.
func literalOf(language string, v ref.Val) (string, error) {
	text, err := toText(v)
	if err != nil {
		return "", err
	}
	switch language {
	case "":
		return text, nil
	case schema.SCIMFilter:
		switch v := v.(type) {
		case types.String:
			// A string of SCIM is a JSON string.
			quoted, err := marshal(strings.ToValidUTF8(string(v), "\ufffd"))
			return string(quoted), err
		case types.Double:
			if f := float64(v); math.IsInf(f, 0) || math.IsNaN(f) {
				return "", errors.New("a filter cannot contain this number")
			}
		}
		return text, nil
	case schema.URLPath:
		if text == "" || strings.Trim(text, ".") == "" || strings.ContainsAny(text, "/\\?#%") {
			return "", fmt.Errorf("%q is not one segment of a path", cut(text, 60))
		}
		return text, nil
	}
	return "", fmt.Errorf("the language %q of this input is not known to this program", language)
}
