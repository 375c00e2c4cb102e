package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/internal/terminal"
	"soar.example/okta/internal/watch"
	"soar.example/okta/plugin/host"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/httpclient"
)

// progress shows events, polls and runs as text, or as one JSON object on each line.
type progress struct {
	*app
	started time.Time

	seen, matched, runs, failed atomic.Int64
}

// line prints object as one line with --json, and otherwise the time and the text.
func (p *progress) line(object any, format string, args ...any) {
	p.print(object, "%s  %s\n", p.out.Faint(time.Now().UTC().Format("15:04:05.000Z")), fmt.Sprintf(format, args...))
}

// watched is a connection of a watch, for people.
type watched struct {
	Name    string `json:"connection"`
	Target  string `json:"target"`
	Account string `json:"account,omitempty"`
	Shadow  bool   `json:"shadow"`
	notes   []string
}

// watching shows the connections and the playbooks of a watch.
func (p *progress) watching(kind string, connections []watched, playbooks []*playbook.Playbook, store string) {
	if p.json {
		p.out.JSON(map[string]any{"kind": kind, "connections": connections, "playbooks": playbookNames(playbooks), "store": store})
		return
	}
	fmt.Fprintf(p.out, "%s; runs are kept in %s; Ctrl-C stops\n", strings.Join(namesOf(connections, func(c watched) string {
		text := "watching " + p.out.Bold(c.Target)
		if c.Account != "" {
			text += " as " + terminal.OneLine(c.Account)
		}
		if len(connections) > 1 {
			text += " (" + c.Name + ")"
		}
		return text
	}), "\n"), store)
	shadow := map[string]bool{}
	for _, c := range connections {
		shadow[c.Name] = c.Shadow
		for _, note := range c.notes {
			fmt.Fprintf(p.out, "  %s %s\n", p.out.Yellow("!"), terminal.OneLine(note))
		}
	}
	for _, b := range playbooks {
		note, events := "", strings.Join(b.EventTypes, ", ")
		if shadow[b.Connection] || b.Shadow {
			note = p.out.Yellow("  shadow: writes are planned, not made")
		}
		if events = cmp.Or(events, "every event of "+b.Trigger); len(connections) > 1 {
			events += " of " + b.Connection
		}
		fmt.Fprintf(p.out, "  %s on %s%s\n", p.out.Bold(b.Name), events, note)
	}
}

// serving shows the address of the metrics.
func (p *progress) serving(at net.Addr) {
	metrics, health := "http://"+at.String()+"/metrics", "http://"+at.String()+"/healthz"
	p.print(map[string]any{"kind": "metrics", "url": metrics, "health": health}, "  metrics at %s, health at %s\n", metrics, health)
}

// accepted shows the events of a page that is stored.
func (p *progress) accepted(feed *watch.Feed, page sdk.RawPage, a embedded.Accepted) {
	p.seen.Add(int64(page.Seen))
	p.matched.Add(int64(a.Matched))
	p.runs.Add(int64(len(a.Runs)))
	for _, e := range page.Events {
		if p.json {
			p.out.JSON(map[string]any{"kind": "event", "feed": feed.Name, "uuid": e.ID, "type": e.Type, "published": e.Time, "event": schema.MaskNamed(e.Data)})
			continue
		}
		facts := describeEvent(e.Data).text()
		if feed.Connection.Manifest.Name != builtIn.name {
			facts = httpclient.Printable(string(schema.MaskNamed(e.Data)), 200)
		}
		p.line(nil, "event  %s  %s", terminal.OneLine(e.Type), p.out.Faint(terminal.OneLine(facts)))
	}
	if !p.json && a.Repeated > 0 {
		p.line(nil, "%s", p.out.Faint(count(a.Repeated, "event")+" had started a run before"))
	}
}

// pollStatus shows the notices of a poll, and its failure, with print on t.
func (a *app) pollStatus(t *terminal.Terminal, s host.Status, print func(object any, format string, args ...any)) {
	for _, n := range s.Notices {
		print(map[string]any{"kind": "notice", "message": n}, "%s %s", t.Yellow("notice:"), terminal.OneLine(n))
	}
	if s.Err == nil || s.Ended && !a.json {
		return
	}
	e := sdk.AsError(s.Err)
	print(map[string]any{"kind": "poll_failed", "error": e.Body(), "wait_ms": s.Wait.Milliseconds(), "ended": s.Ended},
		"%s %s%s", t.Yellow("poll failed:"), terminal.OneLine(e.Error()), again(s.Wait))
}

func again(wait time.Duration) string {
	return "; trying again in " + wait.Round(100*time.Millisecond).String()
}

// notice shows a notice of the engine.
func (p *progress) notice(n embedded.Notice) {
	r := n.Run
	if n.Kind == embedded.RunFinished && r.Status == engine.Failed {
		p.failed.Add(1)
	}
	run := "run " + p.out.Bold(short(r.ID)) + "  "
	switch {
	case p.json:
		p.out.JSON(noticeObject(n))
	case n.Undo != nil:
		p.undo(n.Undo, n.Kind, n.Wait)
	case n.Kind == embedded.RunQueued || n.Kind == embedded.RunGrown:
		if r.Group == nil {
			return
		}
		p.line(nil, "%s%s  %s%s", run, terminal.OneLine(r.Playbook), groupText(r.Group), p.out.Faint(strings.TrimRight("  "+r.Waits, " ")))
		if r.Group.Note != "" {
			p.line(nil, "  %s %s", p.out.Yellow("note"), terminal.OneLine(r.Group.Note))
		}
	case n.Kind == embedded.RunStarted:
		p.line(nil, "%s%s", run, terminal.OneLine(r.Playbook))
	case n.Kind == embedded.StepRetry:
		p.line(nil, "  %s %-12s %s%s", p.out.Yellow("…"), n.Step.ID, terminal.OneLine(message(n.Step.Error)), again(n.Wait))
	case n.Kind == embedded.StepFinished:
		p.line(nil, "  %s %-12s %-26s %s", p.mark(n.Step.Status), n.Step.ID, n.Step.Action, p.stepResult(n.Step))
	case n.Kind == embedded.RunFinished:
		p.line(nil, "%s%s in %s", run, p.status(r.Status), took(r.Started, r.Finished))
	}
}

// undo shows an attempt to undo a change.
func (p *progress) undo(u *embedded.Undo, kind embedded.NoticeKind, wait time.Duration) {
	by := "by a person"
	if u.RunID != "" {
		by = "by run " + short(u.RunID)
	}
	mark, result := p.mark(engine.Succeeded), u.Outcome
	failure := terminal.OneLine(message(u.Error))
	if kind == embedded.UndoRetry {
		mark, result = p.out.Yellow("…"), failure+again(wait)
	} else if u.Status == engine.Failed {
		mark, result = p.mark(u.Status), p.out.Red(failure)+"; the change stays until somebody reverts it"
	}
	p.line(nil, "%s undo of %s %s  %s %s  %s", mark, u.Of, by, u.Action, terminal.OneLine(string(u.Input)), result)
}

// mark returns the mark of a step in a state.
func (a *app) mark(status string) string {
	switch status {
	case engine.Succeeded:
		return a.out.Green("✓")
	case engine.Failed:
		return a.out.Red("✗")
	}
	return a.out.Faint("–")
}

func (p *progress) stepResult(s *engine.StepRun) string {
	duration := p.out.Faint(took(s.Started, s.Finished))
	switch {
	case s.Error != nil:
		return p.out.Red(string(s.Error.Code)) + "  " + terminal.OneLine(message(s.Error)) + "  " + duration
	case s.Status == engine.Skipped:
		return p.out.Faint("skipped")
	case s.Outcome != "":
		return terminal.OneLine(s.Outcome) + "  " + duration
	}
	return "read  " + duration
}

func noticeObject(n embedded.Notice) map[string]any {
	object := map[string]any{"kind": n.Kind, "run": n.Run.ID, "playbook": n.Run.Playbook}
	if n.Wait > 0 {
		object["wait_ms"] = n.Wait.Milliseconds()
	}
	if n.Undo != nil {
		object["undo"] = n.Undo
		return object
	}
	if s := n.Step; s != nil {
		object["step"], object["action"], object["status"], object["outcome"], object["error"] = s.ID, s.Action, s.Status, s.Outcome, s.Error
		if !s.Started.IsZero() && !s.Finished.IsZero() {
			object["milliseconds"] = s.Finished.Sub(s.Started).Milliseconds()
		}
		return object
	}
	object["status"] = n.Run.Status
	if n.Run.Error != nil {
		object["error"] = n.Run.Error
	}
	if n.Run.Group != nil {
		object["group"], object["waits"] = n.Run.Group, n.Run.Waits
	}
	return object
}

func (p *progress) stopped() {
	seen, matched, runs, failed := p.seen.Load(), p.matched.Load(), p.runs.Load(), p.failed.Load()
	p.print(map[string]any{"kind": "stopped", "events": seen, "matched": matched, "runs": runs, "failed": failed},
		"stopped after %s: %s read, %d matched, %s started, %d failed\n",
		time.Since(p.started).Round(time.Second), count(int(seen), "event"), matched, count(int(runs), "run"), failed)
}

// eventFacts are the facts of an event that people see, in order.
type eventFacts struct {
	published, kind, actor, address, country, result string
}

// describeEvent returns the facts of an event of the built-in connector, empty where the event
// cannot be read.
func describeEvent(data json.RawMessage) eventFacts {
	var v any
	_ = json.Unmarshal(data, &v)
	return builtIn.describe(v)
}

// text returns the facts beside time and type on one line.
func (f eventFacts) text() string {
	facts := []string{f.actor, f.address, f.country, f.result}
	return strings.Join(slices.DeleteFunc(facts, func(fact string) bool { return fact == "" }), "  ")
}
