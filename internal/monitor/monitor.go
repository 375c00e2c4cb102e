// Package monitor reports the state of a watch: its lag, the events it has read, the
// runs it has started, and the requests that the service still allows.
//
// A [Monitor] is notified of pages, polls and runs. It provides a [Snapshot], Prometheus
// metrics and a health check.
package monitor

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/plugin/host"
	"soar.example/okta/sdk"
)

// Options are what a Monitor is told once.
type Options struct {
	// Feeds names what is polled: a trigger each, with a number where one trigger is
	// polled with several sets of parameters.
	Feeds     []string
	Playbooks []string      // their names
	MaxLag    time.Duration // being further behind is bad health; 0 means 5 minutes
	// PluginUp says whether the connector's process runs; nil: it always does.
	PluginUp func() bool
	// Queues says which runs wait; nil: none ever do.
	Queues func(context.Context) ([]embedded.Queue, error)
	Now    func() time.Time // time.Now if nil
}

// A Monitor counts what happens. It is safe for concurrent use.
type Monitor struct {
	o       Options
	started time.Time

	mu       sync.Mutex
	feeds    map[string]*feed
	books    map[string]*Playbook
	requests Requests
	budgets  map[string]sdk.Budget
	unread   error // why it is not known which runs wait
}

// New returns a Monitor of a watch that begins now.
func New(o Options) *Monitor {
	if o.MaxLag == 0 {
		o.MaxLag = 5 * time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.PluginUp == nil {
		o.PluginUp = func() bool { return true }
	}
	m := &Monitor{o: o, started: o.Now(), feeds: map[string]*feed{}, books: map[string]*Playbook{}, budgets: map[string]sdk.Budget{}}
	for _, name := range o.Feeds {
		m.feeds[name] = &feed{Feed: Feed{Name: name}}
	}
	for _, name := range o.Playbooks {
		m.books[name] = &Playbook{Name: name}
	}
	return m
}

// feed is a Feed and what its lag and its health are made of.
type feed struct {
	Feed
	behind   bool      // the last page said that there is more
	caughtUp time.Time // when the last page that was the end was handled
	resets   []time.Time
}

// lag is how far the feed is behind. While there is more to read, the age of the
// latest event that was handled says so; that a feed has caught up is known as of the
// last poll that came to the end. Polls that fail let it grow in both cases.
func (f *feed) lag(now, started time.Time) time.Duration {
	since := started
	switch {
	case f.behind && !f.Newest.IsZero():
		since = f.Newest
	case !f.caughtUp.IsZero():
		since = f.caughtUp
	}
	return max(0, now.Sub(since))
}

// mostResets is how many checkpoint resets within three times the lag that is allowed
// are bad health: the service's links do not lead on, and events may be late.
const mostResets = 2

// reset notes a checkpoint reset, and forgets those before since.
func (f *feed) reset(now, since time.Time) {
	f.resets = append(slices.DeleteFunc(f.resets, func(at time.Time) bool { return at.Before(since) }), now)
	f.resets = f.resets[max(0, len(f.resets)-mostResets-1):]
}

// tooManyResets reports whether there were more resets than are tolerated since then.
func (f *feed) tooManyResets(since time.Time) bool {
	return len(f.resets) > mostResets && !f.resets[0].Before(since)
}

// Accepted counts a page that is safe in the store.
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
		f.reset(now, now.Add(-m.resetSpan()))
	}
	f.Seen += page.Seen
	f.Own += page.SelfGenerated
	f.Matched += a.Matched
	f.Started += a.Started
	f.Joined += a.Joined
	f.Repeated += a.Repeated
}

// resetSpan is the time within which checkpoint resets count together.
func (m *Monitor) resetSpan() time.Duration { return 3 * m.o.MaxLag }

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

// Notice counts what the engine does.
func (m *Monitor) Notice(n embedded.Notice) {
	if n.Kind != embedded.RunQueued && n.Kind != embedded.RunFinished {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.book(n.Run.Playbook)
	switch {
	case n.Kind == embedded.RunQueued:
		b.Queued++
	case n.Kind == embedded.RunFinished && n.Run.Status == embedded.Failed:
		b.Failed++
	case n.Kind == embedded.RunFinished:
		b.Succeeded++
	}
}

// look reads which runs wait.
func (m *Monitor) look(ctx context.Context) {
	if m.o.Queues == nil {
		return
	}
	queues, err := m.o.Queues(ctx)
	if ctx.Err() != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.unread = err; err != nil {
		return
	}
	for _, b := range m.books {
		b.Waiting, b.Held, b.Cap = 0, 0, 0
	}
	for _, q := range queues {
		b := m.book(q.Playbook)
		b.Waiting, b.Held, b.Cap = q.Runs, q.Throttled, q.MaxRunsPerMinute
	}
}

// book returns what became of a playbook's runs. The caller holds the lock.
func (m *Monitor) book(name string) *Playbook {
	b := m.books[name]
	if b == nil {
		// An earlier watch left a run of it over, and it is not watched now.
		b = &Playbook{Name: name}
		m.books[name] = b
	}
	return b
}

func (m *Monitor) feed(name string) *feed {
	f := m.feeds[name]
	if f == nil {
		f = &feed{Feed: Feed{Name: name}}
		m.feeds[name] = f
	}
	return f
}

// Snapshot says how the watch is doing now.
func (m *Monitor) Snapshot() Snapshot {
	up := m.o.PluginUp()
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.o.Now()
	s := Snapshot{Time: now.UTC(), PluginUp: up, MaxLag: m.o.MaxLag, Requests: m.requests, Feeds: []Feed{}, Playbooks: []Playbook{}}
	var resets []string
	for _, name := range slices.Sorted(maps.Keys(m.feeds)) {
		f := m.feeds[name].Feed
		f.Lag = m.feeds[name].lag(now, m.started)
		if m.feeds[name].tooManyResets(now.Add(-m.resetSpan())) {
			resets = append(resets,
				fmt.Sprintf("%s lost its checkpoint more than %d times within %s: the service's links do not lead on. Check that the org's address is its own and that no proxy rewrites Link headers", name, mostResets, m.resetSpan()))
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
	for _, name := range slices.Sorted(maps.Keys(m.books)) {
		s.Playbooks = append(s.Playbooks, *m.books[name])
		s.Failed += m.books[name].Failed
		s.Waiting += m.books[name].Waiting
	}
	for _, bucket := range slices.Sorted(maps.Keys(m.budgets)) {
		s.Budgets = append(s.Budgets, m.budgets[bucket])
	}
	if s.Problems = append(s.problems(), resets...); m.unread != nil {
		s.Problems = append(s.Problems, "it is not known which runs wait: "+m.unread.Error())
	}
	return s
}

// A Snapshot is how a watch is doing at one instant. Counts are since it began.
type Snapshot struct {
	Time     time.Time
	PluginUp bool
	Lag      time.Duration // of the feed that is furthest behind
	MaxLag   time.Duration
	Problems []string // why its health is bad; none if it is well

	Seen     int // events read, matching or not
	Matched  int // pairs of an event and a playbook that it matches
	Started  int // runs that these started
	Joined   int // pairs whose event joined the run of a group
	Repeated int // pairs whose run was there already
	Gaps     int // times that the place in the log was lost
	Failed   int // runs that failed
	Waiting  int // runs in the store that have not begun, as of the last second

	Requests  Requests
	Feeds     []Feed
	Playbooks []Playbook
	Budgets   []sdk.Budget
}

// A Feed is one trigger, polled with one set of parameters.
type Feed struct {
	Name   string
	Lag    time.Duration
	Newest time.Time // of the latest event read, by the service's clock

	Seen, Own, Matched, Started, Joined, Repeated, Gaps int

	Polls   int            // attempts to poll, or to store what a poll found
	Failed  int            // of them
	Failing int            // failures in a row up to now
	Error   *sdk.ErrorBody // of the last failure; nil once a poll went well
}

// A Playbook is what became of one playbook's runs.
type Playbook struct {
	Name                      string
	Queued, Succeeded, Failed int

	Waiting int // runs that have not begun; see [embedded.Queue]
	Held    int // of them, those that only the cap keeps from beginning
	Cap     int // how many may begin in a minute; 0 if any number may, or none waits
}

// Requests are those sent to the service, by what they were for.
type Requests struct {
	Polls, Actions int
}

// Sum is how many they are together.
func (r Requests) Sum() int { return r.Polls + r.Actions }

// Healthy reports whether nothing is wrong with the watch.
func (s Snapshot) Healthy() bool { return len(s.Problems) == 0 }

// problems are what is wrong. Polls that fail for long need no limit of their own:
// they are a lag that grows.
func (s Snapshot) problems() []string {
	var all []string
	if !s.PluginUp {
		all = append(all, "the connector's process is not running")
	}
	for _, f := range s.Feeds {
		if f.Lag <= s.MaxLag {
			continue
		}
		why := fmt.Sprintf("%s is %s behind, and %s is the limit", f.Name, Round(f.Lag), s.MaxLag)
		if f.Error != nil {
			why += fmt.Sprintf("; the last %d polls failed, with %s: %s", f.Failing, f.Error.Code, f.Error.Message)
		}
		all = append(all, why)
	}
	return all
}

// Round leaves of a duration what a person wants to read.
func Round(d time.Duration) time.Duration {
	switch {
	case d < 10*time.Second:
		return d.Round(100 * time.Millisecond)
	case d < 10*time.Minute:
		return d.Round(time.Second)
	}
	return d.Round(time.Minute)
}
