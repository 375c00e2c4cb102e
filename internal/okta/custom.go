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
	"strings"
	"unicode"

	"soar.example/okta/sdk"
)

// A CustomCall is a request of the caller's own.
type CustomCall struct {
	Method string
	Path   string // as it reads, not escaped, without a query
	Query  url.Values
	Body   json.RawMessage // none if empty
}

// A CustomAnswer is what Okta answered to one.
type CustomAnswer struct {
	Status int
	Header http.Header
	Body   []byte
	IsJSON bool
}

// Custom sends a request to the org's own API, with the login that belongs to it.
// It goes to the org and nowhere else, and to the API and not to pages that people
// see; the rules of the connection hold for it as for any other. Anything but a GET
// needs a connection that allows it.
func (c *Client) Custom(ctx context.Context, call CustomCall) (*CustomAnswer, error) {
	p, refused := customPath(call.Path)
	if refused != nil {
		return nil, refused
	}
	if call.Method != http.MethodGet && !c.guard.AllowCustomWrites {
		err := refusedBy("allow_custom_writes", "this connection lets a custom request only read")
		if !sdk.IsDryRun(ctx) {
			return nil, err
		}
		full := url.URL{RawQuery: maskQuery(call.Query)}
		sdk.PlanRequest(ctx, sdk.PlannedRequest{Method: call.Method, Path: p + full.String(), Body: maskBody(call.Body), RefusedBy: err.Error()})
		return nil, sdk.ErrPlanned
	}
	var body io.Reader
	if len(call.Body) > 0 {
		body = bytes.NewReader(call.Body)
	}
	if call.Method == http.MethodGet {
		// What may write may also read at length.
		ctx = sdk.WithEffect(ctx, sdk.Reads)
	}
	r, err := c.send(ctx, call.Method, p, call.Query, body)
	isJSON := true
	// An HTML page is a proxy's, or one for people; any other text may be what was
	// asked for, such as a certificate or metadata. (Without a reply, the error is of
	// what the guards asked before.)
	if r != nil && errors.Is(err, errNotJSON) && !strings.Contains(r.header.Get("Content-Type"), "html") {
		isJSON, err = false, nil
	}
	switch {
	case err != nil:
		return nil, err
	case isJSON && len(r.body) > 0 && !json.Valid(r.body):
		return nil, r.broken("an answer that cannot be read")
	case len(r.body) == 0 && r.status != http.StatusNoContent && call.Method == http.MethodGet:
		return nil, r.broken("an answer with nothing in it")
	}
	return &CustomAnswer{Status: r.status, Header: r.header, Body: r.body, IsJSON: isJSON}, nil
}

// customRoots are the parts of the org that a custom request may go to.
var customRoots = []string{"/api/v1/", "/oauth2/v1/", "/idp/"}

// ruled are the words of a path that the connection's rules go by. A server that
// did not mind their case would be reached past the rules.
var ruled = []string{"api", "oauth2", "v1", "users", "groups", "sessions", "apps", "token", "global-token-revocation", "me"}

// customPath checks a path and escapes it. It takes no path that could mean
// another one than it reads as: no escapes, no dot segments, no empty segments, no
// parameters of segments.
func customPath(p string) (string, *sdk.Error) {
	bad := func(what string) (string, *sdk.Error) { return "", sdk.InvalidField("/path", "%s", what) }
	if !slices.ContainsFunc(customRoots, func(root string) bool { return strings.HasPrefix(p, root) }) {
		return bad("must begin with /api/v1/, /oauth2/v1/ or /idp/, without the org's address")
	}
	if len(p) > 2000 {
		return bad("is longer than any of Okta's")
	}
	if p == tokenPath {
		return bad("is where the connection itself logs in")
	}
	if strings.ContainsRune(p, '?') {
		return bad("must not hold a query: that is a member of its own")
	}
	if i := strings.IndexFunc(p, func(r rune) bool { return !inPath(r) }); i >= 0 {
		return bad("must not hold % \\ ; # or other signs that Okta's paths do not have; it is escaped by the connector")
	}
	segments := strings.Split(p[1:], "/")
	for i, s := range segments {
		if strings.Trim(s, ". ") == "" {
			return bad("must not hold empty segments, . or ..")
		}
		for _, word := range ruled {
			if s != word && strings.EqualFold(s, word) {
				return bad("has " + printable(s, 40) + " where Okta writes " + word)
			}
		}
		segments[i] = url.PathEscape(s)
	}
	return "/" + strings.Join(segments, "/"), nil
}

// inPath reports whether r may stand in a path: letters and digits of any script,
// since logins may hold them, and what ids and logins of Okta's are made of. Signs
// that look like, or are folded to, a dot or a slash are none of these.
func inPath(r rune) bool {
	if r < unicode.MaxASCII {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/-._~@+=:,!$&'()* ", r)
	}
	return r != unicode.ReplacementChar && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}
