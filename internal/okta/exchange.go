package okta

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	sdkv4 "github.com/okta/okta-sdk-golang/v4/okta"

	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/sdk/httpclient"
)

// exchange runs call, which must send exactly one request. It returns Okta's response, and an error unless the
// response is a success.
func (c *Client) exchange(ctx context.Context, call func(context.Context) error) (*rest.Response, error) {
	response, err := c.transport.Exchange(ctx, call)
	if err != nil {
		return nil, err
	}
	r := (*rest.Response)(response)
	return r, r.Err(c.credentials.Mask)
}

// sendRaw sends a request without the SDK. path is constant or comes from [rest.Path].
func (c *Client) sendRaw(ctx context.Context, method, path, rawQuery string, body []byte) (*rest.Response, error) {
	return c.exchange(ctx, func(ctx context.Context) error { return c.do(ctx, method, path, rawQuery, body) })
}

// do sends a request within an exchange.
func (c *Client) do(ctx context.Context, method, path, rawQuery string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, method, c.origin.String()+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.URL.RawQuery = rawQuery
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// get sends a GET. path is constant or comes from [rest.Path].
func (c *Client) get(ctx context.Context, path string, query url.Values) (*rest.Response, error) {
	return c.sendRaw(ctx, http.MethodGet, path, query.Encode(), nil)
}

// getAt sends a GET to the path of segments below /api/v1.
func (c *Client) getAt(ctx context.Context, query url.Values, segments ...string) (*rest.Response, error) {
	p, err := rest.Path(segments...)
	if err != nil {
		return nil, err
	}
	return c.get(ctx, p, query)
}

// read reads the object at the path of segments leniently. id returns the ID of the object, which must not be
// empty.
func read[T any](ctx context.Context, c *Client, id func(*T) string, segments ...string) (*T, error) {
	v := new(T)
	r, err := c.getAt(ctx, nil, segments...)
	if err == nil {
		err = r.DecodeObject(v)
	}
	if err == nil && id(v) == "" {
		err = r.Broken("a response without the requested object")
	}
	return v, err
}

// A success is the successful response that Okta documents for a call. A proxy may respond to any request with a 2xx
// status.
type success struct {
	statuses []int
	member   string // member that the body must have; "" if the body is empty or {}
}

// These are the successful responses of Okta's calls
// (https://developer.okta.com/docs/api/openapi/okta-management/guides/overview/). The lifecycle calls with status 200
// return {}.
var (
	noContent = success{statuses: []int{http.StatusNoContent}}
	emptyOK   = success{statuses: []int{http.StatusOK}}
	object    = success{statuses: []int{http.StatusOK}, member: "id"}
)

// check returns the error of a 2xx response that Okta would not send.
func (s success) check(r *rest.Response) error {
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
	switch {
	case body && slices.Contains(s.statuses, r.Status):
		return nil
	case r.Method == http.MethodGet:
		return r.NotFromOkta("")
	}
	return r.NotFromOkta(httpclient.UnknownOutcome)
}

// A request is a write that is sent without the SDK.
type request struct {
	method string
	query  url.Values
	body   any // sent as JSON unless nil
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
	return c.checked(ctx, want, func(ctx context.Context) error {
		return c.do(ctx, w.method, path, w.query.Encode(), body)
	})
}

// checked is exchange for a call with a documented success.
func (c *Client) checked(ctx context.Context, want success, call func(context.Context) error) (*rest.Response, error) {
	r, err := c.exchange(ctx, call)
	if r != nil && (err == nil || errors.Is(err, rest.ErrNotJSON)) {
		err = want.check(r)
	}
	return r, err
}

// An sdkCall is a call of the SDK with IDs in its path.
type sdkCall[R any] struct {
	build func(context.Context) R
	ids   []string
}

func withID[R any](build func(context.Context, string) R, id string) sdkCall[R] {
	return sdkCall[R]{func(ctx context.Context) R { return build(ctx, id) }, []string{id}}
}

func withIDs[R any](build func(context.Context, string, string) R, a, b string) sdkCall[R] {
	return sdkCall[R]{func(ctx context.Context) R { return build(ctx, a, b) }, []string{a, b}}
}

// sdkWrite runs a write of the SDK with an empty response.
func sdkWrite[R interface {
	Execute() (*sdkv4.APIResponse, error)
}](ctx context.Context, c *Client, want success, call sdkCall[R]) error {
	if err := checkIDs(call.ids); err != nil {
		return err
	}
	_, err := c.checked(ctx, want, func(ctx context.Context) error {
		_, err := call.build(ctx).Execute()
		return err
	})
	return err
}

// sdkRead runs a call of the SDK and returns its result.
func sdkRead[T any, R interface {
	Execute() (*T, *sdkv4.APIResponse, error)
}](ctx context.Context, c *Client, want success, call sdkCall[R]) (*T, error) {
	if err := checkIDs(call.ids); err != nil {
		return nil, err
	}
	var result *T
	var fault error
	r, err := c.checked(ctx, want, func(ctx context.Context) error {
		result, _, fault = call.build(ctx).Execute()
		return fault
	})
	switch {
	case err != nil:
		return nil, err
	case len(r.Body) == 0: // allowed by want
		return new(T), nil
	case fault != nil || result == nil:
		return nil, r.Broken("a response that cannot be parsed")
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

// value returns the value that p points to, or the zero value for nil.
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
