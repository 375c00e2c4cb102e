package actions_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// A lagging front returns old responses for the first reads of each path.
type lagging struct {
	mu    sync.Mutex
	stale map[string]int
	was   map[string]*httptest.ResponseRecorder
	org   http.Handler
}

func (l *lagging) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	was, left := l.was[r.URL.Path], l.stale[r.URL.Path]
	if r.Method != http.MethodGet || was == nil || left == 0 {
		l.mu.Unlock()
		l.org.ServeHTTP(w, r)
		return
	}
	l.stale[r.URL.Path]--
	l.mu.Unlock()
	for name, values := range was.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(was.Code)
	_, _ = w.Write(was.Body.Bytes())
}

// remember stores the current response of a path for a number of later reads.
func (l *lagging) remember(token, path string, reads int) {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Authorization", "SSWS "+token)
	w := httptest.NewRecorder()
	l.org.ServeHTTP(w, r)
	l.was[path], l.stale[path] = w, reads
}

// front opens the connection of the bench through a lagging front.
func (b *bench) front() *lagging {
	b.t.Helper()
	target, err := url.Parse(b.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	front := &lagging{stale: map[string]int{}, was: map[string]*httptest.ResponseRecorder{}, org: httputil.NewSingleHostReverseProxy(target)}
	s := httptest.NewServer(front)
	b.t.Cleanup(s.Close)
	b.open(map[string]any{"org_url": s.URL})
	return front
}

// TestContainmentWithDelayedReads checks that a containment waits until accepted changes
// are visible. The account is reported as contained only after verification. The same
// holds for the restoration.
func TestContainmentWithDelayedReads(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reads int
		shows bool
	}{
		"after a moment": {2, true},
		"never":          {1000, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			g := b.AddGroup(oktasim.NewGroup{Name: "Quarantine"})
			u := b.AddUser(oktasim.NewUser{Login: "a@corp.example", Sessions: 1})
			front := b.front()
			lag := func() {
				for _, path := range []string{"/api/v1/users/" + u.ID, "/api/v1/users/" + u.ID + "/groups", "/api/v1/groups/" + g.ID + "/users"} {
					front.remember(b.Token, path, test.reads)
				}
			}
			lag()
			out, _, err := b.contain(map[string]any{"users": []string{u.ID}, "quarantine": g.ID})
			if err != nil {
				t.Fatal(err)
			}
			if out.Complete != test.shows || (len(out.Users[0].Open) == 0) != test.shows || (out.Outcome == sdk.Changed) != test.shows {
				t.Errorf("got %+v", out)
			}
			record := out.Users[0].Restore
			if len(record.GroupsAdded) != 1 || record.StatusBefore != oktasim.StatusActive {
				t.Errorf("the record is %+v", record)
			}
			if s := b.state(u.ID); s.Status != oktasim.StatusSuspended {
				t.Errorf("the org has %+v", s)
			}
			lag()
			restored, err := b.restore(record, true)
			if err != nil {
				t.Fatal(err)
			}
			if (restored.Outcome == sdk.Changed) != test.shows || (restored.After.Status == oktasim.StatusActive) != test.shows {
				t.Errorf("restored: %+v", restored)
			}
			if s := b.state(u.ID); s.Status != oktasim.StatusActive || len(s.Groups) != 1 {
				t.Errorf("the org has %+v", s)
			}
		})
	}
}
