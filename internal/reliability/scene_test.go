//go:build linux

package reliability

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

const (
	// trigger is the event type that starts the playbook.
	trigger = "user.mfa.okta_verify.deny_push"
	logPath = "/api/v1/logs"
	bookFmt = `name: contain
title: Contain a user
trigger: system_log
event_types: [user.mfa.okta_verify.deny_push]
params: {page_size: %d, look_back: 24h}
steps:
  - id: suspend
    action: suspend_user
    with: {user: "${{ event.actor.id }}"}
    retry: {attempts: 10, wait: 1s, max_wait: 2s}
`
)

// A scene is an org behind a door of its own, and a store for a soar watch of it.
type scene struct {
	*testing.T
	org    *oktasim.Org
	door   *httptest.Server
	dir    string
	store  string
	url    string // what soar is told
	token  string
	env    []string
	bell   chan struct{} // rung when something happened
	people int
	events int // that match

	mu       sync.Mutex
	meddle   meddler
	requests []seen
}

// A meddler sees a request before the org does; if it returns true, it has
// answered.
type meddler func(w http.ResponseWriter, r *http.Request) bool

// seen is a request that came to the org's door, and its answer.
type seen struct {
	at     time.Time
	path   string
	status int // 0: none yet
	header http.Header
}

func newScene(t *testing.T, o oktasim.Options) *scene {
	t.Helper()
	s := &scene{T: t, org: oktasim.New(o), dir: t.TempDir(), token: oktasim.DefaultToken, bell: make(chan struct{}, 1)}
	if o.Token != "" {
		s.token = o.Token
	}
	s.store = filepath.Join(s.dir, "soar.db")
	s.door = httptest.NewUnstartedServer(s)
	s.door.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.door.Start()
	s.url = s.door.URL
	s.page(100)
	t.Cleanup(func() {
		s.door.CloseClientConnections()
		s.door.Close()
		if d := s.org.Defects(); len(d) > 0 {
			t.Errorf("asked for what the org does not have: %q", d)
		}
	})
	return s
}

// page writes the playbook, for pages of at most so many events.
func (s *scene) page(size int) {
	s.Helper()
	s.write("book.yaml", fmt.Sprintf(bookFmt, size))
}

func (s *scene) write(name, content string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o600); err != nil {
		s.Fatal(err)
	}
}

// ServeHTTP is the org's door.
func (s *scene) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	n := len(s.requests)
	s.requests = append(s.requests, seen{at: time.Now(), path: r.URL.Path})
	meddle := s.meddle
	s.mu.Unlock()
	out := &recorder{ResponseWriter: w}
	defer func() {
		s.mu.Lock()
		s.requests[n].status, s.requests[n].header = out.status, w.Header().Clone()
		s.mu.Unlock()
		s.ring()
	}()
	if meddle == nil || !meddle(out, r) {
		s.org.ServeHTTP(out, r)
	}
}

// meddleWith lets m see the requests from now on, nil nobody.
func (s *scene) meddleWith(m meddler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.meddle = m
}

// asked are the requests to a path so far.
func (s *scene) asked(path string) []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []seen
	for _, r := range s.requests {
		if r.path == path {
			out = append(out, r)
		}
	}
	return out
}

func (s *scene) ring() {
	select {
	case s.bell <- struct{}{}:
	default:
	}
}

// until waits for a condition, which is looked at whenever something happened.
func (s *scene) until(what string, most time.Duration, is func() bool) {
	s.Helper()
	limit := time.NewTimer(most)
	defer limit.Stop()
	// Not all that happens rings: the end of a process does not, nor does time.
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-s.bell:
		case <-tick.C:
		case <-limit.C:
			s.Fatalf("no %s within %s", what, most)
		}
	}
}

// deny lets so many users be attacked, each once, and returns the events' ids.
func (s *scene) deny(n int, with ...oktasim.Event) []string {
	s.Helper()
	events := make([]oktasim.Event, n)
	for i := range events {
		u := s.user()
		events[i] = oktasim.Event{"eventType": trigger, "actor": map[string]any{"id": u.ID, "type": "User", "alternateId": u.Login}}
		for _, more := range with {
			for name, value := range more {
				events[i][name] = value
			}
		}
	}
	s.events += n
	return s.org.Append(events...)
}

func (s *scene) user() oktasim.User {
	s.people++
	return s.org.AddUser(oktasim.NewUser{Login: fmt.Sprintf("user%d@corp.example", s.people)})
}

// noise lets so much happen that does not match.
func (s *scene) noise(n int) {
	for range n {
		s.org.Append(oktasim.Event{"eventType": "user.session.start"})
	}
}

// fault arms a fault of the log.
func (s *scene) fault(f oktasim.Fault) {
	if f.Path == "" {
		f.Path = logPath
	}
	s.org.Fault(f)
}
