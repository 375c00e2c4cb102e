package ecs

import "time"

// timestamp writes an RFC 3339 time in UTC, with microseconds unless they are
// zero; what is finer is cut off. It returns "" for what is no such time.
func timestamp(published string) string {
	t, err := time.Parse(time.RFC3339Nano, published)
	if err != nil {
		return ""
	}
	t = t.UTC().Truncate(time.Microsecond)
	if t.Year() < 0 || t.Year() > 9999 {
		return "" // an offset can push a time over the last year that has a form
	}
	if t.Nanosecond() == 0 {
		return t.Format("2006-01-02T15:04:05Z")
	}
	return t.Format("2006-01-02T15:04:05.000000Z")
}
