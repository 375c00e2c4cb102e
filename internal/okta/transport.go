package okta

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// maxBody is the most that one answer may hold. A page of 1,000 events is about
// 2 MB; events with megabytes of debug data have been seen.
const maxBody = 64 << 20

// A transport sends requests to one org and to nowhere else, with the login that
// belongs to it, and notes what came of each.
type transport struct {
	origin *url.URL
	login  login
	base   http.RoundTripper
	guard  *guard
	own    *own

	budget  *budget
	reserve int // percent of a rate limit that reading leaves alone
}

// RoundTrip sends req once, and once more only where Okta refused the login, and
// with it the request. (Below, net/http repeats a GET whose kept connection turns
// out to have ended, and nothing else.)
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	n, _ := req.Context().Value(noteKey{}).(*note)
	if n == nil {
		return nil, errors.New("a request outside of an exchange")
	}
	if n.reply != nil || n.err != nil {
		return nil, errors.New("a second request in one exchange")
	}
	n.request = requestTo(req.Method, req.URL.EscapedPath())
	if n.err = t.checkOrigin(req.URL); n.err != nil {
		return nil, n.err
	}
	var body []byte
	if body, n.err = drain(req); n.err != nil {
		return nil, n.err
	}
	if req.Method != http.MethodGet {
		var done func()
		if done, n.err = t.guardWrite(req, body); n.err != nil {
			n.err = unsent(n.err)
			return nil, n.err
		}
		defer done()
	}
	visit := t.login.visit()
	for {
		out := req.Clone(req.Context())
		out.Body, out.ContentLength = http.NoBody, int64(len(body))
		if len(body) > 0 {
			out.Body = io.NopCloser(bytes.NewReader(body))
		}
		out.Header.Del("DPoP")
		out.Header.Set("User-Agent", userAgent) // the SDK sends its own otherwise
		if n.err = visit.authorize(req.Context(), out); n.err != nil {
			n.err = unsent(n.err)
			return nil, n.err
		}
		resp, r, err := t.send(out)
		if err != nil {
			n.err = err
			return nil, err
		}
		if !visit.refused(r) {
			n.reply = r
			return resp, nil
		}
	}
}

// checkOrigin refuses any other origin than the org's before a connection is made.
func (t *transport) checkOrigin(u *url.URL) error {
	if u.Scheme != t.origin.Scheme || u.Host != t.origin.Host || u.User != nil {
		return sdk.Errorf(sdk.Internal, "a request to %s was stopped: the login belongs to %s", printable(u.Host, 100), t.origin.Host)
	}
	return nil
}

// drain reads the request's body, which may have to be sent twice.
func drain(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer req.Body.Close()
	return io.ReadAll(req.Body)
}

// send sends a request that bears its login, or is one, and reads the answer.
func (t *transport) send(req *http.Request) (*http.Response, *reply, error) {
	if err := t.checkOrigin(req.URL); err != nil {
		return nil, nil, err
	}
	call := sdk.Call{Method: req.Method, Path: req.URL.EscapedPath()}
	r := &reply{request: requestTo(call.Method, call.Path)}
	ticket, err := t.budget.take(bucketOf(call.Method, call.Path), isReading(req), t.reserve)
	if err != nil {
		return nil, nil, naming(r.request, err)
	}
	var answer *reply
	defer func() { ticket.done(answer) }()
	r.sent = time.Now()
	defer func() {
		call.Duration = time.Since(r.sent)
		sdk.RecordCall(req.Context(), call)
		hclog.FromContext(req.Context()).Debug("sent request", "method", call.Method, "path", call.Path,
			"status", call.Status, "duration", call.Duration, "request_id", call.RequestID)
	}()
	req.Header.Set("Accept-Encoding", "gzip") // see readBody
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		return nil, nil, maskEOF(err)
	}
	defer resp.Body.Close()
	call.Status, call.RequestID = resp.StatusCode, resp.Header.Get("X-Okta-Request-Id")
	if req.Method != http.MethodGet {
		t.own.wrote(call.RequestID)
	}
	r.status, r.header = resp.StatusCode, resp.Header
	answer = r // what its header says holds, even if its body is cut off
	r.body, err = readBody(resp, maxBody)
	r.received = time.Now()
	if errors.Is(err, errTooLarge) {
		err = naming(r.request, err)
	}
	if err != nil {
		return nil, nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(r.body))
	return resp, r, nil
}

// isReading reports whether a request must leave Okta's rate limit to others: it
// does not write, nor does the action that it is made for.
func isReading(req *http.Request) bool {
	return req.Method == http.MethodGet && (sdk.EffectOf(req.Context()) == sdk.Reads || sdk.IsDryRun(req.Context()))
}

// guardWrite asks the guards about a write, and notes one that a dry run does not
// send. It stands here, in the one way to Okta, so that no action can forget it. One
// that may be sent must be followed by done.
func (t *transport) guardWrite(req *http.Request, body []byte) (done func(), err error) {
	done, err = t.guard.check(req.Context(), write{req.Method, req.URL.EscapedPath(), body})
	if !sdk.IsDryRun(req.Context()) || err != nil && !Guarded(err) {
		return done, err
	}
	planned := sdk.PlannedRequest{Method: req.Method, Path: shownPath(req.URL), Body: maskBody(body)}
	if err != nil {
		planned.RefusedBy = err.Error()
	}
	sdk.PlanRequest(req.Context(), planned)
	return nil, sdk.ErrPlanned
}

// errUnsent marks a request that was not sent, because one before it failed.
var errUnsent = errors.New("not sent")

// unsent marks err, which kept a request from being sent.
func unsent(err error) error {
	var e *sdk.Error
	if !errors.As(err, &e) || errors.Is(err, sdk.ErrPlanned) {
		return err
	}
	own := *e
	own.Err = errors.Join(errUnsent, e.Err)
	return &own
}

// Unsent reports whether err kept a request from being sent: a read of the guards
// failed, a guard refused it, or the login failed. The request changed nothing.
func Unsent(err error) bool { return errors.Is(err, errUnsent) || Guarded(err) }

func maskBody(body []byte) string {
	if len(body) == 0 {
		return ""
	}
	return string(schema.MaskNamed(body))
}

// maskQuery is a query as it may be shown.
func maskQuery(query url.Values) string {
	shown := url.Values{}
	for name, values := range query {
		for _, v := range values {
			if schema.NamesSecret(name) {
				v = schema.Masked
			}
			shown.Add(name, schema.MaskText(v))
		}
	}
	return shown.Encode()
}

// shownPath is a path with its query, without what is secret in it.
func shownPath(u *url.URL) string {
	shown := url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: maskQuery(u.Query())}
	return shown.RequestURI()
}

// maskEOF keeps the text of an error and drops io.EOF from its chain: the SDK
// repeats a request that ends in io.EOF without a pause or a limit, a POST too.
func maskEOF(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w (%s)", errHangUp, err)
	}
	return err
}

var errHangUp = errors.New("the connection was closed before the answer's end")
