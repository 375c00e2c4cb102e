package main

import (
	"fmt"
	"strings"
	"time"

	"soar.example/okta/sdk"
)

// A span is the time from since up to until.
type span struct{ since, until time.Time }

func (s span) holds(t time.Time) bool { return !t.Before(s.since) && t.Before(s.until) }

// parsePast reads a time as people write it: RFC 3339, a date (its first instant in
// UTC), now, or how long ago, such as 90m, "2h ago" or "3d ago".
func parsePast(text string, now time.Time) (time.Time, error) {
	s := strings.TrimSpace(text)
	if s == "now" {
		return now, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	ago := strings.TrimSpace(strings.TrimSuffix(s, "ago"))
	if age, err := parseAge(ago); err == nil {
		return now.Add(-age), nil
	}
	return time.Time{}, fmt.Errorf(`%q is not a time such as 2026-03-14T02:00:00Z, 2026-03-14, "2h ago" or now`, text)
}

// parseAge reads how long something is ago, such as 90d or 36h.
func parseAge(text string) (time.Duration, error) {
	d, err := sdk.ParseDuration(strings.TrimSpace(text))
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a time span such as 90d or 36h", text)
	}
	return d, nil
}
