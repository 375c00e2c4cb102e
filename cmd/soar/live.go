package main

import (
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/plugin/host"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// live shows what happens as it happens: lines for people, or one JSON object a
// line.
type live struct {
	*app
	started time.Time

	seen, matched, runs, failed atomic.Int64
}

func (l *live) watching(h sdk.Health, books []*playbook.Playbook, store string) {
	if l.json {
		names := []string{}
		for _, b := range books {
			names = append(names, b.Name)
		}
		l.out.line(map[string]any{"kind": "watching", "target": h.Target, "account": h.Account, "playbooks": names, "store": store})
		return
	}
	fmt.Fprintf(l.out, "watching %s as %s; runs are kept in %s; Ctrl-C stops\n", l.out.bold(h.Target), oneLine(h.Account), store)
	for _, note := range h.Notes {
		fmt.Fprintf(l.out, "  %s %s\n", l.out.yellow("!"), oneLine(note))
	}
	for _, b := range books {
		fmt.Fprintf(l.out, "  %s on %s\n", l.out.bold(b.Name), strings.Join(b.EventTypes, ", "))
	}
}

// serving says where metrics are.
func (l *live) serving(at net.Addr) {
	if l.json {
		l.out.line(map[string]any{"kind": "metrics", "url": "http://" + at.String() + "/metrics", "health": "http://" + at.String() + "/healthz"})
		return
	}
	fmt.Fprintf(l.out, "  metrics at http://%s/metrics, health at http://%s/healthz\n", at, at)
}

// accepted shows a page's events, once they are safe in the store.
func (l *live) accepted(_ feed, page sdk.RawPage, a embedded.Accepted) {
	l.seen.Add(int64(page.Seen))
	l.matched.Add(int64(a.Matched))
	l.runs.Add(int64(len(a.Runs)))
	for _, e := range page.Events {
		if l.json {
			l.out.line(map[string]any{"kind": "event", "uuid": e.ID, "type": e.Type, "published": e.Time, "event": schema.MaskNamed(e.Data)})
			continue
		}
		var v any
		_ = json.Unmarshal(e.Data, &v) // what cannot be read shows as blanks
		fmt.Fprintf(l.out, "%s  event  %s  %s\n", l.clock(), oneLine(e.Type), l.out.faint(eventFacts(v)))
	}
	if !l.json && a.Repeated > 0 {
		fmt.Fprintf(l.out, "%s  %s\n", l.clock(), l.out.faint(count(a.Repeated, "event")+" had started a run before"))
	}
}

// polled shows what an operator should know of a poll: trouble, and its end.
func (l *live) polled(_ feed, s host.Status) {
	for _, n := range s.Notices {
		if l.json {
			l.out.line(map[string]any{"kind": "notice", "message": n})
			continue
		}
		fmt.Fprintf(l.out, "%s  %s %s\n", l.clock(), l.out.yellow("notice"), oneLine(n))
	}
	if s.Err == nil {
		return
	}
	e := sdk.AsError(s.Err)
	if l.json {
		l.out.line(map[string]any{"kind": "poll_failed", "error": e.Body(), "wait_ms": s.Wait.Milliseconds(), "ended": s.Ended})
		return
	}
	if !s.Ended {
		fmt.Fprintf(l.out, "%s  %s %s; trying again in %s\n", l.clock(), l.out.yellow("poll failed"), oneLine(e.Error()), s.Wait.Round(100*time.Millisecond))
	}
}

// notice shows what the engine does.
func (l *live) notice(n embedded.Notice) {
	if n.Kind == embedded.RunFinished && n.Run.Status == embedded.Failed {
		l.failed.Add(1)
	}
	if n.Undo != nil {
		l.undo(n)
		return
	}
	if l.json {
		l.out.line(noticeLine(n))
		return
	}
	switch n.Kind {
	case embedded.RunQueued, embedded.RunGrown:
		if n.Run.Group != nil {
			l.grouped(n.Run)
		}
	case embedded.RunStarted:
		fmt.Fprintf(l.out, "%s  run %s  %s\n", l.clock(), l.out.bold(short(n.Run.ID)), oneLine(n.Run.Playbook))
	case embedded.StepRetry:
		fmt.Fprintf(l.out, "%s    %s %-12s %s; trying again in %s\n", l.clock(), l.out.yellow("…"), n.Step.ID, oneLine(message(n.Step.Error)), n.Wait.Round(100*time.Millisecond))
	case embedded.StepFinished:
		fmt.Fprintf(l.out, "%s    %s %-12s %-26s %s\n", l.clock(), l.mark(n.Step.Status), n.Step.ID, n.Step.Action, l.stepOutcome(n.Step))
	case embedded.RunFinished:
		fmt.Fprintf(l.out, "%s  run %s  %s in %s\n", l.clock(), l.out.bold(short(n.Run.ID)), l.status(n.Run.Status), took(n.Run.Started, n.Run.Finished))
	}
}

func (l *live) mark(status string) string {
	switch status {
	case embedded.Succeeded:
		return l.out.green("✓")
	case embedded.Failed:
		return l.out.red("✗")
	}
	return l.out.faint("–")
}

func (l *live) stepOutcome(s *embedded.StepRun) string {
	d := l.out.faint(took(s.Started, s.Finished))
	switch {
	case s.Error != nil:
		return l.out.red(string(s.Error.Code)) + "  " + oneLine(message(s.Error)) + "  " + d
	case s.Status == embedded.Skipped:
		return l.out.faint("skipped")
	case s.Outcome != "":
		return oneLine(s.Outcome) + "  " + d
	}
	return "read  " + d
}

func noticeLine(n embedded.Notice) map[string]any {
	line := map[string]any{"kind": n.Kind, "run": n.Run.ID, "playbook": n.Run.Playbook, "status": n.Run.Status}
	if n.Step != nil {
		line["step"] = n.Step.ID
		line["action"] = n.Step.Action
		line["status"] = n.Step.Status
		line["outcome"] = n.Step.Outcome
		line["error"] = n.Step.Error
		if !n.Step.Started.IsZero() && !n.Step.Finished.IsZero() {
			line["milliseconds"] = n.Step.Finished.Sub(n.Step.Started).Milliseconds()
		}
	} else if n.Run.Error != nil {
		line["error"] = n.Run.Error
	}
	if n.Run.Group != nil && n.Step == nil {
		line["group"] = n.Run.Group
		line["waits"] = n.Run.Waits
	}
	if n.Wait > 0 {
		line["wait_ms"] = n.Wait.Milliseconds()
	}
	return line
}

func (l *live) stopped() {
	if l.json {
		l.out.line(map[string]any{"kind": "stopped", "events": l.seen.Load(), "matched": l.matched.Load(), "runs": l.runs.Load(), "failed": l.failed.Load()})
		return
	}
	fmt.Fprintf(l.out, "stopped after %s: %s read, %d matched, %s started, %d failed\n",
		time.Since(l.started).Round(time.Second), count(int(l.seen.Load()), "event"), l.matched.Load(), count(int(l.runs.Load()), "run"), l.failed.Load())
}

func (l *live) clock() string { return l.out.faint(time.Now().UTC().Format("15:04:05.000Z")) }
