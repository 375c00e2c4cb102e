package systemlog

import (
	"fmt"
	"net/url"
	"strings"

	"soar.example/okta/sdk"
)

// Types is a list of event types and families of them, of which an event must
// match one.
type Types []string

// Match reports whether eventType is asked for.
func (t Types) Match(eventType string) bool {
	for _, pattern := range t {
		if sdk.MatchType(pattern, eventType) {
			return true
		}
	}
	return false
}

// longest is how much filter, escaped for a URL, fits into a request: Okta refuses
// long requests (E0000256), and proxies refuse a request line over 8 kB.
const longest = 6000

// Filter returns the list as an expression of Okta's filter language, "" if it
// asks for every event, or for so many types that no request could hold them: the
// events are compared again on arrival, so that costs requests and loses nothing.
func (t Types) Filter() string {
	var terms []string
	for _, pattern := range t {
		if pattern == "*" {
			return ""
		}
		if family, ok := strings.CutSuffix(pattern, "*"); ok {
			terms = append(terms, "eventType sw "+Quote(family))
		} else {
			terms = append(terms, "eventType eq "+Quote(pattern))
		}
	}
	filter := strings.Join(terms, " or ")
	if len(url.QueryEscape(filter)) > longest {
		return ""
	}
	return filter
}

// Quote returns s as a string of Okta's filter language, which are JSON strings:
// quotes, backslashes and control characters inside it cannot end it. A byte that
// is not UTF-8 becomes U+FFFD.
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
