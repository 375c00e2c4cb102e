//go:build linux

package reliability

import (
	"fmt"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

// badNetwork is a network that is made bad for as long as it takes that two polls
// fail.
func badNetwork(kind, attributes string, env ...string) func(*testing.T) string {
	return func(t *testing.T) string {
		s := newScene(t, oktasim.Options{})
		net := s.between()
		s.write("soar.yaml", "timeout: 1s\n")
		s.deny(5)
		w := s.watch()
		s.through(w, 5)
		cure := net.toxic(kind, attributes)
		s.deny(20)
		w.has(2, "poll_failed")
		cure()
		s.deny(5)
		return s.settle(w)
	}
}

func latency(t *testing.T) string {
	s := newScene(t, oktasim.Options{})
	net := s.between()
	net.toxic("latency", `{"latency":150,"jitter":140}`)
	s.deny(5)
	return s.settle(s.watch())
}

func refused(t *testing.T) string {
	s := newScene(t, oktasim.Options{})
	net := s.between()
	s.deny(5)
	w := s.watch()
	s.through(w, 5)
	net.down()
	s.deny(5)
	w.has(2, "poll_failed")
	net.up()
	return s.settle(w)
}

// badAnswers is a fault of the log's own answers, for as long as it takes that two
// polls fail.
func badAnswers(f oktasim.Fault) func(*testing.T) string {
	return func(t *testing.T) string {
		s := newScene(t, oktasim.Options{})
		s.page(4)
		s.deny(10)
		w := s.watch()
		s.through(w, 10)
		s.fault(f)
		s.deny(10)
		w.has(2, "poll_failed")
		s.org.ClearFaults()
		return s.settle(w)
	}
}

// foreignLog has a proxy respond in place of the log, in each of several ways until a
// poll has failed.
func foreignLog(t *testing.T) string {
	s := newScene(t, oktasim.Options{})
	s.page(4)
	s.deny(6)
	w := s.watch()
	s.through(w, 6)
	for i, f := range []oktasim.Fault{
		{Kind: oktasim.KindHTML, Status: 404}, {Kind: oktasim.KindEmpty, Status: 404}, {Status: 404, Body: `{"message":"not found"}`},
		{Kind: oktasim.KindHTML, Status: 403}, {Kind: oktasim.KindHTML, Status: 405}, {Kind: oktasim.KindHTML, Status: 409},
		{Kind: oktasim.KindHTML, Status: 410}, {Kind: oktasim.KindHTML, Status: 412}, {Kind: oktasim.KindHTML, Status: 401},
		{Kind: oktasim.KindHTML, Status: 400},
	} {
		s.fault(f)
		s.deny(1)
		w.has(i+1, "poll_failed")
		s.org.ClearFaults()
		s.through(w, s.events)
	}
	if n := w.count("notice"); n > 0 {
		t.Errorf("the checkpoint was reset: %s", w.said())
	}
	return "the watch waits and keeps its checkpoint; " + s.settle(w)
}

// foreignStart starts a watch behind a proxy that lets nothing through.
func foreignStart(t *testing.T) string {
	s := newScene(t, oktasim.Options{})
	s.deny(5)
	s.org.Fault(oktasim.Fault{Kind: oktasim.KindHTML, Status: 404})
	w := s.watch()
	w.has(2, "poll_failed")
	s.org.ClearFaults()
	return "the watch waits; " + s.settle(w)
}

// everywhere is a fault of every answer but the first few, so that steps meet it
// too, before their work or after it.
func everywhere(f oktasim.Fault) func(*testing.T) string {
	return func(t *testing.T) string {
		s := newScene(t, oktasim.Options{})
		s.deny(10)
		w := s.watch()
		w.has(1, "watching")
		f.Path, f.Skip, f.Times = "**", 9, 6
		s.org.Fault(f)
		return s.settle(w)
	}
}

// unresolved is a name that nobody knows.
func unresolved(t *testing.T) string {
	s := newScene(t, oktasim.Options{})
	s.deny(5)
	s.url = "https://org.invalid"
	if code := s.watch().wait(30 * time.Second); code != 3 {
		t.Errorf("exit status %d, not 3", code)
	}
	s.url = s.door.URL
	return fmt.Sprintf("exit status 3, nothing stored; then %s", s.settle(s.watch()))
}
