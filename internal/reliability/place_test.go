//go:build linux

package reliability

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

func placeLost(t *testing.T) string {
	s := newScene(t, oktasim.Options{})
	s.page(4)
	s.deny(6)
	w := s.watch()
	s.through(w, 6)
	for range 2 {
		before := w.count("notice")
		s.org.Fault(oktasim.Fault{ExpireCursors: true})
		s.deny(6)
		w.has(before+1, "notice")
	}
	return "reading restarts before the latest event, with a notice; " + s.settle(w)
}

func redirected(t *testing.T) string {
	s := newScene(t, oktasim.Options{})
	other, visits := thief(t)
	s.deny(3)
	w := s.watch()
	s.through(w, 3)
	s.meddleWith(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == logPath {
			http.Redirect(rw, r, other+r.URL.RequestURI(), http.StatusFound)
		}
		return r.URL.Path == logPath
	})
	s.deny(3)
	w.has(2, "poll_failed")
	s.meddleWith(nil)
	out := s.settle(w)
	if n := visits(); n > 0 {
		t.Errorf("the other host got %d requests", n)
	}
	return "the redirect is not followed and gets no token; " + out
}

// clockOff has an org whose clock is off from this machine's by that much.
func clockOff(off time.Duration) func(*testing.T) string {
	return func(t *testing.T) string {
		s := newScene(t, oktasim.Options{Now: func() time.Time { return time.Now().Add(off) }})
		s.page(4)
		s.deny(6)
		w := s.watch()
		s.through(w, 6)
		s.org.Fault(oktasim.Fault{ExpireCursors: true})
		s.deny(6)
		w.has(1, "notice")
		w.kill()
		s.deny(3)
		return s.settle(s.watch())
	}
}

// clockJump puts the org's clock forward, which is as if this machine's were put back.
func clockJump(t *testing.T) string {
	var off atomic.Int64
	off.Store(int64(-2 * time.Hour))
	s := newScene(t, oktasim.Options{Now: func() time.Time { return time.Now().Add(time.Duration(off.Load())) }})
	s.page(4)
	s.deny(4)
	w := s.watch()
	s.through(w, 4)
	for range 3 {
		off.Add(int64(time.Hour))
		s.deny(4)
		s.through(w, s.events)
		s.org.Fault(oktasim.Fault{ExpireCursors: true})
		s.deny(4)
		s.through(w, s.events)
	}
	return s.settle(w)
}
