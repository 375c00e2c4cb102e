// Package nearest suggests the intended name for a misspelled one.
package nearest

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// To returns up to most candidates that are close to name, the nearest first. The comparison ignores case. A
// candidate is close if at most a third of the letters of name differ. Two letters may differ in a name of four or
// more letters, and half of the letters in a shorter name. A candidate is also close if one name contains the other,
// and the shorter one has at least four letters.
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
		// The distance is at least the difference in length. This check avoids work on names of megabytes.
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

// Hint returns the candidates as the end of a sentence: `; did you mean "a" or "b"?`. It returns "" if no
// candidate is close.
func Hint(name string, candidates []string) string {
	names := To(name, candidates, 3)
	if len(names) == 0 {
		return ""
	}
	return `; did you mean "` + strings.Join(names, `" or "`) + `"?`
}
