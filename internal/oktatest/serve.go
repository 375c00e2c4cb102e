package oktatest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxBody is the largest body that the org reads; larger ones are malformed to it.
const maxBody = 64 << 20

// ServeHTTP answers one request: an order below /_org/, or a call to the API.
func (o *Org) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		// What was sent is not known in full, so it must not be acted on.
		panic(http.ErrAbortHandler)
	}
	if strings.HasPrefix(r.URL.Path, "/_org/") {
		o.serveOrder(w, r, body)
		return
	}

	o.mu.Lock()
	c := o.newCall(r, body)
	entry := &Request{
		Method: c.method, Path: c.path, Query: recordedQuery(c), Header: redact(r.Header),
		Body: recordedBody(c), RequestID: c.requestID, At: c.now,
	}
	o.requests = append(o.requests, entry)
	fault := o.takeFault(c.method, c.path, c.query.Get("limit"))
	if fault.kind() == KindSlow && !fault.AfterEffect {
		o.mu.Unlock()
		if !wait(r.Context(), fault.delay) {
			panic(http.ErrAbortHandler)
		}
		o.mu.Lock()
		c.now = o.clock()
	}
	answer := o.answer(c, fault)
	if k := fault.kind(); k != KindHangup {
		entry.Status = answer.status
	}
	observe(c, answer, fault)
	o.mu.Unlock()

	if fault.kind() == KindSlow && fault.AfterEffect && !wait(r.Context(), fault.delay) {
		panic(http.ErrAbortHandler)
	}
	send(w, r, answer, fault.kind())
}

func (o *Org) newCall(r *http.Request, body []byte) *call {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	// A query that cannot be read in part is read as far as it can be, as a servlet container does.
	query, _ := url.ParseQuery(r.URL.RawQuery)
	remote, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		remote = r.RemoteAddr
	}
	return &call{
		method: r.Method, path: r.URL.EscapedPath(), rawQuery: r.URL.RawQuery, query: query,
		header: r.Header, remote: remote, base: scheme + "://" + r.Host, body: body,
		now: o.clock(), requestID: o.fresh.requestID(),
	}
}

// answer decides what the client gets. The caller holds the lock.
func (o *Org) answer(c *call, fault *armedFault) *reply {
	route, params, known := findRoute(c.method, c.path)
	if !known {
		o.addDefect(c.method, c.path)
	}
	c.params = params
	rate := o.rates.take(c.path, c.now)
	var r *reply
	if fault.skipsWork() {
		r = o.faultReply(c, fault)
	} else {
		r = o.work(c, route, known, rate)
		if fault.replaces() {
			r = o.faultReply(c, fault)
		}
	}
	h := r.header
	h.Set("Date", c.now.UTC().Format(http.TimeFormat))
	h.Set("X-Okta-Request-Id", c.requestID)
	if r.status == http.StatusTooManyRequests {
		rate.remaining = 0
	}
	rate.write(h, c.now)
	fault.finish(c, r)
	return r
}

// work is what the org does for a call that no fault keeps from it. The route is nil where there is none for the
// method.
func (o *Org) work(c *call, route *route, known bool, rate rate) *reply {
	if refusal := o.authorise(c, route); refusal != nil {
		return refusal
	}
	var err error
	var r *reply
	switch {
	case rate.exceeded:
		err = oktaError("E0000047")
	case route == nil && known:
		err = oktaError("E0000022")
	case route == nil:
		err = oktaError("E0000008")
	case c.app != nil && c.asksForMe():
		// A service app is nobody's user.
		err = notFound("me", "User")
	default:
		r, err = route.handle(o, c)
	}
	if err == nil {
		return r
	}
	if e, ok := errors.AsType[*oauthError](err); ok {
		return e.reply()
	}
	api, ok := errors.AsType[*apiError](err)
	if !ok {
		api = oktaErrorf("E0000009", "%v", err)
	}
	return rawReply(api.status, api.body(o.fresh.errorID()))
}

// asksForMe tells whether the path names the caller instead of a user.
func (c *call) asksForMe() bool {
	return len(c.params) > 0 && (c.path == "/api/v1/users/me" || strings.HasPrefix(c.path, "/api/v1/users/me/"))
}

// wait sleeps for d and reports whether the client is still there afterwards.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
