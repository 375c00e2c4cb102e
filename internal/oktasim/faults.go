package oktasim

import (
	"cmp"
	"math"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"soar.example/okta/internal/oktasim/wire"
)

// A Fault is an injected fault for matching requests. Kind selects the fault. If it is empty, Link does, and
// otherwise Status or ErrorCode.
type Fault struct {
	// Method and Path select the requests. An empty Method matches all. Path is a glob as in path.Match for the
	// escaped path.
	// ** at its end matches any rest. An empty Path matches all.
	Method string `json:"method,omitempty"`
	Path   string `json:"path,omitempty"`
	// LimitOver selects only requests with a larger limit in the query. 0 means all requests.
	LimitOver int `json:"limit_over,omitempty"`
	// Skip is the number of matching requests before the fault. Times is the number of failures after them, 0
	// for all.
	Skip  int `json:"skip,omitempty"`
	Times int `json:"times,omitempty"`

	// Kind is one of the Kind constants, or empty.
	Kind string `json:"kind,omitempty"`
	// Status, Body and Headers are the response. If Body is empty, the body is Okta's error for ErrorCode or Status.
	// An empty value removes a header from the response.
	Status    int               `json:"status,omitempty"`
	Body      string            `json:"body,omitempty"`
	Headers   map[string]string `json:"headers,omitempty"`
	ErrorCode string            `json:"error_code,omitempty"`
	// Delay is the wait of KindSlow, a Go duration such as "2s".
	Delay string `json:"delay,omitempty"`
	// Link replaces the next link: a URL, LinkSelf or LinkNone.
	Link string `json:"link,omitempty"`
	// AfterEffect lets the request take effect before the fault applies.
	AfterEffect bool `json:"after_effect,omitempty"`
	// ExpireCursors invalidates every "after" issued so far. It needs no other field.
	ExpireCursors bool `json:"expire_cursors,omitempty"`
}

// These are the kinds of fault.
const (
	// KindHangup closes the connection without a response. On a reused connection, Go's http.Transport then repeats a
	// GET once.
	KindHangup = "hangup"
	// KindSlow waits for Delay and then responds normally. With AfterEffect the request takes effect before the
	// wait.
	KindSlow = "slow"
	// KindTruncate sends a Content-Length for the whole body, then half of the body, and closes the connection.
	KindTruncate = "truncate"
	// KindHTML responds with Status (502 by default) and a text/html page, as a proxy does.
	KindHTML = "html"
	// KindReset resets the TCP connection in the middle of the response.
	KindReset = "reset"
	// KindEmpty responds with Status (403 by default) and no body.
	KindEmpty = "empty"
	// KindLink responds normally, but replaces the next link by Link.
	KindLink = "link"
)

const (
	// LinkSelf replaces the next link by a link to the same page.
	LinkSelf = "self"
	// LinkNone removes the next link.
	LinkNone = "none"
)

// Fault injects a fault. The first matching fault applies to a request, in the order of the calls. Fault panics for
// an invalid fault.
func (o *Org) Fault(f Fault) { add(o, f, (*Org).insertFault) }

func (o *Org) insertFault(f Fault, _ time.Time) (doc, error) {
	if f.Link != "" {
		f.Kind = cmp.Or(f.Kind, KindLink)
	}
	onlyExpires := f.ExpireCursors && f.Kind == "" && f.Status == 0 && f.ErrorCode == ""
	if f.Kind == "" {
		f.Status = cmp.Or(f.Status, wire.StatusOf(f.ErrorCode))
	}
	delay, errDelay := time.ParseDuration(f.Delay)
	_, errPath := matchGlob(f.Path, "/")
	kinds := []string{"", KindHangup, KindSlow, KindTruncate, KindHTML, KindReset, KindEmpty, KindLink}
	if err := invalid("fault",
		errPath, unknown("kind", f.Kind, kinds...),
		wrong(f.Kind == "" && f.Status == 0 && !onlyExpires, "needs a kind, a link, a status, or an error_code that the org knows"),
		wrong(f.Kind == KindSlow && (errDelay != nil || delay <= 0), "kind slow needs a positive delay"),
		wrong(f.Kind == KindLink && f.Link == "", "kind link needs a link: a URL, self or none"),
		wrong(f.Status != 0 && (f.Status < 200 || f.Status > 599), "the status is outside 200 to 599"),
		wrong(f.Skip < 0 || f.Times < 0 || f.LimitOver < 0, "skip, times and limit_over cannot be negative"),
	); err != nil {
		return nil, err
	}
	if f.ExpireCursors {
		o.cursors.Expire()
	}
	if !onlyExpires {
		o.faults = append(o.faults, &f)
	}
	return doc{}, nil
}

// takeFault returns the fault that applies to a request, or nil.
func (o *Org) takeFault(c *wire.Call) *Fault {
	for _, f := range o.faults {
		if matches, err := matchGlob(f.Path, c.Path); err != nil || !matches || f.Method != "" && !strings.EqualFold(f.Method, c.Method) {
			continue
		}
		if n, err := strconv.Atoi(c.Query.Get("limit")); f.LimitOver > 0 && (err != nil || n <= f.LimitOver) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Times == 1 {
			o.faults = without(o.faults, f)
		}
		f.Times--
		return f
	}
	return nil
}

// kind may be called on nil.
func (f *Fault) kind() string {
	if f == nil {
		return ""
	}
	return f.Kind
}

// delay returns the wait of the response, before or after the effect of the request.
func (f *Fault) delay(afterEffect bool) time.Duration {
	if f.kind() != KindSlow || f.AfterEffect != afterEffect {
		return 0
	}
	return must(time.ParseDuration(f.Delay))
}

// replaces reports whether the fault's response replaces the org's response.
func (f *Fault) replaces() bool {
	return f != nil && slices.Contains([]string{"", KindHangup, KindHTML, KindEmpty}, f.Kind)
}

// reply returns the fault's response.
func (f *Fault) reply(errorID string) *wire.Reply {
	switch f.Kind {
	case KindHangup:
		return wire.Empty(http.StatusNoContent)
	case KindEmpty:
		return wire.Empty(cmp.Or(f.Status, http.StatusForbidden))
	case KindHTML:
		status := cmp.Or(f.Status, http.StatusBadGateway)
		title := strconv.Itoa(status) + " " + http.StatusText(status)
		page := "<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>\n"
		r := wire.Raw(status, []byte(cmp.Or(f.Body, page)))
		r.Header.Set("Content-Type", "text/html")
		return r
	}
	if f.Body != "" || f.Status < http.StatusBadRequest && f.ErrorCode == "" {
		return wire.Raw(f.Status, []byte(f.Body))
	}
	e := wire.Code(cmp.Or(f.ErrorCode, wire.CodeOf(f.Status)))
	e.Status = f.Status
	return e.Reply(errorID)
}

// finish applies the fault's changes to the header of a response.
func (f *Fault) finish(c *wire.Call, r *wire.Reply) {
	if f == nil {
		return
	}
	if f.Kind == KindLink {
		r.Header["Link"] = slices.DeleteFunc(r.Header["Link"], func(l string) bool { return strings.HasSuffix(l, `rel="next"`) })
		switch f.Link {
		case LinkNone:
		case LinkSelf:
			r.AddLink(c.LinkWith(nil), "next")
		default:
			r.AddLink(f.Link, "next")
		}
	}
	for k, v := range f.Headers {
		r.Header.Set(k, v)
		if v == "" {
			// An explicit nil also keeps net/http from adding the header itself.
			r.Header[http.CanonicalHeaderKey(k)] = nil
		}
	}
}

// ClearFaults removes all faults. Expired cursors remain expired.
func (o *Org) ClearFaults() {
	defer o.lock()()
	o.faults = nil
}

// families are the sets of endpoints that share one bucket, as in Okta. The last one matches every path.
var families = []string{
	"/api/v1/logs", "/api/v1/users", "/api/v1/users/*", "/api/v1/groups/**", "/api/v1/sessions/**", "/api/v1/devices/**",
	"/api/v1/apps", "/api/v1/apps/**", "/oauth2/v1/**", "**",
}

// A Limit replaces the rate limit of the requests that match Path, a glob as in Fault.
type Limit struct {
	Path string `json:"path"`
	// Limit is the number of requests allowed in a Window, a Go duration ("1m" by default).
	Limit  int    `json:"limit"`
	Window string `json:"window,omitempty"`
	// Remaining is the number of requests left in the window that starts now. nil means all.
	Remaining *int `json:"remaining,omitempty"`
	// OmitReset omits X-Rate-Limit-Reset. ResetInPast sends a time in the past.
	OmitReset   bool `json:"omit_reset,omitempty"`
	ResetInPast bool `json:"reset_in_past,omitempty"`
}

// bucket counts the requests of one window for the paths of its limit. A window starts with the first request after
// the previous window, not with a minute of the clock.
type bucket struct {
	Limit
	window time.Duration
	begun  time.Time
	used   int
}

// Limit sets the rate limit of the paths that match l, until a later Limit for the same paths. It panics for an
// invalid limit.
func (o *Org) Limit(l Limit) { add(o, l, (*Org).insertLimit) }

func (o *Org) insertLimit(l Limit, now time.Time) (doc, error) {
	window, err := time.ParseDuration(cmp.Or(l.Window, "1m"))
	_, errPath := matchGlob(l.Path, "/")
	b := &bucket{Limit: l, window: window}
	if l.Remaining != nil {
		b.begun, b.used = now, l.Limit-*l.Remaining
	}
	if err := invalid("limit",
		err, errPath, wrong(window <= 0, "the window is not positive"), missing("path", l.Path),
		wrong(l.Limit < 0 || b.used < 0 || b.used > l.Limit, "needs a limit that is not negative, and remaining between 0 and the limit"),
	); err != nil {
		return nil, err
	}
	o.buckets = slices.DeleteFunc(o.buckets, func(other *bucket) bool { return other.Path == l.Path })
	o.buckets = slices.Insert(o.buckets, 0, b)
	return doc{}, nil
}

// ClearLimits restores the default limits, with full buckets.
func (o *Org) ClearLimits() {
	defer o.lock()()
	o.buckets = generousBuckets()
}

func generousBuckets() []*bucket {
	return each(families, func(glob string) *bucket {
		return &bucket{Limit: Limit{Path: glob, Limit: 100_000}, window: time.Minute}
	})
}

// take counts a request. It returns a copy of its bucket, and whether the bucket was empty.
func (o *Org) take(path string, now time.Time) (of bucket, exceeded bool) {
	path = strings.TrimSuffix(path, "/")
	b := first(o.buckets, func(b *bucket) bool { ok, err := matchGlob(b.Path, path); return err == nil && ok })
	if b.begun.IsZero() || !now.Before(b.begun.Add(b.window)) {
		b.begun, b.used = now, 0
	}
	if exceeded = b.used >= b.Limit.Limit; !exceeded {
		b.used++
	}
	return *b, exceeded
}

// write adds the three headers to a response. After a response with status 429, no requests remain. Reset is in whole
// seconds and never before the end of the window.
func (b bucket) write(reply *wire.Reply, now time.Time) {
	if reply.Status == http.StatusTooManyRequests {
		b.used = b.Limit.Limit
	}
	reply.Header.Set("X-Rate-Limit-Limit", strconv.Itoa(b.Limit.Limit))
	reply.Header.Set("X-Rate-Limit-Remaining", strconv.Itoa(b.Limit.Limit-b.used))
	if b.OmitReset {
		return
	}
	seconds := math.Ceil(float64(b.begun.Add(b.window).UnixMilli()) / 1000)
	if b.ResetInPast {
		seconds = math.Floor(float64(now.Add(-b.window).UnixMilli()) / 1000)
	}
	reply.Header.Set("X-Rate-Limit-Reset", strconv.FormatInt(int64(seconds), 10))
}

// matchGlob is path.Match with one addition: ** at the end matches any rest, including none. An empty glob matches
// everything.
func matchGlob(glob, name string) (bool, error) {
	head, any := strings.CutSuffix(glob, "**")
	if !any {
		ok, err := path.Match(glob, name)
		return ok || glob == "", err
	}
	if _, err := path.Match(head, ""); err != nil {
		return false, err
	}
	rest, whole := strings.CutSuffix(head, "/")
	if !whole {
		rest += "*"
	}
	segments := strings.Split(name, "/")
	segments = segments[:min(len(segments), strings.Count(rest, "/")+1)]
	if rest == "" || rest == "*" {
		return true, nil
	}
	return path.Match(rest, strings.Join(segments, "/"))
}
