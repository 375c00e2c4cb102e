package monitor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/sdk"
)

// Listen opens an address for [Monitor.Serve]. An address without a host, such as
// :9464, is on loopback: metrics are public only if the address names another host.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%q is not an address such as :9464 or 0.0.0.0:9464", address)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("cannot listen: %w", err)
	}
	return l, nil
}

// Serve serves connections of l until ctx ends. It closes l.
func (m *Monitor) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: m.Handler(), ReadHeaderTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve metrics: %w", err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if server.Shutdown(last) != nil {
		_ = server.Close() // ends the connections of slow clients
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve metrics: %w", err)
	}
	return nil
}

// Handler serves /metrics for Prometheus and /healthz.
func (m *Monitor) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.Registry(), promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", m.health)
	return mux
}

// health is the body of /healthz.
type health struct {
	Healthy  bool     `json:"healthy"`
	Problems []string `json:"problems"`
	Lag      float64  `json:"lag_seconds"`
	MaxLag   float64  `json:"max_lag_seconds"`

	Paused *embedded.Pause `json:"paused,omitempty"`
}

// health responds with 200, or with 503 and the problems. A pause is no problem, because a
// restart of the watch does not end it.
func (m *Monitor) health(w http.ResponseWriter, _ *http.Request) {
	s := m.Snapshot()
	body, err := json.Marshal(health{
		Healthy: s.Healthy(), Problems: append([]string{}, s.Problems...), Lag: s.Lag.Seconds(), MaxLag: s.MaxLag.Seconds(), Paused: s.Paused,
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !s.Healthy() {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = w.Write(append(body, '\n'))
}

// A Tick is the state of the watch at one second, and whether to report it.
type Tick struct {
	Snapshot
	Due     bool // the interval has passed since the last tick that was due
	Changed bool // the health differs from the last tick; before the first tick it is good
}

// Follow calls report each second, from one goroutine, until ctx ends. A tick is due after
// each interval.
func (m *Monitor) Follow(ctx context.Context, interval time.Duration, report func(Tick)) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	healthy, last := true, m.o.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		m.update(ctx)
		t := Tick{Snapshot: m.Snapshot()}
		t.Changed = t.Healthy() != healthy
		healthy = t.Healthy()
		if t.Due = t.Time.Sub(last) >= interval; t.Due {
			last = t.Time
		}
		report(t)
	}
}

// Session returns the session of a connection. The monitor counts its requests and records its
// budgets, also those of failed polls.
func (m *Monitor) Session(connection string, s sdk.Session) sdk.Session {
	return counted{s, connection, m}
}

type counted struct {
	sdk.Session
	connection string
	monitor    *Monitor
}

func (c counted) Run(ctx context.Context, action string, input json.RawMessage) (sdk.Result, error) {
	result, err := c.Session.Run(ctx, action, input)
	c.monitor.mu.Lock()
	defer c.monitor.mu.Unlock()
	c.monitor.requests.Actions += len(result.Calls)
	return result, err
}

func (c counted) Poll(ctx context.Context, trigger string, params, from json.RawMessage) (sdk.RawPage, error) {
	page, err := c.Session.Poll(ctx, trigger, params, from)
	c.monitor.mu.Lock()
	defer c.monitor.mu.Unlock()
	c.monitor.requests.Polls += len(page.Calls)
	if page.Budget != nil {
		c.monitor.budgets[Budget{c.connection, sdk.Budget{Bucket: page.Budget.Bucket}}] = *page.Budget
	}
	return page, err
}
