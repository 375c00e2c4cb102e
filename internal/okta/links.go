package okta

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"soar.example/okta/internal/origin"
	"soar.example/okta/sdk"
)

// nextLink returns the target of the first link with rel="next" in the Link headers
// (RFC 8288), and reports whether there is one. The target may be a relative reference,
// "" among them. Okta sends each link in a header line of its own; proxies join the lines.
func nextLink(h http.Header) (target string, found bool) {
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
			target := strings.TrimSpace(line[start+1 : start+end])
			var params []linkParam
			params, line = cutParams(line[start+end+1:])
			if isNext(params) {
				return target, true
			}
		}
	}
	return "", false
}

// A linkParam is a parameter of a link, its name in lower case and its value unquoted.
type linkParam struct{ name, value string }

// cutParams reads the parameters that follow a link's target, up to the comma before the
// next link. Commas and semicolons inside quotes belong to a value.
func cutParams(s string) (params []linkParam, rest string) {
	for s != "" {
		var p linkParam
		end := strings.IndexAny(s, "=;,")
		if end < 0 {
			end = len(s)
		}
		p.name, s = strings.ToLower(strings.TrimSpace(s[:end])), s[end:]
		if strings.HasPrefix(s, "=") {
			p.value, s = cutValue(strings.TrimLeft(s[1:], " \t"))
		}
		params = append(params, p)
		// The rest of a malformed parameter does not count.
		end = strings.IndexAny(s, ";,")
		if end < 0 {
			return params, ""
		}
		if s[end] == ',' {
			return params, s[end+1:]
		}
		s = s[end+1:]
	}
	return params, ""
}

// cutValue reads a token or a quoted string, in which a backslash escapes a character.
func cutValue(s string) (value, rest string) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, ";,")
		if end < 0 {
			end = len(s)
		}
		return strings.TrimSpace(s[:end]), s[end:]
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

// isNext reports whether the parameters say that the link leads to the next page. The
// first rel of a link counts, and a link with an anchor is about another resource; an empty anchor is this page.
func isNext(params []linkParam) bool {
	rel, known := "", false
	for _, p := range params {
		switch {
		case p.name == "anchor" && p.value != "":
			return false
		case p.name == "rel" && !known:
			rel, known = p.value, true
		}
	}
	for relation := range strings.FieldsSeq(rel) {
		if strings.EqualFold(relation, "next") {
			return true
		}
	}
	return false
}

// A link is where a link of a page leads: a path of the org's own API and a query.
type link struct{ path, query string }

// samePage reports whether two links lead to one page, however many events each asks for.
func samePage(a, b link) bool {
	if a.path != b.path {
		return false
	}
	one, err := url.ParseQuery(a.query)
	if err != nil {
		return a.query == b.query
	}
	other, err := url.ParseQuery(b.query)
	if err != nil {
		return false
	}
	one.Del("limit")
	other.Del("limit")
	return one.Encode() == other.Encode()
}

// url returns the absolute address of the link.
func (c *Client) url(l link) string { return c.origin.String() + l.path + "?" + l.query }

// ownLink resolves target, a reference in the response to the request from, and returns
// where it leads if that is the org's own API, by the org's own scheme, host and port. A
// link that leads elsewhere would take the token there.
func (c *Client) ownLink(from link, target string) (link, error) {
	ref, err := url.Parse(target)
	if err != nil || len(target) > 8<<10 {
		return link{}, foreign("the link to the next page cannot be read")
	}
	u := (&url.URL{Scheme: c.origin.Scheme, Host: c.origin.Host, Path: unescaped(from.path), RawPath: from.path, RawQuery: from.query}).ResolveReference(ref)
	if org, err := origin.Of(u); err != nil || *org != *c.origin || u.User != nil {
		return link{}, foreign("the link to the next page leads to " + printable(u.Scheme+"://"+u.Host, 100) + " and not to " + c.origin.Host)
	}
	if !strings.HasPrefix(u.EscapedPath(), "/api/v1/") || strings.Contains(u.Path, "..") {
		return link{}, foreign("the link to the next page leads out of Okta's API")
	}
	return link{u.EscapedPath(), u.RawQuery}, nil
}

// unescaped is the path of a request, which was made from an escaped one.
func unescaped(path string) string {
	if plain, err := url.PathUnescape(path); err == nil {
		return plain
	}
	return path
}

// errForeign marks a link that was not followed.
var errForeign = errors.New("foreign link")

func foreign(why string) *sdk.Error {
	return &sdk.Error{Code: sdk.Unavailable, Message: why + "; it was not followed", Err: errForeign}
}
