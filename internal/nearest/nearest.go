// Package nearest finds what somebody who mistyped a name probably meant.
package nearest

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// To returns up to most candidates that are close to name, the nearest first.
// A candidate is close when few letters differ, in any case (a third of
// name's, two in any name of four letters and more, half of a shorter one), or
// when one contains the other and that has four letters at least.
func To(name string, candidates []string, most int) []string {
	type scored struct {
		name     string
		distance int
	}
	var found []scored
	lower := strings.ToLower(name)
	letters := utf8.RuneCountInString(lower)
	limit := max(letters/3, min(2, letters/2))
	for _, c := range candidates {
		other := strings.ToLower(c)
		n := utf8.RuneCountInString(other)
		contains := letters >= 4 && strings.Contains(other, lower) || n >= 4 && strings.Contains(lower, other)
		// The difference in length is the least that the distance can be; to know so
		// spares the work on a name of a megabyte.
		apart := max(n-letters, letters-n)
		if apart > limit && !contains {
			continue
		}
		d := apart
		if !contains {
			d = levenshtein.ComputeDistance(lower, other)
		}
		if d <= limit || contains {
			found = append(found, scored{c, d})
		}
	}
	slices.SortStableFunc(found, func(a, b scored) int {
		if a.distance != b.distance {
			return a.distance - b.distance
		}
		return strings.Compare(a.name, b.name)
	})
	found = slices.Compact(found)
	var names []string
	for _, s := range found[:max(0, min(most, len(found)))] {
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
