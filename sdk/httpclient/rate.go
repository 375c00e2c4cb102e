package httpclient

import (
	"net/http"
	"strconv"
	"time"
)

const (
	// maxWait limits the wait and the window of a response.
	maxWait = 15 * time.Minute
	// DefaultWait is the wait after a 429 without a wait.
	DefaultWait = 15 * time.Second
)

// A Rate is the rate limit in a response.
type Rate struct {
	Known     bool // Limit and Remaining are valid
	Limit     int  // requests per window
	Remaining int
	Window    int64         // ID of the window, such as its end as the service wrote it; 0 if unknown
	Left      time.Duration // time from the response to the end of the window, 0 if unknown
	Wait      time.Duration // of a 429: time from the response to the next try
	Scope     Scope         // of a 429
}

// A Scope is the set of requests that a 429 concerns.
type Scope int

// The scopes of a 429.
const (
	OfBucket    Scope = iota // the requests with the same counter
	OfAll                    // all requests: too many are in progress
	OfOneObject              // further requests for the same object
)

// RateHeaders returns a function that reads the headers with a prefix, such as "X-RateLimit-". The
// headers are Limit, Remaining and Reset. Reset is the end of the window in seconds since 1970, by
// the service's clock. For the wait of a 429, Retry-After takes precedence. With the prefix "",
// only Retry-After counts.
func RateHeaders(prefix string) func(*Response) Rate {
	return func(r *Response) Rate {
		var rate Rate
		var named bool
		if rate.Wait, named = retryAfter(r); prefix == "" {
			return rate
		}
		limit, err := strconv.Atoi(r.Header.Get(prefix + "Limit"))
		remaining, err2 := strconv.Atoi(r.Header.Get(prefix + "Remaining"))
		if err == nil && err2 == nil && limit >= 0 && remaining >= 0 {
			rate.Known, rate.Limit, rate.Remaining = true, limit, min(remaining, limit)
		}
		reset, err := strconv.ParseInt(r.Header.Get(prefix+"Reset"), 10, 64)
		if err != nil || reset <= 0 {
			return rate
		}
		// The clock of this machine may be wrong, so the time is measured from the Date header.
		now := r.Date()
		if now.IsZero() {
			now = r.Received
		}
		left := time.Unix(min(reset, 1<<40), 0).Sub(now)
		if rate.Window = reset; left > 0 && left <= maxWait {
			rate.Left = left
		}
		if !named {
			rate.Wait = clamp(left)
		}
		return rate
	}
}

// retryAfter returns the wait of a Retry-After header, and reports whether there is one.
func retryAfter(r *Response) (wait time.Duration, named bool) {
	value := r.Header.Get("Retry-After")
	if s, err := strconv.Atoi(value); err == nil && s >= 0 {
		return clamp(time.Duration(min(s, int(maxWait/time.Second))) * time.Second), true
	}
	if at, err := http.ParseTime(value); err == nil {
		now := r.Date()
		if now.IsZero() {
			now = r.Received
		}
		return clamp(at.Sub(now)), true
	}
	return DefaultWait, false
}

func clamp(d time.Duration) time.Duration { return min(max(d, time.Second), maxWait) }
