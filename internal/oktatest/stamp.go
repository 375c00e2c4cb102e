package oktatest

import "time"

const stampLayout = "2006-01-02T15:04:05.000Z"

// stamp writes a time as Okta does, in UTC with milliseconds.
func stamp(t time.Time) string { return t.UTC().Format(stampLayout) }

// stampOrNull is stamp, or nil for a time that never was.
func stampOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := stamp(t)
	return &s
}

// parseTime reads an RFC 3339 time with or without a fraction.
func parseTime(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, err == nil
}
