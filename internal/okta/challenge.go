package okta

import (
	"net/http"
	"strings"
)

// A challenge is one of a WWW-Authenticate header
// (https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1): why a server did not
// accept a login. Okta's refusals of access tokens say so nowhere else.
type challenge struct {
	scheme string // lower case
	params map[string]string
}

// loginRefusal returns the OAuth error that the challenges of a response name
// ("invalid_token", "insufficient_scope", "use_dpop_nonce", …) and its scopes; "" if
// there is none. A DPoP challenge takes precedence: a server may offer Bearer as well.
// Challenges of other schemes, such as Basic, are not Okta's.
func loginRefusal(h http.Header) (code, scope string) {
	for _, c := range challenges(h) {
		if c.scheme != "bearer" && c.scheme != "dpop" {
			continue
		}
		if e := c.params["error"]; isOAuthCode(e) && (code == "" || c.scheme == "dpop") {
			code, scope = e, c.params["scope"]
		}
	}
	return code, scope
}

func challenges(h http.Header) []challenge {
	var all []challenge
	for _, line := range h.Values("WWW-Authenticate") {
		all = append(all, parseChallenges(line)...)
	}
	return all
}

// parseChallenges reads as much as it can: a comma parts parameters as well as
// challenges, and what no equals sign follows is a scheme.
func parseChallenges(s string) []challenge {
	var all []challenge
	for {
		s = strings.TrimLeft(s, " \t,")
		word := token(s)
		if word == "" {
			return all
		}
		s = s[len(word):]
		rest, isParam := strings.CutPrefix(strings.TrimLeft(s, " \t"), "=")
		if !isParam {
			all = append(all, challenge{strings.ToLower(word), map[string]string{}})
			continue
		}
		var value string
		value, s = paramValue(strings.TrimLeft(rest, " \t"))
		if len(all) > 0 {
			name := strings.ToLower(word)
			if _, twice := all[len(all)-1].params[name]; !twice {
				all[len(all)-1].params[name] = value
			}
		}
	}
}

// token is the longest prefix of s without a separator.
func token(s string) string {
	if end := strings.IndexAny(s, " \t,=\""); end >= 0 {
		return s[:end]
	}
	return s
}

// paramValue reads a value, quoted or not, and returns what follows it.
func paramValue(s string) (value, rest string) {
	if !strings.HasPrefix(s, `"`) {
		value = token(s)
		// The padding of a token68 is no value of its own.
		return value, strings.TrimLeft(s[len(value):], "=\"")
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
