//go:build linux

package reliability

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

func cursorRejected(t *testing.T) string {
	s := newFixture(t, oktasim.Options{})
	s.writePlaybook(4)
	s.deny(6)
	w := s.watch()
	s.waitForRuns(w, 6)
	for range 2 {
		before := w.count("notice")
		s.org.Fault(oktasim.Fault{ExpireCursors: true})
		s.deny(6)
		w.waitForLines(before+1, "notice")
	}
	return "reading restarts before the latest event, with a notice; " + s.settle(w)
}

func redirected(t *testing.T) string {
	s := newFixture(t, oktasim.Options{})
	other, visits := foreignHost(t)
	s.deny(3)
	w := s.watch()
	s.waitForRuns(w, 3)
	s.interceptWith(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == logPath {
			http.Redirect(rw, r, other+r.URL.RequestURI(), http.StatusFound)
		}
		return r.URL.Path == logPath
	})
	s.deny(3)
	w.waitForLines(2, "poll_failed")
	s.interceptWith(nil)
	out := s.settle(w)
	if n := visits(); n > 0 {
		t.Errorf("the other host got %d requests", n)
	}
	return "the redirect is not followed and gets no token; " + out
}

// clockOff runs an org whose clock differs from this machine's by off.
func clockOff(off time.Duration) func(*testing.T) string {
	return func(t *testing.T) string {
		s := newFixture(t, oktasim.Options{Now: func() time.Time { return time.Now().Add(off) }})
		s.writePlaybook(4)
		s.deny(6)
		w := s.watch()
		s.waitForRuns(w, 6)
		s.org.Fault(oktasim.Fault{ExpireCursors: true})
		s.deny(6)
		w.waitForLines(1, "notice")
		w.kill()
		s.deny(3)
		return s.settle(s.watch())
	}
}

// clockJump sets the org's clock forward. For the watch, this is the same as setting this machine's clock back.
func clockJump(t *testing.T) string {
	var off atomic.Int64
	off.Store(int64(-2 * time.Hour))
	s := newFixture(t, oktasim.Options{Now: func() time.Time { return time.Now().Add(time.Duration(off.Load())) }})
	s.writePlaybook(4)
	s.deny(4)
	w := s.watch()
	s.waitForRuns(w, 4)
	for range 3 {
		off.Add(int64(time.Hour))
		s.deny(4)
		s.waitForRuns(w, s.events)
		s.org.Fault(oktasim.Fault{ExpireCursors: true})
		s.deny(4)
		s.waitForRuns(w, s.events)
	}
	return s.settle(w)
}
