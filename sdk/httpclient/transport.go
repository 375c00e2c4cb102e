// Package httpclient is the HTTP transport of a connector. It guarantees the following for every
// connector:
//
//   - A dry run sends no write. The transport records the request instead and fails with
//     [sdk.ErrPlanned].
//   - Every request that was sent is recorded in the calls of the action's result.
//   - Requests, and with them the credentials, go to one origin only, also after a redirect.
//   - The size of a response and the time of a request are limited.
//   - Requests respect the service's rate limits, and retries respect its Retry-After.
//
// Errors of a [Transport] are *[sdk.Error]. A response of any status is not an error; [Check]
// turns a response into an error.
package httpclient

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// A Transport sends the requests of one connection. It is an [http.RoundTripper] that is safe for
// concurrent use. Its fields must not change after the first request.
type Transport struct {
	Origin  *url.URL        // scheme, host and port of every request
	Base    *http.Transport // sends the requests; see [New]
	Timeout time.Duration   // of one request, including retries
	MaxBody int64           // maximum size of a response in bytes
	// CutBody cuts a response at MaxBody bytes and sets its Truncated. Without CutBody, a larger
	// response is an error.
	CutBody bool
	// Complete adds secret parts to the address of a request just before it is sent, such as the
	// path of an incoming webhook. Calls, plans, errors and logs show the address without these
	// parts. Complete must keep the origin. It may be nil.
	Complete  func(*url.URL)
	UserAgent string // replaces the User-Agent of a request, unless empty
	RequestID string // name of the response header with the request ID
	// Retries limits how often a request is repeated. A read is repeated after a missing response
	// or an unavailable service. Any request is repeated after a rate limit.
	Retries int

	// Budget rejects requests that the service would reject. It may be nil.
	Budget *Budget
	// Reserve is the percentage of each rate limit that reads leave to writes.
	Reserve int
	// Bucket returns the name of the counter in which the service counts a request. The path
	// of the request is escaped. If Bucket is nil, one counter counts all requests.
	Bucket func(method, path string) string
	// Rate parses the rate limit of a response. If nil, only Retry-After counts.
	Rate func(*Response) Rate

	// IsWrite reports whether a request may change an object. If nil, every method except GET,
	// HEAD and OPTIONS is a write.
	IsWrite func(*http.Request) bool
	// Guard rejects a write with an error. In a dry run, a rejection that IsRejection accepts is
	// added to the plan. The transport calls done after a write that was sent, unless done is nil.
	// Guard may be nil.
	Guard       func(req *http.Request, body []byte) (done func(), err error)
	IsRejection func(error) bool
	// Begin starts the authorization of a request. It may be nil.
	Begin func() Authorization
	// Observe receives every response before the caller. It may be nil.
	Observe func(*http.Request, *Response)
}

// An Authorization authorizes one request, which may be sent more than once.
type Authorization interface {
	// Authorize adds credentials to a request that is about to be sent.
	Authorize(ctx context.Context, req *http.Request) error
	// Rejected reports whether the service rejected the credentials and another call of Authorize
	// may help. It receives every response. It must not always return true.
	Rejected(r *Response) (again bool)
}

// New returns a transport to an origin, with a timeout of one minute and a limit of 64 MiB for a
// response. Only the scheme and host of origin count.
func New(origin *url.URL) *Transport {
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConnsPerHost = 16
	base.OnProxyConnectResponse = proxyRejection
	return &Transport{Origin: origin, Base: base, Timeout: time.Minute, MaxBody: 64 << 20}
}

// Client returns an HTTP client that uses the transport.
func (t *Transport) Client() *http.Client { return &http.Client{Transport: t} }

// Close closes idle connections.
func (t *Transport) Close() { t.Base.CloseIdleConnections() }

// A Response is a response that was read to its end.
type Response struct {
	Method   string
	Request  string // method and path, for messages
	Status   int
	Header   http.Header
	Body     []byte // decompressed
	Sent     time.Time
	Received time.Time
	Wait     time.Duration // of a 429: time to wait
	// Truncated reports whether Body is only the beginning of the response; see
	// [Transport.CutBody].
	Truncated bool
}

// RoundTrip sends a request and reads the response to its end.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	x, _ := req.Context().Value(exchangeKey{}).(*exchange)
	if x != nil && x.used {
		return nil, errors.New("a call of Exchange sent a second request")
	}
	ctx, cancel := context.WithTimeout(req.Context(), t.Timeout)
	defer cancel()
	r, err := t.roundTrip(req.WithContext(ctx))
	if err != nil {
		r, err = nil, t.failure(req, err)
	}
	if x != nil {
		x.used, x.response, x.err = true, r, err
	}
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status: http.StatusText(r.Status), StatusCode: r.Status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: r.Header, Body: io.NopCloser(bytes.NewReader(r.Body)), ContentLength: int64(len(r.Body)), Request: req,
	}, nil
}

type exchangeKey struct{}

type exchange struct {
	used     bool
	response *Response
	err      error
}

// Exchange runs call, which must send exactly one request with its context through the transport.
// It returns the response or the error of that request. Exchange is for vendors' clients, which
// turn errors into text or lose bodies.
func (t *Transport) Exchange(ctx context.Context, call func(context.Context) error) (*Response, error) {
	x := new(exchange)
	err := call(context.WithValue(ctx, exchangeKey{}, x))
	switch {
	case x.used:
		return x.response, x.err
	case err != nil && ctx.Err() == nil:
		return nil, &sdk.Error{Code: sdk.Internal, Message: "the request cannot be built: " + err.Error(), Err: err}
	case err != nil:
		return nil, sdk.AsError(ctx.Err())
	}
	return nil, sdk.Errorf(sdk.Internal, "a call of Exchange ended without a request")
}

func (t *Transport) roundTrip(req *http.Request) (*Response, error) {
	if err := t.checkOrigin(req.URL); err != nil {
		return nil, err
	}
	var body []byte
	if req.Body != nil { // the body may be sent more than once
		var err error
		body, err = io.ReadAll(req.Body)
		_ = req.Body.Close()
		if err != nil {
			return nil, err
		}
	}
	if t.isWrite(req) {
		done, err := t.permit(req, body)
		if err != nil {
			return nil, unsent(err)
		}
		defer done()
	}
	for repeated := 0; ; repeated++ {
		r, err := t.authorized(req, body)
		wait, again := t.retry(req, r, err, repeated)
		if !again || Sleep(req.Context(), wait) != nil {
			return r, err
		}
	}
}

// authorized sends a request with credentials. If the service rejects the credentials, it sends
// the request again.
func (t *Transport) authorized(req *http.Request, body []byte) (*Response, error) {
	var a Authorization
	if t.Begin != nil {
		a = t.Begin()
	}
	for {
		out := req.Clone(req.Context())
		out.Body, out.ContentLength = http.NoBody, int64(len(body))
		if len(body) > 0 {
			out.Body = io.NopCloser(bytes.NewReader(body))
		}
		if a != nil {
			if err := a.Authorize(req.Context(), out); err != nil {
				return nil, unsent(err)
			}
		}
		r, err := t.Send(out)
		if err != nil || a == nil || !a.Rejected(r) {
			return r, err
		}
	}
}

// Send sends a request once. It applies only the origin, the budget and the limits of time and
// size, so that an [Authorization] can use it to fetch a token.
func (t *Transport) Send(req *http.Request) (*Response, error) {
	if err := t.checkOrigin(req.URL); err != nil {
		return nil, err
	}
	call := sdk.Call{Method: req.Method, Path: req.URL.EscapedPath()}
	r := &Response{Method: call.Method, Request: RequestTo(call.Method, call.Path)}
	var response *Response
	if t.Budget != nil {
		bucket := ""
		if t.Bucket != nil {
			bucket = t.Bucket(call.Method, call.Path)
		}
		ticket, err := t.Budget.Take(bucket, t.isRead(req), t.Reserve)
		if err != nil {
			return nil, ErrorWithRequest(r.Request, err)
		}
		defer func() { ticket.Done(response, t.rate(response)) }()
	}
	r.Sent = time.Now()
	defer func() {
		call.Duration = time.Since(r.Sent)
		sdk.RecordCall(req.Context(), call)
		hclog.FromContext(req.Context()).Debug("sent request", "method", call.Method, "path", call.Path,
			"status", call.Status, "duration", call.Duration, "request_id", call.RequestID)
	}()
	if t.UserAgent != "" {
		req.Header.Set("User-Agent", t.UserAgent)
	}
	req.Header.Set("Accept-Encoding", "gzip") // see readBody
	sent := req
	if t.Complete != nil {
		sent = req.Clone(req.Context())
		t.Complete(sent.URL)
		if err := t.checkOrigin(sent.URL); err != nil {
			return nil, err
		}
	}
	resp, err := t.Base.RoundTrip(sent)
	if err != nil {
		return nil, maskEOF(err)
	}
	defer resp.Body.Close()
	r.Status, r.Header = resp.StatusCode, resp.Header
	call.Status, call.RequestID = r.Status, r.Header.Get(t.RequestID)
	response = r // the header counts even if the body is incomplete
	r.Body, err = readBody(resp, t.MaxBody)
	r.Received = time.Now()
	if t.Observe != nil {
		t.Observe(req, r)
	}
	switch tooLarge := errors.Is(err, ErrTooLarge); {
	case tooLarge && t.CutBody:
		r.Truncated, err = true, nil
	case tooLarge:
		err = ErrorWithRequest(r.Request, err)
	}
	return r, err
}

// checkOrigin rejects every other origin before there is a connection.
func (t *Transport) checkOrigin(u *url.URL) error {
	if u.Scheme != t.Origin.Scheme || u.Host != t.Origin.Host || u.User != nil {
		return sdk.Errorf(sdk.Internal, "a request to %s was not sent: the credentials belong to %s", Printable(u.Host, 100), t.Origin.Host)
	}
	return nil
}

func (t *Transport) isWrite(req *http.Request) bool {
	if t.IsWrite != nil {
		return t.IsWrite(req)
	}
	return req.Method != http.MethodGet && req.Method != http.MethodHead && req.Method != http.MethodOptions
}

// isRead reports whether a request must leave a part of the rate limit to writes: neither the
// request nor its action writes.
func (t *Transport) isRead(req *http.Request) bool {
	return !t.isWrite(req) && (sdk.EffectOf(req.Context()) == sdk.Reads || sdk.IsDryRun(req.Context()))
}

// permit checks a write, or records it in a dry run. Every request to the service passes through
// permit, so no action can bypass it.
func (t *Transport) permit(req *http.Request, body []byte) (done func(), err error) {
	if t.Guard != nil {
		done, err = t.Guard(req, body)
	}
	if done == nil {
		done = func() {}
	}
	if !sdk.IsDryRun(req.Context()) || err != nil && (t.IsRejection == nil || !t.IsRejection(err)) {
		return done, err
	}
	planned := sdk.PlannedRequest{Method: req.Method, Path: maskURL(req.URL)}
	if len(body) > 0 {
		planned.Body = string(schema.MaskNamed(body))
	}
	if err != nil {
		planned.RefusedBy = err.Error()
	}
	sdk.PlanRequest(req.Context(), planned)
	done()
	return nil, sdk.ErrPlanned
}

// maskURL returns the path and query of a URL with secrets masked.
func maskURL(u *url.URL) string {
	query := url.Values{}
	for name, values := range u.Query() {
		for _, v := range values {
			if schema.NamesSecret(name) {
				v = schema.Masked
			}
			query.Add(name, schema.MaskText(v))
		}
	}
	masked := url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: query.Encode()}
	return masked.RequestURI()
}

// retry reports whether to repeat a request, and the time to wait first.
func (t *Transport) retry(req *http.Request, r *Response, err error, repeated int) (wait time.Duration, again bool) {
	var notSent *sdk.Error
	wait = spread(time.Second << min(repeated, 10))
	switch {
	case repeated >= t.Retries || Unsent(err):
		return 0, false
	case errors.As(err, &notSent):
		wait, again = notSent.RetryAfter, notSent.Code == sdk.RateLimited
	case err != nil:
		again = NeverSent(err) || !t.isWrite(req)
	case r.Status == http.StatusTooManyRequests:
		wait, again = cmp.Or(r.Wait, t.rate(r).Wait), true
	case r.Status == http.StatusBadGateway || r.Status == http.StatusServiceUnavailable || r.Status == http.StatusGatewayTimeout:
		requested, _ := retryAfter(r)
		wait, again = max(wait, requested), !t.isWrite(req)
	}
	deadline, limited := req.Context().Deadline()
	return wait, again && (!limited || time.Until(deadline) > wait)
}

func (t *Transport) rate(r *Response) Rate {
	switch {
	case r == nil:
		return Rate{}
	case t.Rate != nil:
		return t.Rate(r)
	}
	return RateHeaders("")(r)
}

// Sleep waits for d, or returns the error of ctx if ctx ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// failure returns the error of a request without a response. The context of req is the context of
// the caller.
func (t *Transport) failure(req *http.Request, err error) error {
	request := RequestTo(req.Method, req.URL.EscapedPath())
	switch cause := req.Context().Err(); {
	case errors.Is(cause, context.DeadlineExceeded):
		return ErrorWithRequest(request, cause)
	case cause != nil:
		return sdk.AsError(cause)
	case errors.Is(err, sdk.ErrPlanned):
		return sdk.ErrPlanned
	}
	if e, ok := errors.AsType[*sdk.Error](err); ok {
		return e
	}
	unknown := ""
	if t.isWrite(req) && !NeverSent(err) {
		unknown = UnknownOutcome
	}
	if errors.Is(err, context.DeadlineExceeded) {
		message := t.Origin.Host + " did not respond within " + t.Timeout.String() + unknown
		return &sdk.Error{Code: sdk.Timeout, Message: WithRequest(request, message), Err: err}
	}
	return &sdk.Error{Code: sdk.Unavailable, Message: WithRequest(request, Reason(t.Origin.Host, err)+unknown), Err: err}
}

// UnknownOutcome ends the error message of a write that may have taken effect.
const UnknownOutcome = "; whether the request took effect is not known"

// unsent marks err as an error that prevented the request.
func unsent(err error) error {
	var e *sdk.Error
	if !errors.As(err, &e) || errors.Is(err, sdk.ErrPlanned) {
		return err
	}
	marked := *e
	marked.Err = errors.Join(sdk.ErrUnsent, e.Err)
	return &marked
}

// Unsent reports whether err prevented the request: the guard rejected it or failed, or there were
// no credentials. The service made no change.
func Unsent(err error) bool { return errors.Is(err, sdk.ErrUnsent) }

// WithRequest returns the message with the request, if any, in front.
func WithRequest(request, message string) string {
	if request == "" {
		return message
	}
	return request + ": " + message
}

// ErrorWithRequest returns err with the request in its message.
func ErrorWithRequest(request string, err error) error {
	e := sdk.AsError(err)
	if e == nil {
		return nil
	}
	named := *e
	named.Message = WithRequest(request, e.Message)
	return &named
}

// RequestTo returns a request for messages, without its query and without secrets in its path.
func RequestTo(method, path string) string {
	return method + " " + Printable(schema.MaskText(path), 300)
}
