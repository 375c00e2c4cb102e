//go:build linux

package reliability

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

// storm uses up every rate limit for a while. It checks that no request is sent after the first rejection until the
// reset.
func storm(l oktasim.Limit) func(*testing.T) string {
	return func(t *testing.T) string {
		s := newFixture(t, oktasim.Options{})
		s.writePlaybook(10)
		s.deny(5)
		w := s.watch()
		s.waitForRuns(w, 5)
		none := 0
		l.Path, l.Limit, l.Remaining = "**", 1000, &none
		s.org.Limit(l)
		s.deny(30)
		s.until("429", 20*time.Second, func() bool { return len(tooManyRequests(s)) > 0 })
		out := s.settle(w)
		if early := closedWindow(s.requestsTo(logPath)); early > 0 {
			t.Errorf("%d requests were sent in a closed window", early)
		}
		const most = 20 // the log, users by ID and lifecycle each meet their own limit
		if n := len(tooManyRequests(s)); n > most {
			t.Errorf("%d requests were rejected, more than %d", n, most)
		}
		return "no request before the reset, no repeated requests; " + out
	}
}

func tooManyRequests(s *fixture) []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []received
	for _, r := range s.requests {
		if r.status == http.StatusTooManyRequests {
			out = append(out, r)
		}
	}
	return out
}

// closedWindow counts the requests between a 429 and the reset time of that response.
func closedWindow(requests []received) int {
	early := 0
	var opens time.Time
	for _, r := range requests {
		if r.at.Before(opens) {
			early++
		}
		if reset, err := strconv.ParseInt(r.header.Get("X-Rate-Limit-Reset"), 10, 64); err == nil && r.status == http.StatusTooManyRequests {
			opens = time.Unix(reset, 0)
		}
	}
	return early
}
