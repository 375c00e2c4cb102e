package playbook

import (
	"strings"
)

// locate returns the place in the source of the character at offset in n's text.
// Where YAML's folding or escapes have moved it out of sight, that is where n
// begins. Nothing is assumed: the source is compared with the text on the way.
func (r *report) locate(n *node, offset int) (line, column int) {
	if n.kind == text && n.line >= 1 && n.line <= len(r.lines) {
		var ok bool
		if n.style == blockStyle {
			line, column, ok = r.locateInBlock(n, offset)
		} else {
			line = n.line
			column, ok = locateInLine([]rune(r.lines[n.line-1]), n, offset)
		}
		if ok {
			return line, column
		}
	}
	return n.line, n.column
}

func locateInLine(source []rune, n *node, offset int) (column int, ok bool) {
	at := n.column - 1
	if n.style != plainStyle {
		at++
	}
	runes := []rune(n.text)
	for i := 0; i < min(offset, len(runes)); i++ {
		if at < 0 || at >= len(source) {
			return 0, false
		}
		escaped := at+1 < len(source) && (n.style == singleStyle && source[at] == '\'' && source[at+1] == '\'' ||
			n.style == doubleStyle && source[at] == '\\')
		if escaped {
			at++
			if !strings.ContainsRune(`'"\/`, source[at]) {
				return 0, false
			}
		}
		if source[at] != runes[i] {
			return 0, false
		}
		at++
	}
	return at + 1, true
}

func (r *report) locateInBlock(n *node, offset int) (line, column int, ok bool) {
	before := string([]rune(n.text)[:offset])
	k := strings.Count(before, "\n")
	index := n.line + k // the line after the indicator's is the text's first
	if index >= len(r.lines) {
		return 0, 0, false
	}
	written := strings.Split(n.text, "\n")[k]
	indent, found := strings.CutSuffix(r.lines[index], written)
	if !found || strings.Trim(indent, " ") != "" {
		return 0, 0, false
	}
	inLine := len([]rune(before[strings.LastIndex(before, "\n")+1:]))
	return index + 1, len(indent) + inLine + 1, true
}
