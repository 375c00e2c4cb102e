package catalogue

import (
	"slices"
	"strings"
	"sync/atomic"

	"soar.example/okta/internal/nearest"
)

// A Query selects event types. The zero Query selects all of them.
type Query struct {
	// Text has words that the name, label, category or tags of a type must contain,
	// in any letter case. Types whose name contains the whole text come first, then
	// those with every word in the name.
	Text string
	// Family is a prefix such as user.session, user.session.* or *; see [Family].
	Family string
	// Category is one of Okta's categories.
	Category string
}

// Types returns the event types that match the query, the best first. The caller
// must not change them.
func (q Query) Types() []*Type {
	text := strings.ToLower(strings.TrimSpace(q.Text))
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == ',' })
	prefix := trimFamily(q.Family)
	var ranks [3][]*Type
	for i := range records {
		r := &records[i]
		if q.Category != "" && r.category != q.Category || !r.in(prefix) {
			continue
		}
		if rank := rankOf(i, text, words); rank >= 0 {
			ranks[rank] = append(ranks[rank], typeAt(i))
		}
	}
	return slices.Concat(ranks[:]...)
}

// lowered holds the searched text of each record in lower case, once it was needed.
var lowered [Count]atomic.Pointer[searched]

type searched struct{ name, rest string }

func searchedAt(i int) *searched {
	s := lowered[i].Load()
	if s == nil {
		r := &records[i]
		s = &searched{strings.ToLower(r.name), strings.ToLower(Label(r.name) + " " + r.category + " " + r.tags)}
		lowered[i].Store(s)
	}
	return s
}

// rankOf is 0 for the best match, -1 for none.
func rankOf(i int, text string, words []string) int {
	if text == "" {
		return 0
	}
	s := searchedAt(i)
	if strings.Contains(s.name, text) {
		return 0
	}
	rank := 1
	for _, word := range words {
		if strings.Contains(s.name, word) {
			continue
		}
		if !strings.Contains(s.rest, word) {
			return -1
		}
		rank = 2
	}
	return rank
}

// Closest returns up to five event types whose names are close to name, the nearest
// first; none if nothing is close.
func Closest(name string) []string {
	return nearest.To(name, Names(), 5)
}
