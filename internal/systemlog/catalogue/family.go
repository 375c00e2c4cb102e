package catalogue

import (
	"slices"
	"strings"
)

// A Branch is a node of the tree that the names of event types form: a family, an
// event type, or both at once, as user.account.lock is.
type Branch struct {
	// The family's prefix or the event type, such as user.session or user.session.start.
	Name  string `json:"name"`
	Label string `json:"label"`           // Label for lists.
	Types int    `json:"types"`           // How many event types belong to it, itself included if it is one.
	Watch string `json:"watch,omitempty"` // Why a responder should watch it; absent if there is no special reason.
}

// Family returns the event types of a family in byte order: those below prefix, and
// prefix itself if it is an event type. Prefix is such as user.session, or
// user.session.*, or * for all. A family that nobody knows has none.
func Family(prefix string) []*Type { return Query{Family: prefix}.Types() }

// Branches returns the children of a family in byte order; those of "" or "*" are
// the roots of the tree.
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

// in reports whether the record belongs to a family, by its trimmed prefix: it is
// the prefix itself or lies below it.
func (r *record) in(prefix string) bool {
	rest, ok := strings.CutPrefix(r.name, prefix)
	return ok && (prefix == "" || rest == "" || rest[0] == '.')
}

// family returns the records whose names begin with prefix, which lie side by side.
func family(prefix string) []record {
	from, _ := find(prefix)
	to := from
	for to < len(records) && strings.HasPrefix(records[to].name, prefix) {
		to++
	}
	return records[from:to]
}
