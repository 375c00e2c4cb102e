package catalogue

import (
	"slices"
	"strings"
)

// A Branch is a node in the tree of event type names. It is a family, an event type, or both, such
// as user.account.lock.
type Branch struct {
	// Prefix of the family, or event type, such as user.session or user.session.start.
	Name  string `json:"name"`
	Label string `json:"label"`           // Label for lists.
	Types int    `json:"types"`           // Number of event types in the branch. The branch itself counts if it is an event type.
	Watch string `json:"watch,omitempty"` // Reason to watch the branch. Absent if there is no special reason.
}

// Family returns the event types of a family, sorted by name. If prefix itself is an event type,
// it is included. The prefix is written as user.session or user.session.*; * selects all types. An
// unknown family has no types.
func Family(prefix string) []*Type { return Query{Family: prefix}.Types() }

// Branches returns the children of a family, sorted by name. The children of "" and "*" are the
// roots of the tree.
func Branches(prefix string) []Branch {
	prefix = trimFamily(prefix)
	var branches []Branch
	for i := range records {
		r := &records[i]
		if !r.in(prefix) {
			continue
		}
		rest := r.name
		if prefix != "" {
			if rest = strings.TrimPrefix(r.name, prefix+"."); rest == r.name {
				continue
			}
		}
		name := r.name[:len(r.name)-len(rest)]
		first, _, _ := strings.Cut(rest, ".")
		name += first
		if i := slices.IndexFunc(branches, func(b Branch) bool { return b.Name == name }); i >= 0 {
			branches[i].Types++
			continue
		}
		branches = append(branches, Branch{Name: name, Label: Label(name), Types: 1, Watch: watchOf(name).Reason})
	}
	return branches
}

func trimFamily(prefix string) string {
	if prefix == "*" {
		return ""
	}
	return strings.TrimSuffix(strings.TrimSuffix(prefix, "*"), ".")
}

// in reports whether the record belongs to the family with this trimmed prefix. A record whose name
// is the prefix itself belongs to it.
func (r *record) in(prefix string) bool {
	rest, ok := strings.CutPrefix(r.name, prefix)
	return ok && (prefix == "" || rest == "" || rest[0] == '.')
}

// family returns the records whose names begin with prefix. They are adjacent, because records is
// sorted.
func family(prefix string) []record {
	from, _ := find(prefix)
	to := from
	for to < len(records) && strings.HasPrefix(records[to].name, prefix) {
		to++
	}
	return records[from:to]
}
