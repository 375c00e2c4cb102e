package catalogue

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"soar.example/okta/internal/systemlog/csvtable"
)

// Label returns a short label for an event type or a family, known or not. The label is the
// subject, a colon and the change, such as "User session: start". Label builds it from the words
// of the name, and expands or capitalizes abbreviations.
func Label(name string) string {
	segments := strings.Split(name, ".")
	var subject, change []string
	for i, segment := range segments {
		words := wordsOf(segment)
		if i == 0 && len(segments) > 1 {
			if full, ok := subjects[segment]; ok {
				words = []string{full}
			}
		}
		// "lifecycle" adds nothing to the verb after it. The exception is pki, where two event
		// types differ only in this word.
		if segment == "lifecycle" && i > 0 && i < len(segments)-1 && segments[0] != "pki" {
			continue
		}
		if i > 0 && i == len(segments)-1 {
			change = words
		} else {
			subject = append(subject, words...)
		}
	}
	label := capitalize(strings.Join(subject, " "))
	if len(change) > 0 {
		label += ": " + strings.Join(change, " ")
	}
	return label
}

// subjects expands first segments that are unclear on their own.
var subjects = map[string]string{
	"mim":  "mobile management",
	"pam":  "privileged access",
	"iam":  "admin",
	"core": "platform",
	"zone": "network zone",
}

// labelWords maps a lowercase word of a name to its form in labels.
var labelWords = sync.OnceValue(func() map[string]string { return csvtable.Map(spellingsTable) })

//go:embed spellings.csv
var spellingsTable string

// wordsOf splits a segment at underscores, hyphens and capital letters.
func wordsOf(segment string) []string {
	var words []string
	for _, part := range strings.FieldsFunc(segment, func(r rune) bool { return r == '_' || r == '-' }) {
		for _, word := range splitCamelCase(part) {
			lower := strings.ToLower(word)
			if full, ok := labelWords()[lower]; ok {
				lower = full
			}
			words = append(words, lower)
		}
	}
	return words
}

// splitCamelCase splits a word such as createEnrollment before each capital letter that follows a
// small letter.
func splitCamelCase(s string) []string {
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

// capitalize returns s with a capital first letter.
func capitalize(s string) string {
	if s == "" {
		return ""
	}
	r, n := utf8.DecodeRuneInString(s)
	// A word with another capital letter, such as iOS, stays as it is.
	if first, _, _ := strings.Cut(s, " "); first != strings.ToLower(first) {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}
