//go:build linux

package reliability

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

// killLanes returns the number of orgs that are watched at the same time, each with its own store.
func killLanes() int { return min(4, 1+*kills/20) }

// killed kills hosts and plugins at random instants, also during pages and steps.
func killed(t *testing.T) string {
	start := *seed
	if start == 0 {
		start = rand.Uint64()
	}
	t.Logf("to repeat the instants: -kills %d -seed %d", *kills, start)
	// The exact instants also depend on the speed of the machine.
	t.Run("lane", func(t *testing.T) {
		for i := range killLanes() {
			n := (*kills + i) / killLanes()
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				l := &lane{fixture: newFixture(t, oktasim.Options{}), random: rand.New(rand.NewPCG(start, uint64(i)))}
				l.run(n)
			})
		}
	})
	return "each event started once, and no user was suspended twice"
}

// A lane is one org, watched by one process after another.
type lane struct {
	*fixture
	random  *rand.Rand
	armed   atomic.Pointer[killPoint]
	hosts   int
	plugins int // number of killed plugins
}

// A killPoint describes when to kill: shortly after the n-th request of a kind.
type killPoint struct {
	of      func(*http.Request) bool
	left    atomic.Int32
	before  bool // kill before the request reaches the org
	reached chan struct{}
}

func (l *lane) run(kills int) {
	l.writePlaybook(4)
	l.interceptWith(l.interceptRequest)
	for l.hosts+l.plugins < kills {
		l.deny(6)
		l.noise(3)
		l.runHost(kills)
	}
	l.armed.Store(nil)
	w := l.watch()
	l.waitForRuns(w, l.events)
	w.stop()
	l.Logf("%d hosts and %d plugins were killed: %s", l.hosts, l.plugins, l.check())
}

// runHost runs one host until it is killed.
func (l *lane) runHost(kills int) {
	w := l.watch()
	for {
		m := l.newKillPoint()
		l.armed.Store(m)
		limit := time.NewTimer(3 * time.Second)
		select {
		case <-m.reached:
		case <-limit.C: // there were too few requests of this kind
		case <-w.done:
			// If the plugin dies before the watch is ready, the host reports the error and ends, as if the org
			// were unreachable.
			if w.count("watching") > 0 || w.cmd.ProcessState.ExitCode() != 3 {
				l.Fatalf("soar watch ended by itself: %s", w.output())
			}
			limit.Stop()
			return
		}
		limit.Stop()
		// This wait is a random delay. It does not wait for a result.
		<-time.After(time.Duration(l.random.IntN(8000)) * time.Microsecond)
		if l.random.IntN(3) == 0 && l.hosts+l.plugins < kills-1 && w.killPlugin() {
			l.plugins++
			continue
		}
		w.kill()
		l.hosts++
		return
	}
}

func (l *lane) newKillPoint() *killPoint {
	kinds := []func(*http.Request) bool{
		func(*http.Request) bool { return true },
		func(r *http.Request) bool { return r.URL.Path == logPath },
		func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/lifecycle/suspend") },
		func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/v1/users/00u") },
	}
	m := &killPoint{of: kinds[l.random.IntN(len(kinds))], before: l.random.IntN(2) == 0, reached: make(chan struct{})}
	m.left.Store(1 + l.random.Int32N(8))
	return m
}

// interceptRequest signals when the request of the kill point arrives.
func (l *lane) interceptRequest(w http.ResponseWriter, r *http.Request) bool {
	m := l.armed.Load()
	if m == nil || !m.of(r) || m.left.Add(-1) != 0 {
		return false
	}
	if !m.before {
		l.org.ServeHTTP(w, r)
	}
	close(m.reached)
	return !m.before
}
