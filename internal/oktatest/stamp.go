package oktatest

import (
	"regexp"
	"time"
)

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

// timeForm matches the forms of ISO 8601 that Okta accepts: year, month or day, then hour, minute, second and fraction,
// then a zone.
var timeForm = regexp.MustCompile(
	`^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?:[Tt](\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?(?:[Zz]|([+-]\d\d)(?::?(\d\d))?)?)?$`)

// parseTime reads an ISO 8601 time. Missing parts are the earliest, and a time without a zone is in UTC.
func parseTime(s string) (time.Time, bool) {
	m := timeForm.FindStringSubmatch(s)
	if m == nil {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, m[1]+"-"+orElse(m[2], "01")+"-"+orElse(m[3], "01")+"T"+orElse(m[4], "00")+":"+
		orElse(m[5], "00")+":"+orElse(m[6], "00")+"."+orElse(m[7], "0")+orElse(m[8], "+00")+":"+orElse(m[9], "00"))
	return t, err == nil
}
