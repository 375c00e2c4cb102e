package playbook

import (
	"encoding/json"
	"strconv"
	"strings"
)

// node is one place of the file: what was written, and where.
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

// style is how a text was written.
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
	if n == nil {
		return nil
	}
	for _, m := range n.members {
		if m.key == name {
			return m.value
		}
	}
	return nil
}

// list returns the items, none if n is absent or no list.
func (n *node) list() []*node {
	if n == nil {
		return nil
	}
	return n.items
}

// plain is the JSON value that n stands for, numbers as json.Number.
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
	default:
		return nil
	}
}

// place is where a JSON Pointer leads: the value, and the member or item that
// holds it.
type place struct {
	node   *node // nil: there is no such member
	parent *node
	last   string // the pointer's last step
	key    *member
}

// find follows a JSON Pointer as far as the file goes.
func (n *node) find(pointer string) place {
	at := place{node: n}
	if pointer == "" {
		return at
	}
	for _, step := range strings.Split(pointer[1:], "/") {
		if at.node == nil {
			return at
		}
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		at = place{parent: at.node, last: step}
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
