package ecs

import (
	"strings"
	"sync"
	"unsafe"

	"soar.example/okta/internal/jsonscan"
)

// A Profile is a set of fields of a document.
type Profile uint8

const (
	// Full has a field for every value that Okta sent, and a category and type for every event
	// type.
	Full Profile = iota
	// Sekoia produces the document of Sekoia.io's intake for Okta as of October 2025, field for
	// field. Three rules of the intake have a type that ECS does not allow for the category;
	// Sekoia keeps them.
	Sekoia
	// Sekoia202307 produces the document of the intake as of July 2023.
	Sekoia202307
)

// Options configure the conversion of an event. The zero value is the full profile.
type Options struct {
	Profile Profile
	// Original adds event.original, the event as Okta sent it, byte for byte. It more than doubles
	// the size of the document.
	Original bool
}

// AppendRaw appends the ECS document of one event to dst, as JSON on one line. If raw is not one
// JSON object, AppendRaw returns the unchanged dst and an error that wraps [ErrNotEvent]. Other
// faults of an event affect only their own fields. An unknown event type is not a fault. dst must
// not share memory with raw.
//
// AppendRaw has its own scanner, because a member of a wrong type must not prevent the conversion.
// It copies most string literals without decoding them. The scanner accepts the same texts as
// encoding/json; a fuzz test compares them.
func AppendRaw(dst, raw []byte, o Options) ([]byte, error) {
	rules, err := browsers()
	if err != nil {
		return dst, err
	}
	e := events.Get().(*event)
	defer func() {
		e.reset()
		events.Put(e)
	}()
	// This shares the bytes of raw, which are not used after the return.
	if err := e.read(unsafe.String(unsafe.SliceData(raw), len(raw))); err != nil {
		return dst, err
	}
	w := writer{append(dst, '{')}
	original := ""
	if o.Original {
		original = string(raw)
	}
	if o.Profile == Full {
		w.full(e, rules, original)
	} else {
		w.sekoia(e, rules, o.Profile == Sekoia, original)
	}
	return append(w.b, '}'), nil
}

// events has reusable events with allocated lists.
var events = sync.Pool{New: func() any { return new(event) }}

// userAgent writes the result of ua-parser for the header, or Okta's name of the browser if there
// is no header. Words such as "UNKNOWN-DOWNLOAD" are not headers.
func (w *writer) userAgent(e *event, rules *agents) {
	at := w.open(`"user_agent":`)
	if parsed := rules.parse(e.get(atUserAgent).text()); parsed != "" {
		w.lit(`"original":`, e.get(atUserAgent))
		w.b = append(append(w.b, ','), parsed...)
	} else if browser := e.get(atBrowser).text(); !strings.EqualFold(browser, "unknown") {
		w.text(`"name":`, capitalize(browser))
	}
	w.close(at)
}

// saysUnknown reports whether s contains the word unknown, in any case.
func saysUnknown(s string) bool {
	const word = "unknown"
	for i := 0; i+len(word) <= len(s); i++ {
		if s[i]|0x20 == word[0] && strings.EqualFold(s[i:i+len(word)], word) {
			return true
		}
	}
	return false
}

// capitalize changes "CHROME" to "Chrome".
func capitalize(s string) string {
	for i := range s {
		if i > 0 {
			return strings.ToUpper(s[:i]) + strings.ToLower(s[i:])
		}
	}
	return strings.ToUpper(s)
}

// domain writes a domain and its parts.
func (w *writer) domain(domain lit) {
	w.lit(`"domain":`, domain)
	registered, sub, top := splitDomain(domain.text())
	w.text(`"registered_domain":`, registered)
	w.text(`"subdomain":`, sub)
	w.text(`"top_level_domain":`, top)
}

// class writes event.category and event.type.
func (w *writer) class(c Class) {
	w.strings(`"category":`, c.Category)
	w.strings(`"type":`, c.Type)
}

func (w *writer) strings(quoted string, all []string) {
	w.name(quoted)
	for i, s := range all {
		w.b = append(append(append(w.b, "[,"[min(i, 1)], '"'), s...), '"')
	}
	w.b = append(w.b, ']')
}

// original writes event.original.
func (w *writer) original(original string) {
	if original != "" {
		w.name(`"original":`)
		w.b = jsonscan.AppendQuoted(w.b, strings.ToValidUTF8(original, "\uFFFD"))
	}
}
