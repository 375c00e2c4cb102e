package httpconnector

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/httpclient"
	"soar.example/okta/sdk/reconcile"
)

var request = sdk.Action[*Client, RequestInput, RequestOutput]{
	Name:    "request",
	Title:   "HTTP Request",
	Summary: "Sends an HTTP request to an address below base_url and returns the response.",
	Docs:    docs,
	Effect:  sdk.Destroys,
	Once:    true,
	Example: sdk.Example[RequestInput, RequestOutput]{
		Input: RequestInput{Method: http.MethodPost, Path: "/tickets", JSON: AnyJSON(`{"summary":"Account takeover"}`), ExpectedStatus: []int{http.StatusCreated}},
		Output: RequestOutput{
			Status: http.StatusCreated, Headers: map[string]string{"content-type": "application/json"}, Body: AnyJSON(`{"id":42}`),
			Change: reconcile.Change[Unverified]{Outcome: sdk.Accepted, Subjects: []sdk.Subject{{Type: "address", ID: "desk.example/tickets"}}},
		},
	},
	Run: run,
}

// RequestInput is the input of request.
type RequestInput struct {
	// HTTP method. GET and HEAD only read; a dry run sends them. All other methods count as writes.
	Method string `json:"method,omitempty" jsonschema:"enum=GET,enum=HEAD,enum=POST,enum=PUT,enum=PATCH,enum=DELETE,default=GET"`
	// Path below base_url, not escaped and without a query. Without a path, the request goes to base_url itself.
	Path  string `json:"path,omitempty" jsonschema:"example=/tickets/42,maxLength=2000" jsonschema_extras:"x-language=url_path"`
	Query Values `json:"query,omitempty"` // Parameters of the query, not escaped.
	// Further headers. Secrets belong in the settings of the connection: headers such as Authorization are rejected.
	Headers Values  `json:"headers,omitempty" jsonschema_extras:"x-group=advanced"`
	JSON    AnyJSON `json:"json,omitempty" jsonschema:"title=JSON body"` // Body of the request, sent as JSON.
	Form    Values  `json:"form,omitempty" jsonschema:"title=Form body"` // Body of the request, sent as the fields of an HTML form.
	// Statuses of a success. All statuses from 200 to 299 if empty.
	ExpectedStatus []int `json:"expected_status,omitempty" jsonschema:"uniqueItems=true,minimum=200,maximum=599,example=201" jsonschema_extras:"x-group=advanced"`
	// json: the response must be JSON, since any other response may be the page of a proxy. any: other responses and
	// empty ones count as well.
	ExpectedBody string `json:"expected_body,omitempty" jsonschema:"enum=json,enum=any,default=json" jsonschema_extras:"x-group=advanced"`
	reconcile.Write
}

func (in RequestInput) reads() bool {
	return in.Method == http.MethodGet || in.Method == http.MethodHead
}

// Validate rejects two bodies, a body that a method does not have, and a path or a header
// that the connection must not send.
func (in RequestInput) Validate() error {
	switch {
	case len(in.JSON) > 0 && in.Form != nil:
		return sdk.InvalidField("/form", "must not be given together with json: a request has one body")
	case in.reads() && len(in.JSON) > 0:
		return sdk.InvalidField("/json", "must be absent: a %s has no body", in.Method)
	case in.reads() && in.Form != nil:
		return sdk.InvalidField("/form", "must be absent: a %s has no body", in.Method)
	}
	for _, h := range in.Headers.sorted() {
		problem := headerProblem(h.name, h.value)
		canonical := http.CanonicalHeaderKey(h.name)
		if problem == "" && (schema.NamesSecret(h.name) || slices.Contains([]string{"Authorization", "Cookie", "Set-Cookie"}, canonical)) {
			problem = "holds a secret. Put it into the setting headers of the connection"
		}
		if problem != "" {
			return sdk.InvalidField("/headers/"+pointerToken(h.name), "%s", problem)
		}
	}
	_, err := escapePath(in.Path)
	return err
}

func pointerToken(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

// escapePath checks a path and escapes it. It rejects a path with a second meaning: with
// escapes, dot segments, empty segments or parameters of segments.
func escapePath(p string) (string, error) {
	bad := func(format string, args ...any) (string, error) {
		return "", sdk.InvalidField("/path", format, args...)
	}
	if p == "" || p == "/" {
		return "/", nil
	}
	if i := strings.IndexFunc(p, func(r rune) bool { return !inPath(r) }); i >= 0 {
		return bad("must not contain %q: the connector escapes the path, and the query is a parameter of its own", []rune(p[i:])[0])
	}
	segments := strings.Split(strings.TrimPrefix(p, "/"), "/")
	for i, s := range segments {
		if isEnd := i == len(segments)-1; strings.Trim(s, ". ") == "" && (s != "" || !isEnd) {
			return bad("must not contain empty segments, . or ..")
		}
		segments[i] = url.PathEscape(s)
	}
	return "/" + strings.Join(segments, "/"), nil
}

// inPath reports whether a path may contain r: letters and digits of any script, and the
// punctuation of IDs. Characters that some servers read as a dot, a slash or a separator
// are excluded.
func inPath(r rune) bool {
	if r < unicode.MaxASCII {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/-._~@+=:,!$&'()* ", r)
	}
	return r != unicode.ReplacementChar && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}

// RequestOutput is the output of request.
type RequestOutput struct {
	Status int `json:"status"` // HTTP status; 0 in a dry run of a write.
	// Selected headers of the response, by their names in lower case.
	Headers   map[string]string `json:"headers"`
	Body      AnyJSON           `json:"body,omitempty"`      // Body of the response, if it is JSON.
	Text      string            `json:"text,omitempty"`      // Body of the response, if it is not JSON or was cut.
	Truncated bool              `json:"truncated,omitempty"` // Whether the body was cut at max_response_bytes.
	reconcile.Change[Unverified]
}

// shownHeaders are the headers of a response that appear in the output. Others, such as
// cookies, may be credentials.
var shownHeaders = []string{"Content-Type", "Date", "Etag", "Last-Modified", "Link", "Location", "Retry-After", requestID}

func run(ctx context.Context, c *Client, in RequestInput) (RequestOutput, error) {
	out := RequestOutput{Headers: map[string]string{}}
	req, err := c.newRequest(ctx, in)
	if err != nil {
		return out, err
	}
	act := func(ctx context.Context) error {
		r, err := c.send(ctx, req, in)
		if err != nil {
			return err
		}
		c.show(&out, r)
		return nil
	}
	if in.reads() {
		err = act(ctx)
		out.Outcome = sdk.Unchanged
	} else {
		out.Change, err = reconcile.Accept(ctx, Unverified{}, Unverified{}, act)
		out.About(sdk.Subject{Type: "address", ID: c.base.origin.Host + req.URL.EscapedPath()})
	}
	if err != nil {
		return RequestOutput{}, err
	}
	return out, nil
}

// newRequest builds the request, relative to base_url.
func (c *Client) newRequest(ctx context.Context, in RequestInput) (*http.Request, error) {
	escaped, err := escapePath(in.Path)
	if err != nil {
		return nil, err
	}
	for name := range c.base.queryNames() {
		if in.Query[name] != nil {
			return nil, sdk.InvalidField("/query/"+pointerToken(name), "must be absent: base_url sets this parameter")
		}
	}
	body, contentType := []byte(in.JSON), "application/json"
	if in.Form != nil {
		body, contentType = []byte(in.Form.encode()), "application/x-www-form-urlencoded"
	}
	req, err := http.NewRequestWithContext(ctx, in.Method, c.base.origin.String()+escaped, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.URL.RawQuery = in.Query.encode()
	if len(body) > 0 || in.Form != nil {
		req.Header.Set("Content-Type", contentType)
	}
	if in.ExpectedBody != "any" {
		req.Header.Set("Accept", "application/json")
	}
	for _, h := range in.Headers.sorted() {
		for name := range c.settings.Headers {
			if strings.EqualFold(name, h.name) {
				return nil, sdk.InvalidField("/headers/"+pointerToken(h.name), "must be absent: the setting headers of the connection sets this header")
			}
		}
		req.Header.Set(h.name, h.value)
	}
	return req, nil
}

// maxRedirects is how many redirects of a read are followed.
const maxRedirects = 5

// send sends a request and checks the response. It follows the redirects of a read within
// base_url.
func (c *Client) send(ctx context.Context, req *http.Request, in RequestInput) (*httpclient.Response, error) {
	for redirects := 0; ; redirects++ {
		r, err := c.exchange(ctx, req)
		if err != nil {
			return nil, err
		}
		location := r.Header.Get("Location")
		isRedirect := slices.Contains([]int{301, 302, 303, 307, 308}, r.Status) && location != ""
		if !isRedirect || slices.Contains(in.ExpectedStatus, r.Status) {
			return r, c.checkResponse(r, in)
		}
		target, problem := c.redirect(req.URL, location)
		switch {
		case !in.reads():
			e := c.responseError(r, "a redirect, which a write does not follow. Set base_url or path to the final address")
			e.Message += httpclient.UnknownOutcome
			return nil, e
		case redirects == maxRedirects:
			return nil, c.responseError(r, "more than "+strconv.Itoa(maxRedirects)+" redirects")
		case problem != nil:
			e := c.responseError(r, "a redirect to "+problem.Error()+", which the connection does not follow")
			e.Code = sdk.Forbidden
			return nil, e
		}
		req = req.Clone(ctx)
		req.URL = target
	}
}

func (c *Client) exchange(ctx context.Context, req *http.Request) (*httpclient.Response, error) {
	return c.transport.Exchange(ctx, func(ctx context.Context) error {
		again := req.Clone(ctx)
		if req.GetBody != nil {
			again.Body, _ = req.GetBody() // of bytes: never fails
		}
		resp, err := c.transport.RoundTrip(again)
		if err == nil {
			_ = resp.Body.Close()
		}
		return err
	})
}

// redirect returns the target of a redirect from an address, relative to base_url.
func (c *Client) redirect(from *url.URL, location string) (*url.URL, error) {
	whole := *from
	c.base.complete(&whole)
	target, err := whole.Parse(location)
	if err != nil {
		target = new(url.URL) // it has another origin
	}
	return c.base.relative(target)
}

// checkResponse returns the error of a response that is not as the input expects it.
func (c *Client) checkResponse(r *httpclient.Response, in RequestInput) error {
	success := r.Status >= 200 && r.Status < 300
	expected := success
	if len(in.ExpectedStatus) > 0 {
		expected = slices.Contains(in.ExpectedStatus, r.Status)
	}
	isEmpty := in.Method == http.MethodHead || r.Status == http.StatusNoContent || r.Status == http.StatusNotModified
	isJSON := json.Valid(r.Body) || r.Truncated && strings.Contains(r.Header.Get("Content-Type"), "json")
	rejected := r.Status >= 400 && r.Status < 500 && r.Status != http.StatusTooManyRequests
	switch {
	case in.ExpectedBody != "any" && !isEmpty && !isJSON && (expected || rejected):
		e := c.responseError(r, "is not JSON. It may be the page of a proxy; if the service responds like this, set expected_body: any")
		e.Code = sdk.Unavailable
		if !in.reads() && expected {
			e.Message += httpclient.UnknownOutcome
		}
		return e
	case expected:
		return nil
	case success:
		e := c.responseError(r, "")
		e.Code = sdk.Conflict
		e.Message += ", which expected_status does not list"
		return e
	}
	return c.responseError(r, "")
}

// responseError returns the error of a response. Problem says more than its status; if it
// is empty, the error quotes the body.
func (c *Client) responseError(r *httpclient.Response, problem string) *sdk.Error {
	e := sdk.AsError(httpclient.Check(&http.Response{StatusCode: r.Status, Header: r.Header}))
	if e == nil {
		e = &sdk.Error{Code: httpclient.CodeOf(r.Status), Upstream: &sdk.Upstream{Status: r.Status}}
		e.Message = "the service responded with status " + strconv.Itoa(r.Status)
	}
	e.Message = httpclient.WithRequest(r.Request, e.Message)
	e.Upstream.RequestID = r.Header.Get(requestID)
	switch {
	case strings.HasPrefix(problem, "is "):
		e.Message += ", and the response " + problem
	case problem != "":
		e.Message += ": " + problem
	case !isHTML(r) && len(r.Body) > 0:
		e.Message += ": " + httpclient.Printable(c.conceal(r.Body), 200)
	}
	return e
}

func isHTML(r *httpclient.Response) bool {
	return strings.Contains(r.Header.Get("Content-Type"), "html") || bytes.HasPrefix(bytes.TrimSpace(r.Body), []byte("<"))
}

// show puts a response into the output.
func (c *Client) show(out *RequestOutput, r *httpclient.Response) {
	out.Status, out.Truncated = r.Status, r.Truncated
	for _, name := range shownHeaders {
		if values := r.Header.Values(name); len(values) > 0 {
			out.Headers[strings.ToLower(name)] = c.secrets.Replace(strings.Join(values, ", "))
		}
	}
	if body := bytes.TrimSpace(r.Body); len(body) > 0 && json.Valid(body) {
		out.Body = AnyJSON(c.concealJSON(body))
	} else {
		out.Text = strings.ToValidUTF8(c.secrets.Replace(string(r.Body)), "\ufffd")
	}
}
