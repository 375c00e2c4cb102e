package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A part is a group of benchmarks of one package and its rows in the table.
type part struct {
	name, dir, pattern, time string
	most                     int  // number of rounds
	million                  bool // runs only with --million
	rows                     func(*results) []row
}

const (
	process   = "internal/bench"
	libraries = "internal/bench/libraries"
)

var parts = []part{
	{"reading", libraries, "^BenchmarkRead$", "0.5s", 100, false, func(r *results) []row {
		ours, sdk, others := r.best("Read/ours", "events/s"), r.best("Read/okta-sdk", "events/s"), r.others("Read/")
		rows := []row{
			{What: "page to matched events, one core", Figure: ours, Unit: "events/s"},
			row{What: "— as a multiple of the Okta SDK's decoding", Figure: ours / sdk, Unit: "times", Reference: "the SDK: " + number(sdk) + " events/s"}.atLeast(40),
			row{What: "— its time relative to the fastest library", Figure: others[0].Figure / ours, Unit: "times", Reference: others[0].text()}.atMost(1.5),
		}
		for _, o := range others {
			o.What = "— " + o.What
			rows = append(rows, o)
		}
		return rows
	}},
	{"reading", libraries, "^BenchmarkReadReal$", "0.5s", 3, false, func(r *results) []row {
		if len(r.metrics) == 0 {
			return nil // there are no samples of real events
		}
		return []row{r.row("real events to matched events, one core", "ReadReal/ours", "events/s", "events/s", r.others("ReadReal/")[0].text())}
	}},
	{"way", process, "^BenchmarkWay$", "1x", 3, false, func(r *results) []row {
		return append(r.way("100,000", "Way/okta"), row{
			What:   "— the same to ECS documents, relative to the output of Okta's own bytes",
			Figure: r.best("Way/ecs", "cpu-µs") / r.best("Way/okta", "cpu-µs"), Unit: "times",
			Reference: r.text("%s µs: host %s, plugin %s µs; %s MB", "Way/ecs", "cpu-µs", "host-µs", "plugin-µs", "MB"),
		}.atMost(1.8))
	}},
	{"way", process, "^BenchmarkMillion$", "1x", 1, true, func(r *results) []row { return r.way("1,000,000", "Million") }},
	{"ecs", "internal/systemlog/ecs", "^(BenchmarkAppendRaw|BenchmarkEncodingJSON)$", "0.5s", 100, false, func(r *results) []row {
		return []row{
			r.row("raw event to ECS, one core", "AppendRaw/full", "events/s", "events/s",
				r.text("encoding/json at both ends: %s events/s", "EncodingJSON", "events/s")).atLeast(150_000),
			r.row("— allocations", "AppendRaw/full", "allocs/op", "an event", r.text("encoding/json: %s", "EncodingJSON", "allocs/op")),
		}
	}},
	{"requests", process, "^BenchmarkRequests$", "1x", 1, false, func(r *results) []row {
		return []row{
			r.row("requests for a backlog of 10,000 events", "Requests", "requests", "", "10 full pages").atMost(11),
			r.row("requests an interval without events", "Requests", "requests-an-idle-poll", "", "").atMost(1),
		}
	}},
	{"latency", process, "^BenchmarkEventToRun$", "50x", 3, false, func(r *results) []row {
		return []row{r.row("event in the log to the start of its run, without the wait for the poll, median", "EventToRun", "median-ms", "ms", "").atMost(20)}
	}},
	{"engine", "internal/engine/embedded", "^(BenchmarkAccept|BenchmarkWork)$", "1s", 100, false, func(r *results) []row {
		return []row{
			r.row("runs started, 100 a page, one transaction on disk each page", "Accept", "runs/s", "runs/s", ""),
			r.row("steps executed, each stored on disk before and after", "Work", "steps/s", "steps/s", ""),
		}
	}},
	{"plugin", process, "^(BenchmarkActionCall|BenchmarkLaunch|BenchmarkPluginMemory)$", "2s", 3, false, func(r *results) []row {
		return []row{
			r.row("an action of one request, in process, median", "ActionCall", "in-process-µs", "µs", ""),
			r.row("— the same through the plugin", "ActionCall", "plugin-µs", "µs", ""),
			r.row("— overhead of the plugin process", "ActionCall", "overhead-µs", "µs", ""),
			r.row("plugin launch to first response, median", "Launch", "median-ms", "ms", ""),
			r.row("the plugin's memory after 10,000 events", "PluginMemory", "MB-after-10k", "MB", ""),
			r.row("— after 100,000", "PluginMemory", "MB-after-100k", "MB", ""),
		}
	}},
}

// way returns the rows of the path from an org's log to lines of text.
func (r *results) way(events, bench string) []row {
	return []row{
		r.row(events+" events from TLS to lines, both processes", bench, "cpu-µs", "µs of CPU an event",
			r.text("host %s, plugin %s µs", bench, "host-µs", "plugin-µs")).atMost(25),
		r.row("— peak memory of both, shared pages counted once", bench, "MB", "MB",
			r.text("peak resident: host %s, plugin %s MB", bench, "host-MB", "plugin-MB")).atMost(100),
		r.row("— the same after a tenth of the events", bench, "early-MB", "MB", ""),
		r.row("— rate", bench, "events/s", "events/s", "in wall-clock time, with the org on the same machine"),
	}
}

// others returns a row for each library, the fastest first.
func (r *results) others(prefix string) []row {
	var rows []row
	for name := range r.metrics {
		if label, ok := strings.CutPrefix(name, prefix); ok && label != "ours" && label != "okta-sdk" {
			rows = append(rows, r.row(strings.ReplaceAll(label, "_", " "), name, "events/s", "events/s", ""))
		}
	}
	if len(rows) == 0 {
		return []row{r.row("", prefix+"*", "events/s", "", "")} // marks the metric as missing
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(b.Figure, a.Figure) })
	return rows
}

// row returns a row of one metric.
func (r *results) row(what, bench, metric, unit, reference string) row {
	return row{What: what, Figure: r.best(bench, metric), Unit: unit, Reference: reference}
}

// text writes metrics of one benchmark.
func (r *results) text(format, bench string, metrics ...string) string {
	var values []any
	for _, m := range metrics {
		values = append(values, number(r.best(bench, m)))
	}
	return fmt.Sprintf(format, values...)
}
