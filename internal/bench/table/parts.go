package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

const (
	libraries = "internal/bench/libraries"
	process   = "internal/bench"
)

// readers are the ways to read a page that are measured beside ours, by the names
// of their benchmarks.
var readers = []struct{ bench, name string }{
	{"encoding-json-typed", "encoding/json, all fields"},
	{"encoding-json-three", "encoding/json, three fields"},
	{"jsonv2-typed", "go-json-experiment, all fields"},
	{"jsonv2-three", "go-json-experiment, three fields"},
	{"jsontext-split", "jsontext, split"},
	{"sonic-typed", "sonic, all fields"},
	{"sonic-std-typed", "sonic with copies and checks, all fields"},
	{"sonic-three", "sonic, three fields"},
	{"goccy-typed", "goccy, all fields"},
	{"goccy-three", "goccy, three fields"},
	{"gjson-three", "gjson, three fields"},
}

// reading is from a page's bytes to matched events, on one core.
func (b *bench) reading(ctx context.Context) ([]row, error) {
	if err := b.goBench(ctx, libraries, "^BenchmarkRead$", "0.5s", b.rounds); err != nil {
		return nil, err
	}
	ours, err := b.all.most("Read/ours", "events/s")
	if err != nil {
		return nil, err
	}
	sdk, err := b.all.most("Read/okta-sdk", "events/s")
	if err != nil {
		return nil, err
	}
	var others []row
	for _, r := range readers {
		v, err := b.all.most("Read/"+r.bench, "events/s")
		if err != nil {
			return nil, err
		}
		others = append(others, row{What: "— " + r.name, Figure: v, Unit: "events/s"})
	}
	slices.SortStableFunc(others, func(a, b row) int { return cmp.Compare(b.Figure, a.Figure) })
	fastest := others[0]
	rows := []row{
		{What: "page to matched events, one core", Figure: ours, Unit: "events/s"},
		row{What: "— as a multiple of the Okta SDK's decoding", Figure: ours / sdk, Unit: "times", Reference: fmt.Sprintf("the SDK: %s events/s", number(sdk))}.atLeast(40),
		row{What: "— its time over that of the fastest library", Figure: fastest.Figure / ours, Unit: "times", Reference: fmt.Sprintf("%s: %s events/s", fastest.What[len("— "):], number(fastest.Figure))}.atMost(1.5),
	}
	real, err := b.readingReal(ctx)
	if err != nil {
		return nil, err
	}
	return append(append(rows, others...), real...), nil
}

// readingReal is the same on real events, where the samples of them are there.
// Readers that lose the page over such events have no figure.
func (b *bench) readingReal(ctx context.Context) ([]row, error) {
	if err := b.goBench(ctx, libraries, "^BenchmarkReadReal$", "0.5s", min(b.rounds, 3)); err != nil {
		return nil, err
	}
	ours, err := b.all.most("ReadReal/ours", "events/s")
	if err != nil {
		return nil, nil // there are none
	}
	fastest := row{}
	for _, r := range readers {
		if v, err := b.all.most("ReadReal/"+r.bench, "events/s"); err == nil && v > fastest.Figure {
			fastest = row{What: r.name, Figure: v}
		}
	}
	return []row{{What: "real events to matched events, one core", Figure: ours, Unit: "events/s", Reference: fmt.Sprintf("%s: %s events/s", fastest.What, number(fastest.Figure))}}, nil
}

// wholeWay is from an org's log over TLS to a line of text for each event.
func (b *bench) wholeWay(ctx context.Context) ([]row, error) {
	for _, path := range []string{"./cmd/soar", "./internal/bench/logserver"} {
		if err := b.build(ctx, path); err != nil {
			return nil, err
		}
	}
	const short, long = 100_000, 1_000_000
	rounds := min(b.rounds, 3)
	best := map[string]way{}
	for i := range rounds {
		// In turn, so that a machine whose speed drifts is as slow for the one as for the other.
		for _, format := range []string{"okta", "ecs"} {
			w, err := measureWay(ctx, b.bin, b.bin, format, short)
			if err != nil {
				return nil, err
			}
			if i == 0 || w.cpu(short) < best[format].cpu(short) {
				best[format] = w
			}
		}
	}
	raw, ecs := best["okta"], best["ecs"]
	rows := append(raw.rows(short), row{
		What: "— the same to ECS documents, as a multiple of the way to Okta's own bytes", Figure: ecs.cpu(short) / raw.cpu(short), Unit: "times",
		Reference: fmt.Sprintf("%s µs: host %s, plugin %s µs; %s MB", number(ecs.cpu(short)), number(ecs.host.each(short)), number(ecs.plugin.each(short)), number(ecs.most)),
	}.atMost(1.8))
	if !b.million {
		return rows, nil
	}
	w, err := measureWay(ctx, b.bin, b.bin, "okta", long)
	if err != nil {
		return nil, err
	}
	return append(rows, w.rows(long)...), nil
}

func (w way) rows(events int) []row {
	all := number(float64(events))
	return []row{
		row{What: all + " events from TLS to lines, both processes from their start", Figure: w.cpu(events), Unit: "µs of CPU an event", Reference: fmt.Sprintf("host %s, plugin %s µs", number(w.host.each(events)), number(w.plugin.each(events)))}.atMost(25),
		row{What: "— memory of both, shared pages once, at the most", Figure: w.most, Unit: "MB", Reference: fmt.Sprintf("resident at the most: host %s, plugin %s MB", number(w.host.peak), number(w.plugin.peak))}.atMost(100),
		{What: "— the same once a tenth was read", Figure: w.early, Unit: "MB"},
		{What: "— rate", Figure: float64(events) / w.took.Seconds(), Unit: "events/s", Reference: "by the clock, with the org on the same machine"},
	}
}

// ecs is from an event's bytes to its ECS document's.
func (b *bench) ecs(ctx context.Context) ([]row, error) {
	if err := b.goBench(ctx, "internal/systemlog/ecs", "^(BenchmarkAppendRaw|BenchmarkEncodingJSON)$", "0.5s", b.rounds); err != nil {
		return nil, err
	}
	ours, err := b.all.most("AppendRaw/full", "events/s")
	if err != nil {
		return nil, err
	}
	allocs, err := b.all.least("AppendRaw/full", "allocs/op")
	if err != nil {
		return nil, err
	}
	plain, err := b.all.most("EncodingJSON", "events/s")
	if err != nil {
		return nil, err
	}
	plainAllocs, err := b.all.least("EncodingJSON", "allocs/op")
	if err != nil {
		return nil, err
	}
	return []row{
		row{What: "raw event to ECS, one core", Figure: ours, Unit: "events/s", Reference: fmt.Sprintf("encoding/json at both ends: %s events/s", number(plain))}.atLeast(150_000),
		{What: "— allocations", Figure: allocs, Unit: "an event", Reference: fmt.Sprintf("encoding/json: %s", number(plainAllocs))},
	}, nil
}

// requests is what polling costs of Okta's rate limit.
func (b *bench) requests(ctx context.Context) ([]row, error) {
	if err := b.goBench(ctx, process, "^BenchmarkRequests$", "1x", 1); err != nil {
		return nil, err
	}
	backlog, err := b.all.most("Requests", "requests")
	if err != nil {
		return nil, err
	}
	idle, err := b.all.most("Requests", "requests-an-idle-poll")
	if err != nil {
		return nil, err
	}
	return []row{
		row{What: "requests for a backlog of 10,000 events", Figure: backlog, Unit: "", Reference: "10 full pages"}.atMost(11),
		row{What: "requests an interval without events", Figure: idle, Unit: ""}.atMost(1),
	}, nil
}

// latency is how soon a run starts.
func (b *bench) latency(ctx context.Context) ([]row, error) {
	if err := b.goBench(ctx, process, "^BenchmarkEventToRun$", "50x", min(b.rounds, 3)); err != nil {
		return nil, err
	}
	v, err := b.all.least("EventToRun", "median-ms")
	if err != nil {
		return nil, err
	}
	return []row{row{What: "event in the log to the start of its run, beyond the wait for the poll, median", Figure: v, Unit: "ms"}.atMost(20)}, nil
}

// engine is what the embedded engine does with its transactions on disk.
func (b *bench) engine(ctx context.Context) ([]row, error) {
	if err := b.goBench(ctx, "internal/engine/embedded", "^(BenchmarkAccept|BenchmarkWork)$", "1s", b.rounds); err != nil {
		return nil, err
	}
	runs, err := b.all.most("Accept", "runs/s")
	if err != nil {
		return nil, err
	}
	steps, err := b.all.most("Work", "steps/s")
	if err != nil {
		return nil, err
	}
	return []row{
		{What: "runs started, 100 a page, one transaction on disk each page", Figure: runs, Unit: "runs/s"},
		{What: "steps worked on, each kept on disk before and after", Figure: steps, Unit: "steps/s"},
	}, nil
}

// plugin is the price of the plugin's process.
func (b *bench) plugin(ctx context.Context) ([]row, error) {
	if err := b.goBench(ctx, process, "^(BenchmarkActionCall|BenchmarkLaunch|BenchmarkPluginMemory)$", "2s", min(b.rounds, 3)); err != nil {
		return nil, err
	}
	var rows []row
	for _, r := range []struct{ bench, unit, what, shown string }{
		{"ActionCall", "in-process-µs", "an action of one request, in process, median", "µs"},
		{"ActionCall", "plugin-µs", "— the same through the plugin", "µs"},
		{"ActionCall", "overhead-µs", "— so the price of the process", "µs"},
		{"Launch", "median-ms", "plugin launch to first answer, median", "ms"},
		{"PluginMemory", "MB-after-10k", "the plugin's memory after 10,000 events", "MB"},
		{"PluginMemory", "MB-after-100k", "— after 100,000", "MB"},
	} {
		v, err := b.all.least(r.bench, r.unit)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{What: r.what, Figure: v, Unit: r.shown})
	}
	return rows, nil
}
