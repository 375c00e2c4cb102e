// Package syslog is the System Log of the simulated org: its events, and the polling and bounded queries for them.
package syslog

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"soar.example/okta/internal/oktasim/wire"
)

// retention is how long the log keeps an event.
const retention = 90 * 24 * time.Hour

// Event is a stored event. The number is the order of arrival, which is the order of persistence. The published time
// is the one in the event and may be older.
type Event struct {
	UUID string

	number    int // from 1
	persisted time.Time
	published time.Time
	raw       []byte
	doc       wire.Doc
	words     map[string]bool // for q, collected at its first use
}

// NewEvent makes a complete event ready for the log. It is stored at the time "persisted" of given, and now without.
func NewEvent(event wire.Doc, persisted any, now time.Time) (*Event, error) {
	e := &Event{persisted: now}
	if persisted != nil {
		t, err := wire.ParseTime(fmt.Sprint(persisted))
		if err != nil || t.After(now) {
			return nil, fmt.Errorf("persisted %v is not an ISO 8601 time up to now", persisted)
		}
		e.persisted = t
	}
	if _, err := json.Marshal(event); err != nil {
		return nil, err
	}
	e.raw = wire.Encode(event)
	if err := wire.DecodeObject(e.raw, &e.doc); err != nil {
		return nil, err
	}
	e.UUID, _ = e.doc["uuid"].(string)
	text, _ := e.doc["published"].(string)
	published, _ := wire.ParseTime(text)
	e.published = cmp.Or(published, e.persisted)
	return e, nil
}

// Log holds all events; the event with number n is at index n-1.
type Log struct{ events []*Event }

// Len returns the number of events.
func (l *Log) Len() int { return len(l.events) }

// Add appends events.
func (l *Log) Add(events ...*Event) {
	for _, e := range events {
		e.number = len(l.events) + 1
		l.events = append(l.events, e)
	}
}

// poll walks the log in the order of persistence. The next position is always there, also after an empty page, and it
// passes the events that did not match.
func (l *Log) poll(q *query, now time.Time) ([]*Event, *position) {
	next := &position{}
	if q.from != nil {
		next.Number = q.from.Number
	}
	var page []*Event
	for _, e := range l.events[min(next.Number, len(l.events)):] {
		if len(page) == q.limit {
			break
		}
		next.Number = e.number
		if !e.persisted.Before(q.since) && !e.persisted.Before(now.Add(-retention)) && q.matches(e) {
			page = append(page, e)
		}
	}
	return page, next
}

// bounded sorts the events that were published from since until before until. The last page has no next position.
func (l *Log) bounded(q *query, now time.Time) ([]*Event, *position) {
	at := func(e *Event) position { return position{Number: e.number, Published: e.published.UnixNano()} }
	order := func(a, b position) int {
		return cmp.Or(cmp.Compare(a.Published, b.Published), cmp.Compare(a.Number, b.Number))
	}
	if q.descending {
		ascending := order
		order = func(a, b position) int { return ascending(b, a) }
	}
	var found []*Event
	for _, e := range l.events {
		if e.published.Before(q.since) || !e.published.Before(q.until) || e.published.Before(now.Add(-retention)) {
			continue
		}
		if (q.from == nil || order(at(e), *q.from) > 0) && q.matches(e) {
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(a, b *Event) int { return order(at(a), at(b)) })
	if q.limit == 0 || len(found) <= q.limit {
		return found[:min(q.limit, len(found))], nil
	}
	next := at(found[q.limit-1])
	return found[:q.limit], &next
}

// holds reports whether every keyword is a word of the event.
func (e *Event) holds(keywords []string) bool {
	if e.words == nil {
		e.words = map[string]bool{}
		collectWords(e.doc, e.words)
	}
	return !slices.ContainsFunc(keywords, func(k string) bool { return !e.words[k] })
}

// collectWords takes the words of every string in lower case: the text between spaces, the same without the
// punctuation around it, and the parts between its hyphens.
func collectWords(v any, into map[string]bool) {
	switch v := v.(type) {
	case wire.Doc:
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
