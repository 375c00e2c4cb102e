package catalogue

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/agnivade/levenshtein"

	"soar.example/okta/sdk"
)

// Check validates a parameter that is an event type, a family or *. A likely misspelling of a
// known name is an error that lists the nearest names, because a trigger would never receive such
// an event. Any other unknown name is valid, because Okta adds types with every release. The note
// then says that this version does not know the name.
//
// If a new type has nearly the name of a known type, the user can write its family instead.
func Check(pattern string) (note string, err error) {
	if err := sdk.CheckTypePattern(pattern); err != nil {
		return "", err
	}
	name, isFamily := strings.CutSuffix(pattern, ".*")
	switch {
	case pattern == "*":
		return "", nil
	case strings.Contains(name, "*"):
		if !slices.ContainsFunc(Names(), func(known string) bool { return sdk.MatchType(pattern, known) }) {
			return fmt.Sprintf("%s matches no known event type: this version has the types of Okta release %s. Check the spelling.", pattern, Release), nil
		}
		return "", nil
	case isFamily:
		return checkFamily(name)
	case Known(name):
		return "", nil
	}
	if below := family(name + "."); len(below) > 0 {
		var names []string
		for _, r := range below[:min(3, len(below))] {
			names = append(names, r.name)
		}
		return "", fmt.Errorf("%s is a family, not an event type: write %s.* or one event type, such as %s", name, name, joinOr(names))
	}
	if corrections := correctionsOf(name, typeSpellings()); len(corrections) > 0 {
		return "", fmt.Errorf("%s is not an event type of Okta: did you mean %s? If Okta added it after release %s, use its family instead",
			name, joinOr(corrections), Release)
	}
	return fmt.Sprintf("%s is not a known event type: this version has the types of Okta release %s. Check the spelling.", name, Release), nil
}

func checkFamily(name string) (note string, err error) {
	if len(family(name+".")) > 0 {
		return "", nil
	}
	if Known(name) {
		return "", fmt.Errorf("%s is an event type, not a family: write it without .*", name)
	}
	if corrections := correctionsOf(name, familySpellings()); len(corrections) > 0 {
		for i := range corrections {
			corrections[i] += ".*"
		}
		return "", fmt.Errorf("%s.* is not a family of Okta's event types: did you mean %s?", name, joinOr(corrections))
	}
	return fmt.Sprintf("%s.* is not a known family: this version has the event types of Okta release %s. Check the spelling.", name, Release), nil
}

// spelling is a name and its normalized form.
type spelling struct{ name, normalized string }

func spellings(names []string) []spelling {
	all := make([]spelling, len(names))
	for i, name := range names {
		all[i] = spelling{name, normalize(name)}
	}
	return all
}

var (
	typeSpellings   = sync.OnceValue(func() []spelling { return spellings(Names()) })
	familySpellings = sync.OnceValue(func() []spelling { return spellings(families()) })
)

// families returns the sorted prefixes of all families.
func families() []string {
	var all []string
	for i := range records {
		name := records[i].name
		for dot := strings.LastIndexByte(name, '.'); dot > 0; dot = strings.LastIndexByte(name, '.') {
			name = name[:dot]
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// segments returns the set of the segments of all known names.
var segments = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for i := range records {
		for _, segment := range strings.Split(records[i].name, ".") {
			set[segment] = true
		}
	}
	return set
})

// correctionsOf returns up to three known names that the user probably meant, the nearest first. A
// similar name alone is not enough, because Okta's new types resemble existing types.
func correctionsOf(name string, known []spelling) []string {
	var found [4][]string // by the number of typos
	written := spelling{name, normalize(name)}
	for _, candidate := range known {
		if n := typos(written, candidate); n >= 0 {
			found[n] = append(found[n], candidate.name)
		}
	}
	all := slices.Concat(found[:]...)
	return all[:min(3, len(all))]
}

// typos returns the number of edits from known to written. It returns -1 if there are too many
// edits for a typing mistake.
func typos(written, known spelling) int {
	if len(written.name)-len(known.name) > 3 || len(known.name)-len(written.name) > 3 {
		return -1
	}
	if written.normalized == known.normalized {
		return 0
	}
	if strings.Count(written.name, ".") != strings.Count(known.name, ".") {
		// The distance is at least the difference in length.
		if difference := len(written.normalized) - len(known.normalized); difference < -1 || difference > 1 {
			return -1
		}
		if levenshtein.ComputeDistance(written.normalized, known.normalized) == 1 {
			return 1
		}
		return -1
	}
	a, b := strings.Split(written.name, "."), strings.Split(known.name, ".")
	total := 0
	for i := range a {
		if a[i] == b[i] {
			continue
		}
		if differInEnding(a[i], b[i]) {
			total++
			continue
		}
		// A segment that Okta uses in another name is not a misspelling. For example,
		// "unsuspend" is only two letters from "suspend".
		if segments()[a[i]] {
			return -1
		}
		d := levenshtein.ComputeDistance(strings.ToLower(a[i]), strings.ToLower(b[i]))
		if d > 1 && (d > 2 || len(b[i]) < 5) {
			return -1
		}
		total += d
	}
	if total > 3 {
		return -1
	}
	return total
}

// differInEnding reports whether one word is the other word plus the ending s, d or ed.
func differInEnding(a, b string) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	return a == b+"s" || a == b+"d" || a == b+"ed"
}

var separators = strings.NewReplacer(".", "", "_", "", "-", "")

// normalize returns the name in lower case without its separators.
func normalize(name string) string { return strings.ToLower(separators.Replace(name)) }

// joinOr joins names as in "a, b or c".
func joinOr(names []string) string {
	list := strings.Join(names, ", ")
	if last := strings.LastIndex(list, ", "); last >= 0 {
		return list[:last] + " or " + list[last+2:]
	}
	return list
}
