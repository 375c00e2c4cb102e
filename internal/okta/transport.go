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

	"soar.example/okta/sdk"
)

// maxBody is the most that one answer may hold. A page of 1,000 events is about
// 2 MB; events with megabytes of debug data have been seen.
const maxBody = 64 << 20

// A transport sends requests to one org and to nowhere else, with the login that
// belongs to it, and notes what came of each.
type transport struct {
	origin        *url.URL
	authorization string
	base          http.RoundTripper
}

// RoundTrip sends req once. (Below, net/http repeats a GET whose kept connection
// turns out to have ended, and nothing else.) It refuses any other origin than the
// org's before a connection is made.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	n, _ := req.Context().Value(noteKey{}).(*note)
	if n == nil {
		return nil, errors.New("a request outside of an exchange")
	}
	if n.reply != nil || n.err != nil {
		return nil, errors.New("a second request in one exchange")
	}
	if req.URL.Scheme != t.origin.Scheme || req.URL.Host != t.origin.Host || req.URL.User != nil {
		n.err = sdk.Errorf(sdk.Internal, "a request to %s was stopped: the login belongs to %s", printable(req.URL.Host, 100), t.origin.Host)
		return nil, n.err
	}
	out := req.Clone(req.Context())
	out.Header.Set("Authorization", t.authorization)
	call := sdk.Call{Method: req.Method, Path: req.URL.EscapedPath()}
	r := &reply{sent: time.Now()}
	defer func() {
		call.Duration = time.Since(r.sent)
		sdk.RecordCall(req.Context(), call)
		hclog.FromContext(req.Context()).Debug("sent request", "method", call.Method, "path", call.Path,
			"status", call.Status, "duration", call.Duration, "request_id", call.RequestID)
	}()
	resp, err := t.base.RoundTrip(out)
	if err != nil {
		n.err = maskEOF(err)
		return nil, n.err
	}
	defer resp.Body.Close()
	call.Status, call.RequestID = resp.StatusCode, resp.Header.Get("X-Okta-Request-Id")
	r.status, r.header = resp.StatusCode, resp.Header
	if r.body, err = readAll(resp.Body, maxBody); err != nil {
		n.err = err
		return nil, n.err
	}
	r.received = time.Now()
	n.reply = r
	resp.Body = io.NopCloser(bytes.NewReader(r.body))
	return resp, nil
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
