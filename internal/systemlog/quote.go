package systemlog

import (
	"fmt"
	"strings"
)

// Quote returns s as a string literal of Okta's filter language, which has the syntax of JSON. Quote
// escapes quotes, backslashes and control characters, so s cannot end the literal. U+FFFD replaces
// invalid UTF-8.
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
