package bench

import (
	"context"
	"encoding/json"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/plugin/host"
	oktaconnector "soar.example/okta/plugin/okta"
	"soar.example/okta/sdk"
)

// unlimited disables the org's rate limit, because the benchmark polls faster than the limit allows.
var unlimited = oktasim.Limit{Path: "/api/v1/logs", Limit: 1_000_000}

// requestsOf counts the requests that read a backlog, and the requests of each following poll without events.
func requestsOf(tb testing.TB, backlog, idle int) (reading int, eachIdle []int) {
	tb.Helper()
	org := oktasim.Start(tb, oktasim.Options{})
	org.Limit(unlimited)
	for range backlog / 1000 {
		org.Append(make([]oktasim.Event, 1000)...)
	}
	backend, err := oktaconnector.Backend()
	if err != nil {
		tb.Fatal(err)
	}
	session, err := backend.Open(tb.Context(), settings(org.URL, org.Token))
	if err != nil {
		tb.Fatal(err)
	}
	defer session.Close()
	ctx, stop := context.WithCancel(hclog.WithContext(tb.Context(), hclog.NewNullLogger()))
	defer stop()
	seen, sent := 0, 0
	err = host.Watch(ctx, host.Source{
		Session: session, Trigger: "system_log", Params: json.RawMessage(`{"event_types":["*"],"look_back":"1h"}`), Every: time.Millisecond,
	}, host.WatchOptions{
		Handle: func(_ context.Context, page sdk.RawPage) error {
			seen += len(page.Events)
			return nil
		},
		Observe: func(s host.Status) {
			if s.Err != nil {
				tb.Errorf("poll: %v", s.Err)
				stop()
			}
			all := len(org.Requests())
			switch {
			case reading == 0 && s.More:
			case reading == 0:
				reading = all
			default:
				eachIdle = append(eachIdle, all-sent)
			}
			if sent = all; len(eachIdle) == idle {
				stop()
			}
		},
	})
	if err != nil || seen != backlog {
		tb.Fatalf("%d events of %d were read, %v", seen, backlog, err)
	}
	return reading, eachIdle
}

// TestRequests checks the number of requests. A backlog takes one request per page and at most one more, which
// finds the end. A poll without events takes one request.
func TestRequests(t *testing.T) {
	reading, eachIdle := requestsOf(t, 10_000, 5)
	if reading < 10 || reading > 11 {
		t.Errorf("%d requests for 10 pages", reading)
	}
	for i, n := range eachIdle {
		if n != 1 {
			t.Errorf("%d requests in idle poll %d", n, i)
		}
	}
}

// BenchmarkRequests measures the number of requests for a backlog of 10,000 events.
func BenchmarkRequests(b *testing.B) {
	for b.Loop() {
		reading, eachIdle := requestsOf(b, 10_000, 5)
		idle := 0
		for _, n := range eachIdle {
			idle = max(idle, n)
		}
		b.ReportMetric(float64(reading), "requests")
		b.ReportMetric(float64(idle), "requests-an-idle-poll")
	}
	b.ReportMetric(0, "ns/op") // not measured here
}

const onStart = `
name: on_start
title: On a sign-in
trigger: system_log
event_types: [user.session.start]
steps:
  - id: read
    action: get_user
    with: {user: alice.moreau@corp.example}
`

// BenchmarkEventToRun measures the time from the first request that can return an event to the start of its run. It
// includes the plugin's process, the match, and the transaction that stores the run. It excludes the wait for the
// next poll.
func BenchmarkEventToRun(b *testing.B) {
	org := oktasim.Start(b, oktasim.Options{Seed: oktasim.Demo})
	org.Limit(unlimited)
	plugin := launch(b, binary(b, "soar-plugin-okta"))
	b.Cleanup(func() { _ = plugin.Close() })
	manifest, err := plugin.Manifest(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	book, err := playbook.Load("on_start.yaml", []byte(onStart), playbook.Connections{"okta": manifest})
	if err != nil {
		b.Fatal(err)
	}
	store, err := embedded.OpenStore(b.Context(), filepath.Join(b.TempDir(), "soar.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	session := open(b, plugin, org.URL, org.Token)
	started := make(chan time.Time, 1)
	engine, err := embedded.New(store, embedded.Options{
		Connections: []embedded.Connection{{Name: "okta", Org: org.URL, Manifest: manifest, Session: session}},
		Observe: func(n embedded.Notice) {
			if n.Kind == embedded.RunStarted {
				started <- time.Now()
			}
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	defer engine.Close()
	ctx, stop := context.WithCancel(b.Context())
	var work sync.WaitGroup
	defer work.Wait()
	defer stop()
	work.Go(func() {
		if err := engine.Work(ctx); err != nil {
			b.Error(err)
		}
	})
	polled := make(chan struct{}, 1)
	work.Go(func() {
		err := host.Watch(ctx, host.Source{
			Session: session, Trigger: "system_log", Params: json.RawMessage(`{"event_types":["user.session.start"]}`), Every: 100 * time.Millisecond,
		}, host.WatchOptions{
			Handle: func(ctx context.Context, page sdk.RawPage) error {
				_, err := engine.Accept(ctx, "log", page, []*playbook.Playbook{book})
				return err
			},
			Observe: func(host.Status) {
				select {
				case polled <- struct{}{}:
				default:
				}
			},
		})
		if err != nil {
			b.Error(err)
		}
	})
	<-polled // later events are new
	var took []time.Duration
	for b.Loop() {
		org.ForgetRequests()
		arrived := time.Now()
		org.Append(oktasim.Event{"eventType": "user.session.start"})
		start := <-started
		found, ok := firstPoll(org, arrived)
		if !ok {
			b.Fatal("a run without a poll")
		}
		took = append(took, start.Sub(found))
	}
	b.ReportMetric(0, "ns/op") // mostly the wait for the next poll
	b.ReportMetric(float64(median(took).Microseconds())/1000, "median-ms")
}

// firstPoll returns the time of the first request for events that was sent after the given time.
func firstPoll(org *oktasim.Server, after time.Time) (time.Time, bool) {
	for _, r := range org.Requests() {
		if r.Path == "/api/v1/logs" && !r.At.Before(after) {
			return r.At, true
		}
	}
	return time.Time{}, false
}
