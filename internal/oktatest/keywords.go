package oktatest

import "strings"

// holdsAll reports whether every keyword is a word of the event.
func (e *storedEvent) holdsAll(keywords []string) bool {
	if e.words == nil {
		e.words = map[string]bool{}
		collectWords(e.doc, e.words)
	}
	for _, k := range keywords {
		if !e.words[k] {
			return false
		}
	}
	return true
}

// collectWords takes from every string value its words in lower case: what spaces part, without the punctuation
// around it, and again the parts between its hyphens.
func collectWords(v any, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			collectWords(e, into)
		}
	case []any:
		for _, e := range v {
			collectWords(e, into)
		}
	case string:
		for word := range strings.FieldsSeq(strings.ToLower(v)) {
			into[word] = true
			word = strings.Trim(word, `.,;:!?"'()[]{}`)
			into[word] = true
			for part := range strings.SplitSeq(word, "-") {
				into[part] = true
			}
		}
	}
}
