package httpclient

import (
	"net/http"
	"strings"
)

// NextLink returns the target of the first link with rel="next" in the Link headers (RFC 8288),
// and reports whether there is one. The target can be a relative reference, and can be empty. A
// service may send each link in its own header line, and proxies join these lines.
func NextLink(h http.Header) (target string, found bool) {
	for _, line := range h.Values("Link") {
		for {
			_, after, ok := strings.Cut(line, "<")
			target, rest, closed := strings.Cut(after, ">")
			if !ok || !closed {
				break
			}
			var next bool
			if next, line = cutLink(rest); next {
				return strings.TrimSpace(target), true
			}
		}
	}
	return "", false
}

// cutLink parses the parameters of a link, up to the comma before the next link. It reports
// whether the link leads to the next page, and returns the text after the comma. Only the first
// rel of a link counts. A link with a non-empty anchor describes another resource.
func cutLink(s string) (next bool, rest string) {
	rel, known, elsewhere := "", false, false
	for s != "" {
		name, value := "", ""
		name, s = cutToken(s, "=;,")
		if strings.HasPrefix(s, "=") {
			value, s = cutValue(strings.TrimLeft(s[1:], " \t"), ";,")
		}
		switch name = strings.ToLower(name); {
		case name == "anchor" && value != "":
			elsewhere = true
		case name == "rel" && !known:
			rel, known = value, true
		}
		// Skip the rest of a malformed parameter.
		_, s = cutToken(s, ";,")
		if strings.HasPrefix(s, ",") {
			rest = s[1:]
			break
		}
		s = strings.TrimPrefix(s, ";")
	}
	for relation := range strings.FieldsSeq(rel) {
		next = next || strings.EqualFold(relation, "next") && !elsewhere
	}
	return next, rest
}

// A Challenge is an entry of a WWW-Authenticate header
// (https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1). It says why a server rejected the
// credentials.
type Challenge struct {
	Scheme string            // lower case
	Params map[string]string // by lower-case name
}

// Challenges returns the challenges of a response. It skips the malformed parts of a header.
func Challenges(h http.Header) []Challenge {
	var all []Challenge
	for _, line := range h.Values("WWW-Authenticate") {
		all = append(all, parseChallenges(line)...)
	}
	return all
}

// parseChallenges parses one header line. Commas separate both parameters and challenges. A word
// without an equals sign is a scheme.
func parseChallenges(s string) []Challenge {
	const stops = " \t,=\""
	var all []Challenge
	for {
		word, rest := cutToken(strings.TrimLeft(s, " \t,"), stops)
		if word == "" {
			return all
		}
		word, s = strings.ToLower(word), rest
		rest, isParam := strings.CutPrefix(strings.TrimLeft(rest, " \t"), "=")
		if !isParam {
			all = append(all, Challenge{word, map[string]string{}})
			continue
		}
		quoted := strings.HasPrefix(strings.TrimLeft(rest, " \t"), `"`)
		var value string
		value, s = cutValue(strings.TrimLeft(rest, " \t"), stops)
		if !quoted {
			s = strings.TrimLeft(s, "=\"") // the padding of a token68
		}
		if len(all) == 0 {
			continue
		}
		if params := all[len(all)-1].Params; params[word] == "" {
			params[word] = value
		}
	}
}

// cutToken returns the part of s before the first byte of stops, without spaces around it, and the
// rest.
func cutToken(s, stops string) (token, rest string) {
	if end := strings.IndexAny(s, stops); end >= 0 {
		return strings.TrimSpace(s[:end]), s[end:]
	}
	return strings.TrimSpace(s), ""
}

// cutValue parses a token, or a quoted string in which a backslash escapes a character.
func cutValue(s, stops string) (value, rest string) {
	if !strings.HasPrefix(s, `"`) {
		return cutToken(s, stops)
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
