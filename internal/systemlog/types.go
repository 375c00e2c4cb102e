package systemlog

import (
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

// longest is how much filter fits into a request: Okta refuses long requests
// (E0000256), and proxies refuse a request line over 8 kB.
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
	if len(filter) > longest {
		return ""
	}
	return filter
}

// Quote returns s as a string of Okta's filter language, which are JSON strings:
// quotes and backslashes inside it cannot end it.
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		if r == '"' || r == '\\' {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	b.WriteByte('"')
	return b.String()
}
