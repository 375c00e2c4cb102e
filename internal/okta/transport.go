package okta

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/okta/auth"
	"soar.example/okta/internal/okta/guard"
	"soar.example/okta/internal/okta/ratelimit"
	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// maxBody is the most bytes of one response. A page of 1,000 events has about 2 MB;
// there are events with megabytes of debug data.
const maxBody = 64 << 20

// A transport sends requests to one org only, with the credentials for it, and records
// the result in the request's context.
type transport struct {
	origin      *url.URL
	credentials auth.Credentials
	base        http.RoundTripper
	guard       *guard.Guard
	self        *selfEvents

	budget  *ratelimit.Budget
	reserve int // percent of a rate limit that reads leave to writes
}

// RoundTrip sends a request once, and again only if Okta rejected the credentials. (Below,
// net/http repeats a GET whose kept connection turns out to have ended.)
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	n, _ := req.Context().Value(noteKey{}).(*note)
	if n == nil {
		return nil, errors.New("a request outside of an exchange")
	}
	if n.response != nil || n.err != nil {
		return nil, errors.New("a second request in one exchange")
	}
	n.request = rest.RequestTo(req.Method, req.URL.EscapedPath())
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
	authorization := t.credentials.Begin()
	for {
		out := req.Clone(req.Context())
		out.Body, out.ContentLength = http.NoBody, int64(len(body))
		if len(body) > 0 {
			out.Body = io.NopCloser(bytes.NewReader(body))
		}
		out.Header.Del("DPoP")
		if n.err = authorization.Authorize(req.Context(), out); n.err != nil {
			n.err = unsent(n.err)
			return nil, n.err
		}
		resp, r, err := t.send(out)
		if err != nil {
			n.err = err
			return nil, err
		}
		if !authorization.Rejected(r) {
			n.response = r
			return resp, nil
		}
	}
}

// checkOrigin rejects any other origin than the org's before a connection is made.
func (t *transport) checkOrigin(u *url.URL) error {
	if u.Scheme != t.origin.Scheme || u.Host != t.origin.Host || u.User != nil {
		return sdk.Errorf(sdk.Internal, "a request to %s was stopped: the login belongs to %s", rest.Printable(u.Host, 100), t.origin.Host)
	}
	return nil
}

// drain reads the request's body, since the request may be sent twice.
func drain(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer req.Body.Close()
	return io.ReadAll(req.Body)
}

// send sends an authorized request, or one for an access token, and reads the response.
func (t *transport) send(req *http.Request) (*http.Response, *rest.Response, error) {
	if err := t.checkOrigin(req.URL); err != nil {
		return nil, nil, err
	}
	call := sdk.Call{Method: req.Method, Path: req.URL.EscapedPath()}
	r := &rest.Response{Request: rest.RequestTo(call.Method, call.Path)}
	ticket, err := t.budget.Take(ratelimit.BucketOf(call.Method, call.Path), isRead(req), t.reserve)
	if err != nil {
		return nil, nil, rest.Naming(r.Request, err)
	}
	var response *rest.Response
	defer func() { ticket.Done(response) }()
	r.Sent = time.Now()
	defer func() {
		call.Duration = time.Since(r.Sent)
		sdk.RecordCall(req.Context(), call)
		hclog.FromContext(req.Context()).Debug("sent request", "method", call.Method, "path", call.Path,
			"status", call.Status, "duration", call.Duration, "request_id", call.RequestID)
	}()
	req.Header.Set("User-Agent", userAgent)   // the SDK sets its own
	req.Header.Set("Accept-Encoding", "gzip") // see rest.ReadBody
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		return nil, nil, rest.MaskEOF(err)
	}
	defer resp.Body.Close()
	call.Status, call.RequestID = resp.StatusCode, resp.Header.Get("X-Okta-Request-Id")
	if req.Method != http.MethodGet {
		t.self.wrote(call.RequestID)
	}
	r.Status, r.Header = resp.StatusCode, resp.Header
	response = r // its header counts even if its body is cut off
	r.Body, err = rest.ReadBody(resp, maxBody)
	r.Received = time.Now()
	if errors.Is(err, rest.ErrTooLarge) {
		err = rest.Naming(r.Request, err)
	}
	if err != nil {
		return nil, nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(r.Body))
	return resp, r, nil
}

// isRead reports whether a request must leave a share of Okta's rate limit to others:
// neither it nor its action writes.
func isRead(req *http.Request) bool {
	return req.Method == http.MethodGet && (sdk.EffectOf(req.Context()) == sdk.Reads || sdk.IsDryRun(req.Context()))
}

// guardWrite checks a write against the rules, and records it instead if this is a dry
// run. It is in the only path to Okta, so that no action can forget it. The caller calls
// done after the write.
func (t *transport) guardWrite(req *http.Request, body []byte) (done func(), err error) {
	done, err = t.guard.Check(req.Context(), guard.Write{Method: req.Method, Path: req.URL.EscapedPath(), Body: body})
	if !sdk.IsDryRun(req.Context()) || err != nil && !guard.Rejected(err) {
		return done, err
	}
	planned := sdk.PlannedRequest{Method: req.Method, Path: shownPath(req.URL), Body: maskBody(body)}
	if err != nil {
		planned.RefusedBy = err.Error()
	}
	sdk.PlanRequest(req.Context(), planned)
	return nil, sdk.ErrPlanned
}

// errUnsent marks a request that was not sent because an earlier step failed.
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

// Unsent reports whether err kept a request from being sent: a read of the guard failed,
// the guard rejected the request, or there was no access token. Nothing was changed.
func Unsent(err error) bool { return errors.Is(err, errUnsent) || guard.Rejected(err) }

func maskBody(body []byte) string {
	if len(body) == 0 {
		return ""
	}
	return string(schema.MaskNamed(body))
}

// maskQuery returns a query with its secrets masked.
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

// shownPath returns a path and its query with secrets masked.
func shownPath(u *url.URL) string {
	shown := url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: maskQuery(u.Query())}
	return shown.RequestURI()
}
