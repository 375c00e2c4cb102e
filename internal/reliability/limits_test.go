//go:build linux

package reliability

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

// storm lets nothing through for a while, and looks whether anything was sent while
// that was known.
func storm(l oktasim.Limit) func(*testing.T) string {
	return func(t *testing.T) string {
		s := newScene(t, oktasim.Options{})
		s.page(10)
		s.deny(5)
		w := s.watch()
		s.through(w, 5)
		none := 0
		l.Path, l.Limit, l.Remaining = "**", 1000, &none
		s.org.Limit(l)
		s.deny(30)
		s.until("429", 20*time.Second, func() bool { return len(refusals(s)) > 0 })
		out := s.settle(w)
		if early := closedWindow(s.asked(logPath)); early > 0 {
			t.Errorf("%d requests were sent in a closed window", early)
		}
		const most = 20 // the log, users by id, lifecycle: each is found out for itself
		if n := len(refusals(s)); n > most {
			t.Errorf("%d requests were refused, more than %d", n, most)
		}
		return "no request before the reset, no repeated requests; " + out
	}
}

func refusals(s *scene) []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []seen
	for _, r := range s.requests {
		if r.status == http.StatusTooManyRequests {
			out = append(out, r)
		}
	}
	return out
}

// closedWindow counts the requests that were sent after a 429 and before the reset
// that it named.
func closedWindow(requests []seen) int {
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
