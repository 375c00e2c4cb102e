package okta

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"soar.example/okta/internal/systemlog"
	"soar.example/okta/sdk"
)

// LogPath is the System Log's path
// (https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/).
const LogPath = "/api/v1/logs"

// MaxLogPage is the most events that Okta gives in one answer.
const MaxLogPage = 1000

// A LogQuery selects events. Without Until and in ascending order it is a polling
// query: Okta orders by the time it stored an event and misses none. With both
// bounds it orders by published, and late events may be missing.
type LogQuery struct {
	Since, Until time.Time
	Filter       string // Okta's filter language
	Query        string // keywords
	Descending   bool
	Limit        int // events an answer, 1 to MaxLogPage
}

func (q LogQuery) polling() bool { return q.Until.IsZero() && !q.Descending }

func (q LogQuery) values() url.Values {
	v := url.Values{"limit": {strconv.Itoa(q.Limit)}}
	if !q.Since.IsZero() {
		v.Set("since", stamp(q.Since))
	}
	if !q.Until.IsZero() {
		v.Set("until", stamp(q.Until))
	}
	if q.Filter != "" {
		v.Set("filter", q.Filter)
	}
	if q.Query != "" {
		v.Set("q", q.Query)
	}
	if q.Descending {
		v.Set("sortOrder", "DESCENDING")
	} else {
		v.Set("sortOrder", "ASCENDING")
	}
	return v
}

// stamp keeps milliseconds, which the SDK drops: a bound would move by up to a
// second.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// A LogPage is one answer of the System Log.
type LogPage struct {
	Events []systemlog.Head
	Next   string        // where to go on: an absolute URL, "" if Okta gave no link that may be followed
	Still  bool          // Next leads to this very page
	Skew   time.Duration // how far this machine's clock is ahead of Okta's
	// Foreign says why a link that Okta gave was not kept.
	Foreign error
}

// Logs reads the first page of a query.
func (c *Client) Logs(ctx context.Context, q LogQuery) (*LogPage, error) {
	return c.logPage(ctx, LogPath, q.values().Encode())
}

// LogsFrom reads the page that a Next of before leads to, of limit events at most;
// nothing else of the link is changed. A link that is not the org's own is refused
// before anything is sent.
func (c *Client) LogsFrom(ctx context.Context, next string, limit int) (*LogPage, error) {
	to, err := c.logLink(link{path: LogPath}, next)
	if err != nil {
		return nil, err
	}
	return c.logPage(ctx, LogPath, withLimit(to.query, limit))
}

// withLimit replaces the limit in a raw query, and leaves every other byte of it.
func withLimit(query string, limit int) string {
	value, found := "limit="+strconv.Itoa(limit), false
	parts := strings.Split(query, "&")
	for i, part := range parts {
		if part == "limit" || strings.HasPrefix(part, "limit=") {
			parts[i], found = value, true
		}
	}
	if !found {
		parts = append(parts, value)
	}
	return strings.TrimPrefix(strings.Join(parts, "&"), "&")
}

// logLink is ownLink for links to a page of this org's log.
func (c *Client) logLink(from link, target string) (link, error) {
	to, err := c.ownLink(from, target)
	if err == nil && to.path != LogPath {
		return link{}, foreign("the link to the next page leads to " + printable(to.path, 100) + " and not to the log")
	}
	return to, err
}

func (c *Client) logPage(ctx context.Context, path, query string) (*LogPage, error) {
	r, err := c.get(ctx, path, query)
	if err != nil {
		return nil, err
	}
	heads, err := systemlog.Split(r.body)
	if err != nil {
		return nil, r.broken("a page of events that cannot be read: " + printable(err.Error(), 120))
	}
	page := &LogPage{Events: heads, Skew: r.skew()}
	if target, found := nextLink(r.header); found {
		to, err := c.logLink(link{path, query}, target)
		if err != nil {
			page.Foreign = err
			return page, nil
		}
		page.Next, page.Still = c.url(to), samePage(link{path, query}, to)
	}
	return page, nil
}

// AllLogs gives take the events of a query page by page, to the end of what the
// log holds now, or until take returns false; more tells take whether Okta may hold
// further events. The end is an empty page, a page without a next link, or a link that
// leads to the page itself: Okta may give fewer events than a page can hold. A rate
// limit in the middle is waited for, and what is too slow in a page of q.Limit is asked
// for in smaller ones.
func (c *Client) AllLogs(ctx context.Context, q LogQuery, take func(events []systemlog.Head, more bool) bool) error {
	limit := q.Limit
	smaller := func(rawQuery string, err error) (string, bool) {
		if !tooSlow(err) || ctx.Err() != nil || limit <= smallestPage {
			return "", false
		}
		limit = max(limit/2, smallestPage)
		return withLimit(rawQuery, limit), true
	}
	err := c.pagesOr(ctx, LogPath, q.values(), smaller, func(r *reply) (bool, error) {
		heads, err := systemlog.Split(r.body)
		if err != nil {
			return false, r.broken("a page of events that cannot be read: " + printable(err.Error(), 120))
		}
		_, more := nextLink(r.header)
		more = more && len(heads) > 0
		return take(heads, more) && more, nil
	})
	if errors.Is(err, errSamePage) {
		return nil
	}
	return err
}

// Refused reports whether err means that a checkpoint in the log is lost: Okta itself
// rejects the link, or the link must not be followed. Another try cannot help.
func Refused(err error) bool {
	if errors.Is(err, errForeign) {
		return true
	}
	e := sdk.AsError(err)
	if e == nil || e.Upstream == nil || !oktaCode.MatchString(e.Upstream.Code) {
		return false
	}
	badRequest := e.Upstream.Status == http.StatusBadRequest || e.Upstream.Status == http.StatusRequestURITooLong
	return e.Code == sdk.NotFound || e.Code == sdk.InvalidInput && badRequest
}
