package okta

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"soar.example/okta/sdk"
)

// nextLink returns the address that a Link header (RFC 8288) gives with rel="next",
// "" if there is none. Okta sends each link as a header line of its own; proxies
// join them with commas, and either may come first.
func nextLink(h http.Header) string {
	for _, line := range h.Values("Link") {
		for line != "" {
			start := strings.IndexByte(line, '<')
			if start < 0 {
				break
			}
			end := strings.IndexByte(line[start:], '>')
			if end < 0 {
				break
			}
			target := line[start+1 : start+end]
			var params string
			params, line = cutParams(line[start+end+1:])
			if isNext(params) {
				return target
			}
		}
	}
	return ""
}

// cutParams splits what follows a link's target at the comma before the next link,
// not at one inside quotes.
func cutParams(s string) (params, rest string) {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ',' && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

func isNext(params string) bool {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if !strings.EqualFold(strings.TrimSpace(name), "rel") {
			continue
		}
		for rel := range strings.FieldsSeq(strings.Trim(strings.TrimSpace(value), `"`)) {
			if strings.EqualFold(rel, "next") {
				return true
			}
		}
	}
	return false
}

// ownLink returns the path and query of link if it leads to the org's own API, by
// the org's own scheme, host and port. A link that leads elsewhere would take the
// token there.
func (c *Client) ownLink(link string) (path, query string, err error) {
	u, parseErr := url.Parse(link)
	if parseErr != nil || len(link) > 8<<10 {
		return "", "", foreign("the link to the next page cannot be read")
	}
	if u.Scheme != c.origin.Scheme || !strings.EqualFold(u.Host, c.origin.Host) || u.User != nil {
		return "", "", foreign("the link to the next page leads to " + printable(u.Scheme+"://"+u.Host, 100) + " and not to " + c.origin.Host)
	}
	if !strings.HasPrefix(u.EscapedPath(), "/api/v1/") || strings.Contains(u.Path, "..") {
		return "", "", foreign("the link to the next page leads out of Okta's API")
	}
	return u.EscapedPath(), u.RawQuery, nil
}

// errForeign marks a link that was not followed.
var errForeign = errors.New("foreign link")

func foreign(why string) *sdk.Error {
	return &sdk.Error{Code: sdk.Unavailable, Message: why + "; it was not followed", Err: errForeign}
}
