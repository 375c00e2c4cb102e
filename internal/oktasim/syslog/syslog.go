// Package syslog is the System Log of the simulated org: its events, and the polling and bounded queries for them.
package syslog

import (
	"bytes"
	"cmp"
	_ "embed" // embeds the attributes
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"soar.example/okta/internal/oktasim/filter"
	"soar.example/okta/internal/oktasim/wire"
)

// retention is the time for which the log keeps an event.
const retention = 90 * 24 * time.Hour

// Event is a stored event. Events are numbered in the order of arrival, which is the order of persistence. The
// published time comes from the event and may be older.
type Event struct {
	UUID string

	number    int // starts at 1
	persisted time.Time
	published time.Time
	raw       []byte
	doc       wire.Doc
	words     map[string]bool // words for q, collected at the first use
}

// NewEvent creates an event for the log. The event is complete. persisted is the time at which it is stored, by
// default now.
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

// Log contains all events. The event with number n has the index n-1.
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

// poll returns a page in the order of persistence. There is always a next position, even after an empty page. It is
// after the events that did not match.
func (l *Log) poll(q *query, now time.Time) (page []*Event, next *position) {
	next = &position{}
	if q.from != nil {
		next.Number = q.from.Number
	}
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

// bounded returns a page of the events published from since until before until, sorted by that time. There is no next
// position after the last page.
func (l *Log) bounded(q *query, now time.Time) (page []*Event, next *position) {
	at := func(e *Event) position { return position{Number: e.number, Published: e.published.UnixNano()} }
	direction := 1
	if q.descending {
		direction = -1
	}
	order := func(a, b position) int {
		return direction * cmp.Or(cmp.Compare(a.Published, b.Published), cmp.Compare(a.Number, b.Number))
	}
	since := q.since
	if oldest := now.Add(-retention); since.Before(oldest) {
		since = oldest
	}
	for _, e := range l.events {
		if !e.published.Before(since) && e.published.Before(q.until) && (q.from == nil || order(at(e), *q.from) > 0) && q.matches(e) {
			page = append(page, e)
		}
	}
	slices.SortFunc(page, func(a, b *Event) int { return order(at(a), at(b)) })
	if q.limit > 0 && len(page) > q.limit {
		last := at(page[q.limit-1])
		next = &last
	}
	return page[:min(q.limit, len(page))], next
}

// holds reports whether every keyword is a word of the event.
func (e *Event) holds(keywords []string) bool {
	if e.words == nil {
		e.words = map[string]bool{}
		collectWords(e.doc, e.words)
	}
	return !slices.ContainsFunc(keywords, func(k string) bool { return !e.words[k] })
}

// collectWords collects the words of every string in lower case: the text between spaces, the same without
// surrounding punctuation, and the parts between hyphens.
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

// usualPeriod is the default period between since and until. maxPeriod is the maximum age of since.
const (
	usualPeriod = 7 * 24 * time.Hour
	maxPeriod   = 180 * 24 * time.Hour
)

// query is a request for events.
type query struct {
	// polling queries are ascending and have no until. Their since is a time of persistence, and their pages
	// never end.
	polling      bool
	descending   bool
	since, until time.Time // only bounded queries have until
	limit        int
	filter       *filter.Expression
	keywords     []string
	// from is the position before the first event of the page, nil at the start.
	from *position
}

// position is the content of a cursor: the last event of a page, and the query.
type position struct {
	Number    int
	Published int64 // in nanoseconds; for bounded queries only
	Since     time.Time
	Until     time.Time
	Polling   bool
	// Query is the rest of the query, which must not change between pages.
	Query string
}

// scope returns the part of the query that a cursor fixes, without its times.
func scope(c *wire.Call) string {
	return strings.Join([]string{c.Query.Get("filter"), c.Query.Get("q"), strings.ToUpper(c.Query.Get("sortOrder")), c.Query.Get("until")}, "\x00")
}

// List returns the response to a log query.
func (l *Log) List(c *wire.Call, cursors *wire.Cursors) (*wire.Reply, error) {
	q, err := readQuery(c, cursors)
	if err != nil {
		return nil, err
	}
	read := l.bounded
	if q.polling {
		read = l.poll
	}
	page, next := read(q, c.Now)
	events := make([][]byte, len(page))
	for i, e := range page {
		events[i] = e.raw
	}
	r := wire.Raw(200, slices.Concat([]byte("["), bytes.Join(events, []byte(",")), []byte("]")))
	r.AddLink(c.LinkWith(nil), "self")
	if next != nil {
		next.Since, next.Until, next.Polling, next.Query = q.since, q.until, q.polling, scope(c)
		r.AddLink(c.LinkWith(map[string]string{"after": wire.Seal(cursors, c.Path, *next), "since": ""}), "next")
	}
	return r, nil
}

func readQuery(c *wire.Call, cursors *wire.Cursors) (*query, error) {
	q := &query{polling: !c.Query.Has("until")}
	switch strings.ToUpper(c.Query.Get("sortOrder")) {
	case "", "ASCENDING":
	case "DESCENDING":
		q.descending, q.polling = true, false
	default:
		return nil, wire.Invalid("sortOrder", "sortOrder: The value must be ASCENDING or DESCENDING")
	}
	var err error
	if q.limit, err = c.Number("limit", 100, 0, 1000); err != nil {
		return nil, err
	}
	if q.keywords, err = readKeywords(c.Query.Get("q")); err != nil {
		return nil, err
	}
	if text := c.Query.Get("filter"); text != "" {
		if q.filter, err = filter.Parse(text, rules); err != nil {
			return nil, err
		}
	}
	if c.Query.Has("after") {
		return q, q.continueFrom(c, cursors)
	}
	// A query without an end includes the events that are published at this moment.
	if q.until, err = c.Time("until", c.Now.Add(1)); err != nil {
		return nil, err
	}
	if q.since, err = c.Time("since", q.until.Add(-usualPeriod)); err == nil && q.since.Before(c.Now.Add(-maxPeriod)) {
		err = wire.Codef("E0000053", "The since parameter is over 180 days prior to the current day.")
	}
	return q, err
}

// continueFrom reads the times from the cursor, because Okta's next links contain no since.
func (q *query) continueFrom(c *wire.Call, cursors *wire.Cursors) error {
	if c.Query.Has("since") {
		return wire.Invalid("'since': It cannot be combined with 'after'.")
	}
	from, err := wire.Open[position](cursors, c.Path, c.Query.Get("after"))
	if err != nil || from.Polling != q.polling || from.Query != scope(c) {
		return wire.BadCursor()
	}
	q.since, q.until, q.from = from.Since, from.Until, &from
	return nil
}

func (q *query) matches(e *Event) bool {
	return (q.filter == nil || q.filter.Match(e.doc)) && (len(q.keywords) == 0 || e.holds(q.keywords))
}

// readKeywords accepts at most 10 words of at most 40 characters.
func readKeywords(q string) ([]string, error) {
	words := strings.Fields(strings.ToLower(q))
	if slices.ContainsFunc(words, func(w string) bool { return utf8.RuneCountInString(w) > 40 }) {
		return nil, wire.Invalid("'q': Freeform search cannot contain items longer than 40 characters. Please shorten the items in your " +
			"search or use an advanced filter to query by specific fields.")
	}
	if len(words) > 10 {
		return nil, wire.Invalid("'q': Freeform search cannot contain more than 10 items.")
	}
	return words, nil
}

// rules are the rules of the log's filter parameter.
var rules = filter.Rules{
	Negation: true,
	Known:    isAttribute,
	Allows: func(attribute, operator string) bool {
		return operator != "co" || attribute != "debugContext.debugData.url" && attribute != "debugContext.debugData.requestUri"
	},
}

// attributes lists the attributes of an event that a filter may contain, by the parent attribute. A star means that
// any attribute below is allowed. published is not allowed in filters, because since and until replace it.
var attributes = func() (all map[string]string) {
	if err := json.Unmarshal(attributesJSON, &all); err != nil {
		panic("oktasim: " + err.Error())
	}
	return all
}()

//go:embed attributes.json
var attributesJSON []byte

// isAttribute reports whether a dotted name is an attribute.
func isAttribute(name string) bool {
	at := ""
	for part := range strings.SplitSeq(name, ".") {
		known := strings.Fields(attributes[at])
		if slices.Contains(known, part+"*") {
			return true
		}
		if !slices.Contains(known, part) {
			return false
		}
		at = strings.TrimPrefix(at+"."+part, ".")
	}
	return true
}

// FilterMatches reports whether the filter matches the event, which is JSON. The error is Okta's error for an invalid
// filter.
func FilterMatches(text string, event []byte) (bool, error) {
	if text == "" {
		return true, nil
	}
	e, err := filter.Parse(text, rules)
	if err != nil {
		return false, err
	}
	doc := wire.Doc{}
	err = wire.DecodeObject(event, &doc)
	return err == nil && e.Match(doc), err
}
