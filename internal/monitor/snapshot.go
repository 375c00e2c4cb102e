package monitor

import (
	"fmt"
	"time"

	"soar.example/okta/sdk"
)

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
