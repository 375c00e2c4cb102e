package actions_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"

	"soar.example/okta/internal/oktatest"
	"soar.example/okta/sdk"
)

// A lagging front answers as many reads of each path as stale with what the path was
// when the front was made to lag.
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

// remember keeps how a path is answered now, for so many reads to come.
func (l *lagging) remember(token, path string, reads int) {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Authorization", "SSWS "+token)
	w := httptest.NewRecorder()
	l.org.ServeHTTP(w, r)
	l.was[path], l.stale[path] = w, reads
}

// What Okta accepted may take a moment to show: an account is not called open before
// that, and not contained before the state says so.
func TestContainmentThatShowsLate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reads     int
		contained bool
	}{
		"after a moment": {2, true},
		"never":          {1000, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &bench{t: t, Server: oktatest.Start(t, oktatest.Options{})}
			g := b.AddGroup(oktatest.NewGroup{Name: "Quarantine"})
			u := b.AddUser(oktatest.NewUser{Login: "a@corp.example", Sessions: 1})
			target, err := url.Parse(b.URL)
			if err != nil {
				t.Fatal(err)
			}
			front := &lagging{stale: map[string]int{}, was: map[string]*httptest.ResponseRecorder{}, org: httputil.NewSingleHostReverseProxy(target)}
			s := httptest.NewServer(front)
			t.Cleanup(s.Close)
			for _, path := range []string{"/api/v1/users/" + u.ID, "/api/v1/users/" + u.ID + "/groups", "/api/v1/groups/" + g.ID + "/users"} {
				front.remember(b.Token, path, test.reads)
			}
			b.open(map[string]any{"org_url": s.URL})
			out, _, err := b.contain(map[string]any{"users": []string{u.ID}, "quarantine": g.ID})
			if err != nil {
				t.Fatal(err)
			}
			if out.Contained != test.contained || (len(out.Users[0].Open) == 0) != test.contained || (out.Outcome == sdk.Changed) != test.contained {
				t.Errorf("got %+v", out)
			}
			if len(out.Users[0].Restore.GroupsAdded) != 1 || out.Users[0].Restore.StatusBefore != oktatest.StatusActive {
				t.Errorf("the record is %+v", out.Users[0].Restore)
			}
			if s := b.state(u.ID); s.Status != oktatest.StatusSuspended {
				t.Errorf("the org has %+v", s)
			}
		})
	}
}
