package httpclient

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/sdk"
)

// serve returns a transport to a server with a handler, and the number of requests that the server
// received.
func serve(t *testing.T, h http.HandlerFunc) (*Transport, *atomic.Int32) {
	t.Helper()
	count := new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		count.Add(1)
		h(w, r)
	}))
	t.Cleanup(server.Close)
	origin, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := New(origin)
	t.Cleanup(transport.Close)
	return transport, count
}

func ok(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }

func send(ctx context.Context, t *Transport, method, target, body string) (*http.Response, error) {
	u, err := t.Origin.Parse(target)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := t.Client().Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	return resp, err
}

func TestDryRunSendsNoWrite(t *testing.T) {
	rejection := errors.New("protected")
	for name, c := range map[string]struct {
		method, target, body string
		guard                error
		want                 []sdk.PlannedRequest
		sent                 bool
		fails                error
	}{
		"read":            {method: "GET", target: "/users", sent: true},
		"head":            {method: "HEAD", target: "/users", sent: true},
		"POST that reads": {method: "POST", target: "/search", sent: true},
		"write": {
			method: "POST", target: "/users/a%2Fb?token=x&n=1", body: `{"name":"a","password":"p"}`, fails: sdk.ErrPlanned,
			want: []sdk.PlannedRequest{{Method: "POST", Path: "/users/a%2Fb?n=1&token=%2A%2A%2A%2A%2A%2A%2A%2A", Body: `{"name":"a","password":"********"}`}},
		},
		"form": {
			method: "PUT", target: "/users", body: "password=p", fails: sdk.ErrPlanned,
			want: []sdk.PlannedRequest{{Method: "PUT", Path: "/users", Body: `"********"`}},
		},
		"rejected write": {
			method: "DELETE", target: "/users/1", guard: rejection, fails: sdk.ErrPlanned,
			want: []sdk.PlannedRequest{{Method: "DELETE", Path: "/users/1", RefusedBy: "protected"}},
		},
		"guard that fails": {method: "DELETE", target: "/users/1", guard: sdk.Errorf(sdk.Timeout, "slow"), fails: sdk.Errorf(sdk.Timeout, "slow")},
	} {
		t.Run(name, func(t *testing.T) {
			transport, count := serve(t, ok)
			transport.IsWrite = func(r *http.Request) bool {
				return r.Method != http.MethodGet && r.Method != http.MethodHead && r.URL.Path != "/search"
			}
			transport.Guard = func(*http.Request, []byte) (func(), error) { return nil, c.guard }
			transport.IsRejection = func(err error) bool { return errors.Is(err, rejection) }
			ctx := sdk.WithDryRun(t.Context())
			_, err := send(ctx, transport, c.method, c.target, c.body)
			if c.fails == nil && err != nil || c.fails != nil && (err == nil || !errors.Is(err, c.fails) && sdk.AsError(err).Code != sdk.AsError(c.fails).Code) {
				t.Errorf("got %v, want %v", err, c.fails)
			}
			if diff := cmp.Diff(c.want, sdk.PlannedRequests(ctx)); diff != "" {
				t.Error(diff)
			}
			if (count.Load() > 0) != c.sent {
				t.Errorf("%d requests were sent", count.Load())
			}
		})
	}
}

func TestGuardedWrite(t *testing.T) {
	transport, count := serve(t, ok)
	var reject error
	finished := 0
	transport.Guard = func(_ *http.Request, body []byte) (func(), error) {
		if string(body) != "{}" {
			t.Errorf("the guard saw the body %q", body)
		}
		return func() { finished++ }, reject
	}
	if _, err := send(t.Context(), transport, "POST", "/", "{}"); err != nil || finished != 1 {
		t.Errorf("got %v; done was called %d times", err, finished)
	}
	reject = sdk.Errorf(sdk.Forbidden, "no")
	_, err := send(t.Context(), transport, "POST", "/", "{}")
	if e := sdk.AsError(err); e == nil || e.Code != sdk.Forbidden || !Unsent(err) {
		t.Errorf("got %v", err)
	}
	if count.Load() != 1 {
		t.Errorf("%d requests were sent", count.Load())
	}
}

func TestOneOrigin(t *testing.T) {
	other, leaked := serve(t, ok)
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, method := range []string{"GET", "POST"} {
			transport, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/there" {
					ok(w, r)
					return
				}
				target := "/there"
				if r.URL.Path == "/away" {
					target = other.Origin.String() + "/there"
				}
				http.Redirect(w, r, target, status)
			})
			if _, err := send(t.Context(), transport, method, "/", "{}"); err != nil {
				t.Errorf("%s %d within the origin: %v", method, status, err)
			}
			_, err := send(t.Context(), transport, method, "/away", "{}")
			if e := sdk.AsError(err); e == nil || e.Code != sdk.Internal || !strings.Contains(e.Message, "credentials belong to") {
				t.Errorf("%s %d to another origin: %v", method, status, err)
			}
		}
	}
	transport, _ := serve(t, ok)
	for _, target := range []string{
		other.Origin.String(), "https://" + transport.Origin.Host, "http://user@" + transport.Origin.Host, "http://localhost:1/",
	} {
		if _, err := send(t.Context(), transport, "GET", target, ""); sdk.AsError(err).Code != sdk.Internal {
			t.Errorf("%s: %v", target, err)
		}
	}
	if leaked.Load() != 0 {
		t.Errorf("another origin got %d requests", leaked.Load())
	}
}

func TestBodyLimit(t *testing.T) {
	transport, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte("x"), 11)) })
	transport.MaxBody = 11
	if _, err := send(t.Context(), transport, "GET", "/", ""); err != nil {
		t.Error(err)
	}
	transport.MaxBody = 10
	_, err := send(t.Context(), transport, "GET", "/", "")
	if e := sdk.AsError(err); e == nil || e.Code != sdk.Unavailable || !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

func TestTimeout(t *testing.T) {
	release := make(chan struct{})
	transport, _ := serve(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	transport.Timeout = 50 * time.Millisecond
	for method, unknown := range map[string]bool{"GET": false, "POST": true} {
		_, err := send(t.Context(), transport, method, "/", "")
		if e := sdk.AsError(err); e == nil || e.Code != sdk.Timeout || strings.Contains(e.Message, UnknownOutcome) != unknown {
			t.Errorf("%s: got %v", method, err)
		}
	}
	transport.Timeout = time.Minute
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := send(ctx, transport, "GET", "/", ""); sdk.AsError(err).Code != sdk.Canceled {
		t.Errorf("canceled: got %v", err)
	}
}

func TestRetries(t *testing.T) {
	for name, c := range map[string]struct {
		method   string
		statuses []int // of the responses in order; 0 closes the connection
		timeout  time.Duration
		want     int // status, 0 for an error
		requests int32
	}{
		"success":                    {"GET", []int{200}, time.Minute, 200, 1},
		"read after 503":             {"GET", []int{503, 200}, time.Minute, 200, 2},
		"read after 429":             {"GET", []int{429, 200}, time.Minute, 200, 2},
		"read after a closed socket": {"GET", []int{0, 502, 200}, time.Minute, 200, 3},
		"read after 500":             {"GET", []int{500, 200}, time.Minute, 500, 1},
		"read after 404":             {"GET", []int{404, 200}, time.Minute, 404, 1},
		"too many failures":          {"GET", []int{504, 504, 504, 200}, time.Minute, 504, 3},
		"no time to wait":            {"GET", []int{503, 200}, 500 * time.Millisecond, 503, 1},
		"write after 429":            {"POST", []int{429, 200}, time.Minute, 200, 2},
		"write after 503":            {"POST", []int{503, 200}, time.Minute, 503, 1},
		"write after closed socket":  {"POST", []int{0, 200}, time.Minute, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int32
			transport, count := serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if r.Method == http.MethodPost && string(body) != "{}" {
					t.Errorf("the body is %q", body)
				}
				status := c.statuses[n.Add(1)-1]
				if status == 0 {
					panic(http.ErrAbortHandler)
				}
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(status)
			})
			transport.Retries, transport.Timeout = 2, c.timeout
			transport.Base.DisableKeepAlives = true
			resp, err := send(t.Context(), transport, c.method, "/", "{}")
			if (err == nil) != (c.want != 0) || err == nil && resp.StatusCode != c.want {
				t.Errorf("got %v, %v", resp, err)
			}
			if count.Load() != c.requests {
				t.Errorf("%d requests were sent, want %d", count.Load(), c.requests)
			}
		})
	}
}

func TestBudgetOfTransport(t *testing.T) {
	transport, count := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-RateLimit-Limit", "10")
		w.Header().Set("X-RateLimit-Remaining", "3")
		w.Header().Set("X-RateLimit-Reset", "9999999999")
	})
	budget, release := ShareBudget(transport.Origin.String(), "token")
	defer release()
	defer budget.Forget()
	transport.Budget, transport.Reserve, transport.Rate = budget, 30, RateHeaders("X-RateLimit-")
	transport.Bucket = func(method, path string) string { return path }
	read := func(ctx context.Context, path string) error {
		_, err := send(ctx, transport, "GET", path, "")
		return err
	}
	if err := read(t.Context(), "/a"); err != nil {
		t.Fatal(err)
	}
	err := read(t.Context(), "/a")
	if e := sdk.AsError(err); e == nil || e.Code != sdk.RateLimited || e.RetryAfter == 0 || !strings.Contains(e.Message, "/a is reserved") {
		t.Errorf("at the reserve: %v", err)
	}
	if err := read(t.Context(), "/b"); err != nil {
		t.Errorf("another bucket: %v", err)
	}
	if err := read(sdk.WithEffect(t.Context(), sdk.Writes), "/a"); err != nil {
		t.Errorf("a read of an action that writes: %v", err)
	}
	if count.Load() != 3 {
		t.Errorf("%d requests were sent", count.Load())
	}
}

// tokens authorizes each request with the next token.
type tokens struct{ n int }

func (c *tokens) Authorize(_ context.Context, req *http.Request) error {
	if c.n++; c.n > 2 {
		return sdk.Errorf(sdk.Unauthenticated, "no token")
	}
	req.Header.Set("Authorization", "Bearer "+strings.Repeat("t", c.n))
	return nil
}

func (c *tokens) Rejected(r *Response) bool { return r.Status == http.StatusUnauthorized }

func TestAuthorization(t *testing.T) {
	accepted := "Bearer tt"
	transport, count := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != accepted {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	transport.Begin = func() Authorization { return new(tokens) }
	observed := 0
	transport.Observe = func(_ *http.Request, r *Response) { observed += r.Status }
	if resp, err := send(t.Context(), transport, "POST", "/", "{}"); err != nil || resp.StatusCode != http.StatusOK || observed != 601 {
		t.Errorf("got %v, %v; the sum of the statuses is %d", resp, err, observed)
	}
	accepted = "none"
	if _, err := send(t.Context(), transport, "POST", "/", "{}"); sdk.AsError(err).Code != sdk.Unauthenticated || !Unsent(err) {
		t.Errorf("got %v", err)
	}
	if count.Load() != 4 {
		t.Errorf("%d requests were sent", count.Load())
	}
}

func TestExchange(t *testing.T) {
	transport, count := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) })
	get := func(ctx context.Context) error {
		_, err := send(ctx, transport, "GET", "/", "")
		return err
	}
	lost := errors.New("the client lost the error")
	for name, c := range map[string]struct {
		call func(context.Context) error
		want string
	}{
		"response":       {func(ctx context.Context) error { _ = get(ctx); return lost }, ""},
		"second request": {func(ctx context.Context) error { _ = get(ctx); return get(ctx) }, ""},
		"no request":     {func(context.Context) error { return nil }, "without a request"},
		"not built":      {func(context.Context) error { return lost }, "cannot be built"},
	} {
		r, err := transport.Exchange(t.Context(), c.call)
		if c.want == "" && (err != nil || r.Status != http.StatusTeapot) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %+v, %v", name, r, err)
		}
	}
	if count.Load() != 2 {
		t.Errorf("%d requests were sent", count.Load())
	}
}

func TestCheck(t *testing.T) {
	for status, want := range map[int]sdk.Code{
		200: "", 204: "", 302: sdk.Unavailable, 400: sdk.InvalidInput, 401: sdk.Unauthenticated, 403: sdk.Forbidden, 404: sdk.NotFound,
		405: sdk.Internal, 409: sdk.Conflict, 410: sdk.Conflict, 412: sdk.Conflict, 422: sdk.InvalidInput, 423: sdk.Conflict, 429: sdk.RateLimited,
		500: sdk.Unavailable, 501: sdk.Unavailable, 503: sdk.Unavailable,
	} {
		transport, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(status)
		})
		transport.Base.DisableKeepAlives = true
		resp, err := send(t.Context(), transport, "GET", "/x?secret=1", "")
		if err != nil {
			t.Fatal(err)
		}
		e := sdk.AsError(Check(resp))
		if want == "" && e == nil {
			continue
		}
		waits := e != nil && e.RetryAfter == 7*time.Second
		if e == nil || e.Code != want || e.Upstream.Status != status || !strings.HasPrefix(e.Message, "GET /x: ") || waits != want.Transient() {
			t.Errorf("%d: got %+v, want %s", status, e, want)
		}
	}
}
