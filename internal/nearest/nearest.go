// Package nearest finds what somebody who mistyped a name probably meant.
package nearest

import (
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// To returns up to most candidates that are close to name, the nearest first.
// A candidate is close when at most a third of name's letters differ, or when
// one contains the other; an empty name is close to nothing.
func To(name string, candidates []string, most int) []string {
	if name == "" {
		return nil
	}
	type scored struct {
		name     string
		distance int
	}
	var close []scored
	lower := strings.ToLower(name)
	for _, c := range candidates {
		d := levenshtein.ComputeDistance(lower, strings.ToLower(c))
		contains := len(name) >= 4 && strings.Contains(strings.ToLower(c), lower)
		if d <= max(2, len(name)/3) || contains {
			close = append(close, scored{c, d})
		}
	}
	slices.SortStableFunc(close, func(a, b scored) int {
		if a.distance != b.distance {
			return a.distance - b.distance
		}
		return strings.Compare(a.name, b.name)
	})
	var names []string
	for _, s := range close[:min(most, len(close))] {
		names = append(names, s.name)
	}
	return names
}

// Hint is To as the end of a sentence: `; did you mean "a" or "b"?`, or "" if
// nothing is close.
func Hint(name string, candidates []string) string {
	names := To(name, candidates, 3)
	if len(names) == 0 {
		return ""
	}
	return `; did you mean "` + strings.Join(names, `" or "`) + `"?`
}
