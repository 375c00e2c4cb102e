package catalogue

import (
	"slices"
	"strings"
)

// Watched returns the table of patterns to watch. The caller owns the slice.
func Watched() []Watch { return append([]Watch(nil), watched()...) }

// RulePatterns returns the patterns of the suggested actions, then the other patterns to watch.
func RulePatterns() []string {
	var patterns []string
	for _, row := range suggestions() {
		patterns = append(patterns, row[0])
	}
	seen := map[string]bool{}
	for _, p := range patterns {
		seen[p] = true
	}
	for _, w := range watched() {
		if !seen[w.Pattern] {
			patterns = append(patterns, w.Pattern)
		}
	}
	return patterns
}

// RejectedIfNew returns each known type that Check would reject as a misspelling if the catalogue
// lacked the type and the segments that only this type has.
func RejectedIfNew() []string {
	all, known := Names(), segments()
	count := map[string]int{}
	for _, name := range all {
		for _, segment := range segmentsOf(name) {
			count[segment]++
		}
	}
	var rejected []string
	for i, name := range all {
		var unique []string
		for _, segment := range segmentsOf(name) {
			if count[segment] == 1 {
				unique = append(unique, segment)
				delete(known, segment)
			}
		}
		if len(correctionsOf(name, slices.Delete(slices.Clone(typeSpellings()), i, i+1))) > 0 {
			rejected = append(rejected, name)
		}
		for _, segment := range unique {
			known[segment] = true
		}
	}
	return rejected
}

func segmentsOf(name string) []string {
	return slices.Compact(slices.Sorted(slices.Values(strings.Split(name, "."))))
}
