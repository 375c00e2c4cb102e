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
	trigger        = "user.mfa.okta_verify.deny_push"
	logPath        = "/api/v1/logs"
	playbookFormat = `name: contain
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

// A fixture is an org behind a test server, and a store for a soar watch of the org.
type fixture struct {
	*testing.T
	org     *oktasim.Org
	server  *httptest.Server
	dir     string
	store   string
	url     string // address of the org for soar
	token   string
	env     []string
	changed chan struct{} // signals a change
	users   int
	events  int // number of events that match

	mu        sync.Mutex
	intercept interceptor
	requests  []received
}

// A interceptor handles a request before the org. If it returns true, the org does not see the request.
type interceptor func(w http.ResponseWriter, r *http.Request) bool

// received is a request to the org, and its response.
type received struct {
	at     time.Time
	path   string
	status int // 0 until the response
	header http.Header
}

func newFixture(t *testing.T, o oktasim.Options) *fixture {
	t.Helper()
	s := &fixture{T: t, org: oktasim.New(o), dir: t.TempDir(), token: oktasim.DefaultToken, changed: make(chan struct{}, 1)}
	if o.Token != "" {
		s.token = o.Token
	}
	s.store = filepath.Join(s.dir, "soar.db")
	s.server = httptest.NewUnstartedServer(s)
	s.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.server.Start()
	s.url = s.server.URL
	s.writePlaybook(100)
	t.Cleanup(func() {
		s.server.CloseClientConnections()
		s.server.Close()
		if d := s.org.Defects(); len(d) > 0 {
			t.Errorf("requested unknown endpoints: %q", d)
		}
	})
	return s
}

// writePlaybook writes the playbook with this page size.
func (s *fixture) writePlaybook(size int) {
	s.Helper()
	s.write("contain.yaml", fmt.Sprintf(playbookFormat, size))
}

func (s *fixture) write(name, content string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o600); err != nil {
		s.Fatal(err)
	}
}

// ServeHTTP records the request and passes it to the interceptor or the org.
func (s *fixture) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	n := len(s.requests)
	s.requests = append(s.requests, received{at: time.Now(), path: r.URL.Path})
	intercept := s.intercept
	s.mu.Unlock()
	out := &recorder{ResponseWriter: w}
	defer func() {
		s.mu.Lock()
		s.requests[n].status, s.requests[n].header = out.status, w.Header().Clone()
		s.mu.Unlock()
		s.notify()
	}()
	if intercept == nil || !intercept(out, r) {
		s.org.ServeHTTP(out, r)
	}
}

// interceptWith sets the interceptor of the following requests. nil removes it.
func (s *fixture) interceptWith(m interceptor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.intercept = m
}

// requestsTo returns the requests to a path so far.
func (s *fixture) requestsTo(path string) []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []received
	for _, r := range s.requests {
		if r.path == path {
			out = append(out, r)
		}
	}
	return out
}

func (s *fixture) notify() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// until waits for a condition. It checks the condition after every change.
func (s *fixture) until(what string, most time.Duration, is func() bool) {
	s.Helper()
	limit := time.NewTimer(most)
	defer limit.Stop()
	// Some changes send no signal, such as the end of a process and the passing of time.
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-s.changed:
		case <-tick.C:
		case <-limit.C:
			s.Fatalf("no %s within %s", what, most)
		}
	}
}

// deny appends n matching events, each for a new user, and returns their IDs.
func (s *fixture) deny(n int, with ...oktasim.Event) []string {
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

func (s *fixture) user() oktasim.User {
	s.users++
	return s.org.AddUser(oktasim.NewUser{Login: fmt.Sprintf("user%d@corp.example", s.users)})
}

// noise appends n events that do not match.
func (s *fixture) noise(n int) {
	for range n {
		s.org.Append(oktasim.Event{"eventType": "user.session.start"})
	}
}

// fault injects a fault, by default into responses of the log.
func (s *fixture) fault(f oktasim.Fault) {
	if f.Path == "" {
		f.Path = logPath
	}
	s.org.Fault(f)
}
