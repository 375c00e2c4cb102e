package catalogue

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"soar.example/okta/internal/systemlog/csvtable"
)

// Label makes a short label from the name of an event type or a family, known or
// not: what it is about, a colon, and what happened, as in "User session: start".
// It is made of the name's own words by rule, abbreviations written out or upright.
func Label(name string) string {
	segments := strings.Split(name, ".")
	var about, what []string
	for i, segment := range segments {
		words := wordsOf(segment)
		if i == 0 && len(segments) > 1 {
			if full, ok := subjects[segment]; ok {
				words = []string{full}
			}
		}
		// "lifecycle" says nothing that the verb after it does not, except that Okta
		// revokes certificates in two ways.
		if segment == "lifecycle" && i > 0 && i < len(segments)-1 && segments[0] != "pki" {
			continue
		}
		if i > 0 && i == len(segments)-1 {
			what = words
		} else {
			about = append(about, words...)
		}
	}
	label := upper(strings.Join(about, " "))
	if len(what) > 0 {
		label += ": " + strings.Join(what, " ")
	}
	return label
}

// subjects are first segments that need more words than their own to be understood.
var subjects = map[string]string{
	"mim":  "mobile management",
	"pam":  "privileged access",
	"iam":  "admin",
	"core": "platform",
	"zone": "network zone",
}

// spelt returns the spelling of words that readers expect in another form than in names.
var spelt = sync.OnceValue(func() map[string]string { return csvtable.Map(spellingsTable) })

//go:embed spellings.csv
var spellingsTable string

// wordsOf splits a segment at underscores, hyphens and capital letters.
func wordsOf(segment string) []string {
	var words []string
	for _, part := range strings.FieldsFunc(segment, func(r rune) bool { return r == '_' || r == '-' }) {
		for _, word := range humps(part) {
			lower := strings.ToLower(word)
			if full, ok := spelt()[lower]; ok {
				lower = full
			}
			words = append(words, lower)
		}
	}
	return words
}

// humps splits "createEnrollment" before a capital that follows a small letter.
func humps(s string) []string {
	var parts []string
	from, small := 0, false
	for i, r := range s {
		if small && unicode.IsUpper(r) {
			parts = append(parts, s[from:i])
			from = i
		}
		small = unicode.IsLower(r)
	}
	return append(parts, s[from:])
}

func upper(s string) string {
	if s == "" {
		return ""
	}
	r, n := utf8.DecodeRuneInString(s)
	// A word with a capital inside, such as iOS, keeps its own spelling.
	if first, _, _ := strings.Cut(s, " "); first != strings.ToLower(first) {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}
