package monitor

import (
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// A Metric is a metric for Prometheus.
type Metric struct {
	Name    string
	Counter bool // otherwise a gauge
	Help    string
	Labels  []string

	read reader
}

// A reader calls give with each value of a metric and its labels.
type reader func(s Snapshot, give func(value float64, labels ...string))

// each returns a reader of one value for each item, with one label. NaN is no value.
func each[T any](items func(Snapshot) []T, label func(T) string) func(read func(T) float64) reader {
	return func(read func(T) float64) reader {
		return func(s Snapshot, give func(float64, ...string)) {
			for _, item := range items(s) {
				if v := read(item); !math.IsNaN(v) {
					give(v, label(item))
				}
			}
		}
	}
}

var (
	perFeed     = each(func(s Snapshot) []Feed { return s.Feeds }, func(f Feed) string { return f.Name })
	perPlaybook = each(func(s Snapshot) []Playbook { return s.Playbooks }, func(p Playbook) string { return p.Name })
)

// perBudget returns a reader of one value for each budget.
func perBudget(read func(Budget) float64) reader {
	return func(s Snapshot, give func(float64, ...string)) {
		for _, b := range s.Budgets {
			if v := read(b); !math.IsNaN(v) {
				give(v, b.Connection, b.Bucket)
			}
		}
	}
}

// whether returns a reader of a condition, as 1 or 0.
func whether(is func(Snapshot) bool) reader {
	return func(s Snapshot, give func(float64, ...string)) {
		give(map[bool]float64{true: 1}[is(s)])
	}
}

// timestamp returns t in the unit of Prometheus, NaN for no time.
func timestamp(t time.Time) float64 {
	if t.IsZero() {
		return math.NaN()
	}
	return float64(t.UnixMicro()) / 1e6
}

// Metrics are the metrics of [Monitor.Registry], except those of the Go process. A feed is a
// trigger, with a number if the trigger has several feeds, and after the connection if the watch has several
// connections. No label has values from events.
var Metrics = []Metric{
	{Name: "soar_lag_seconds", Labels: []string{"feed"},
		Help: "Lag of the watch. With a backlog: age of the latest stored event, by this machine's clock. Otherwise: time since the last " +
			"successful poll.",
		read: perFeed(func(f Feed) float64 { return f.Lag.Seconds() })},
	{Name: "soar_newest_event_timestamp_seconds", Labels: []string{"feed"},
		Help: "Time of the latest event that was read, by the service's clock. Absent before the first event.",
		read: perFeed(func(f Feed) float64 { return timestamp(f.Newest) })},
	{Name: "soar_events_seen_total", Counter: true, Labels: []string{"feed"},
		Help: "Events read, matching or not.",
		read: perFeed(func(f Feed) float64 { return float64(f.Seen) })},
	{Name: "soar_events_own_total", Counter: true, Labels: []string{"feed"},
		Help: "Self-generated events that were left out.",
		read: perFeed(func(f Feed) float64 { return float64(f.Own) })},
	{Name: "soar_events_matched_total", Counter: true, Labels: []string{"feed"},
		Help: "Matches of an event and a playbook. An event that matches two playbooks counts twice.",
		read: perFeed(func(f Feed) float64 { return float64(f.Matched) })},
	{Name: "soar_events_joined_total", Counter: true, Labels: []string{"feed"},
		Help: "Matches whose event joined the run of an open group.",
		read: perFeed(func(f Feed) float64 { return float64(f.Joined) })},
	{Name: "soar_events_repeated_total", Counter: true, Labels: []string{"feed"},
		Help: "Matches dropped because the event had started the playbook before.",
		read: perFeed(func(f Feed) float64 { return float64(f.Repeated) })},
	{Name: "soar_gaps_total", Counter: true, Labels: []string{"feed"},
		Help: "Checkpoint resets: reading restarted before the latest event, because the service rejected the cursor or returned none, or the " +
			"selection was edited. More than two within three times --max-lag make the watch unhealthy.",
		read: perFeed(func(f Feed) float64 { return float64(f.Gaps) })},
	{Name: "soar_polls_total", Counter: true, Labels: []string{"feed"},
		Help: "Attempts to poll, including storing the result.",
		read: perFeed(func(f Feed) float64 { return float64(f.Polls) })},
	{Name: "soar_polls_failed_total", Counter: true, Labels: []string{"feed"},
		Help: "Failed attempts to poll or to store the result.",
		read: perFeed(func(f Feed) float64 { return float64(f.Failed) })},
	{Name: "soar_runs_started_total", Counter: true, Labels: []string{"playbook"},
		Help: "Runs created.",
		read: perPlaybook(func(b Playbook) float64 { return float64(b.Queued) })},
	{Name: "soar_runs_finished_total", Counter: true, Labels: []string{"playbook", "status"},
		Help: "Runs that ended, by status: succeeded or failed.",
		read: func(s Snapshot, give func(float64, ...string)) {
			for _, b := range s.Playbooks {
				give(float64(b.Succeeded), b.Name, "succeeded")
				give(float64(b.Failed), b.Name, "failed")
			}
		}},
	{Name: "soar_runs_waiting", Labels: []string{"playbook"},
		Help: "Runs that wait to start: they collect events, are throttled, or wait for a worker. Updated every second.",
		read: perPlaybook(func(b Playbook) float64 { return float64(b.Waiting) })},
	{Name: "soar_runs_held", Labels: []string{"playbook"},
		Help: "Runs that wait only because of `max_runs_per_minute`.",
		read: perPlaybook(func(b Playbook) float64 { return float64(b.Throttled) })},
	{Name: "soar_requests_total", Counter: true, Labels: []string{"purpose"},
		Help: "Requests sent to the service, by purpose: poll or action.",
		read: func(s Snapshot, give func(float64, ...string)) {
			give(float64(s.Requests.Polls), "poll")
			give(float64(s.Requests.Actions), "action")
		}},
	{Name: "soar_budget_limit_requests", Labels: []string{"connection", "bucket"},
		Help: "Requests that the service allows in one window of a rate limit.",
		read: perBudget(func(b Budget) float64 { return float64(b.Limit) })},
	{Name: "soar_budget_remaining_requests", Labels: []string{"connection", "bucket"},
		Help: "Requests that were left in the window, by the service's last response.",
		read: perBudget(func(b Budget) float64 { return float64(b.Remaining) })},
	{Name: "soar_budget_reset_timestamp_seconds", Labels: []string{"connection", "bucket"},
		Help: "Start of the next window.",
		read: perBudget(func(b Budget) float64 { return timestamp(b.Reset) })},
	{Name: "soar_plugin_up",
		Help: "Whether the processes of all connectors run: 1 or 0.",
		read: whether(func(s Snapshot) bool { return s.PluginUp })},
	{Name: "soar_writes_paused",
		Help: "Whether all writes of the store are paused (`soar pause`, or a limit that was exceeded): 1 or 0.",
		read: whether(func(s Snapshot) bool { return s.Paused != nil })},
	{Name: "soar_healthy",
		Help: "Whether /healthz reports health: 1 or 0.",
		read: whether(Snapshot.Healthy)},
}

// Registry returns a registry of [Metrics] and of the metrics of the Go process.
func (m *Monitor) Registry() *prometheus.Registry {
	c := collector{monitor: m}
	for _, metric := range Metrics {
		c.descs = append(c.descs, prometheus.NewDesc(metric.Name, metric.Help, metric.Labels, nil))
	}
	r := prometheus.NewRegistry()
	r.MustRegister(c, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// A collector reads all metrics from one snapshot, so that they agree.
type collector struct {
	monitor *Monitor
	descs   []*prometheus.Desc // of Metrics, in order
}

// Describe sends the descriptions of all metrics.
func (c collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		to <- d
	}
}

// Collect sends the current values.
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
