package monitor_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/monitor"
	"soar.example/okta/plugin/host"
	"soar.example/okta/sdk"
)

// clock is a time that a test moves.
type clock struct{ now time.Time }

func (c *clock) pass(d time.Duration) { c.now = c.now.Add(d) }

func newMonitor(o monitor.Options, feeds ...string) (*monitor.Monitor, *clock) {
	c := &clock{time.Date(2026, 3, 14, 2, 41, 0, 0, time.UTC)}
	o.Now = func() time.Time { return c.now }
	m := monitor.New(o)
	m.Watches(feeds, []string{"b", "a"}, nil)
	return m, c
}

func TestLag(t *testing.T) {
	m, c := newMonitor(monitor.Options{}, "log")
	expect := func(when string, want time.Duration) {
		t.Helper()
		if s := m.Snapshot(); s.Lag != want || s.Feeds[0].Lag != want {
			t.Errorf("%s: the lag is %s, want %s", when, s.Lag, want)
		}
	}
	const none = -1
	page := func(age time.Duration, more bool) {
		p := sdk.RawPage{More: more}
		if age != none {
			p.Newest = c.now.Add(-age)
		}
		m.Accepted("log", p, embedded.Accepted{})
		m.Polled("log", host.Status{})
	}
	c.pass(7 * time.Second)
	expect("before the first poll it is the time since the start", 7*time.Second)
	page(90*time.Minute, true)
	expect("with more to read it is the age of the latest event", 90*time.Minute)
	c.pass(time.Minute)
	expect("and grows while nothing comes", 91*time.Minute)
	page(none, true)
	expect("a page of events without a time changes nothing", 91*time.Minute)
	page(time.Hour, false)
	expect("caught up, it is nothing", 0)
	c.pass(10 * time.Second)
	expect("until the next poll", 10*time.Second)
	page(none, false)
	expect("which finds nothing new", 0)
	m.Polled("log", host.Status{Err: sdk.Errorf(sdk.Unavailable, "gone"), Failures: 1})
	c.pass(time.Minute)
	expect("polls that fail let it grow", time.Minute)
	page(90*time.Minute, true)
	c.pass(time.Minute)
	expect("an older event does not make the newest one older", 62*time.Minute+10*time.Second)
	page(-5*time.Minute, true)
	expect("an event from the future of this clock does not make it negative", 0)
}

// TestLagWithoutTimes checks that successful polls do not reset the lag while there is more to
// read, also if no event has a time.
func TestLagWithoutTimes(t *testing.T) {
	m, c := newMonitor(monitor.Options{}, "log")
	for range 10 {
		c.pass(time.Minute)
		m.Accepted("log", sdk.RawPage{More: true, Seen: 100}, embedded.Accepted{})
		m.Polled("log", host.Status{})
	}
	if s := m.Snapshot(); s.Lag != 10*time.Minute || s.Healthy() {
		t.Errorf("the lag is %s, the problems are %q", s.Lag, s.Problems)
	}
}

// TestRepeatedResetsAreUnhealthy checks that checkpoint resets in quick succession are bad
// health, though polls succeed. One or two, or occasional resets, are not.
func TestRepeatedResetsAreUnhealthy(t *testing.T) {
	for name, test := range map[string]struct {
		resets  int
		between time.Duration
		healthy bool
	}{
		"one":             {1, 0, true},
		"two in a row":    {2, time.Second, true},
		"three in a row":  {3, time.Second, false},
		"every poll":      {30, 10 * time.Second, false},
		"every slow poll": {3, 5 * time.Minute, false},
		"now and then":    {30, 20 * time.Minute, true},
	} {
		m, c := newMonitor(monitor.Options{}, "log")
		for range test.resets {
			c.pass(test.between)
			m.Accepted("log", sdk.RawPage{CheckpointReset: true, Seen: 100, More: true, Newest: c.now}, embedded.Accepted{})
			m.Accepted("log", sdk.RawPage{Newest: c.now}, embedded.Accepted{})
		}
		s := m.Snapshot()
		if s.Healthy() != test.healthy || !test.healthy && !strings.Contains(s.Problems[0], "log lost its checkpoint more than 2 times within 15m0s") {
			t.Errorf("%s: the problems are %q", name, s.Problems)
		}
		for range 20 {
			c.pass(time.Minute)
			m.Accepted("log", sdk.RawPage{Newest: c.now}, embedded.Accepted{})
		}
		if s := m.Snapshot(); !s.Healthy() {
			t.Errorf("%s: twenty minutes later the problems are %q", name, s.Problems)
		}
	}
}

func TestSnapshotCounts(t *testing.T) {
	m, c := newMonitor(monitor.Options{}, "log", "log_2")
	m.Accepted("log", sdk.RawPage{Seen: 10, CheckpointReset: true, Newest: c.now}, embedded.Accepted{Matched: 7, Started: 2, Joined: 3, Repeated: 2})
	m.Accepted("log_2", sdk.RawPage{Seen: 5}, embedded.Accepted{Matched: 1, Repeated: 1})
	for _, n := range []embedded.Notice{
		{Kind: embedded.RunQueued, Run: &embedded.Run{Playbook: "a"}},
		{Kind: embedded.RunStarted, Run: &embedded.Run{Playbook: "a"}},
		{Kind: embedded.RunFinished, Run: &embedded.Run{Playbook: "a", Status: engine.Succeeded}},
		{Kind: embedded.RunFinished, Run: &embedded.Run{Playbook: "gone", Status: engine.Failed}},
	} {
		m.Notice(n)
	}
	m.Polled("log", host.Status{})
	m.Polled("log", host.Status{Err: errors.New("the disk is full"), Handling: true, Failures: 1})
	s := m.Snapshot()
	failure := sdk.AsError(errors.New("the disk is full")).Body()
	want := monitor.Snapshot{
		Time: c.now, PluginUp: true, MaxLag: 5 * time.Minute,
		Seen: 15, Matched: 8, Started: 2, Joined: 3, Repeated: 3, Gaps: 1, Failed: 1,
		Feeds: []monitor.Feed{
			{Name: "log", Newest: c.now, Seen: 10, Matched: 7, Started: 2, Joined: 3, Repeated: 2, Gaps: 1, Polls: 2, Failed: 1, Failing: 1, Error: &failure},
			{Name: "log_2", Seen: 5, Matched: 1, Repeated: 1},
		},
		Playbooks: []monitor.Playbook{{Name: "a", Queued: 1, Succeeded: 1}, {Name: "b"}, {Name: "gone", Failed: 1}},
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Error(diff)
	}
}

func TestProblems(t *testing.T) {
	var down []string
	m, c := newMonitor(monitor.Options{MaxLag: time.Minute, Down: func() []string { return down }}, "log")
	c.pass(time.Minute)
	if s := m.Snapshot(); !s.Healthy() {
		t.Errorf("at the limit: %q", s.Problems)
	}
	c.pass(time.Second)
	down = []string{"okta"}
	m.Polled("log", host.Status{Err: sdk.Errorf(sdk.RateLimited, "come back later"), Failures: 3})
	got := strings.Join(m.Snapshot().Problems, "\n")
	want := "the process of the connector okta is not running\n" +
		"log is 1m1s behind, and 1m0s is the limit; the last 3 polls failed, with rate_limited: come back later"
	if got != want {
		t.Errorf("got %q", got)
	}
}

// TestWatches checks that feeds keep their counts while they are watched, and that the lag of a new feed begins at zero.
func TestWatches(t *testing.T) {
	m, c := newMonitor(monitor.Options{}, "emea", "apac")
	c.pass(time.Minute)
	m.Accepted("emea", sdk.RawPage{Seen: 3}, embedded.Accepted{})
	c.pass(time.Minute)
	m.Watches([]string{"emea", "chat"}, []string{"c"}, []string{"apac: unauthenticated"})
	want := monitor.Snapshot{
		Time: c.now, PluginUp: true, MaxLag: 5 * time.Minute, Lag: time.Minute, Seen: 3, Problems: []string{"apac: unauthenticated"},
		Feeds:     []monitor.Feed{{Name: "chat"}, {Name: "emea", Lag: time.Minute, Seen: 3}},
		Playbooks: []monitor.Playbook{{Name: "a"}, {Name: "b"}, {Name: "c"}},
	}
	if diff := cmp.Diff(want, m.Snapshot()); diff != "" {
		t.Error(diff)
	}
}

// A session's calls report their requests and budgets.
type session struct {
	sdk.Session
	page sdk.RawPage
	err  error
}

func (s *session) Poll(context.Context, string, json.RawMessage, json.RawMessage) (sdk.RawPage, error) {
	return s.page, s.err
}

func (s *session) Run(context.Context, string, json.RawMessage) (sdk.Result, error) {
	return sdk.Result{Calls: make([]sdk.Call, 3)}, s.err
}

func TestSessionCountsRequestsOfFailures(t *testing.T) {
	m, _ := newMonitor(monitor.Options{})
	inner := &session{page: sdk.RawPage{Calls: make([]sdk.Call, 2), Budget: &sdk.Budget{Bucket: "/api/v1/logs", Limit: 60, Remaining: 59}}}
	s := m.Session("okta", inner)
	for _, err := range []error{nil, sdk.Errorf(sdk.RateLimited, "no")} {
		inner.err = err
		inner.page.Budget.Remaining--
		if _, got := s.Poll(t.Context(), "log", nil, nil); !errors.Is(got, err) {
			t.Errorf("the poll's error is %v", got)
		}
		if _, got := s.Run(t.Context(), "do", nil); !errors.Is(got, err) {
			t.Errorf("the action's error is %v", got)
		}
	}
	got := m.Snapshot()
	if got.Requests != (monitor.Requests{Polls: 4, Actions: 6}) || len(got.Budgets) != 1 || got.Budgets[0].Remaining != 57 {
		t.Errorf("got %+v, %+v", got.Requests, got.Budgets)
	}
}

// TestWaitingRuns checks that the waiting runs are updated every second, and that none are invented if they cannot be read.
func TestWaitingRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := []func() ([]embedded.Queue, error){
			func() ([]embedded.Queue, error) {
				return []embedded.Queue{{Playbook: "a", Runs: 5, Throttled: 3, MaxRunsPerMinute: 2}, {Playbook: "gone", Runs: 1}}, nil
			},
			func() ([]embedded.Queue, error) { return nil, errors.New("the disk is gone") },
			func() ([]embedded.Queue, error) { return []embedded.Queue{{Playbook: "a", Runs: 1}}, nil },
		}
		full := monitor.Playbook{Name: "a", Waiting: 5, Throttled: 3, MaxRunsPerMinute: 2}
		want := []monitor.Playbook{full, full, {Name: "a", Waiting: 1}}
		sums, problems := []int{6, 6, 1}, []string{"", "cannot read the waiting runs and the pause from the store: the disk is gone", ""}
		n := 0
		m := monitor.New(monitor.Options{Queues: func(context.Context) ([]embedded.Queue, error) { return looks[n]() }})
		m.Watches(nil, []string{"a"}, nil)
		ctx, stop := context.WithTimeout(t.Context(), 3*time.Second+time.Millisecond)
		defer stop()
		m.Follow(ctx, time.Minute, func(tick monitor.Tick) {
			if got := tick.Playbooks[0]; got != want[n] || tick.Waiting != sums[n] || strings.Join(tick.Problems, "") != problems[n] {
				t.Errorf("second %d: %+v, %d wait, %q", n+1, got, tick.Waiting, tick.Problems)
			}
			n++
		})
		if n != 3 {
			t.Errorf("%d ticks", n)
		}
	})
}

func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := monitor.New(monitor.Options{MaxLag: 90 * time.Second})
		m.Watches([]string{"log"}, nil, nil)
		ctx, stop := context.WithTimeout(t.Context(), 150*time.Second+time.Millisecond)
		defer stop()
		ticks := 0
		var due, changed []time.Duration
		start := time.Now()
		m.Follow(ctx, time.Minute, func(tick monitor.Tick) {
			ticks++
			if tick.Due {
				due = append(due, time.Since(start))
			}
			if tick.Changed {
				changed = append(changed, time.Since(start))
			}
			if time.Since(start) == 100*time.Second {
				m.Accepted("log", sdk.RawPage{}, embedded.Accepted{})
			}
		})
		if ticks != 150 {
			t.Errorf("%d ticks", ticks)
		}
		if diff := cmp.Diff([]time.Duration{time.Minute, 2 * time.Minute}, due); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]time.Duration{91 * time.Second, 101 * time.Second}, changed); diff != "" {
			t.Error(diff)
		}
	})
}
