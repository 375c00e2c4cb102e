package systemlog

import (
	"fmt"
	"strings"
)

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
