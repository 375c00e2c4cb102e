//go:build linux

package reliability

import (
	"fmt"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

// badNetwork disturbs the network until two polls have failed.
func badNetwork(kind, attributes string, env ...string) func(*testing.T) string {
	return func(t *testing.T) string {
		s := newFixture(t, oktasim.Options{})
		net := s.withProxy()
		s.write("soar.yaml", "timeout: 1s\n")
		s.deny(5)
		w := s.watch()
		s.waitForRuns(w, 5)
		remove := net.toxic(kind, attributes)
		s.deny(20)
		w.waitForLines(2, "poll_failed")
		remove()
		s.deny(5)
		return s.settle(w)
	}
}

func latency(t *testing.T) string {
	s := newFixture(t, oktasim.Options{})
	net := s.withProxy()
	net.toxic("latency", `{"latency":150,"jitter":140}`)
	s.deny(5)
	return s.settle(s.watch())
}

func portClosed(t *testing.T) string {
	s := newFixture(t, oktasim.Options{})
	net := s.withProxy()
	s.deny(5)
	w := s.watch()
	s.waitForRuns(w, 5)
	net.down()
	s.deny(5)
	w.waitForLines(2, "poll_failed")
	net.up()
	return s.settle(w)
}

// badResponses injects a fault into the log's responses until two polls have failed.
func badResponses(f oktasim.Fault) func(*testing.T) string {
	return func(t *testing.T) string {
		s := newFixture(t, oktasim.Options{})
		s.writePlaybook(4)
		s.deny(10)
		w := s.watch()
		s.waitForRuns(w, 10)
		s.fault(f)
		s.deny(10)
		w.waitForLines(2, "poll_failed")
		s.org.ClearFaults()
		return s.settle(w)
	}
}

// foreignLog sends responses of a proxy instead of the log's. Each kind lasts until one poll has failed.
func foreignLog(t *testing.T) string {
	s := newFixture(t, oktasim.Options{})
	s.writePlaybook(4)
	s.deny(6)
	w := s.watch()
	s.waitForRuns(w, 6)
	for i, f := range []oktasim.Fault{
		{Kind: oktasim.KindHTML, Status: 404}, {Kind: oktasim.KindEmpty, Status: 404}, {Status: 404, Body: `{"message":"not found"}`},
		{Kind: oktasim.KindHTML, Status: 403}, {Kind: oktasim.KindHTML, Status: 405}, {Kind: oktasim.KindHTML, Status: 409},
		{Kind: oktasim.KindHTML, Status: 410}, {Kind: oktasim.KindHTML, Status: 412}, {Kind: oktasim.KindHTML, Status: 401},
		{Kind: oktasim.KindHTML, Status: 400},
	} {
		s.fault(f)
		s.deny(1)
		w.waitForLines(i+1, "poll_failed")
		s.org.ClearFaults()
		s.waitForRuns(w, s.events)
	}
	if n := w.count("notice"); n > 0 {
		t.Errorf("the checkpoint was reset: %s", w.output())
	}
	return "the watch waits and keeps its checkpoint; " + s.settle(w)
}

// foreignStart starts a watch behind a proxy that blocks all requests.
func foreignStart(t *testing.T) string {
	s := newFixture(t, oktasim.Options{})
	s.deny(5)
	s.org.Fault(oktasim.Fault{Kind: oktasim.KindHTML, Status: 404})
	w := s.watch()
	w.waitForLines(2, "poll_failed")
	s.org.ClearFaults()
	return "the watch waits; " + s.settle(w)
}

// anyResponse injects a fault into all responses after the first few. It therefore affects steps too, before or
// after their work.
func anyResponse(f oktasim.Fault) func(*testing.T) string {
	return func(t *testing.T) string {
		s := newFixture(t, oktasim.Options{})
		s.deny(10)
		w := s.watch()
		w.waitForLines(1, "watching")
		f.Path, f.Skip, f.Times = "**", 9, 6
		s.org.Fault(f)
		return s.settle(w)
	}
}

// unresolved uses a host name that does not resolve.
func unresolved(t *testing.T) string {
	s := newFixture(t, oktasim.Options{})
	s.deny(5)
	s.url = "https://org.invalid"
	if code := s.watch().wait(30 * time.Second); code != 3 {
		t.Errorf("exit status %d, not 3", code)
	}
	s.url = s.server.URL
	return fmt.Sprintf("exit status 3, nothing stored; then %s", s.settle(s.watch()))
}
