package playbook

import (
	"strings"
	"unicode"
)

// part is a piece of a text: literal, or an expression. offset is where in the
// text it begins, in characters.
type part struct {
	text       string
	expression bool
	offset     int
}

// templateError is a place in a text where ${{ … }} is not as it must be.
type templateError struct {
	offset  int
	message string
}

// template takes a text apart. $${{ stands for ${{ itself.
func template(s string) ([]part, *templateError) {
	runes := []rune(s)
	var parts []part
	var literal strings.Builder
	start := 0
	flush := func() {
		if literal.Len() > 0 {
			parts = append(parts, part{literal.String(), false, start})
			literal.Reset()
		}
	}
	for i := 0; i < len(runes); {
		switch {
		case hasPrefix(runes[i:], "$${{"):
			literal.WriteString("${{")
			i += 4
		case hasPrefix(runes[i:], "${{"):
			flush()
			end, ok := expressionEnd(runes, i+3)
			if !ok {
				return nil, &templateError{i, "this ${{ is not closed with }}, or a quote in between is not closed; write $${{ for the characters themselves"}
			}
			inner := string(runes[i+3 : end])
			trimmed := strings.TrimSpace(inner)
			if trimmed == "" {
				return nil, &templateError{i, "there is no expression between ${{ and }}"}
			}
			lead := len([]rune(inner)) - len([]rune(strings.TrimLeftFunc(inner, unicode.IsSpace)))
			parts = append(parts, part{trimmed, true, i + 3 + lead})
			i = end + 2
			start = i
		default:
			literal.WriteRune(runes[i])
			i++
		}
	}
	flush()
	return parts, nil
}

// single returns the expression that a text consists of, nil if there is more to
// it. A line break at the end, which YAML's block texts bring, is not more.
func single(parts []part) *part {
	if len(parts) == 0 || !parts[0].expression || len(parts) > 2 {
		return nil
	}
	if len(parts) == 2 && (parts[1].expression || strings.Trim(parts[1].text, "\r\n") != "") {
		return nil
	}
	return &parts[0]
}

func hasPrefix(runes []rune, prefix string) bool {
	i := 0
	for _, c := range prefix {
		if i >= len(runes) || runes[i] != c {
			return false
		}
		i++
	}
	return true
}

// expressionEnd finds the }} that ends the expression that begins at i, past the
// braces and the quoted strings of CEL.
func expressionEnd(runes []rune, i int) (int, bool) {
	depth := 0
	for i < len(runes) {
		switch c := runes[i]; c {
		case '"', '\'':
			end, ok := stringEnd(runes, i, rawString(runes, i))
			if !ok {
				return 0, false
			}
			i = end
			continue
		case '{':
			depth++
		case '}':
			if depth == 0 && hasPrefix(runes[i:], "}}") {
				return i, true
			}
			depth = max(0, depth-1)
		case '/':
			if hasPrefix(runes[i:], "//") {
				for i < len(runes) && runes[i] != '\n' && !hasPrefix(runes[i:], "}}") {
					i++
				}
				if i < len(runes) && runes[i] == '}' {
					return i, true
				}
				continue
			}
		}
		i++
	}
	return 0, false
}

// rawString reports whether the quote at i has CEL's r before it, so that a
// backslash behind it is nothing special.
func rawString(runes []rune, i int) bool {
	var prefix string
	for i--; i >= 0 && isWord(runes[i]); i-- {
		prefix = string(runes[i]) + prefix
	}
	switch strings.ToLower(prefix) {
	case "r", "br", "rb":
		return true
	default:
		return false
	}
}

func isWord(c rune) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func stringEnd(runes []rune, i int, raw bool) (int, bool) {
	quote := string(runes[i])
	if hasPrefix(runes[i:], strings.Repeat(quote, 3)) {
		quote = strings.Repeat(quote, 3)
	}
	for i += len(quote); i < len(runes); i++ {
		switch {
		case hasPrefix(runes[i:], quote):
			return i + len(quote), true
		case runes[i] == '\\' && !raw:
			i++
		}
	}
	return 0, false
}
