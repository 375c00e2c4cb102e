package playbook

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"soar.example/okta/schema"
)

// check is s.Check in an order that is always the same: of two violations of one
// value, the first is reported.
func check(s *schema.Schema, raw json.RawMessage) []schema.Violation {
	all := s.Check(raw)
	slices.SortFunc(all, func(a, b schema.Violation) int {
		return cmp.Or(cmp.Compare(a.Pointer, b.Pointer), cmp.Compare(a.Message, b.Message))
	})
	return all
}

// violation reports what a schema says of a value of the file. at is the value
// as the schema sees it, owner the node that stands for it where a member is
// missing.
func (l *loader) violation(at, owner *node, root *schema.Node, v schema.Violation) {
	found := at.find(v.Pointer)
	name := found.last
	if _, err := strconv.Atoi(name); err == nil && found.parent != nil && found.parent.kind == list {
		name = "item " + name
	}
	if name != "" {
		name += ": "
	}
	switch {
	case found.node == at && at != owner:
		l.on(owner, "%s", v.Message)
	case found.node == nil && found.parent != nil:
		if found.parent == at {
			found.parent = owner
		}
		l.at(found.parent.line, found.parent.column, "%s%s", name, v.Message)
	case found.node == nil:
		l.at(owner.line, owner.column, "%s: %s", v.Pointer, v.Message)
	case found.key != nil && !declared(root, v.Pointer):
		l.at(found.key.line, found.key.column, "%s%s", name, v.Message)
	default:
		l.on(found.node, "%s%s", name, v.Message)
	}
}

// declared reports whether the schema knows the place.
func declared(n *schema.Node, pointer string) bool {
	for _, step := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		switch {
		case n.Property(step) != nil:
			n = n.Property(step)
		case n.Items != nil:
			n = n.Items
		case members(n) != nil:
			n = members(n)
		default:
			return false
		}
	}
	return true
}
