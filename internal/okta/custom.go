package okta

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"soar.example/okta/internal/okta/auth"
	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/httpclient"
)

// A CustomCall is a custom request.
type CustomCall struct {
	Method string
	Path   string // unescaped, without a query
	Query  url.Values
	Body   json.RawMessage // may be empty
}

// A CustomResponse is the response to a custom request.
type CustomResponse struct {
	Status int
	Header http.Header
	Body   []byte
	IsJSON bool
}

// customKey marks the context of a custom request.
type customKey struct{}

// Custom sends a request to the org's API. It rejects other hosts and web pages. The rules of the connection apply.
// Any method except GET needs a connection that allows custom writes.
func (c *Client) Custom(ctx context.Context, call CustomCall) (*CustomResponse, error) {
	p, invalid := customPath(call.Path)
	if invalid != nil {
		return nil, invalid
	}
	ctx = context.WithValue(ctx, customKey{}, true)
	if call.Method == http.MethodGet {
		// The action may write, but this request only reads. It must leave the reserve to writes.
		ctx = sdk.WithEffect(ctx, sdk.Reads)
	}
	r, err := c.sendRaw(ctx, call.Method, p, call.Query.Encode(), call.Body)
	isJSON := true
	// An HTML page comes from a proxy or is a web page. Any other text may be the requested object, such as a
	// certificate or metadata. Without a response, the error comes from a read of the guard.
	if r != nil && errors.Is(err, rest.ErrNotJSON) && !strings.Contains(r.Header.Get("Content-Type"), "html") {
		isJSON, err = false, nil
	}
	switch {
	case err != nil:
		return nil, err
	case isJSON && len(r.Body) > 0 && !json.Valid(r.Body):
		return nil, r.Broken("a response that cannot be parsed")
	case len(r.Body) == 0 && r.Status != http.StatusNoContent && call.Method == http.MethodGet:
		return nil, r.Broken("a response without a body")
	}
	return &CustomResponse{Status: r.Status, Header: r.Header, Body: r.Body, IsJSON: isJSON}, nil
}

// customRoots are the parts of the API that a custom request may call.
var customRoots = []string{"/api/v1/", "/oauth2/v1/", "/idp/"}

// ruled are the words in paths that the rules match. In another letter case, a server that ignores the case would
// bypass the rules.
var ruled = []string{"api", "oauth2", "v1", "users", "groups", "sessions", "apps", "token", "global-token-revocation", "me"}

// customPath checks a path and escapes it. It rejects ambiguous paths: escapes, dot segments, empty segments or
// parameters of segments.
func customPath(p string) (string, *sdk.Error) {
	bad := func(what string) (string, *sdk.Error) { return "", sdk.InvalidField("/path", "%s", what) }
	if !slices.ContainsFunc(customRoots, func(root string) bool { return strings.HasPrefix(p, root) }) {
		return bad("must begin with /api/v1/, /oauth2/v1/ or /idp/, without the org's address")
	}
	if len(p) > 2000 {
		return bad("is longer than any path in Okta")
	}
	if p == auth.TokenPath {
		return bad("is reserved for the connection's own authentication")
	}
	if strings.ContainsRune(p, '?') {
		return bad("must not contain a query. Use the member query")
	}
	if i := strings.IndexFunc(p, func(r rune) bool { return !inPath(r) }); i >= 0 {
		return bad("must not contain % \\ ; # or other characters that Okta's paths do not have. The connector escapes the path")
	}
	segments := strings.Split(p[1:], "/")
	for i, s := range segments {
		if strings.Trim(s, ". ") == "" {
			return bad("must not contain empty segments, . or ..")
		}
		for _, word := range ruled {
			if s != word && strings.EqualFold(s, word) {
				return bad("has " + httpclient.Printable(s, 40) + " where Okta writes " + word)
			}
		}
		segments[i] = url.PathEscape(s)
	}
	return "/" + strings.Join(segments, "/"), nil
}

// inPath reports whether a path may contain r: letters and digits of any script, which logins may contain, and the
// other characters of IDs and logins. It excludes characters that look like, or are normalized to, a dot or a slash.
func inPath(r rune) bool {
	if r < unicode.MaxASCII {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/-._~@+=:,!$&'()* ", r)
	}
	return r != unicode.ReplacementChar && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}
