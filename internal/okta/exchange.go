package okta

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// A reply is what Okta answered to one request, read to its end.
type reply struct {
	request  string // method and path, for messages
	status   int
	header   http.Header
	body     []byte
	sent     time.Time
	received time.Time
	wait     time.Duration // of a 429: how long to wait
}

// skew is how far this machine's clock is ahead of Okta's, 0 if Okta's is not
// known. Its Date header counts whole seconds.
func (r *reply) skew() time.Duration {
	date, err := http.ParseTime(r.header.Get("Date"))
	if err != nil {
		return 0
	}
	return r.sent.Sub(date)
}

// decode reads the body into v. A 2xx response without a body, or with null, is an
// error too: it is not the object or the list that the caller asked for.
func (r *reply) decode(v any) error {
	if err := json.Unmarshal(r.body, v); err != nil || string(bytes.TrimSpace(r.body)) == "null" {
		return r.broken("an answer that cannot be read")
	}
	return nil
}

func (r *reply) broken(what string) *sdk.Error {
	return &sdk.Error{
		Code: sdk.Unavailable, Message: r.about("Okta's address gave " + what), Upstream: r.upstream(""),
	}
}

// about puts the request in front of a message.
func (r *reply) about(message string) string { return about(r.request, message) }

func about(request, message string) string {
	if request == "" {
		return message
	}
	return request + ": " + message
}

// naming returns err with the request in its message.
func naming(request string, err error) error {
	e := sdk.AsError(err)
	if e == nil {
		return nil
	}
	own := *e
	own.Message = about(request, e.Message)
	return &own
}

// requestTo is how messages name a request: without its query, and without what looks
// like a secret in its path.
func requestTo(method, path string) string {
	return method + " " + printable(schema.MaskText(path), 300)
}

type noteKey struct{}

// A note lies in a request's context; the transport writes down what came of the
// request. The SDK turns errors into text and drops bodies: what it returns is not
// looked at where the note says more.
type note struct {
	request string // method and path, for messages
	reply   *reply
	err     error
}

// exchange runs call, which must send exactly one request, within the time that a
// request may take, and returns Okta's answer, with the error that it stands for if
// it is not a success in JSON.
func (c *Client) exchange(ctx context.Context, method string, call func(context.Context) error) (*reply, error) {
	n := new(note)
	limited, cancel := context.WithTimeout(context.WithValue(ctx, noteKey{}, n), c.timeout)
	defer cancel()
	err := call(limited)
	switch {
	case n.err != nil:
		return nil, c.failure(ctx, method, n.request, n.err)
	case n.reply == nil && err != nil:
		// The request never left: the SDK or net/http refused to build it.
		return nil, c.failure(ctx, method, n.request, err)
	case n.reply == nil:
		return nil, sdk.Errorf(sdk.Internal, "a call to Okta ended without a request")
	}
	if err := c.refusal(n.reply); err != nil {
		return n.reply, err
	}
	return n.reply, nil
}

// failure says in our words why no response came.
func (c *Client) failure(ctx context.Context, method, request string, err error) error {
	switch cause := ctx.Err(); {
	case errors.Is(cause, context.DeadlineExceeded):
		return naming(request, cause)
	case cause != nil:
		return sdk.AsError(cause)
	}
	if errors.Is(err, sdk.ErrPlanned) {
		return sdk.ErrPlanned
	}
	var ours *sdk.Error
	if errors.As(err, &ours) {
		return ours
	}
	doubt := ""
	if method != http.MethodGet && !neverLeft(err) {
		doubt = "; whether Okta did what was asked is not known"
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &sdk.Error{Code: sdk.Timeout, Message: about(request, c.origin.Host+" did not answer within "+c.timeout.String()+doubt), Err: err}
	}
	return &sdk.Error{Code: sdk.Unavailable, Message: about(request, reason(c.origin.Host, err)+doubt), Err: err}
}

// refusal returns the error that the answer stands for, nil if it is a success.
func (c *Client) refusal(r *reply) error {
	switch {
	case r.status >= 300 && r.status < 400:
		return r.redirected()
	case r.status < 200 || r.status >= 400:
		return refused(r, c.login.mask)
	}
	// A gateway may send an error of Okta's on with another status.
	if e, ok := readOktaError(r.body); ok {
		return r.broken("the error " + e.Code + " with the status " + strconv.Itoa(r.status) + " of a success")
	}
	return r.notJSON()
}

// redirected is the error that a redirect stands for.
func (r *reply) redirected() *sdk.Error {
	what := "a redirect"
	if to, err := url.Parse(r.header.Get("Location")); err == nil && to.Host != "" {
		what += " to " + printable(to.Host, 100)
	}
	return r.broken(what + ", which was not followed; is the org URL right, or does this network want a sign-in first?")
}

// notJSON is the error that an answer in another form stands for, nil if it is in JSON
// or empty.
func (r *reply) notJSON() error {
	mediaType, _, _ := strings.Cut(r.header.Get("Content-Type"), ";")
	if len(r.body) == 0 || mediaType == "application/json" || strings.HasSuffix(mediaType, "+json") {
		return nil
	}
	e := r.broken("something other than JSON (" + printable(mediaType, 60) + "): a proxy's or a sign-in page?")
	e.Err = errNotJSON
	return e
}

// errNotJSON marks a success that is not in JSON.
var errNotJSON = errors.New("not JSON")
