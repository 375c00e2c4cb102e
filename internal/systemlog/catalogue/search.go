package catalogue

import (
	"slices"
	"strings"

	"soar.example/okta/internal/nearest"
)

// Search returns the event types that have every word of text in their name, label,
// category or tags, whatever the case: those whose name has the text as it stands
// come first, then those that have every word in the name. Text without a word finds
// all of them.
func Search(text string) []Type {
	text = strings.ToLower(strings.TrimSpace(text))
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == ',' })
	var ranks [3][]Type
	for i := range records {
		if rank := records[i].rank(text, words); rank >= 0 {
			ranks[rank] = append(ranks[rank], records[i].view())
		}
	}
	return slices.Concat(ranks[:]...)
}

// rank is 0 for the best find, -1 for none.
func (r *record) rank(text string, words []string) int {
	name := strings.ToLower(r.name)
	if strings.Contains(name, text) {
		return 0
	}
	rank, rest := 1, ""
	for _, word := range words {
		if strings.Contains(name, word) {
			continue
		}
		if rest == "" {
			rest = strings.ToLower(Label(r.name) + " " + r.category + " " + r.tags)
		}
		if !strings.Contains(rest, word) {
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
