package ecs

import (
	"strings"
	"sync"
	"unsafe"

	"soar.example/okta/internal/jsonscan"
)

// A Profile says which fields a document has.
type Profile uint8

const (
	// Full has a place for every value that Okta sent, and a category and type for
	// every event type.
	Full Profile = iota
	// Sekoia is the document that Sekoia.io's intake for Okta makes of the event since
	// October 2025, field for field. Three of the intake's rules give a type that ECS
	// does not allow for the category; they are kept.
	Sekoia
	// Sekoia202307 is the document of the intake as it was in July 2023.
	Sekoia202307
)

// Options say how an event becomes a document. The zero value is the full profile.
type Options struct {
	Profile Profile
	// Original adds event.original, the event as Okta sent it, byte for byte. It
	// more than doubles the document.
	Original bool
}

// AppendRaw appends to dst the ECS document of one event as JSON, without a line
// break. An error wraps [ErrNotEvent]: raw is not one JSON object. Then dst comes
// back as it was. Other faults of an event only cost the fields concerned, and an
// unknown event type is not a fault. dst must not share memory with raw.
//
// AppendRaw reads with its own scanner, because an event must survive a member of the
// wrong type. It copies the string literals as they are and decodes only the few
// that decide something. The scanner accepts the same texts as encoding/json; a fuzz
// test compares them.
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
	// The same bytes, not a copy: nothing of them is kept after the return.
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

// events keeps events to read into, with the room of their lists.
var events = sync.Pool{New: func() any { return new(event) }}

// userAgent writes what ua-parser reads from the header, or Okta's name of the
// browser where Okta has no header. "UNKNOWN-DOWNLOAD" and the like are not headers.
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

// saysUnknown reports whether s has the word unknown in it, in any case.
func saysUnknown(s string) bool {
	const word = "unknown"
	for i := 0; i+len(word) <= len(s); i++ {
		if s[i]|0x20 == word[0] && strings.EqualFold(s[i:i+len(word)], word) {
			return true
		}
	}
	return false
}

// capitalize makes "Chrome" of "CHROME".
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
	registered, sub, top := divide(domain.text())
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
