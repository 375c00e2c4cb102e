package okta

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	sdkv4 "github.com/okta/okta-sdk-golang/v4/okta"

	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/sdk"
)

type noteKey struct{}

// A note is in a request's context; the transport records the result of the request in
// it. The SDK turns errors into text and drops bodies, so that its error is ignored if
// the note has one.
type note struct {
	request  string // method and path, for messages
	response *rest.Response
	err      error
}

// exchange runs call, which must send exactly one request, within the request timeout. It
// returns Okta's response, with the error that it stands for unless it is a success.
func (c *Client) exchange(ctx context.Context, method string, call func(context.Context) error) (*rest.Response, error) {
	n := new(note)
	limited, cancel := context.WithTimeout(context.WithValue(ctx, noteKey{}, n), c.timeout)
	defer cancel()
	err := call(limited)
	switch {
	case n.err != nil:
		return nil, c.failure(ctx, method, n.request, n.err)
	case n.response == nil && err != nil:
		// The SDK or net/http refused to build the request.
		return nil, c.failure(ctx, method, n.request, err)
	case n.response == nil:
		return nil, sdk.Errorf(sdk.Internal, "a call to Okta ended without a request")
	}
	return n.response, n.response.Err(c.credentials.Mask)
}

// failure returns the error of a request without a response.
func (c *Client) failure(ctx context.Context, method, request string, err error) error {
	switch cause := ctx.Err(); {
	case errors.Is(cause, context.DeadlineExceeded):
		return rest.Naming(request, cause)
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
	unknown := ""
	if method != http.MethodGet && !rest.NeverSent(err) {
		unknown = unknownOutcome
	}
	if errors.Is(err, context.DeadlineExceeded) {
		message := c.origin.Host + " did not answer within " + c.timeout.String() + unknown
		return &sdk.Error{Code: sdk.Timeout, Message: rest.About(request, message), Err: err}
	}
	return &sdk.Error{Code: sdk.Unavailable, Message: rest.About(request, rest.Reason(c.origin.Host, err)+unknown), Err: err}
}

// unknownOutcome ends the message of a write that may have been done.
const unknownOutcome = "; whether Okta did what was asked is not known"

// do sends one request within an exchange.
func (c *Client) do(ctx context.Context, method, path, rawQuery string, body []byte) error {
	var content io.Reader
	if len(body) > 0 {
		content = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.origin.String()+path, content)
	if err != nil {
		return err
	}
	req.URL.RawQuery = rawQuery
	if content != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// get sends a GET. path comes from [rest.Path] or is constant.
func (c *Client) get(ctx context.Context, path string, query url.Values) (*rest.Response, error) {
	return c.getRaw(ctx, path, query.Encode())
}

// getRaw sends a GET with a query that must not change, such as a next link's.
func (c *Client) getRaw(ctx context.Context, path, rawQuery string) (*rest.Response, error) {
	return c.exchange(ctx, http.MethodGet, func(ctx context.Context) error {
		return c.do(ctx, http.MethodGet, path, rawQuery, nil)
	})
}

// read reads the object at the path of segments into v, leniently.
func (c *Client) read(ctx context.Context, v any, segments ...string) (*rest.Response, error) {
	p, err := rest.Path(segments...)
	if err != nil {
		return nil, err
	}
	r, err := c.get(ctx, p, nil)
	if err != nil {
		return nil, err
	}
	return r, r.DecodeObject(v)
}

// A success is the response that Okta documents for a call. A proxy may answer any
// request with a 2xx status.
type success struct {
	statuses []int
	member   string // that the object in the body must have; "" for no body or {}
}

// The successes of Okta's calls
// (https://developer.okta.com/docs/api/openapi/okta-management/guides/overview/). The
// life-cycle calls with status 200 return {}.
var (
	noContent = success{statuses: []int{http.StatusNoContent}}
	emptyOK   = success{statuses: []int{http.StatusOK}}
	object    = success{statuses: []int{http.StatusOK}, member: "id"}
)

// check returns the error of a 2xx response that Okta would not send.
func (s success) check(method string, r *rest.Response) error {
	var members map[string]json.RawMessage
	isObject := json.Unmarshal(r.Body, &members) == nil && members != nil
	body := len(r.Body) == 0
	switch {
	case s.member != "":
		var text string
		body = isObject && json.Unmarshal(members[s.member], &text) == nil && text != ""
	case !slices.Contains(s.statuses, http.StatusNoContent):
		body = body || isObject && len(members) == 0
	}
	if body && slices.Contains(s.statuses, r.Status) {
		return nil
	}
	if method == http.MethodGet {
		return r.NotFromOkta("")
	}
	return r.NotFromOkta(unknownOutcome)
}

// A request is a write of our own.
type request struct {
	method string
	query  url.Values
	body   any // sent as JSON, unless nil
}

// write sends a write to the path of segments below /api/v1.
func (c *Client) write(ctx context.Context, want success, w request, segments ...string) (*rest.Response, error) {
	p, err := rest.Path(segments...)
	if err != nil {
		return nil, err
	}
	return c.writeTo(ctx, want, w, p)
}

func (c *Client) writeTo(ctx context.Context, want success, w request, path string) (*rest.Response, error) {
	var body []byte
	if w.body != nil {
		var err error
		if body, err = json.Marshal(w.body); err != nil {
			return nil, err
		}
	}
	return c.checked(ctx, want, w.method, func(ctx context.Context) error {
		return c.do(ctx, w.method, path, w.query.Encode(), body)
	})
}

// checked is exchange for a call with a documented success.
func (c *Client) checked(ctx context.Context, want success, method string, call func(context.Context) error) (*rest.Response, error) {
	r, err := c.exchange(ctx, method, call)
	if r != nil && (err == nil || errors.Is(err, rest.ErrNotJSON)) {
		err = want.check(method, r)
	}
	return r, err
}

// sdkWrite runs a write of the SDK, whose path holds ids, and whose response is empty.
func (c *Client) sdkWrite(ctx context.Context, want success, method string, call func(context.Context) (*sdkv4.APIResponse, error), ids ...string) error {
	if err := checkIDs(ids); err != nil {
		return err
	}
	_, err := c.checked(ctx, want, method, func(ctx context.Context) error {
		_, err := call(ctx)
		return err
	})
	return err
}

// sdkCall runs a call of the SDK, whose path holds ids, and returns its result.
func sdkCall[T any](
	ctx context.Context, c *Client, want success, method string, call func(context.Context) (*T, *sdkv4.APIResponse, error), ids ...string,
) (*T, error) {
	if err := checkIDs(ids); err != nil {
		return nil, err
	}
	var result *T
	var fault error
	r, err := c.checked(ctx, want, method, func(ctx context.Context) error {
		result, _, fault = call(ctx)
		return fault
	})
	switch {
	case err != nil:
		return nil, err
	case len(r.Body) == 0: // which want allows
		return new(T), nil
	case fault != nil || result == nil:
		return nil, r.Broken("a response that cannot be read")
	}
	return result, nil
}

func checkIDs(ids []string) error {
	for _, id := range ids {
		if err := rest.CheckSegment(id); err != nil {
			return err
		}
	}
	return nil
}

// value returns the value that p points to, the zero value for nil.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// candidates lists at most ten names.
func candidates(names []string) string {
	const most = 10
	if len(names) > most {
		names = append(names[:most:most], "and "+strconv.Itoa(len(names)-most)+" more")
	}
	return strings.Join(names, ", ")
}
