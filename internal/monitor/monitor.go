// Package monitor reports the state of a watch: its lag, the events it has read, the
// runs it has started, and the requests that the service still allows.
//
// A [Monitor] is notified of pages, polls and runs. It provides a [Snapshot], Prometheus
// metrics and a health check.
package monitor

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/plugin/host"
	"soar.example/okta/sdk"
)

// Options are the settings of a Monitor.
type Options struct {
	MaxLag time.Duration // a longer lag is bad health; 0 means 5 minutes
	// Down returns the connectors whose process does not run; nil: none.
	Down func() []string
	// Queues returns the runs that wait; nil: none.
	Queues func(context.Context) ([]embedded.Queue, error)
	// Paused returns the pause of all writes, nil if there is none; nil: there is never one.
	Paused func(context.Context) (*embedded.Pause, error)
	Now    func() time.Time // time.Now if nil
}

// A Monitor counts the events and runs of a watch. It is safe for concurrent use.
type Monitor struct {
	o Options

	mu        sync.Mutex
	feeds     map[string]*feed
	playbooks map[string]*Playbook
	failing   []string // problems that [Monitor.Watches] was given
	requests  Requests
	budgets   map[Budget]sdk.Budget // by connection and bucket alone
	unread    error                 // of Queues and Paused
	paused    *embedded.Pause
}

// New returns a Monitor of a watch that begins now.
func New(o Options) *Monitor {
	o.MaxLag = cmp.Or(o.MaxLag, 5*time.Minute)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Down == nil {
		o.Down = func() []string { return nil }
	}
	return &Monitor{o: o, feeds: map[string]*feed{}, playbooks: map[string]*Playbook{}, budgets: map[Budget]sdk.Budget{}}
}

// Watches sets what the watch consists of from now on: the names of its feeds, the names of its playbooks, and problems of
// connections that it cannot use. Feeds and playbooks that were watched before keep their counts, and other feeds go.
func (m *Monitor) Watches(feeds, playbooks, problems []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.feeds, func(name string, _ *feed) bool { return !slices.Contains(feeds, name) })
	for _, name := range feeds {
		m.feed(name)
	}
	for _, name := range playbooks {
		m.playbook(name)
	}
	m.failing = problems
}

// feed is a Feed, with the state that decides its lag and its health.
type feed struct {
	Feed
	began    time.Time
	behind   bool      // more follows the last page
	caughtUp time.Time // when the last page without more was handled
	resets   []time.Time
}

// lag returns how far the feed is behind. While there is more to read, it is the age of the
// latest event that was handled. Otherwise it is the time since the last poll that reached the
// end. Polls that fail let it grow in both cases.
func (f *feed) lag(now time.Time) time.Duration {
	since := f.began
	switch {
	case f.behind && !f.Newest.IsZero():
		since = f.Newest
	case !f.caughtUp.IsZero():
		since = f.caughtUp
	}
	return max(0, now.Sub(since))
}

// mostResets is the number of checkpoint resets that are tolerated within three times the
// allowed lag. With more of them, the service's next links do not advance, and events may be late.
const mostResets = 2

// recentResets returns the checkpoint resets of a feed within three times the allowed lag.
func (m *Monitor) recentResets(f *feed) []time.Time {
	since := m.o.Now().Add(-3 * m.o.MaxLag)
	f.resets = slices.DeleteFunc(f.resets, func(at time.Time) bool { return at.Before(since) })
	return f.resets
}

// Accepted counts a stored page.
func (m *Monitor) Accepted(name string, page sdk.RawPage, a embedded.Accepted) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.feed(name)
	now := m.o.Now()
	if f.behind = page.More; !page.More {
		f.caughtUp = now
	}
	if page.Newest.After(f.Newest) {
		f.Newest = page.Newest
	}
	if page.CheckpointReset {
		f.Gaps++
		f.resets = append(m.recentResets(f), now)
		f.resets = f.resets[max(0, len(f.resets)-mostResets-1):]
	}
	f.Seen += page.Seen
	f.Own += page.SelfGenerated
	f.Matched += a.Matched
	f.Started += a.Started
	f.Joined += a.Joined
	f.Repeated += a.Repeated
}

// Polled counts an attempt to poll, or to handle a page.
func (m *Monitor) Polled(name string, s host.Status) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.feed(name)
	f.Polls++
	if s.Err == nil {
		f.Failing, f.Error = 0, nil
		return
	}
	body := sdk.AsError(s.Err).Body()
	f.Failed++
	f.Failing, f.Error = s.Failures, &body
}

// Notice counts the runs that the engine queues and finishes.
func (m *Monitor) Notice(n embedded.Notice) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case n.Kind == embedded.RunQueued:
		m.playbook(n.Run.Playbook).Queued++
	case n.Kind == embedded.RunFinished && n.Run.Status == engine.Failed:
		m.playbook(n.Run.Playbook).Failed++
	case n.Kind == embedded.RunFinished:
		m.playbook(n.Run.Playbook).Succeeded++
	}
}

// update reads the numbers of waiting runs and the pause.
func (m *Monitor) update(ctx context.Context) {
	var queues []embedded.Queue
	var paused *embedded.Pause
	var err error
	if m.o.Queues != nil {
		queues, err = m.o.Queues(ctx)
	}
	if m.o.Paused != nil && err == nil {
		paused, err = m.o.Paused(ctx)
	}
	if ctx.Err() != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.unread = err; err != nil {
		return
	}
	m.paused = paused
	for _, b := range m.playbooks {
		b.Waiting, b.Throttled, b.MaxRunsPerMinute = 0, 0, 0
	}
	for _, q := range queues {
		b := m.playbook(q.Playbook)
		b.Waiting, b.Throttled, b.MaxRunsPerMinute = b.Waiting+q.Runs, b.Throttled+q.Throttled, q.MaxRunsPerMinute // of several orgs
	}
}

// playbook returns the counts of a playbook. A playbook that is not watched now may have runs of
// an earlier watch. The caller holds the lock.
func (m *Monitor) playbook(name string) *Playbook {
	if m.playbooks[name] == nil {
		m.playbooks[name] = &Playbook{Name: name}
	}
	return m.playbooks[name]
}

func (m *Monitor) feed(name string) *feed {
	if m.feeds[name] == nil {
		m.feeds[name] = &feed{Feed: Feed{Name: name}, began: m.o.Now()}
	}
	return m.feeds[name]
}

// Snapshot returns the current state of the watch.
func (m *Monitor) Snapshot() Snapshot {
	down := m.o.Down()
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.o.Now()
	s := Snapshot{Time: now.UTC(), PluginUp: len(down) == 0, MaxLag: m.o.MaxLag, Requests: m.requests, Paused: m.paused, Feeds: []Feed{}, Playbooks: []Playbook{}}
	var late, resets []string
	for _, name := range slices.Sorted(maps.Keys(m.feeds)) {
		f := m.feeds[name].Feed
		f.Lag = m.feeds[name].lag(now)
		if f.Lag > s.MaxLag {
			problem := fmt.Sprintf("%s is %s behind, and %s is the limit", f.Name, Round(f.Lag), s.MaxLag)
			if f.Error != nil {
				problem += fmt.Sprintf("; the last %d polls failed, with %s: %s", f.Failing, f.Error.Code, f.Error.Message)
			}
			late = append(late, problem)
		}
		if len(m.recentResets(m.feeds[name])) > mostResets {
			resets = append(resets, fmt.Sprintf("%s lost its checkpoint more than %d times within %s: the service's next links do not advance. "+
				"Check that the org's address is its own and that no proxy rewrites Link headers", name, mostResets, 3*m.o.MaxLag))
		}
		s.Feeds = append(s.Feeds, f)
		s.Lag = max(s.Lag, f.Lag)
		s.Seen += f.Seen
		s.Matched += f.Matched
		s.Started += f.Started
		s.Joined += f.Joined
		s.Repeated += f.Repeated
		s.Gaps += f.Gaps
	}
	for _, name := range slices.Sorted(maps.Keys(m.playbooks)) {
		p := *m.playbooks[name]
		s.Playbooks = append(s.Playbooks, p)
		s.Failed += p.Failed
		s.Waiting += p.Waiting
	}
	for key, budget := range m.budgets {
		s.Budgets = append(s.Budgets, Budget{key.Connection, budget})
	}
	slices.SortFunc(s.Budgets, func(a, b Budget) int {
		return cmp.Or(cmp.Compare(a.Connection, b.Connection), cmp.Compare(a.Bucket, b.Bucket))
	})
	for _, name := range down {
		s.Problems = append(s.Problems, "the process of the connector "+name+" is not running")
	}
	s.Problems = slices.Concat(s.Problems, m.failing, late, resets)
	if m.unread != nil {
		s.Problems = append(s.Problems, "cannot read the waiting runs and the pause from the store: "+m.unread.Error())
	}
	return s
}

// A Snapshot is the state of a watch at one instant. Counts are since it began.
type Snapshot struct {
	Time     time.Time
	PluginUp bool          // the process of each connector runs
	Lag      time.Duration // of the feed that is furthest behind
	MaxLag   time.Duration
	Problems []string // reasons of bad health

	Seen     int // events read, matching or not
	Matched  int // pairs of an event and a playbook that matches it
	Started  int // runs that these started
	Joined   int // pairs whose event joined the run of a group
	Repeated int // pairs whose run existed
	Gaps     int // checkpoint resets
	Failed   int // runs that failed
	Waiting  int // runs in the store that have not begun, as of the last second

	Paused *embedded.Pause // pause of all writes, as of the last second; nil: none

	Requests  Requests
	Feeds     []Feed
	Playbooks []Playbook
	Budgets   []Budget
}

// A Budget is a rate limit of the service of a connection.
type Budget struct {
	Connection string `json:"connection"`
	sdk.Budget
}

// A Feed is one trigger, polled with one set of parameters.
type Feed struct {
	Name   string
	Lag    time.Duration
	Newest time.Time // of the latest event read, by the service's clock

	Seen, Own, Matched, Started, Joined, Repeated, Gaps int

	Polls   int            // attempts to poll, or to store a page
	Failed  int            // attempts that failed
	Failing int            // failures in a row up to now
	Error   *sdk.ErrorBody // of the last failure; nil once a poll went well
}

// A Playbook has the counts of one playbook's runs.
type Playbook struct {
	Name                      string
	Queued, Succeeded, Failed int

	Waiting          int // runs that have not begun; see [embedded.Queue]
	Throttled        int // runs that only max_runs_per_minute delays
	MaxRunsPerMinute int // 0 if there is no limit, or no run waits
}

// Requests counts the requests to the service by purpose.
type Requests struct {
	Polls, Actions int
}

// Sum returns the number of all requests.
func (r Requests) Sum() int { return r.Polls + r.Actions }

// Healthy reports whether nothing is wrong with the watch.
func (s Snapshot) Healthy() bool { return len(s.Problems) == 0 }

// Round rounds a duration for readers.
func Round(d time.Duration) time.Duration {
	switch {
	case d < 10*time.Second:
		return d.Round(100 * time.Millisecond)
	case d < 10*time.Minute:
		return d.Round(time.Second)
	}
	return d.Round(time.Minute)
}
