package syslog

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"soar.example/okta/internal/oktasim/filter"
	"soar.example/okta/internal/oktasim/wire"
)

const (
	usualLimit = 100
	maxLimit   = 1000
	// usualPeriod is how far since lies before until by default, and maxPeriod is how far it may lie before now.
	usualPeriod = 7 * 24 * time.Hour
	maxPeriod   = 180 * 24 * time.Hour

	maxKeywords      = 10
	maxKeywordLength = 40
)

// query is a request for events.
type query struct {
	// polling queries are ascending and have no until: since compares with the time of persistence, and pages never end.
	polling      bool
	descending   bool
	since, until time.Time // until belongs to bounded queries only
	limit        int
	filter       *filter.Expression
	keywords     []string
	// from is the position after which the page begins; nil at the start.
	from *position
}

// position is the content of a cursor: the last event of a page, and the query.
type position struct {
	Number    int
	Published int64 // nanoseconds; bounded queries only
	Since     time.Time
	Until     time.Time
	Polling   bool
	// Query is the rest of the query, which may not change between pages.
	Query string
}

// scope is the part of the query that a cursor fixes, in addition to its times.
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
	if q.limit, err = c.Number("limit", usualLimit, 0, maxLimit); err != nil {
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
	return q, q.readTimes(c)
}

func (q *query) readTimes(c *wire.Call) error {
	var err error
	// A query without an end includes the events that are published now.
	if q.until, err = c.Time("until", c.Now.Add(1)); err != nil {
		return err
	}
	if q.since, err = c.Time("since", q.until.Add(-usualPeriod)); err != nil {
		return err
	}
	if q.since.Before(c.Now.Add(-maxPeriod)) {
		return wire.Codef("E0000053", "The since parameter is over 180 days prior to the current day.")
	}
	return nil
}

// continueFrom takes the times from the cursor, because Okta's next links carry no since.
func (q *query) continueFrom(c *wire.Call, cursors *wire.Cursors) error {
	if c.Query.Has("since") {
		return wire.Invalid("'since': It cannot be combined with 'after'.")
	}
	from, err := wire.Open[position](cursors, c.Path, c.Query.Get("after"))
	if err != nil {
		return err
	}
	if from.Polling != q.polling || from.Query != scope(c) {
		return wire.BadCursor()
	}
	q.since, q.until, q.from = from.Since, from.Until, &from
	return nil
}

func (q *query) matches(e *Event) bool {
	return (q.filter == nil || q.filter.Match(e.doc)) && (len(q.keywords) == 0 || e.holds(q.keywords))
}

func readKeywords(q string) ([]string, error) {
	words := strings.Fields(q)
	for i, w := range words {
		if utf8.RuneCountInString(w) > maxKeywordLength {
			return nil, wire.Invalid("'q': Freeform search cannot contain items longer than " + strconv.Itoa(maxKeywordLength) +
				" characters. Please shorten the items in your search or use an advanced filter to query by specific fields.")
		}
		words[i] = strings.ToLower(w)
	}
	if len(words) > maxKeywords {
		return nil, wire.Invalid("'q': Freeform search cannot contain more than " + strconv.Itoa(maxKeywords) + " items.")
	}
	return words, nil
}

// rules are those of the log's filter parameter.
var rules = filter.Rules{
	Negation: true,
	Known:    isAttribute,
	Allows: func(attribute, operator string) bool {
		return operator != "co" || attribute != "debugContext.debugData.url" && attribute != "debugContext.debugData.requestUri"
	},
}

// attributes are the attributes of an event that a filter may name, by the attribute that holds them. A star marks an
// attribute below which a filter may name anything. Filters cannot name published, since and until replace it.
var attributes = map[string]string{
	"": "uuid eventType version severity legacyEventType displayMessage actor target client outcome transaction debugContext " +
		"device* authenticationContext securityContext request",
	"actor":            "id type alternateId displayName detailEntry*",
	"target":           "id type alternateId displayName detailEntry* changeDetails*",
	"client":           "id userAgent zone device ipAddress geographicalContext",
	"client.userAgent": "rawUserAgent os browser",
	"outcome":          "result reason",
	"transaction":      "id type detail*",
	"debugContext":     "debugData*",
	"authenticationContext": "authenticationProvider credentialProvider credentialType issuer interface authenticationStep " +
		"rootSessionId externalSessionId",
	"authenticationContext.issuer": "id type",
	"securityContext":              "asNumber asOrg isp domain isProxy risk* userBehaviors* ipDetails* botProtection*",
	"request":                      "ipChain",
	"request.ipChain":              "ip version source geographicalContext ipDetails*",

	"client.geographicalContext":                      geographical,
	"client.geographicalContext.geolocation":          "lat lon",
	"request.ipChain.geographicalContext":             geographical,
	"request.ipChain.geographicalContext.geolocation": "lat lon",
}

const geographical = "city state country postalCode geolocation"

// isAttribute walks down a dotted name.
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

// FilterMatches reports whether the log finds an event, which is JSON, with a filter. The error is Okta's error for a
// filter that Okta rejects.
func FilterMatches(text string, event []byte) (bool, error) {
	doc := wire.Doc{}
	if text == "" {
		return true, nil
	}
	e, err := filter.Parse(text, rules)
	if err != nil {
		return false, err
	}
	if err := wire.DecodeObject(event, &doc); err != nil {
		return false, err
	}
	return e.Match(doc), nil
}
