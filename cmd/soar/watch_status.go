package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/monitor"
	"soar.example/okta/internal/terminal"
)

// watchStatus shows the state of a watch: in the last line of a terminal, or from time to time
// in a line of its own.
type watchStatus struct {
	*progress
	last      *terminal.StatusLine // nil: the output is no terminal
	throttled map[string]bool      // playbooks whose throttling was reported
	paused    bool                 // the pause of all writes was reported
}

func newWatchStatus(p *progress) *watchStatus {
	w := &watchStatus{progress: p, throttled: map[string]bool{}}
	if !p.json {
		w.last = p.out.NewStatusLine(p.err)
	}
	return w
}

// redraw updates the last line.
func (w *watchStatus) redraw(s monitor.Snapshot) {
	if w.last != nil {
		w.last.Set(w.out.Faint(statusText(s)))
	}
}

// close removes the last line.
func (w *watchStatus) close() {
	if w.last != nil {
		w.last.Set("")
	}
}

func (w *watchStatus) show(t monitor.Tick) {
	w.redraw(t.Snapshot)
	if t.Changed {
		w.health(t.Snapshot)
	}
	for _, b := range t.Playbooks {
		w.throttling(b)
	}
	w.pause(t.Paused)
	if !t.Due {
		return
	}
	s := t.Snapshot
	w.logger.Info("watch status", "lag", s.Lag, "seen", s.Seen, "matched", s.Matched, "started", s.Started, "repeated", s.Repeated,
		"gaps", s.Gaps, "failed", s.Failed, "waiting", s.Waiting, "requests", s.Requests.Sum(), "budget_left", budgetText(s), "healthy", s.Healthy())
	if w.json || w.last == nil {
		w.line(statusObject("status", s), "status  %s", statusText(s))
	}
}

// throttling reports once that the throttling of a playbook holds back runs, until none waits.
func (w *watchStatus) throttling(b monitor.Playbook) {
	if b.Throttled == 0 || w.throttled[b.Name] {
		w.throttled[b.Name] = w.throttled[b.Name] && b.Waiting > 0
		return
	}
	w.throttled[b.Name] = true
	w.logger.Warn("runs throttled", "playbook", b.Name, "runs", b.Throttled, "max_runs_per_minute", b.MaxRunsPerMinute)
	w.line(map[string]any{"kind": "held", "playbook": b.Name, "runs": b.Throttled, "max_runs_per_minute": b.MaxRunsPerMinute},
		"%s %s of %s: at most %d per minute", w.out.Yellow("throttled"), count(b.Throttled, "run"), terminal.OneLine(b.Name), b.MaxRunsPerMinute)
}

// pause reports that all writes were paused or resumed.
func (w *watchStatus) pause(p *embedded.Pause) {
	if (p != nil) == w.paused {
		return
	}
	w.paused = p != nil
	if p == nil {
		w.logger.Info("writes are resumed")
		w.line(map[string]any{"kind": "resumed"}, "%s", w.out.Green("writes are resumed"))
		return
	}
	w.logger.Warn("all writes are paused", "by", p.OSUser, "host", p.Host, "process", p.Process, "since", p.Time, "reason", p.Reason)
	w.line(map[string]any{"kind": "paused", "pause": p}, "%s %s", w.out.Yellow("paused:"), terminal.OneLine(pauseText(p)))
}

// health reports that the health has changed.
func (w *watchStatus) health(s monitor.Snapshot) {
	text := w.out.Green("healthy again")
	if s.Healthy() {
		w.logger.Info("the watch is healthy again", "lag", s.Lag)
	} else {
		w.logger.Warn("the watch is not healthy", "problems", s.Problems)
		text = w.out.Red("not healthy:") + " " + terminal.OneLine(strings.Join(s.Problems, "; "))
	}
	w.line(statusObject("health", s), "%s", text)
}

func statusText(s monitor.Snapshot) string {
	parts := []string{
		monitor.Round(s.Lag).String() + " behind", count(s.Seen, "event"), fmt.Sprintf("%d matched", s.Matched), fmt.Sprintf("%d started", s.Started),
		fmt.Sprintf("%d repeated", s.Repeated), count(s.Gaps, "gap"), count(s.Requests.Sum(), "request"),
	}
	if s.Paused != nil {
		parts = slices.Insert(parts, 0, "all writes are paused")
	}
	if s.Waiting > 0 {
		parts = append(parts, fmt.Sprintf("%d waiting", s.Waiting))
	}
	if left := budgetText(s); left != "" {
		parts = append(parts, left)
	}
	return strings.Join(parts, " · ")
}

// budgetText returns the rest of the budget with the smallest share left.
func budgetText(s monitor.Snapshot) string {
	budgets := slices.DeleteFunc(slices.Clone(s.Budgets), func(b monitor.Budget) bool { return b.Limit <= 0 })
	if len(budgets) == 0 {
		return ""
	}
	b := slices.MinFunc(budgets, func(a, b monitor.Budget) int { return cmp.Compare(a.Remaining*b.Limit, b.Remaining*a.Limit) })
	return fmt.Sprintf("%d of %d left", b.Remaining, b.Limit)
}

func statusObject(kind string, s monitor.Snapshot) map[string]any {
	feeds := []map[string]any{}
	for _, f := range s.Feeds {
		feeds = append(feeds, map[string]any{
			"feed": f.Name, "lag_seconds": f.Lag.Seconds(), "newest": f.Newest, "events": f.Seen, "matched": f.Matched, "started": f.Started,
			"joined": f.Joined, "repeated": f.Repeated, "gaps": f.Gaps, "polls": f.Polls, "failed_polls": f.Failed,
		})
	}
	return map[string]any{
		"kind": kind, "healthy": s.Healthy(), "problems": append([]string{}, s.Problems...), "lag_seconds": s.Lag.Seconds(),
		"events": s.Seen, "matched": s.Matched, "started": s.Started, "joined": s.Joined, "repeated": s.Repeated,
		"gaps": s.Gaps, "failed": s.Failed, "waiting": s.Waiting, "requests": s.Requests.Sum(), "budgets": s.Budgets, "plugin_up": s.PluginUp, "feeds": feeds,
		"paused": s.Paused,
	}
}
