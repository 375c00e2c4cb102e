package ratelimit

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"soar.example/okta/internal/okta/rest"
)

// maxWait is more than any of Okta's windows.
const maxWait = 15 * time.Minute

// otherBucket holds the calls of the API that have no bucket of their own.
const otherBucket = "/api/v1"

// BucketOf names the requests that Okta counts together with a request to path, which
// is escaped. The longest path that Okta lists wins
// (https://developer.okta.com/docs/reference/rl2-limits/). An unknown path, without its
// IDs, has a bucket of its own, so that nothing is held back that Okta would allow.
func BucketOf(method, path string) string {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	if len(segments) >= 2 && segments[0] == "oauth2" && segments[1] == "v1" {
		return "/oauth2/v1"
	}
	if len(segments) < 3 || segments[0] != "api" || segments[1] != "v1" {
		return template(segments)
	}
	kind, below := segments[2], len(segments)-3
	switch kind {
	case "logs", "groups", "sessions", "devices":
		return "/api/v1/" + kind
	case "apps":
		if below > 0 {
			return "/api/v1/apps/{id}"
		}
		return "/api/v1/apps"
	case "users":
		switch {
		case below == 0:
			return "/api/v1/users"
		case below > 1:
			return otherBucket
		case method == http.MethodGet:
			return "GET /api/v1/users/{id}"
		default:
			return "/api/v1/users/{id}"
		}
	case "policies", "zones", "iam":
		return otherBucket
	}
	return template(segments)
}

// template returns a path with {id} in place of IDs and names.
func template(segments []string) string {
	segments = slices.Clone(segments)
	for i, s := range segments {
		if i > 0 && s != "v1" && !isWord(s) {
			segments[i] = "{id}"
		}
	}
	return "/" + strings.Join(segments, "/")
}

// isWord reports whether a segment is a word, and no ID or name. Okta's IDs have digits.
func isWord(s string) bool {
	return len(s) <= 40 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_'
	})
}

// A rate is the state of a bucket in one response
// (https://developer.okta.com/docs/reference/rl-best-practices/).
type rate struct {
	counted   bool // limit and remaining are valid
	limit     int
	remaining int
	reset     int64         // end of the window as Okta wrote it, 0 if invalid
	wait      time.Duration // from the response until then
}

// rateOf reads the rate limit headers. Okta names the second at which its window ends
// by its own clock, which the Date header tells: this machine's clock may be wrong.
func rateOf(r *rest.Response) rate {
	var out rate
	limit, err := strconv.Atoi(r.Header.Get("X-Rate-Limit-Limit"))
	remaining, err2 := strconv.Atoi(r.Header.Get("X-Rate-Limit-Remaining"))
	if err == nil && err2 == nil && limit >= 0 && remaining >= 0 {
		out.counted, out.limit, out.remaining = true, limit, min(remaining, limit)
	}
	reset, err := strconv.ParseInt(r.Header.Get("X-Rate-Limit-Reset"), 10, 64)
	if err != nil || reset <= 0 {
		return out
	}
	now, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil {
		now = r.Received
	}
	out.reset, out.wait = reset, time.Unix(min(reset, 1<<40), 0).Sub(now)
	return out
}

// windowLeft returns how long the window of a success lasts, and whether Okta named a
// plausible time.
func (a rate) windowLeft() (time.Duration, bool) {
	if a.reset == 0 || a.wait <= 0 || a.wait > maxWait {
		return rest.DefaultWait, false
	}
	return a.wait, true
}

// retryAfter returns how long a 429 of Okta's or of a proxy asks to wait.
func retryAfter(r *rest.Response) time.Duration {
	if s, err := strconv.Atoi(r.Header.Get("Retry-After")); err == nil && s >= 0 {
		return clamp(time.Duration(min(s, int(maxWait/time.Second))) * time.Second)
	}
	if a := rateOf(r); a.reset != 0 {
		return clamp(a.wait)
	}
	return rest.DefaultWait
}

func clamp(d time.Duration) time.Duration { return min(max(d, time.Second), maxWait) }
