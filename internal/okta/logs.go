package okta

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/internal/systemlog"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/httpclient"
)

// LogPath is the path of the System Log
// (https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/).
const LogPath = "/api/v1/logs"

// MaxLogPage is the maximum number of events in one response.
const MaxLogPage = 1000

// A LogQuery selects events. A query in ascending order without Until is a polling query: Okta orders events by the
// time of storage, and omits none. A query with both bounds orders them by published, and late events may be missing.
type LogQuery struct {
	Since, Until time.Time
	Filter       string // in Okta's filter language
	Query        string // keywords
	Descending   bool
	Limit        int // page size, 1 to MaxLogPage
}

func (q LogQuery) values() url.Values {
	v := url.Values{"limit": {strconv.Itoa(q.Limit)}, "sortOrder": {"ASCENDING"}}
	for name, value := range map[string]string{"since": stamp(q.Since), "until": stamp(q.Until), "filter": q.Filter, "q": q.Query} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if q.Descending {
		v.Set("sortOrder", "DESCENDING")
	}
	return v
}

// stamp formats t with milliseconds, or returns "" for the zero time. The SDK drops milliseconds, which would move a
// bound by up to a second.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// A LogPage is one response of the System Log.
type LogPage struct {
	Events   []systemlog.Head
	Next     string        // absolute URL of the next page, "" if there is no acceptable link
	SelfLink bool          // Next leads to the same page
	Skew     time.Duration // difference of this machine's clock to Okta's
	// Foreign is the reason why Okta's link was rejected.
	Foreign error
}

// Logs reads the first page of a query.
func (c *Client) Logs(ctx context.Context, q LogQuery) (*LogPage, error) {
	return c.logPage(ctx, LogPath, q.values().Encode())
}

// LogsFrom reads the page of an earlier Next, with at most limit events. The rest of the link is unchanged. A link to
// another org is rejected without a request.
func (c *Client) LogsFrom(ctx context.Context, next string, limit int) (*LogPage, error) {
	to, err := c.logLink(link{path: LogPath}, next)
	if err != nil {
		return nil, err
	}
	return c.logPage(ctx, LogPath, withLimit(to.query, limit))
}

// withLimit replaces the limit in a raw query, and keeps all other bytes.
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

// logLink is resolve for links to a page of the System Log of this org.
func (c *Client) logLink(from link, target string) (link, error) {
	to, err := c.resolve(from, target)
	if err == nil && to.path != LogPath {
		return link{}, foreign("the link to the next page leads to " + httpclient.Printable(to.path, 100) + " and not to the log")
	}
	return to, err
}

func (c *Client) logPage(ctx context.Context, path, query string) (*LogPage, error) {
	r, err := c.sendRaw(ctx, http.MethodGet, path, query, nil)
	if err != nil {
		return nil, err
	}
	heads, err := splitLog(r)
	if err != nil {
		return nil, err
	}
	page := &LogPage{Events: heads, Skew: r.Skew()}
	if target, found := httpclient.NextLink(r.Header); found {
		to, err := c.logLink(link{path, query}, target)
		if err != nil {
			page.Foreign = err
			return page, nil
		}
		page.Next, page.SelfLink = c.url(to), samePage(link{path, query}, to)
	}
	return page, nil
}

func splitLog(r *rest.Response) ([]systemlog.Head, error) {
	heads, err := systemlog.Split(r.Body)
	if err != nil {
		return nil, r.Broken("a page of events that cannot be parsed: " + httpclient.Printable(err.Error(), 120))
	}
	return heads, nil
}

// AllLogs passes the events of a query to take, page by page, up to the current end of the log, or until take returns
// false. more reports whether there may be further events. The end is an empty page, a page without a next link, or a
// link to the same page. A short page is not the end, because Okta may return fewer events than requested. AllLogs
// waits for rate limits after the first page, and requests smaller pages if a page is too slow.
func (c *Client) AllLogs(ctx context.Context, q LogQuery, take func(events []systemlog.Head, more bool) bool) error {
	limit := q.Limit
	smaller := func(rawQuery string, err error) (string, bool) {
		if !isTooSlow(err) || ctx.Err() != nil || limit <= smallestPage {
			return "", false
		}
		limit = max(limit/2, smallestPage)
		return withLimit(rawQuery, limit), true
	}
	takePage := func(r *rest.Response) (bool, error) {
		heads, err := splitLog(r)
		if err != nil {
			return false, err
		}
		_, more := httpclient.NextLink(r.Header)
		more = more && len(heads) > 0
		return take(heads, more) && more, nil
	}
	err := pager{take: takePage, instead: smaller}.read(ctx, c, LogPath, q.values())
	if errors.Is(err, errSamePage) {
		return nil
	}
	return err
}

// CheckpointLost reports whether err means that a checkpoint in the log is unusable: Okta rejects the link, or the
// link must not be followed. A retry cannot help.
func CheckpointLost(err error) bool {
	if errors.Is(err, errForeign) {
		return true
	}
	e := sdk.AsError(err)
	if e == nil || e.Upstream == nil || !rest.IsErrorCode(e.Upstream.Code) {
		return false
	}
	badRequest := e.Upstream.Status == http.StatusBadRequest || e.Upstream.Status == http.StatusRequestURITooLong
	return e.Code == sdk.NotFound || e.Code == sdk.InvalidInput && badRequest
}

// An AdaptivePageSize is the page size of one query of the log. Okta cancels a page after 30 seconds with a 500 and
// E0000009. Each such page halves the size, and each fast page doubles it again. It is safe for concurrent use.
type AdaptivePageSize struct {
	mu   sync.Mutex
	size int // 0 means no limit
}

const (
	smallestPage = 10
	fastPage     = 10 * time.Second
)

// PageSize returns the page size of the query with that filter.
func (c *Client) PageSize(filter string) *AdaptivePageSize {
	p, _ := c.pageSizes.LoadOrStore(filter, new(AdaptivePageSize))
	return p.(*AdaptivePageSize)
}

// Limit returns the number of events to request, at most the given number.
func (p *AdaptivePageSize) Limit(most int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.size == 0 {
		return most
	}
	return min(p.size, most)
}

// Record adapts the size to the result of a page of at most limit events. It returns the new size if the page was too
// slow and can be smaller, otherwise 0.
func (p *AdaptivePageSize) Record(limit int, took time.Duration, err error) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case isTooSlow(err):
		if p.size = max(limit/2, min(smallestPage, limit)); p.size < limit {
			return p.size
		}
	case err == nil && p.size != 0 && took < fastPage:
		if p.size = 2 * limit; p.size >= MaxLogPage {
			p.size = 0
		}
	}
	return 0
}

// isTooSlow reports whether a smaller page may succeed: Okta canceled the page, it timed out, or it was too
// large.
func isTooSlow(err error) bool {
	e := sdk.AsError(err)
	return e != nil && (e.Code == sdk.Timeout || errors.Is(err, httpclient.ErrTooLarge) ||
		e.Upstream != nil && e.Upstream.Status == 500 && e.Upstream.Code == "E0000009")
}
