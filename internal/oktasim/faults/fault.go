// Package faults makes the simulated org misbehave on request: failures, slow and broken responses, and rate limits.
package faults

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"soar.example/okta/internal/oktasim/wire"
)

// A Fault makes the org misbehave on matching requests. Kind chooses the misbehavior. Without Kind, Link does, and else
// Status or ErrorCode.
type Fault struct {
	// Method and Path choose the requests. An empty Method matches all. Path is a glob as in path.Match over the escaped
	// path, where ** matches any rest. An empty Path matches all.
	Method string `json:"method,omitempty"`
	Path   string `json:"path,omitempty"`
	// LimitOver restricts the fault to requests for more than so many items (the query's limit); 0 means no restriction.
	LimitOver int `json:"limit_over,omitempty"`
	// Skip is the number of matching requests before the fault. Times is the number of failures after them, 0 for all.
	Skip  int `json:"skip,omitempty"`
	Times int `json:"times,omitempty"`

	// Kind is one of the Kind constants, or empty.
	Kind string `json:"kind,omitempty"`
	// Status, Body and Headers are the response. Without Body it has Okta's error body for ErrorCode, or for Status. A
	// header with an empty value is removed from the response.
	Status    int               `json:"status,omitempty"`
	Body      string            `json:"body,omitempty"`
	Headers   map[string]string `json:"headers,omitempty"`
	ErrorCode string            `json:"error_code,omitempty"`
	// Delay is how long KindSlow waits, a Go duration such as "2s".
	Delay string `json:"delay,omitempty"`
	// Link replaces the next link: a URL, LinkSelf or LinkNone.
	Link string `json:"link,omitempty"`
	// AfterEffect lets the request have its effect before the fault applies.
	AfterEffect bool `json:"after_effect,omitempty"`
	// ExpireCursors makes every "after" issued so far invalid. No other field is necessary with it.
	ExpireCursors bool `json:"expire_cursors,omitempty"`
}

// The kinds of fault.
const (
	// KindHangup closes the connection without a response. Go's http.Transport repeats a GET once if that happens on a
	// reused connection.
	KindHangup = "hangup"
	// KindSlow waits for Delay and responds normally. With AfterEffect the request has its effect before the wait.
	KindSlow = "slow"
	// KindTruncate declares the whole length, sends half of the body and closes the connection.
	KindTruncate = "truncate"
	// KindHTML responds with Status (502 by default) and a text/html page, as a proxy does.
	KindHTML = "html"
	// KindReset resets the TCP connection in the middle of the response.
	KindReset = "reset"
	// KindEmpty responds with Status (403 by default) and no body.
	KindEmpty = "empty"
	// KindLink responds normally, with Link in place of the next link.
	KindLink = "link"
)

const (
	// LinkSelf makes the next link point to the request itself.
	LinkSelf = "self"
	// LinkNone removes the next link.
	LinkNone = "none"
)

// Armed is a checked fault with its counts.
type Armed struct {
	Fault
	skip, left int
	delay      time.Duration
}

// Arm checks a fault. It returns nil for a fault that only expires cursors.
func Arm(f Fault) (*Armed, error) {
	if f.ExpireCursors && f.Kind == "" && f.Link == "" && f.Status == 0 && f.ErrorCode == "" {
		return nil, nil
	}
	if f.Link != "" && f.Kind == "" {
		f.Kind = KindLink
	}
	if _, err := Match(f.Path, "/"); err != nil {
		return nil, fmt.Errorf("fault: path %q: %w", f.Path, err)
	}
	a := &Armed{Fault: f, skip: f.Skip, left: f.Times}
	switch f.Kind {
	case KindHangup, KindTruncate, KindHTML, KindReset, KindEmpty:
	case "":
		a.Status = cmp.Or(f.Status, wire.StatusOf(f.ErrorCode))
		switch {
		case f.Status == 0 && f.ErrorCode == "":
			return nil, fmt.Errorf("fault: needs a kind, a link, a status or an error_code")
		case a.Status == 0:
			return nil, fmt.Errorf("fault: error_code %q needs a status beside it", f.ErrorCode)
		}
	case KindSlow:
		d, err := time.ParseDuration(f.Delay)
		if err != nil || d <= 0 {
			return nil, fmt.Errorf("fault: kind slow needs a positive delay, not %q", f.Delay)
		}
		a.delay = d
	case KindLink:
		if f.Link == "" {
			return nil, fmt.Errorf("fault: kind link needs a link: a URL, %q or %q", LinkSelf, LinkNone)
		}
	default:
		return nil, fmt.Errorf("fault: unknown kind %q", f.Kind)
	}
	if a.Status != 0 && (a.Status < 200 || a.Status > 599) {
		return nil, fmt.Errorf("fault: status %d is outside 200 to 599", a.Status)
	}
	if f.Skip < 0 || f.Times < 0 || f.LimitOver < 0 {
		return nil, fmt.Errorf("fault: skip, times and limit_over cannot be negative")
	}
	return a, nil
}

// Take returns the fault that applies to a request, or nil, and the faults that remain.
func Take(all []*Armed, c *wire.Call) (*Armed, []*Armed) {
	for i, f := range all {
		matches, err := Match(f.Path, c.Path)
		if err != nil || !matches || f.Method != "" && !strings.EqualFold(f.Method, c.Method) {
			continue
		}
		if n, err := strconv.Atoi(c.Query.Get("limit")); f.LimitOver > 0 && (err != nil || n <= f.LimitOver) {
			continue
		}
		if f.skip > 0 {
			f.skip--
			continue
		}
		if f.left > 0 {
			if f.left--; f.left == 0 {
				all = slices.Delete(slices.Clone(all), i, i+1)
			}
		}
		return f, all
	}
	return nil, all
}

// Delay returns how long the response waits, before or after the effect of the request.
func (a *Armed) Delay(afterEffect bool) time.Duration {
	if a == nil || a.AfterEffect != afterEffect {
		return 0
	}
	return a.delay
}

// Break returns how the response breaks off.
func (a *Armed) Break() wire.Break {
	if a == nil {
		return wire.Whole
	}
	return map[string]wire.Break{KindHangup: wire.Hangup, KindTruncate: wire.Truncate, KindReset: wire.Reset}[a.Kind]
}

// Replaces reports whether the fault's response takes the place of the org's own.
func (a *Armed) Replaces() bool {
	return a != nil && slices.Contains([]string{"", KindHangup, KindHTML, KindEmpty}, a.Kind)
}

// SkipsWork reports whether the request has no effect on the org.
func (a *Armed) SkipsWork() bool { return a.Replaces() && !a.AfterEffect }

// Reply returns the fault's response.
func (a *Armed) Reply(errorID string) *wire.Reply {
	switch a.Kind {
	case KindHangup:
		return wire.Empty(http.StatusNoContent)
	case KindEmpty:
		return wire.Empty(cmp.Or(a.Status, http.StatusForbidden))
	case KindHTML:
		r := wire.Raw(cmp.Or(a.Status, http.StatusBadGateway), []byte(a.Body))
		r.Header.Set("Content-Type", "text/html")
		if a.Body == "" {
			title := strconv.Itoa(r.Status) + " " + http.StatusText(r.Status)
			r.Body = []byte("<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>\n")
		}
		return r
	}
	if a.Body != "" || a.Status < http.StatusBadRequest && a.ErrorCode == "" {
		return wire.Raw(a.Status, []byte(a.Body))
	}
	e := wire.Code(cmp.Or(a.ErrorCode, wire.CodeOf(a.Status)))
	e.Status = a.Status
	return e.Reply(errorID)
}

// Finish applies the fault's changes to the header of a response.
func (a *Armed) Finish(c *wire.Call, r *wire.Reply) {
	if a == nil {
		return
	}
	if a.Kind == KindLink {
		relink(c, r, a.Link)
	}
	for k, v := range a.Headers {
		r.Header.Set(k, v)
		if v == "" {
			// An explicit nil also keeps net/http from adding the header itself.
			r.Header[http.CanonicalHeaderKey(k)] = nil
		}
	}
}

// relink replaces the next link, or adds one.
func relink(c *wire.Call, r *wire.Reply, link string) {
	kept := slices.DeleteFunc(slices.Clone(r.Header["Link"]), func(l string) bool {
		return strings.HasSuffix(l, `rel="next"`)
	})
	if link == LinkSelf {
		link = c.LinkWith(nil)
	}
	if link != LinkNone {
		kept = append(kept, "<"+link+`>; rel="next"`)
	}
	r.Header["Link"] = kept
}
