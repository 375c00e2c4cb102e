package playbook

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"soar.example/okta/schema"
)

// Some inputs are expressions of a language, such as a filter. Attackers choose the
// text of events, so a value that comes into such an input is always one literal:
// the structure of the expression is what the file says.

// checkLanguage reports what would let a value be more than one literal, or make it
// none.
func (in *inputs) checkLanguage(n *node, parts []part, language string) {
	for i, p := range parts {
		if !p.expression {
			continue
		}
		before, after := literalBefore(parts[:i]), ""
		if i+1 < len(parts) && !parts[i+1].expression {
			after = parts[i+1].text
		}
		line, column := in.locate(n, p.offset)
		switch {
		case language != schema.SCIMFilter:
		case insideString(before):
			in.at(line, column, `the value is quoted when the playbook runs, so write no quotes around it: … eq ${{ %s }}, not … eq "${{ %s }}"`, p.text, p.text)
		case i > 0 && parts[i-1].expression, before != "" && !strings.ContainsAny(before[len(before)-1:], " \t\r\n("),
			i+1 < len(parts) && parts[i+1].expression, after != "" && !strings.ContainsAny(after[:1], " \t\r\n)"):
			in.at(line, column, "the value becomes one quoted literal, so a blank or a parenthesis must stand on each side of it; put texts together within the expression, as in ${{ a + b }}")
		}
	}
}

// literalBefore is the text of the parts, with an empty literal for each expression.
func literalBefore(parts []part) string {
	var b strings.Builder
	for _, p := range parts {
		if p.expression {
			b.WriteString(" ")
		} else {
			b.WriteString(p.text)
		}
	}
	return b.String()
}

// insideString reports whether a string of a filter is open at the text's end.
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

// wholeOf says why an expression must not be all of an input that is, or holds,
// an expression of a language; "" if it may.
func wholeOf(x *expression, of *schema.Node) string {
	switch {
	case x.constant() || !of.HasLanguage():
		return ""
	case of.Language == schema.SCIMFilter:
		return "the structure of a filter must stand in the file, since the text of an event could change it: write it as in actor.id eq ${{ event.actor.id }}"
	case of.Language == schema.URLPath:
		return "the structure of a path must stand in the file, since the text of an event could change it: write it as in /api/v1/users/${{ event.actor.id }}"
	default:
		return "the members must stand in the file, since one of them is a filter or a path: give each member an expression of its own"
	}
}

// literalOf returns the literal of the language that stands for v.
func literalOf(language string, v ref.Val) (string, error) {
	text, err := toText(v)
	if err != nil || language == "" {
		return text, err
	}
	switch language {
	case schema.SCIMFilter:
		switch v := v.(type) {
		case types.String:
			// A string of SCIM is a JSON string.
			quoted, err := marshal(strings.ToValidUTF8(string(v), "\ufffd"))
			return string(quoted), err
		case types.Double:
			if f := float64(v); math.IsInf(f, 0) || math.IsNaN(f) {
				return "", errors.New("this number has no form in a filter")
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
