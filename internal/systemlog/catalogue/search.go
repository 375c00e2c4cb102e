package catalogue

import (
	"slices"
	"strings"
	"sync/atomic"

	"soar.example/okta/internal/nearest"
)

// A Query selects event types. The zero Query selects all of them.
type Query struct {
	// Text is a list of words. Each word must occur in the name, label, category or tags of a type;
	// case does not matter. Types whose name contains the whole text come first, then types whose
	// name contains every word.
	Text string
	// Family is a prefix, written as for [Family].
	Family string
	// Category is one of Okta's categories.
	Category string
}

// Types returns the event types that match the query, the best match first. The caller must not
// change them.
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

// searchTexts caches the search text of each record after its first use.
var searchTexts [Count]atomic.Pointer[searchText]

// searchText is the text of a record in lower case.
type searchText struct {
	name string
	rest string // label, category and tags
}

func searchTextAt(i int) *searchText {
	s := searchTexts[i].Load()
	if s == nil {
		r := &records[i]
		s = &searchText{strings.ToLower(r.name), strings.ToLower(Label(r.name) + " " + r.category + " " + r.tags)}
		searchTexts[i].Store(s)
	}
	return s
}

// rankOf returns the rank of record i: 0 for the best match, -1 for no match.
func rankOf(i int, text string, words []string) int {
	if text == "" {
		return 0
	}
	s := searchTextAt(i)
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

// Closest returns up to five event types with similar names, the most similar first.
func Closest(name string) []string {
	return nearest.To(name, Names(), 5)
}
