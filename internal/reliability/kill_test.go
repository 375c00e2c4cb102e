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

// killLanes is how many orgs are watched at once, each from a store of its own.
func killLanes() int { return min(4, 1+*kills/20) }

// killed kills hosts and plugins at random instants, with pages half read and steps
// under way.
func killed(t *testing.T) string {
	start := *seed
	if start == 0 {
		start = rand.Uint64()
	}
	t.Logf("to repeat the instants: -kills %d -seed %d", *kills, start)
	// The tempo of the machine decides the rest of the instant.
	t.Run("lane", func(t *testing.T) {
		for i := range killLanes() {
			n := (*kills + i) / killLanes()
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				l := &lane{scene: newScene(t, oktasim.Options{}), random: rand.New(rand.NewPCG(start, uint64(i)))}
				l.run(n)
			})
		}
	})
	return "each event started once, and no user was suspended twice"
}

// A lane is one org, watched by one process after the other.
type lane struct {
	*scene
	random *rand.Rand
	armed  atomic.Pointer[moment]
	hosts  int
	guests int // plugins
}

// A moment is when to kill: a while after a request that is the n-th of its kind.
type moment struct {
	of     func(*http.Request) bool
	left   atomic.Int32
	before bool // the request is answered
	struck chan struct{}
}

func (l *lane) run(kills int) {
	l.page(4)
	l.meddleWith(l.watchFor)
	for l.hosts+l.guests < kills {
		l.deny(6)
		l.noise(3)
		l.life(kills)
	}
	l.armed.Store(nil)
	w := l.watch()
	l.through(w, l.events)
	w.stop()
	l.Logf("%d hosts and %d plugins were killed: %s", l.hosts, l.guests, l.check())
}

// life is that of one host, and of its plugins.
func (l *lane) life(kills int) {
	w := l.watch()
	for {
		m := l.moment()
		l.armed.Store(m)
		limit := time.NewTimer(3 * time.Second)
		select {
		case <-m.struck:
		case <-limit.C: // there was too little to do for this moment to come
		case <-w.done:
			// Before it watches, a host whose plugin dies has nothing to keep up: it says
			// so and ends, as when the org cannot be reached.
			if w.count("watching") > 0 || w.cmd.ProcessState.ExitCode() != 3 {
				l.Fatalf("soar watch ended by itself: %s", w.said())
			}
			limit.Stop()
			return
		}
		limit.Stop()
		// A random instant is what is wanted, not a time for something to be done.
		<-time.After(time.Duration(l.random.IntN(8000)) * time.Microsecond)
		if l.random.IntN(3) == 0 && l.hosts+l.guests < kills-1 && w.killPlugin() {
			l.guests++
			continue
		}
		w.kill()
		l.hosts++
		return
	}
}

func (l *lane) moment() *moment {
	kinds := []func(*http.Request) bool{
		func(*http.Request) bool { return true },
		func(r *http.Request) bool { return r.URL.Path == logPath },
		func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/lifecycle/suspend") },
		func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/v1/users/00u") },
	}
	m := &moment{of: kinds[l.random.IntN(len(kinds))], before: l.random.IntN(2) == 0, struck: make(chan struct{})}
	m.left.Store(1 + l.random.Int32N(8))
	return m
}

// watchFor strikes when the moment has come.
func (l *lane) watchFor(w http.ResponseWriter, r *http.Request) bool {
	m := l.armed.Load()
	if m == nil || !m.of(r) || m.left.Add(-1) != 0 {
		return false
	}
	if !m.before {
		l.org.ServeHTTP(w, r)
	}
	close(m.struck)
	return !m.before
}
