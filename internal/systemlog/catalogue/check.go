package catalogue

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/agnivade/levenshtein"

	"soar.example/okta/sdk"
)

// Check validates an event type, a family or * that is given as a parameter. A name that is
// almost certainly a known name misspelt is an error, which lists the nearest names: a trigger
// would wait for it for ever. Another unknown name is valid, with a note that this version does
// not know it, because Okta adds types with every release.
//
// A user can ask for a new type whose name is almost a known name by its family.
func Check(pattern string) (note string, err error) {
	if err := sdk.CheckTypePattern(pattern); err != nil {
		return "", err
	}
	name, isFamily := strings.CutSuffix(pattern, ".*")
	switch {
	case pattern == "*":
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
		list := strings.Join(names, ", ")
		if len(below) > 3 {
			list += " and others"
		}
		return "", fmt.Errorf("%s is a family, not an event type: write %s.*, or one of %s", name, name, list)
	}
	if meant := misspelt(name, typeSpellings()); len(meant) > 0 {
		return "", fmt.Errorf("%s is not an event type of Okta: did you mean %s? If it is newer than release %s, ask for its family instead",
			name, or(meant), Release)
	}
	return fmt.Sprintf("%s is new to this version, which knows the event types of Okta's release %s", name, Release), nil
}

func checkFamily(name string) (note string, err error) {
	if len(family(name+".")) > 0 {
		return "", nil
	}
	if Known(name) {
		return "", fmt.Errorf("%s is an event type without a family: write it without .*", name)
	}
	if meant := misspelt(name, familySpellings()); len(meant) > 0 {
		for i := range meant {
			meant[i] += ".*"
		}
		return "", fmt.Errorf("%s.* is not a family of Okta's event types: did you mean %s?", name, or(meant))
	}
	return fmt.Sprintf("the family %s.* is new to this version, which knows the event types of Okta's release %s", name, Release), nil
}

// spelling is a known name, and it without its dots and underscores, in small letters.
type spelling struct{ name, plain string }

func spellings(names []string) []spelling {
	all := make([]spelling, len(names))
	for i, name := range names {
		all[i] = spelling{name, bare(name)}
	}
	return all
}

var (
	typeSpellings   = sync.OnceValue(func() []spelling { return spellings(Names()) })
	familySpellings = sync.OnceValue(func() []spelling { return spellings(families()) })
)

// families returns the prefix of every family, in byte order.
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

// vocabulary has every segment of every known name.
var vocabulary = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for i := range records {
		for _, segment := range strings.Split(records[i].name, ".") {
			words[segment] = true
		}
	}
	return words
})

// misspelt returns up to three known names that name is almost certainly a misspelling of,
// the nearest first. A mere likeness is not enough: Okta's next type will be like its last.
func misspelt(name string, known []spelling) []string {
	var found [4][]string // by the number of typos
	written := spelling{name, bare(name)}
	for _, candidate := range known {
		if n := typos(written, candidate); n >= 0 {
			found[n] = append(found[n], candidate.name)
		}
	}
	all := slices.Concat(found[:]...)
	return all[:min(3, len(all))]
}

// typos counts the wrong letters that make written of known. It returns -1 if they are
// too many for a slip of the fingers.
func typos(written, known spelling) int {
	if len(written.name)-len(known.name) > 3 || len(known.name)-len(written.name) > 3 {
		return -1
	}
	if written.plain == known.plain {
		return 0
	}
	if strings.Count(written.name, ".") != strings.Count(known.name, ".") {
		// The difference in length is the least that the distance can be.
		if apart := len(written.plain) - len(known.plain); apart < -1 || apart > 1 {
			return -1
		}
		if levenshtein.ComputeDistance(written.plain, known.plain) == 1 {
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
		if ending(a[i], b[i]) {
			total++
			continue
		}
		// Another word that Okta uses is another word, not this one misspelt:
		// "unsuspend" is two letters from "suspend".
		if vocabulary()[a[i]] {
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

// ending reports whether one word is the other with an ending, as in "sessions" or
// "added".
func ending(a, b string) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	return a == b+"s" || a == b+"d" || a == b+"ed"
}

var separators = strings.NewReplacer(".", "", "_", "", "-", "")

func bare(name string) string { return strings.ToLower(separators.Replace(name)) }

func or(names []string) string {
	list := strings.Join(names, ", ")
	if last := strings.LastIndex(list, ", "); last >= 0 {
		return list[:last] + " or " + list[last+2:]
	}
	return list
}
