package catalogue

import (
	"slices"
	"strings"
)

// Watched returns what a responder should watch, with the reasons. The caller owns
// the slice.
func Watched() []Watch { return append([]Watch(nil), watched()...) }

// RulePatterns returns every pattern of the rule tables, table by table.
func RulePatterns() []string {
	var patterns []string
	for _, row := range suggestions() {
		patterns = append(patterns, row[0])
	}
	own := map[string]bool{}
	for _, p := range patterns {
		own[p] = true
	}
	for _, w := range watched() {
		if !own[w.Pattern] {
			patterns = append(patterns, w.Pattern)
		}
	}
	return patterns
}

// RefusedIfNew returns those known types that would be held for a misspelling of
// another, if the catalogue did not have them nor, where no other type uses them,
// their words.
func RefusedIfNew() []string {
	all, words := Names(), vocabulary()
	count := map[string]int{}
	for _, name := range all {
		for _, segment := range segmentsOf(name) {
			count[segment]++
		}
	}
	var refused []string
	for i, name := range all {
		var own []string
		for _, segment := range segmentsOf(name) {
			if count[segment] == 1 {
				own = append(own, segment)
				delete(words, segment)
			}
		}
		if len(misspelt(name, slices.Delete(slices.Clone(typeSpellings()), i, i+1))) > 0 {
			refused = append(refused, name)
		}
		for _, segment := range own {
			words[segment] = true
		}
	}
	return refused
}

func segmentsOf(name string) []string {
	return slices.Compact(slices.Sorted(slices.Values(strings.Split(name, "."))))
}
