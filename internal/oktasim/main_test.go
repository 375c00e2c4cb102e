package oktasim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"soar.example/okta/internal/oktasim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// t0 is the initial time of the clocks in these tests.
var t0 = time.Date(2026, 3, 14, 9, 26, 53, 589_000_000, time.UTC)

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: t0} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// caller sends requests to one org with its token.
type caller struct {
	t   testing.TB
	org *oktasim.Server
	web *http.Client
}

func call(t testing.TB, s *oktasim.Server) *caller {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &caller{t: t, org: s, web: &http.Client{Transport: transport}}
}

// start creates an org with its own clock, and a caller.
func start(t testing.TB) (*caller, *clock) {
	t.Helper()
	c := newClock()
	return call(t, oktasim.Start(t, oktasim.Options{Now: c.Now})), c
}

type response struct {
	status int
	header http.Header
	body   string
}

// request builds a request with the token. The target is a path or a whole URL.
func (c *caller) request(method, target, body string) *http.Request {
	c.t.Helper()
	if strings.HasPrefix(target, "/") {
		target = c.org.URL + target
	}
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, target, reader)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "SSWS "+c.org.Token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// try sends a request that may fail without a response.
func (c *caller) try(method, target, body string) (response, error) {
	c.t.Helper()
	return c.send(c.request(method, target, body))
}

func (c *caller) send(r *http.Request) (response, error) {
	resp, err := c.web.Do(r)
	if err != nil {
		return response{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return response{resp.StatusCode, resp.Header, string(body)}, err
}

func (c *caller) do(method, target, body string) response {
	c.t.Helper()
	a, err := c.try(method, target, body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, target, err)
	}
	return a
}

func (c *caller) get(target string) response { c.t.Helper(); return c.do("GET", target, "") }

// want sends a request and fails the test unless the status and the error code are as expected.
func (c *caller) want(method, target, body string, status int, code string) response {
	c.t.Helper()
	a := c.do(method, target, body)
	if a.status != status || a.code() != code {
		c.t.Fatalf("%s %s: got %d %s, want %d %s: %s", method, target, a.status, a.code(), status, code, a.body)
	}
	return a
}

func (a response) code() string {
	var e struct {
		Code string `json:"errorCode"`
	}
	if json.Unmarshal([]byte(a.body), &e) != nil {
		return ""
	}
	return e.Code
}

func decode[T any](t testing.TB, a response) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("%v in %.200q", err, a.body)
	}
	return v
}

func (a response) object(t testing.TB) map[string]any {
	t.Helper()
	return decode[map[string]any](t, a)
}

func (a response) list(t testing.TB) []map[string]any {
	t.Helper()
	return decode[[]map[string]any](t, a)
}

var linkLine = regexp.MustCompile(`^<([^>]+)>; rel="(self|next)"$`)

// links returns the self and next links. Each must be on a separate header line.
func (a response) links(t testing.TB) (self, next string) {
	t.Helper()
	for _, line := range a.header.Values("Link") {
		m := linkLine.FindStringSubmatch(line)
		switch {
		case m == nil:
			t.Fatalf("odd Link line %q", line)
		case m[2] == "self":
			self = m[1]
		default:
			next = m[1]
		}
	}
	return self, next
}

// column returns one field of every item.
func column(items []map[string]any, field string) []string {
	out := []string{}
	for _, i := range items {
		s, _ := i[field].(string)
		out = append(out, s)
	}
	return out
}

func (c *caller) status(login string) string {
	c.t.Helper()
	u, ok := c.org.State().User(login)
	if !ok {
		c.t.Fatalf("no user %s", login)
	}
	return u.Status
}
