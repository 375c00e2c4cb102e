package playbook

import (
	"encoding/json"
	"strconv"
	"strings"
)

// A node is one value of the file and its position.
type node struct {
	line, column int
	kind         kind
	style        style
	text         string // of a text, after YAML's quoting; of a number, in JSON's form
	truth        bool
	members      []member
	items        []*node
}

type kind string

const (
	null    kind = "null"
	boolean kind = "boolean"
	number  kind = "number"
	text    kind = "text"
	list    kind = "list"
	object  kind = "object"
)

// style says how a text is written.
type style byte

const (
	plainStyle  style = 0
	singleStyle style = '\''
	doubleStyle style = '"'
	blockStyle  style = '|'
)

type member struct {
	key          string
	line, column int
	value        *node
}

// member returns the named member's value, or nil.
func (n *node) member(name string) *node {
	if n != nil {
		for _, m := range n.members {
			if m.key == name {
				return m.value
			}
		}
	}
	return nil
}

// list returns the items. It returns none if n is absent or not a list.
func (n *node) list() []*node {
	if n == nil {
		return nil
	}
	return n.items
}

// plain returns n as a JSON value, with numbers as json.Number.
func (n *node) plain() any {
	switch n.kind {
	case boolean:
		return n.truth
	case number:
		return json.Number(n.text)
	case text:
		return n.text
	case list:
		items := make([]any, len(n.items))
		for i, item := range n.items {
			items[i] = item.plain()
		}
		return items
	case object:
		members := make(map[string]any, len(n.members))
		for _, m := range n.members {
			members[m.key] = m.value.plain()
		}
		return members
	}
	return nil
}

// A target is the value that a JSON Pointer names, and the member or item that contains it.
type target struct {
	node   *node // nil: there is no such member
	parent *node
	last   string // last step of the pointer
	key    *member
}

// find follows a JSON Pointer as far as the file goes.
func (n *node) find(pointer string) target {
	at := target{node: n}
	for _, step := range strings.Split(pointer, "/")[1:] {
		if at.node == nil {
			return at
		}
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		at = target{parent: at.node, last: step}
		for i := range at.parent.members {
			if m := &at.parent.members[i]; m.key == step {
				at.node, at.key = m.value, m
				break
			}
		}
		if i, err := strconv.Atoi(step); err == nil && at.parent.kind == list && i >= 0 && i < len(at.parent.items) {
			at.node = at.parent.items[i]
		}
	}
	return at
}

// inside records a problem at the character at offset in n's text.
func (r *report) inside(n *node, offset int, format string, args ...any) {
	line, column := r.locate(n, offset)
	r.at(line, column, format, args...)
}

// locate returns the position in the source of the character at offset in n's text. If folding or
// escapes of YAML hide it, locate returns the position of n.
func (r *report) locate(n *node, offset int) (line, column int) {
	if n.kind != text || n.line < 1 || n.line > len(r.lines) {
		return n.line, n.column
	}
	source, line, at, indent := []rune(r.lines[n.line-1]), n.line, n.column-1, 0
	next := func() bool { // to the text's next line
		if line >= len(r.lines) {
			return false
		}
		source, line, at = []rune(r.lines[line]), line+1, 0
		for at < len(source) && source[at] == ' ' && (at < indent || indent == 0) {
			at++
		}
		return true
	}
	switch n.style {
	case blockStyle:
		if !next() {
			return n.line, n.column
		}
		indent = at
	case singleStyle, doubleStyle:
		at++
	}
	// The source is compared with the text up to the character.
	runes := []rune(n.text)
	for _, c := range runes[:min(offset, len(runes))] {
		if c == '\n' && n.style == blockStyle && at == len(source) && next() {
			continue
		}
		if at < 0 || at >= len(source) {
			return n.line, n.column
		}
		if at+1 < len(source) && (n.style == singleStyle && source[at] == '\'' && source[at+1] == '\'' || n.style == doubleStyle && source[at] == '\\') {
			at++
			if !strings.ContainsRune(`'"\/`, source[at]) {
				return n.line, n.column
			}
		}
		if source[at] != c {
			return n.line, n.column
		}
		at++
	}
	return line, at + 1
}
