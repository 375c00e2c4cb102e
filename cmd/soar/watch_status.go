package main

import (
	"fmt"
	"strings"

	"soar.example/okta/internal/monitor"
)

// A board shows how a watch is doing: in the last line of a terminal, drawn anew each
// second, or now and then in a line of its own.
type board struct {
	*live
	monitor *monitor.Monitor
	line    *statusLine     // nil: no terminal
	held    map[string]bool // playbooks of which it was said that runs wait for their turn
}

// newBoard gives the terminal its last line, if it is one that a person watches.
func newBoard(l *live, m *monitor.Monitor) *board {
	b := &board{live: l, monitor: m, held: map[string]bool{}}
	if l.out.interactive && !l.json {
		b.line = &statusLine{w: l.out.w}
		l.out.keep(b.line)
		if l.err.interactive {
			l.err.keep(b.line)
		}
	}
	return b
}

// redraw brings the last line up to date.
func (b *board) redraw(s monitor.Snapshot) {
	if b.line != nil {
		b.line.set(b.out.drawn(b.out.faint(statusText(s))))
	}
}

// close takes the last line away.
func (b *board) close() {
	if b.line != nil {
		b.line.set("")
	}
}

func (b *board) tell(t monitor.Tick) {
	b.redraw(t.Snapshot)
	if t.Changed {
		b.turned(t.Snapshot)
	}
	for _, p := range t.Playbooks {
		b.capped(p)
	}
	if !t.Due {
		return
	}
	s := t.Snapshot
	b.logger.Info("watch status", "lag", s.Lag, "seen", s.Seen, "matched", s.Matched, "started", s.Started, "repeated", s.Repeated,
		"gaps", s.Gaps, "failed", s.Failed, "waiting", s.Waiting, "requests", s.Requests.Sum(), "budget_left", budgetText(s), "healthy", s.Healthy())
	switch {
	case b.json:
		b.out.line(statusObject(s))
	case b.line == nil:
		fmt.Fprintf(b.out, "%s  status  %s\n", b.clock(), statusText(s))
	}
}

// capped tells once of a playbook whose cap holds runs back, until none of it waits.
func (b *board) capped(p monitor.Playbook) {
	if p.Held == 0 || b.held[p.Name] {
		b.held[p.Name] = b.held[p.Name] && p.Waiting > 0
		return
	}
	b.held[p.Name] = true
	b.logger.Warn("runs wait for their turn", "playbook", p.Name, "runs", p.Held, "max_runs_per_minute", p.Cap)
	if b.json {
		b.out.line(map[string]any{"kind": "held", "playbook": p.Name, "runs": p.Held, "max_runs_per_minute": p.Cap})
		return
	}
	fmt.Fprintf(b.out, "%s  %s %s of %s for their turn: no more than %d a minute\n", b.clock(), b.out.yellow("waiting"), count(p.Held, "run"), oneLine(p.Name), p.Cap)
}

// turned tells of health that has become bad, or good again.
func (b *board) turned(s monitor.Snapshot) {
	if s.Healthy() {
		b.logger.Info("the watch is well again", "lag", s.Lag)
	} else {
		b.logger.Warn("the watch is not well", "problems", s.Problems)
	}
	switch {
	case b.json:
		object := statusObject(s)
		object["kind"] = "health"
		b.out.line(object)
	case s.Healthy():
		fmt.Fprintf(b.out, "%s  %s\n", b.clock(), b.out.green("well again"))
	default:
		fmt.Fprintf(b.out, "%s  %s %s\n", b.clock(), b.out.red("not well:"), oneLine(strings.Join(s.Problems, "; ")))
	}
}

func statusText(s monitor.Snapshot) string {
	parts := []string{
		monitor.Round(s.Lag).String() + " behind", count(s.Seen, "event"), fmt.Sprintf("%d matched", s.Matched), fmt.Sprintf("%d started", s.Started),
		fmt.Sprintf("%d repeated", s.Repeated), count(s.Gaps, "gap"), count(s.Requests.Sum(), "request"),
	}
	if s.Waiting > 0 {
		parts = append(parts, fmt.Sprintf("%d waiting", s.Waiting))
	}
	if left := budgetText(s); left != "" {
		parts = append(parts, left)
	}
	return strings.Join(parts, " · ")
}

// budgetText is what is left of the budget that is nearest to its end.
func budgetText(s monitor.Snapshot) string {
	text, least := "", 2.0
	for _, b := range s.Budgets {
		if b.Limit <= 0 {
			continue
		}
		if share := float64(b.Remaining) / float64(b.Limit); share < least {
			text, least = fmt.Sprintf("%d of %d left", b.Remaining, b.Limit), share
		}
	}
	return text
}

func statusObject(s monitor.Snapshot) map[string]any {
	feeds := []map[string]any{}
	for _, f := range s.Feeds {
		feeds = append(feeds, map[string]any{
			"feed": f.Name, "lag_seconds": f.Lag.Seconds(), "newest": f.Newest, "events": f.Seen, "matched": f.Matched, "started": f.Started,
			"joined": f.Joined, "repeated": f.Repeated, "gaps": f.Gaps, "polls": f.Polls, "failed_polls": f.Failed,
		})
	}
	return map[string]any{
		"kind": "status", "healthy": s.Healthy(), "problems": append([]string{}, s.Problems...), "lag_seconds": s.Lag.Seconds(),
		"events": s.Seen, "matched": s.Matched, "started": s.Started, "joined": s.Joined, "repeated": s.Repeated, "gaps": s.Gaps, "failed": s.Failed, "waiting": s.Waiting,
		"requests": s.Requests.Sum(), "budgets": s.Budgets, "plugin_up": s.PluginUp, "feeds": feeds,
	}
}
