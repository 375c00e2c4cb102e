package okta

import (
	"net/http"
	"strconv"
	"time"
)

const (
	defaultWait = 15 * time.Second // where a 429 does not say: a proxy's, not Okta's
	maxWait     = 15 * time.Minute // more than any of Okta's windows
)

// A rate is what one answer says of its bucket
// (https://developer.okta.com/docs/reference/rl-best-practices/).
type rate struct {
	counted   bool // limit and remaining were there, and make sense
	limit     int
	remaining int
	reset     int64         // end of the window as Okta wrote it, 0 if that makes no sense
	wait      time.Duration // from the answer until then
}

// rateOf reads the rate limit headers. Okta gives the second at which its window
// ends, by its own clock, which its Date header tells: this machine's may be off.
func rateOf(r *reply) rate {
	var out rate
	limit, err := strconv.Atoi(r.header.Get("X-Rate-Limit-Limit"))
	remaining, err2 := strconv.Atoi(r.header.Get("X-Rate-Limit-Remaining"))
	if err == nil && err2 == nil && limit >= 0 && remaining >= 0 {
		out.counted, out.limit, out.remaining = true, limit, min(remaining, limit)
	}
	reset, err := strconv.ParseInt(r.header.Get("X-Rate-Limit-Reset"), 10, 64)
	if err != nil || reset <= 0 {
		return out
	}
	now, err := http.ParseTime(r.header.Get("Date"))
	if err != nil {
		now = r.received
	}
	out.reset, out.wait = reset, time.Unix(min(reset, 1<<40), 0).Sub(now)
	return out
}

// windowLeft is how long the window of an answer that was no refusal lasts, and
// whether Okta said so in a way that can be believed.
func (a rate) windowLeft() (time.Duration, bool) {
	if a.reset == 0 || a.wait <= 0 || a.wait > maxWait {
		return defaultWait, false
	}
	return a.wait, true
}

// retryAfter is how long a 429 of Okta, or of a proxy, asks to wait.
func retryAfter(r *reply) time.Duration {
	if s, err := strconv.Atoi(r.header.Get("Retry-After")); err == nil && s >= 0 {
		return clamp(time.Duration(min(s, int(maxWait/time.Second))) * time.Second)
	}
	if a := rateOf(r); a.reset != 0 {
		return clamp(a.wait)
	}
	return defaultWait
}

func clamp(d time.Duration) time.Duration { return min(max(d, time.Second), maxWait) }
