package oktatest

import (
	"net/http"
	"net/url"
	"strings"
)

// redact keeps of a credential only its scheme.
func redact(h http.Header) http.Header {
	h = h.Clone()
	for i, v := range h["Authorization"] {
		scheme, _, found := strings.Cut(v, " ")
		if !found {
			// Without a scheme the whole value may be the secret.
			scheme = "redacted"
		}
		h["Authorization"][i] = scheme
	}
	return h
}

// recordedBody and recordedQuery are what Requests shows. At the token endpoint the assertion is a credential; that it
// was there, and where, stays visible.
func recordedBody(c *call) string {
	if c.path != tokenPath {
		return string(c.body)
	}
	return redactForm(string(c.body))
}

func recordedQuery(c *call) string {
	if c.path != tokenPath {
		return c.rawQuery
	}
	return redactForm(c.rawQuery)
}

func redactForm(form string) string {
	pairs := strings.Split(form, "&")
	for i, pair := range pairs {
		name, _, found := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		if found && (err != nil || plain == "client_assertion" || plain == "client_secret") {
			pairs[i] = name + "=redacted"
		}
	}
	return strings.Join(pairs, "&")
}
