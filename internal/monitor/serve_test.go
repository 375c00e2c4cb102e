package monitor_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/monitor"
	"soar.example/okta/sdk"
)

// TestMetrics checks that the server serves exactly the listed metrics, and that Prometheus's linter accepts their
// names. Every metric has a value if its data has one.
func TestMetrics(t *testing.T) {
	m, c := newMonitor(monitor.Options{}, "log")
	s := m.Session("okta", &session{page: sdk.RawPage{Budget: &sdk.Budget{Bucket: "logs", Limit: 60, Remaining: 7, Reset: c.now}}})
	if _, err := s.Poll(t.Context(), "log", nil, nil); err != nil {
		t.Fatal(err)
	}
	m.Accepted("log", sdk.RawPage{Seen: 3, Newest: c.now.Add(-time.Minute), More: true}, embedded.Accepted{Matched: 2, Started: 1, Repeated: 1})
	r := m.Registry()
	if problems, err := testutil.GatherAndLint(r); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	offered := map[string]bool{}
	for _, f := range families {
		offered[f.GetName()] = true
	}
	for _, metric := range monitor.Metrics {
		if !offered[metric.Name] {
			t.Errorf("%s has no value", metric.Name)
		}
		delete(offered, metric.Name)
	}
	for name := range offered {
		if !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") {
			t.Errorf("%s is not listed", name)
		}
	}
	want := `
# HELP soar_lag_seconds ` +
		"Lag of the watch. With a backlog: age of the latest stored event, by this machine's clock. " + `Otherwise: time since the last successful poll.
# TYPE soar_lag_seconds gauge
soar_lag_seconds{feed="log"} 60
# HELP soar_budget_remaining_requests Requests that were left in the window, by the service's last response.
# TYPE soar_budget_remaining_requests gauge
soar_budget_remaining_requests{bucket="logs",connection="okta"} 7
`
	if err := testutil.GatherAndCompare(r, strings.NewReader(want), "soar_lag_seconds", "soar_budget_remaining_requests"); err != nil {
		t.Error(err)
	}
}

func TestHealth(t *testing.T) {
	m, c := newMonitor(monitor.Options{MaxLag: time.Minute}, "log")
	for _, step := range []struct {
		pass time.Duration
		want string
	}{
		{0, `200 {"healthy":true,"problems":[],"lag_seconds":0,"max_lag_seconds":60}`},
		{2 * time.Minute, `503 {"healthy":false,"problems":["log is 2m0s behind, and 1m0s is the limit"],"lag_seconds":120,"max_lag_seconds":60}`},
	} {
		c.pass(step.pass)
		w := httptest.NewRecorder()
		m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/healthz", nil))
		if got := fmt.Sprint(w.Code, " ", strings.TrimSpace(w.Body.String())); got != step.want {
			t.Errorf("got %s", got)
		}
	}
	for _, r := range []*http.Request{httptest.NewRequest(http.MethodPost, "/healthz", nil), httptest.NewRequest(http.MethodGet, "/", nil)} {
		w := httptest.NewRecorder()
		m.Handler().ServeHTTP(w, r)
		if w.Code < 400 {
			t.Errorf("%s %s has the status %d", r.Method, r.URL, w.Code)
		}
	}
}

func TestServe(t *testing.T) {
	m := monitor.New(monitor.Options{})
	l, err := monitor.Listen(t.Context(), ":0")
	if err != nil {
		t.Fatal(err)
	}
	if at := l.Addr().(*net.TCPAddr); !at.IP.IsLoopback() {
		t.Errorf("an address without a host resolves to %s", at)
	}
	if _, err := monitor.Listen(t.Context(), l.Addr().String()); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("an address in use: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- m.Serve(ctx, l) }()
	// A client that sends no request must not delay the shutdown of the server.
	idle, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + l.Addr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || !strings.Contains(string(body), "soar_plugin_up 1") {
		t.Errorf("%v: %s", err, body)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "9464", "localhost", "127.0.0.1:port", "256.0.0.1:80", ":-1"} {
		if l, err := monitor.Listen(t.Context(), bad); err == nil {
			l.Close()
			t.Errorf("%q is accepted as an address", bad)
		}
	}
}
