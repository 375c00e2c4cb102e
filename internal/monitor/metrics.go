package monitor

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// A Metric is one of those that Prometheus is offered.
type Metric struct {
	Name    string
	Counter bool // otherwise a gauge
	Help    string
	Labels  []string

	read func(s Snapshot, give func(value float64, labels ...string))
}

func perFeed(read func(Feed) int) func(Snapshot, func(float64, ...string)) {
	return func(s Snapshot, give func(float64, ...string)) {
		for _, f := range s.Feeds {
			give(float64(read(f)), f.Name)
		}
	}
}

func perPlaybook(read func(Playbook) int) func(Snapshot, func(float64, ...string)) {
	return func(s Snapshot, give func(float64, ...string)) {
		for _, b := range s.Playbooks {
			give(float64(read(b)), b.Name)
		}
	}
}

// seconds gives a time as Prometheus counts it, and nothing of a time that has not
// come.
func seconds(t time.Time, give func(float64, ...string), labels ...string) {
	if !t.IsZero() {
		give(float64(t.UnixMicro())/1e6, labels...)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// Metrics are all that [Monitor.Registry] holds, but for those of the Go process. A
// feed is a trigger, with a number where playbooks need several polls of one; no label
// has values that events bring.
var Metrics = []Metric{
	{Name: "soar_lag_seconds", Labels: []string{"feed"},
		Help: "How far the watch is behind: while there is more to read, the age of the latest event that is safe in the store (now, by this machine's clock, minus its time by Okta's); once caught up, the time since the last poll that went well. Polls that fail let it grow.",
		read: func(s Snapshot, give func(float64, ...string)) {
			for _, f := range s.Feeds {
				give(f.Lag.Seconds(), f.Name)
			}
		}},
	{Name: "soar_newest_event_timestamp_seconds", Labels: []string{"feed"},
		Help: "When the latest event read happened, by Okta's clock. Absent before the first.",
		read: func(s Snapshot, give func(float64, ...string)) {
			for _, f := range s.Feeds {
				seconds(f.Newest, give, f.Name)
			}
		}},
	{Name: "soar_events_seen_total", Counter: true, Labels: []string{"feed"},
		Help: "Events read, matching or not.",
		read: perFeed(func(f Feed) int { return f.Seen })},
	{Name: "soar_events_own_total", Counter: true, Labels: []string{"feed"},
		Help: "Those of them that were left out because the connector's own login caused them.",
		read: perFeed(func(f Feed) int { return f.Own })},
	{Name: "soar_events_matched_total", Counter: true, Labels: []string{"feed"},
		Help: "Matches of an event and a playbook: an event that two playbooks match counts twice.",
		read: perFeed(func(f Feed) int { return f.Matched })},
	{Name: "soar_events_joined_total", Counter: true, Labels: []string{"feed"},
		Help: "Matches whose event joined the run of a group that was open.",
		read: perFeed(func(f Feed) int { return f.Joined })},
	{Name: "soar_events_repeated_total", Counter: true, Labels: []string{"feed"},
		Help: "Matches dropped because the event had started the playbook before.",
		read: perFeed(func(f Feed) int { return f.Repeated })},
	{Name: "soar_gaps_total", Counter: true, Labels: []string{"feed"},
		Help: "Checkpoint resets: Okta refused the link or gave none, or the selection was edited, and reading began again before the latest event. More than two within three times --max-lag are bad health.",
		read: perFeed(func(f Feed) int { return f.Gaps })},
	{Name: "soar_polls_total", Counter: true, Labels: []string{"feed"},
		Help: "Attempts to poll, or to store what a poll found.",
		read: perFeed(func(f Feed) int { return f.Polls })},
	{Name: "soar_polls_failed_total", Counter: true, Labels: []string{"feed"},
		Help: "Those of them that failed.",
		read: perFeed(func(f Feed) int { return f.Failed })},
	{Name: "soar_runs_started_total", Counter: true, Labels: []string{"playbook"},
		Help: "Runs that were queued.",
		read: perPlaybook(func(b Playbook) int { return b.Queued })},
	{Name: "soar_runs_finished_total", Counter: true, Labels: []string{"playbook", "status"},
		Help: "Runs that ended, by status: succeeded or failed.",
		read: func(s Snapshot, give func(float64, ...string)) {
			for _, b := range s.Playbooks {
				give(float64(b.Succeeded), b.Name, "succeeded")
				give(float64(b.Failed), b.Name, "failed")
			}
		}},
	{Name: "soar_runs_waiting", Labels: []string{"playbook"},
		Help: "Runs in the store that have not begun, as of the last second: they gather events, or wait for their turn or a worker.",
		read: perPlaybook(func(b Playbook) int { return b.Waiting })},
	{Name: "soar_runs_held", Labels: []string{"playbook"},
		Help: "Those of them that nothing but the playbook's `max_runs_per_minute` keeps from beginning.",
		read: perPlaybook(func(b Playbook) int { return b.Held })},
	{Name: "soar_requests_total", Counter: true, Labels: []string{"purpose"},
		Help: "Requests sent to Okta, by purpose: poll or action.",
		read: func(s Snapshot, give func(float64, ...string)) {
			give(float64(s.Requests.Polls), "poll")
			give(float64(s.Requests.Actions), "action")
		}},
	{Name: "soar_budget_limit_requests", Labels: []string{"bucket"},
		Help: "Requests that Okta allows in one window, of those that it counts together.",
		read: func(s Snapshot, give func(float64, ...string)) {
			for _, b := range s.Budgets {
				give(float64(b.Limit), b.Bucket)
			}
		}},
	{Name: "soar_budget_remaining_requests", Labels: []string{"bucket"},
		Help: "How many of them were left, by Okta's last word.",
		read: func(s Snapshot, give func(float64, ...string)) {
			for _, b := range s.Budgets {
				give(float64(b.Remaining), b.Bucket)
			}
		}},
	{Name: "soar_budget_reset_timestamp_seconds", Labels: []string{"bucket"},
		Help: "When the next window begins.",
		read: func(s Snapshot, give func(float64, ...string)) {
			for _, b := range s.Budgets {
				seconds(b.Reset, give, b.Bucket)
			}
		}},
	{Name: "soar_plugin_up",
		Help: "Whether the connector's process runs: 1 or 0.",
		read: func(s Snapshot, give func(float64, ...string)) { give(truth(s.PluginUp)) }},
	{Name: "soar_healthy",
		Help: "Whether /healthz says so: 1 or 0.",
		read: func(s Snapshot, give func(float64, ...string)) { give(truth(s.Healthy())) }},
}

// Registry returns a registry of [Metrics], and of those that client libraries give
// of each Go process.
func (m *Monitor) Registry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collector{m, describe()}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// collector reads all metrics off one snapshot, so that they agree.
type collector struct {
	monitor *Monitor
	descs   []*prometheus.Desc // of Metrics, in order
}

func describe() []*prometheus.Desc {
	descs := make([]*prometheus.Desc, len(Metrics))
	for i, metric := range Metrics {
		descs[i] = prometheus.NewDesc(metric.Name, metric.Help, metric.Labels, nil)
	}
	return descs
}

func (c collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		to <- d
	}
}

func (c collector) Collect(to chan<- prometheus.Metric) {
	s := c.monitor.Snapshot()
	for i, metric := range Metrics {
		kind := prometheus.GaugeValue
		if metric.Counter {
			kind = prometheus.CounterValue
		}
		metric.read(s, func(value float64, labels ...string) {
			to <- prometheus.MustNewConstMetric(c.descs[i], kind, value, labels...)
		})
	}
}
