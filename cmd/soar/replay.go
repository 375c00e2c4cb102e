package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/internal/terminal"
	"soar.example/okta/internal/watch"
	"soar.example/okta/plugin/host"
	"soar.example/okta/sdk"
)

// replayOptions are the flags of soar replay.
type replayOptions struct {
	since, until  string
	dryRun, again bool
	maxEvents     int
}

// replayLimit is the maximum number of events of a replay. All of them are queued in one
// transaction, and a soar watch must not wait for it longer than SQLite's busy_timeout.
const replayLimit = 10_000

func (a *app) replayCommand() *cobra.Command {
	var o replayOptions
	c := &cobra.Command{
		Use: "replay --since TIME --until TIME PLAYBOOK", Args: exactly(1, "one playbook file"),
		Short: "Run a playbook over past events, or show what it would do",
		Long: `Run a playbook over past events, from --since up to --until. Both are times such as
2026-03-14T02:00:00Z, 2026-03-14, "2h ago" or now. The replay reads all events before any run starts.

soar runs and soar audit mark the runs as a replay. Replay does not move the watch's checkpoint. An event
that started the playbook before starts it again only with --again. An event that starts the playbook in a
replay may start it once more when soar watch reads the event.

--dry-run writes nothing, neither to the service nor to the store. It shows the steps of each run and the
requests that they would send. Without it, a soar watch that works on the store executes the runs. If there
is no such watch, this command executes them, and also unfinished runs of an earlier watch.

Events are read in the order in which they reached the log. Late events are found up to 24 hours after
--until.`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.replay(c.Context(), args[0], o)
		},
	}
	c.Flags().StringVar(&o.since, "since", "", "time of the first events")
	c.Flags().StringVar(&o.until, "until", "", "replay events from before this time")
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "show what the runs would do, and write nothing")
	c.Flags().BoolVar(&o.again, "again", false, "include events that have started the playbook before")
	a.caseFlag(c.Flags())
	c.Flags().IntVar(&o.maxEvents, "max-events", 1000, "start no run if more events match")
	return c
}

// span checks the flags and returns the span that they name.
func (o replayOptions) span(now time.Time) (span watch.Span, err error) {
	if o.since == "" || o.until == "" {
		return span, usagef("soar replay needs both --since and --until: it never runs over a past without bounds")
	}
	if span.Since, err = watch.ParseTime(o.since, now); err != nil {
		return span, usagef("--since %w", err)
	}
	if span.Until, err = watch.ParseTime(o.until, now); err != nil {
		return span, usagef("--until %w", err)
	}
	switch {
	case span.Until.After(now):
		return span, usagef("--until %s is in the future. A replay reads past events; soar watch reads new ones", o.until)
	case !span.Since.Before(span.Until):
		return span, usagef("--since %s is not before --until %s", o.since, o.until)
	case o.maxEvents < 1 || o.maxEvents > replayLimit:
		return span, usagef("--max-events %d is not between 1 and %d: name a shorter time if there are more", o.maxEvents, replayLimit)
	}
	return span, nil
}

func (a *app) replay(ctx context.Context, file string, o replayOptions) error {
	span, err := o.span(time.Now())
	if err != nil {
		return err
	}
	playbooks, err := a.loadPlaybooks(ctx, []string{file})
	if err != nil {
		return err
	}
	r := &replay{app: a, playbook: playbooks[0], span: span, again: o.again}
	if r.all, err = a.openAll(ctx, usedBy(playbooks), nil); err != nil {
		return err
	}
	defer r.all.Close()
	conn := r.all.named(r.playbook.Connection)
	health, err := conn.Check(ctx)
	if err != nil {
		return err
	}
	r.org, r.shadow = health.Target, conn.shadow()
	r.past, err = watch.History{
		Connection: conn.forEngine(r.org), Playbook: r.playbook, Span: span, MaxEvents: o.maxEvents,
		Observe: func(s host.Status) { a.pollStatus(a.err, s, a.warn) }, Logger: a.logger,
	}.Read(ctx)
	if err != nil {
		return err
	}
	if r.past.Untimed > 0 {
		a.note(count(r.past.Untimed, "event") + " whose time cannot be read were left out")
	}
	if o.dryRun {
		return r.dryRun(ctx)
	}
	return r.start(ctx)
}

// A replay runs one playbook over the past events of a span.
type replay struct {
	*app
	all      connectionList // that the playbook uses
	org      string         // whose events the replay reads
	shadow   bool           // the connection of the trigger makes dry runs only
	playbook *playbook.Playbook
	span     watch.Span
	past     watch.Past
	again    bool // include events that have started the playbook before
}

// start queues the runs, and works on them unless another process does.
func (r *replay) start(ctx context.Context) error {
	store, err := r.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	// workOff opens other sessions, because those that read the log sign without the store's key.
	w, err := r.workOff(ctx, store, r.org, usedBy([]*playbook.Playbook{r.playbook}), embedded.Options{}, func() ([]string, int, error) {
		got, err := r.queue(ctx, store)
		return got.Runs, got.Started, err
	})
	if errors.Is(err, embedded.ErrInUse) {
		if _, err := r.queue(ctx, store); err != nil {
			return err
		}
		r.note("the soar watch that works on " + r.storePath() + " takes the runs up, if it watches " + r.org + "; soar runs shows them")
		return nil
	}
	if err != nil {
		return err
	}
	r.print(map[string]any{"kind": "replayed", "runs": w.runs, "failed": w.failed, "unfinished": w.left},
		"replayed: %s, %d failed, %d unfinished\n", count(w.runs, "run"), w.failed, w.left)
	switch {
	case w.left > 0:
		if !r.json {
			r.note("what is unfinished stays queued: soar watch goes on with it")
		}
		return failedError{exitInterrupted}
	case w.failed > 0:
		return failedError{exitFailed}
	}
	return nil
}

func (r *replay) queue(ctx context.Context, store *embedded.Store) (embedded.Accepted, error) {
	got, err := store.Replay(ctx, embedded.Replay{Org: r.org, Playbook: r.playbook, Events: r.past.Events, Again: r.again, Shadow: r.shadow})
	if err == nil {
		r.introduce("", got.Matched, got.Repeated, len(got.Runs))
	}
	return got, err
}

func (r *replay) introduce(prefix string, matched, repeated, runs int) {
	r.print(map[string]any{
		"kind": "replay", "playbook": r.playbook.Name, "since": r.span.Since, "until": r.span.Until,
		"events": r.past.Seen, "matched": matched, "repeated": repeated, "runs": runs,
	}, "%s%s %s over %s to %s: %s read, %d match, %d had started it before, %s\n", prefix, r.out.Yellow("replay of"), r.out.Bold(r.playbook.Name),
		when(r.span.Since), when(r.span.Until), count(r.past.Seen, "event"), matched, repeated, count(runs, "run"))
}

// dryRun shows the effects of the playbook and changes nothing.
func (r *replay) dryRun(ctx context.Context) error {
	before, err := r.startedBefore(ctx)
	if err != nil {
		return err
	}
	events := slices.DeleteFunc(slices.Clone(r.past.Events), func(e sdk.RawEvent) bool { return before[e.ID] && !r.again })
	starts := embedded.GroupEvents(r.playbook, events)
	r.introduce(r.out.Yellow("dry run:")+" ", len(r.past.Events), len(r.past.Events)-len(events), len(starts))
	failed := 0
	for _, start := range starts {
		steps, err := r.dryRunSteps(ctx, start)
		if err != nil {
			return err
		}
		r.showDryRun(start, steps)
		if slices.ContainsFunc(steps, func(s embedded.DryRunStep) bool { return s.Status == engine.Failed }) {
			failed++
		}
	}
	if !r.json {
		fmt.Fprintf(r.out, "nothing was written; of %s %d would fail\n", count(len(starts), "run"), failed)
	}
	if failed > 0 {
		return failedError{exitFailed}
	}
	return nil
}

// dryRunSteps returns the steps of a run. If the condition cannot be evaluated, no step would run.
func (r *replay) dryRunSteps(ctx context.Context, start []sdk.RawEvent) ([]embedded.DryRunStep, error) {
	if _, err := r.playbook.Match(start[0]); err != nil {
		body := sdk.AsError(err).Body()
		return []embedded.DryRunStep{{ID: "condition", Status: engine.Failed, Error: &body}}, nil
	}
	sessions := map[string]sdk.Session{}
	for _, c := range r.all {
		sessions[c.settings.Name] = c
	}
	return embedded.DryRun(ctx, sessions, r.playbook, start)
}

// startedBefore asks the store, if there is one. A dry run creates none.
func (r *replay) startedBefore(ctx context.Context) (map[string]bool, error) {
	if !exists(r.storePath()) {
		return nil, nil
	}
	store, err := r.openStore(ctx)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	return store.Started(ctx, r.org, r.playbook.Name, r.past.Events)
}

// showDryRun shows one run that would start.
func (r *replay) showDryRun(start []sdk.RawEvent, steps []embedded.DryRunStep) {
	first, more := start[0], ""
	if len(start) > 1 {
		more = fmt.Sprintf(" and %d more", len(start)-1)
	}
	r.print(map[string]any{
		"kind": "would_start", "playbook": r.playbook.Name, "event_id": first.ID, "event_type": first.Type, "published": first.Time,
		"events": len(start), "steps": steps,
	}, "%s  %s%s  %s\n", r.out.Faint(when(first.Time)), r.out.Bold(terminal.OneLine(first.Type)), more, describeEvent(first.Data).text())
	for _, s := range steps {
		if !r.json {
			r.showDryRunStep(s)
		}
	}
}

func (r *replay) showDryRunStep(s embedded.DryRunStep) {
	status, result := s.Status, cmp.Or(s.Outcome, "read")
	switch {
	case s.Error != nil:
		status, result = engine.Failed, r.out.Red(string(s.Error.Code))+"  "+terminal.OneLine(s.Error.Message)
	case status == engine.Skipped:
		result = r.out.Faint("skipped")
	case status == engine.Pending:
		result = r.out.Faint("not reached")
	}
	fmt.Fprintf(r.out, "  %s %-12s %-26s %s\n", r.mark(status), s.ID, s.Action, result)
	for _, p := range s.Plan {
		fmt.Fprintf(r.out, "      %s\n", terminal.OneLine(p.Method+" "+p.Path+"  "+p.Body))
		if p.RefusedBy != "" {
			fmt.Fprintf(r.out, "      %s %s\n", r.out.Red("refused by"), terminal.OneLine(p.RefusedBy))
		}
	}
}
