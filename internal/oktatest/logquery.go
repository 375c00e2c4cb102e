package oktatest

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	defaultEvents = 100
	maxEvents     = 1000
)

// logQuery is a request for events, understood.
type logQuery struct {
	// polling is without until and ascending: since compares with the time of persistence, pages never end.
	polling      bool
	descending   bool
	since, until time.Time // until belongs to bounded queries only
	limit        int
	filter       filterExpr
	keywords     []string
	// from is the place behind which the page begins; nil at the start.
	from *logPlace
}

// logPlace is what a cursor of the log holds: where the last page ended, and the query it belongs to.
type logPlace struct {
	Seq       int   `json:"n"`
	Published int64 `json:"t,omitempty"` // nanoseconds; bounded queries only
	Since     int64 `json:"s"`
	Until     int64 `json:"u,omitempty"`
	Polling   bool  `json:"p,omitempty"`
	// Query is the rest of the query, which may not change between pages.
	Query string `json:"q"`
}

// logScope is what a cursor pins, beside its times.
func (c *call) logScope() string {
	return strings.Join([]string{c.query.Get("filter"), c.query.Get("q"), strings.ToUpper(c.query.Get("sortOrder")), c.query.Get("until")}, "\x00")
}

func (o *Org) readLogQuery(c *call) (*logQuery, error) {
	q := &logQuery{polling: !c.query.Has("until")}
	switch strings.ToUpper(c.query.Get("sortOrder")) {
	case "", "ASCENDING":
	case "DESCENDING":
		q.descending, q.polling = true, false
	default:
		return nil, invalid("sortOrder", "sortOrder: The value must be ASCENDING or DESCENDING")
	}
	var err error
	if q.limit, err = c.number("limit", defaultEvents, 0, maxEvents); err != nil {
		return nil, err
	}
	if q.keywords, err = readKeywords(c.query.Get("q")); err != nil {
		return nil, err
	}
	if text := c.query.Get("filter"); text != "" {
		if q.filter, err = parseLogFilter(text); err != nil {
			return nil, err
		}
	}
	if c.query.Has("after") {
		return q, o.continueFrom(c, q)
	}
	return q, q.readTimes(c)
}

func (q *logQuery) readTimes(c *call) error {
	var err error
	// What is published at this very instant belongs to a query that names no end.
	if q.until, err = c.time("until", c.now.Add(1)); err != nil {
		return err
	}
	if q.since, err = c.time("since", q.until.Add(-lookBack)); err != nil {
		return err
	}
	if q.since.Before(c.now.Add(-reach)) {
		return oktaErrorf("E0000053", "The since parameter is over 180 days prior to the current day.")
	}
	return nil
}

func (c *call) time(name string, otherwise time.Time) (time.Time, error) {
	if !c.query.Has(name) {
		return otherwise, nil
	}
	t, ok := parseTime(c.query.Get(name))
	if !ok {
		return t, invalid("'" + name + "': The date format in your query is not recognized. Please enter dates using ISO8601 string format.")
	}
	return t, nil
}

// continueFrom takes the times from the cursor, because Okta's next links carry no since.
func (o *Org) continueFrom(c *call, q *logQuery) error {
	if c.query.Has("since") {
		return invalid("'since': It cannot be combined with 'after'.")
	}
	place, err := openCursor[logPlace](o.cursors, c.path, c.query.Get("after"))
	if err != nil {
		return err
	}
	if place.Polling != q.polling || place.Query != c.logScope() {
		return badCursor()
	}
	q.since, q.until = time.Unix(0, place.Since), time.Unix(0, place.Until)
	q.from = &place
	return nil
}

func (o *Org) listEvents(c *call) (*reply, error) {
	q, err := o.readLogQuery(c)
	if err != nil {
		return nil, err
	}
	var page []*storedEvent
	var next *logPlace
	if q.polling {
		page, next = o.log.poll(q, c.now)
	} else {
		page, next = o.log.bounded(q, c.now)
	}
	size := 2
	for _, e := range page {
		size += len(e.raw) + 1
	}
	body := make([]byte, 0, size)
	body = append(body, '[')
	for i, e := range page {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, e.raw...)
	}
	r := rawReply(200, append(body, ']'))
	link := ""
	if next != nil {
		next.Since, next.Polling, next.Query = q.since.UnixNano(), q.polling, c.logScope()
		if !q.polling {
			next.Until = q.until.UnixNano()
		}
		link = c.linkWith(map[string]string{"after": sealCursor(o.cursors, c.path, *next), "since": ""})
	}
	r.addLinks(c.linkWith(nil), link)
	return r, nil
}

// poll walks the log in the order of persistence. There is always a next place, also behind an empty page, and it
// moves past the events that did not match.
func (l *eventLog) poll(q *logQuery, now time.Time) ([]*storedEvent, *logPlace) {
	next := &logPlace{}
	if q.from != nil {
		next.Seq = q.from.Seq
	}
	var page []*storedEvent
	for _, e := range l.events[min(next.Seq, len(l.events)):] {
		if len(page) == q.limit {
			break
		}
		next.Seq = e.seq
		if e.persisted.Before(q.since) || e.persisted.Before(now.Add(-retention)) || !q.matches(e) {
			continue
		}
		page = append(page, e)
	}
	return page, next
}

// bounded sorts what was published from since until before until. The last page has no next place.
func (l *eventLog) bounded(q *logQuery, now time.Time) ([]*storedEvent, *logPlace) {
	var found []*storedEvent
	for _, e := range l.events {
		if e.published.Before(q.since) || !e.published.Before(q.until) || e.published.Before(now.Add(-retention)) {
			continue
		}
		if (q.from == nil || q.compare(e.published.UnixNano(), e.seq, q.from.Published, q.from.Seq) > 0) && q.matches(e) {
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(a, b *storedEvent) int {
		return q.compare(a.published.UnixNano(), a.seq, b.published.UnixNano(), b.seq)
	})
	if q.limit == 0 || len(found) <= q.limit {
		return found[:min(q.limit, len(found))], nil
	}
	found = found[:q.limit]
	last := found[q.limit-1]
	return found, &logPlace{Seq: last.seq, Published: last.published.UnixNano()}
}

// compare orders two events in the direction of the query.
func (q *logQuery) compare(aPublished int64, aSeq int, bPublished int64, bSeq int) int {
	order := 0
	switch {
	case aPublished != bPublished && aPublished < bPublished, aPublished == bPublished && aSeq < bSeq:
		order = -1
	case aPublished != bPublished || aSeq != bSeq:
		order = 1
	}
	if q.descending {
		return -order
	}
	return order
}

func (q *logQuery) matches(e *storedEvent) bool {
	if q.filter != nil && !q.filter.match(e.values) {
		return false
	}
	return len(q.keywords) == 0 || e.holdsAll(q.keywords)
}

// values gives filters the attributes of an event.
func (e *storedEvent) values(attribute string) []any {
	return valuesAt(e.doc, strings.Split(attribute, "."))
}

const (
	maxKeywords      = 10
	maxKeywordLength = 40
)

func readKeywords(q string) ([]string, error) {
	words := strings.Fields(q)
	for i, w := range words {
		if len([]rune(w)) > maxKeywordLength {
			return nil, invalid("'q': Freeform search cannot contain items longer than " + strconv.Itoa(maxKeywordLength) +
				" characters. Please shorten the items in your search or use an advanced filter to query by specific fields.")
		}
		words[i] = strings.ToLower(w)
	}
	if len(words) > maxKeywords {
		return nil, invalid("'q': Freeform search cannot contain more than " + strconv.Itoa(maxKeywords) + " items.")
	}
	return words, nil
}
