package sdktest

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serveCounting returns a server and the number of requests that its fake handled.
func serveCounting(t *testing.T) (*Server, *atomic.Int32) {
	handled := new(atomic.Int32)
	return Serve(t, Fake{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			handled.Add(1)
			_, _ = io.WriteString(w, "{}")
		}),
		Settings:  func(url string) any { return map[string]string{"url": url} },
		RequestID: "X-Id",
	}), handled
}

// call returns the status, the request ID and the body. The status is 0 if there was no complete
// response.
func call(ctx context.Context, t *testing.T, s *Server, method string) (status int, id, body string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(ctx, method, s.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", ""
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, "", string(raw)
	}
	return resp.StatusCode, resp.Header.Get("X-Id"), string(raw)
}

func TestServerFaults(t *testing.T) {
	for fault := range codes {
		s, handled := serveCounting(t)
		if !s.can(fault) {
			continue
		}
		s.Break(fault)
		status, id, _ := call(t.Context(), t, s, http.MethodPut)
		want := responses[fault].status
		if status != want || (want != 0) != (id != "") {
			t.Errorf("%s: status %d with the ID %q, want status %d", fault, status, id, want)
		}
		if want != 0 && !strings.HasPrefix(string(fault), strconv.Itoa(want)) {
			t.Errorf("%s has the status %d", fault, want)
		}
		if handled.Load() != 0 || s.Requests() != 1 || s.Writes() != 1 {
			t.Errorf("%s: the fake handled %d requests; %d requests and %d writes were counted", fault, handled.Load(), s.Requests(), s.Writes())
		}
		s.Break("")
		if status, _, body := call(t.Context(), t, s, http.MethodGet); status != http.StatusOK || body != "{}" || s.Writes() != 1 {
			t.Errorf("after %s: status %d, %s", fault, status, body)
		}
	}
}

func TestServerLosesOneResponse(t *testing.T) {
	s, handled := serveCounting(t)
	s.LoseNextResponse()
	for i, c := range []struct {
		method  string
		status  int
		handled int32
	}{{http.MethodGet, 200, 1}, {http.MethodPost, 0, 2}, {http.MethodPost, 200, 3}} {
		if status, _, _ := call(t.Context(), t, s, c.method); status != c.status || handled.Load() != c.handled {
			t.Errorf("request %d: status %d, %d handled", i, status, handled.Load())
		}
	}
}

func TestServerWithholdsResponse(t *testing.T) {
	s, handled := serveCounting(t)
	s.Break(NoResponse)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if status, _, _ := call(ctx, t, s, http.MethodGet); status != 0 || ctx.Err() == nil || handled.Load() != 0 {
		t.Errorf("status %d, %v, %d handled", status, ctx.Err(), handled.Load())
	}
}
