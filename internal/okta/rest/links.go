package rest

import (
	"net/http"
	"strings"
)

// NextLink returns the target of the first link with rel="next" in the Link headers
// (RFC 8288), and reports whether there is one. The target may be a relative reference,
// "" among them. Okta sends each link in a header line of its own; proxies join the lines.
func NextLink(h http.Header) (target string, found bool) {
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

// cutValue reads a token or a quoted string and returns the text behind it.
func cutValue(s string) (value, rest string) {
	if strings.HasPrefix(s, `"`) {
		return cutQuoted(s)
	}
	end := strings.IndexAny(s, ";,")
	if end < 0 {
		end = len(s)
	}
	return strings.TrimSpace(s[:end]), s[end:]
}

// cutQuoted reads a quoted string, in which a backslash escapes a character, and
// returns the text behind it.
func cutQuoted(s string) (value, rest string) {
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
// first rel of a link counts. A link with an anchor is about another resource; an empty
// anchor is the page itself.
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
