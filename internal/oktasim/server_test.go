package oktasim_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/oktasim"
)

func TestAuthorisation(t *testing.T) {
	c := call(t, oktasim.Start(t, oktasim.Options{Token: "s3cret"}))
	if c.org.Token != "s3cret" {
		t.Errorf("token %q", c.org.Token)
	}
	for header, want := range map[string]int{
		"SSWS s3cret": 200, "SSWS wrong": 401, "SSWS ": 401, "": 401, "Bearer s3cret": 401, "s3cret": 401, "ssws s3cret": 401,
	} {
		r := c.request("GET", "/api/v1/users/me", "")
		r.Header.Set("Authorization", header)
		a, err := c.send(r)
		if err != nil || a.status != want || want == 401 && a.code() != "E0000011" {
			t.Errorf("%q: %d %s, %v", header, a.status, a.body, err)
		}
	}
	for _, r := range c.org.Requests() {
		if h := r.Header.Get("Authorization"); strings.Contains(h, "s3cret") || strings.HasPrefix(h, "SSWS ") {
			t.Errorf("a request shows the token: %q", h)
		}
	}
}

func TestUnknownAndWrongMethod(t *testing.T) {
	c, _ := start(t)
	c.org.AllowUnknown()
	for _, target := range []string{
		"/", "/api/v1/users/", "/api/v1/users/../groups", "/api/v1/users/%2e%2e/groups", "/api/v1/nope", "/api/v2/users",
		"/api/v1/users//groups", "/api/v1/groups/x/users/", "/_orgx", "/api/v1/users/x/lifecycle/explode",
	} {
		r := c.request("GET", "/", "")
		r.URL.Opaque = "//" + r.URL.Host + target
		a, err := c.send(r)
		if err != nil || a.status != 404 || a.code() != "E0000008" {
			t.Errorf("%s: %d %s, %v", target, a.status, a.body, err)
		}
	}
	if n := len(c.org.Defects()); n != 10 {
		t.Errorf("%d defects: %q", n, c.org.Defects())
	}
	c.want("GET", "/api/v1/nope", "", 404, "E0000008")
	if d := c.org.State().Defects; len(d) != 10 || d[4] != "GET /api/v1/nope" {
		t.Errorf("defects %q", d)
	}
	c.org.Fault(oktasim.Fault{Status: 500, Times: 1})
	c.want("GET", "/api/v1/behind/a/fault", "", 500, "E0000009")
	if d := c.org.Defects(); len(d) != 11 {
		t.Errorf("a fault hid a defect: %q", d)
	}
	c.want("PATCH", "/api/v1/users/me", "", 405, "E0000022")
	c.want("DELETE", "/api/v1/logs", "", 405, "E0000022")
	c.want("GET", "/api/v1/users/me/lifecycle/suspend", "", 405, "E0000022")
	if n := len(c.org.Defects()); n != 11 {
		t.Errorf("a wrong method is a defect: %q", c.org.Defects())
	}
}

// fakeT replaces the test of a user of the org.
type fakeT struct {
	cleanups []func()
	errors   []string
}

func (f *fakeT) Helper()           {}
func (f *fakeT) Cleanup(fn func()) { f.cleanups = append(f.cleanups, fn) }
func (f *fakeT) Errorf(format string, args ...any) {
	f.errors = append(f.errors, fmt.Sprintf(format, args...))
}
func (f *fakeT) Fatalf(format string, args ...any) { f.Errorf(format, args...) }

func (f *fakeT) end() {
	for _, fn := range f.cleanups {
		fn()
	}
}

func TestStartFailsOnDefects(t *testing.T) {
	for _, tc := range []struct {
		path  string
		allow bool
		want  int
	}{{"/api/v1/users/me", false, 0}, {"/api/v1/nope", false, 1}, {"/api/v1/nope", true, 0}} {
		f := &fakeT{}
		c := call(t, oktasim.Start(f, oktasim.Options{}))
		if tc.allow {
			c.org.AllowUnknown()
		}
		c.get(tc.path)
		f.end()
		if len(f.errors) != tc.want {
			t.Errorf("%s, allowed %v: %q", tc.path, tc.allow, f.errors)
		}
		if _, err := c.try("GET", "/api/v1/users/me", ""); err == nil {
			t.Error("the org listens after the end of its test")
		}
	}
}

func TestStartEndsStuckRequests(t *testing.T) {
	f := &fakeT{}
	c := call(t, oktasim.Start(f, oktasim.Options{}))
	c.org.Fault(oktasim.Fault{Kind: oktasim.KindSlow, Delay: "1h"})
	failed := make(chan error, 1)
	go func() {
		_, err := c.try("GET", "/api/v1/users/me", "")
		failed <- err
	}()
	waitFor(t, func() bool { return len(c.org.Requests()) == 1 })
	f.end()
	if err := <-failed; err == nil {
		t.Error("a stuck request got a response")
	}
}

func TestHandlerWithoutStart(t *testing.T) {
	org := oktasim.New(oktasim.Options{})
	server := httptest.NewServer(org)
	defer server.Close()
	c := call(t, &oktasim.Server{Org: org, URL: server.URL, Token: oktasim.DefaultToken})
	c.want("GET", "/api/v1/users/me", "", 200, "")

	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/groups", nil)
	r.Header.Set("Authorization", "SSWS "+oktasim.DefaultToken)
	org.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Errorf("recorder: %d", w.Code)
	}
}

func TestRequests(t *testing.T) {
	c, _ := start(t)
	c.get("/api/v1/users?limit=1")
	a := c.do("POST", "/api/v1/groups", `{"profile":{"name":"G"}}`)
	c.get("/_org/state")
	got := c.org.Requests()
	if len(got) != 2 {
		t.Fatalf("%d requests", len(got))
	}
	r := got[1]
	r.Header = nil
	want := oktasim.Request{
		Method: "POST", Path: "/api/v1/groups", Body: `{"profile":{"name":"G"}}`, Status: 200,
		RequestID: a.header.Get("X-Okta-Request-Id"), At: t0,
	}
	if d := cmp.Diff(want, r); d != "" || got[0].Query != "limit=1" || got[0].Header.Get("Authorization") != "SSWS" {
		t.Error(d, got[0])
	}
	c.org.ForgetRequests()
	if len(c.org.Requests()) != 0 {
		t.Error("not forgotten")
	}
}

// TestConcurrency sends all kinds of calls concurrently. The race detector and the invariants detect errors.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	c := call(t, oktasim.Start(t, oktasim.Options{Seed: oktasim.Demo}))
	g := c.org.AddGroup(oktasim.NewGroup{Name: "G"})
	const workers, rounds = 8, 5
	before := c.org.State().Events
	_, from := c.get("/api/v1/logs?since=" + time.Now().UTC().Format("2006-01-02T15:04:05.000Z")).links(t)

	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			u := c.org.AddUser(oktasim.NewUser{Login: fmt.Sprintf("w%d@corp.example", w), Sessions: 1})
			for range rounds {
				for _, step := range []string{
					"PUT /api/v1/groups/" + g.ID + "/users/" + u.ID, "POST /api/v1/users/" + u.ID + "/lifecycle/suspend",
					"GET /api/v1/logs?limit=5&q=suspend", "POST /api/v1/users/" + u.ID + "/lifecycle/unsuspend",
					"DELETE /api/v1/groups/" + g.ID + "/users/" + u.ID, "GET /api/v1/users?limit=2", "GET /_org/state",
				} {
					method, path, _ := strings.Cut(step, " ")
					if a, err := c.try(method, path, ""); err != nil || a.status >= 400 {
						t.Errorf("%s: %d %v", step, a.status, err)
					}
				}
				c.org.Append(oktasim.Event{})
				c.org.Fault(oktasim.Fault{Path: "/nowhere", Status: 500, Times: 1})
				c.org.Limit(oktasim.Limit{Path: "/nowhere", Limit: 1})
				c.org.Requests()
			}
		})
	}
	all.Wait()
	want := workers * rounds * 5
	if got := c.org.State().Events - before; got != want {
		t.Errorf("%d events, want %d", got, want)
	}
	uuids, _ := c.drain(from)
	seen := map[string]bool{}
	for _, u := range uuids {
		seen[u] = true
	}
	if len(uuids) != want || len(seen) != want {
		t.Errorf("polled %d events, %d of them different, want %d", len(uuids), len(seen), want)
	}
}
