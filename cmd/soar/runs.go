package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/terminal"
	"soar.example/okta/internal/watch"
	"soar.example/okta/sdk"
)

func (a *app) runsCommand() *cobra.Command {
	var q embedded.Query
	var failed bool
	c := &cobra.Command{
		Use: "runs", Args: none, Short: "List the runs of playbooks, newest first",
		RunE: a.withStore(func(ctx context.Context, store *embedded.Store, _ []string) error {
			if failed && q.Status != "" && q.Status != engine.Failed {
				return usagef("--failed and --status %s ask for different runs", terminal.OneLine(q.Status))
			} else if failed {
				q.Status = engine.Failed
			}
			runs, err := store.Runs(ctx, q)
			if err != nil {
				return err
			}
			for i := range runs {
				if err := subjectOf(ctx, store, &runs[i]); err != nil {
					return err
				}
			}
			if err := a.notePause(ctx, store); err != nil {
				return err
			}
			err = list(a, runs, "no run matches", []string{"RUN", "STATUS", "PLAYBOOK", "SUBJECT", "EVENT TYPE", "CREATED", "TOOK", "REMARK"}, runRow)
			if err != nil || a.output != "table" || len(runs) == 0 {
				return err
			}
			return a.undoSummary(ctx, store)
		}),
	}
	c.Flags().StringVar(&q.Status, "status", "", "only runs that are queued, running, succeeded or failed")
	c.Flags().BoolVar(&failed, "failed", false, "only runs that failed; soar runs retry runs a failed run again")
	c.Flags().StringVar(&q.Playbook, "playbook", "", "only runs of the playbook with this name")
	c.Flags().BoolVar(&q.Shadow, "shadow", false, "only shadow runs: their writes were planned, not made")
	c.Flags().IntVar(&q.Limit, "limit", 50, "maximum number of runs")
	c.AddCommand(&cobra.Command{
		Use: "show ID", Args: exactly(1, "the id of a run (its first letters will do)"), Short: "Show a run's steps and audit trail",
		RunE: a.withStore(func(ctx context.Context, store *embedded.Store, args []string) error {
			r, err := store.Run(ctx, args[0])
			if err != nil {
				return err
			}
			return a.show(r, func() { a.showRun(r) })
		}),
	}, a.retryCommand(), a.pruneCommand())
	return c
}

func runRow(r embedded.Run) []string {
	event, note := r.EventType, cmp.Or(message(r.Error), r.Waits)
	if g := r.Group; g != nil {
		note = cmp.Or(note, g.Note)
		if g.Events > 1 {
			event = fmt.Sprintf("%s ×%d", event, g.Events)
		}
	}
	if !r.Replay.IsZero() {
		note = strings.TrimSuffix("replay of "+when(r.Replay)+": "+note, ": ")
	}
	if r.Shadow {
		note = strings.TrimSuffix("shadow: "+note, ": ")
	}
	return []string{short(r.ID), r.Status, r.Playbook, truncate(strings.Join(r.Subjects, ", "), 60), event, when(r.Created), took(r.Started, r.Finished), note}
}

// subjectOf sets the subject of a run that changed nothing yet: the actor of its event.
func subjectOf(ctx context.Context, store *embedded.Store, r *embedded.Run) error {
	if len(r.Subjects) > 0 {
		return nil
	}
	whole, err := store.Run(ctx, r.ID)
	if err != nil {
		return err
	}
	if actor := describeEvent(whole.Event).actor; actor != "" {
		r.Subjects = []string{actor}
	}
	return nil
}

// shownEvents is the number of events of a run that people see; --json has them all.
const shownEvents = 50

func (a *app) showRun(r *embedded.Run) {
	fmt.Fprintf(a.out, "%s  %s  %s\n", a.out.Bold(terminal.OneLine(r.Playbook)), a.status(r.Status), a.out.Faint(r.ID))
	facts := [][]string{
		{"event", r.EventType + "  " + r.EventID}, {"published", when(r.EventTime)}, {"created", when(r.Created)},
		{"subject", strings.Join(r.Subjects, ", ")}, {"shadow", map[bool]string{true: "yes: writes are planned, not made"}[r.Shadow]},
		{"replay", when(r.Replay)}, {"took", took(r.Started, r.Finished)}, {"error", message(r.Error)}, {"status", r.Waits},
	}
	if g := r.Group; g != nil {
		facts = append(facts, []string{"group", groupText(g)}, []string{"window", when(g.Opened) + " to " + g.Closes.UTC().Format(time.TimeOnly+"Z")})
		if g.Taken > 0 && g.Taken < g.Events {
			facts = append(facts, []string{"", fmt.Sprintf("the steps read the first %d; the others came after the run had begun", g.Taken)})
		}
		facts = append(facts, []string{"note", g.Note})
	}
	a.facts(facts...)
	if len(r.Events) > 1 {
		table(a, "Events", r.Events[:min(len(r.Events), shownEvents)], []string{"ARRIVED", "PUBLISHED", "EVENT TYPE", "ID"},
			func(e embedded.GroupedEvent) []string { return []string{when(e.Arrived), when(e.Time), e.Type, e.ID} })
		if more := len(r.Events) - shownEvents; more > 0 {
			fmt.Fprintln(a.out, a.out.Faint(fmt.Sprintf("and %d more; --json shows all", more)))
		}
	}
	table(a, "Steps", r.Steps, []string{"STEP", "ACTION", "STATUS", "OUTCOME", "ATTEMPTS", "TOOK", "ERROR"}, func(s engine.StepRun) []string {
		return []string{s.ID, s.Action, s.Status, s.Outcome, fmt.Sprint(s.Attempts), took(s.Started, s.Finished), message(s.Error)}
	})
	if len(r.Undos) > 0 {
		table(a, "Undos", r.Undos, undoHead, undoRow)
	}
	if len(r.Retries) > 0 {
		table(a, "Run again by command", r.Retries, []string{"RETRY", "ASKED FOR", "TAKEN UP", "HAD FAILED", "WITH"}, func(t embedded.Retry) []string {
			return []string{fmt.Sprint(t.N), when(t.Time), when(t.Begun), when(t.Failed), message(t.Error)}
		})
	}
	table(a, "Audit trail", r.Audit, []string{"WHEN", "ACTION", "ATTEMPT", "INPUT", "STATUS", "OUTCOME", a.requestsHead()},
		func(e embedded.AuditEntry) []string {
			return []string{
				when(e.Time), e.Action, fmt.Sprint(e.Attempt), string(e.Input), e.Status,
				strings.TrimSpace(e.Outcome + " " + e.Code), strings.Join(e.RequestIDs, " "),
			}
		})
}

func (a *app) requestsHead() string { return strings.ToUpper(a.service()) + " REQUESTS" }

func groupText(g *embedded.Group) string {
	text := count(g.Events, "event")
	if len(g.Key) > 0 {
		text += " of " + terminal.OneLine(string(g.Key))
	}
	return text
}

func (a *app) status(s string) string {
	switch s {
	case engine.Succeeded:
		return a.out.Green(s)
	case engine.Failed:
		return a.out.Red(s)
	case engine.Running, engine.Queued:
		return a.out.Yellow(s)
	}
	return s
}

func short(id string) string { return id[:min(12, len(id))] }

func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

func took(from, to time.Time) string {
	if from.IsZero() || to.IsZero() {
		return ""
	}
	return to.Sub(from).Round(time.Millisecond).String()
}

func message(e *sdk.ErrorBody) string {
	if e == nil {
		return ""
	}
	text := e.Message
	for _, v := range e.Violations {
		text += "; " + v.String()
	}
	return text
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (a *app) pruneCommand() *cobra.Command {
	var age string
	var dry bool
	c := &cobra.Command{
		Use: "prune", Args: none, Short: "Delete old records from the store",
		Long: `Delete old records from the store: finished runs with their events, steps and audit entries, calls without a playbook,
and finished undos.

The command keeps unfinished runs, pending undos with the runs that requested them, undos of changes that stay,
the checkpoints of soar watch, and playbooks. An event whose run is deleted does not start its playbook again.
A soar watch can work on the store at the same time. The file does not shrink: later records use the free space.`,
		Example: "  soar runs prune --older-than 90d --dry-run",
		RunE: func(c *cobra.Command, _ []string) error {
			if age == "" {
				return usagef("say how old what is deleted must be, such as --older-than 90d")
			}
			d, err := watch.ParseAge(age)
			if err != nil {
				return usagef("--older-than: %w", err)
			}
			return a.withStore(func(ctx context.Context, store *embedded.Store, _ []string) error { return a.prune(ctx, store, d, dry) })(c, nil)
		},
	}
	c.Flags().StringVar(&age, "older-than", "", "delete records that ended before this age, such as 90d or 36h; at least a day")
	c.Flags().BoolVar(&dry, "dry-run", false, "show what would be deleted, and delete nothing")
	return c
}

// prune reports what it deleted, also if it was interrupted.
func (a *app) prune(ctx context.Context, store *embedded.Store, age time.Duration, dry bool) error {
	prune, verb := store.Prune, "deleted"
	if dry {
		prune, verb = store.Prunable, "would delete"
	}
	p, err := prune(ctx, age)
	if p.Before.IsZero() {
		return err
	}
	if a.json {
		a.out.JSON(struct {
			embedded.Pruned
			DryRun bool `json:"dry_run,omitempty"`
		}{p, dry})
		return err
	}
	parts := []string{count(p.Runs, "run"), count(p.Events, "event"), count(p.Calls, "audited call"), count(p.Undos, "undo")}
	parts = slices.DeleteFunc(parts, func(part string) bool { return strings.HasPrefix(part, "0 ") })
	fmt.Fprintf(a.out, "%s what ended before %s: %s\n", verb, when(p.Before), cmp.Or(strings.Join(parts, ", "), "nothing"))
	if p.UndosFailed > 0 {
		fmt.Fprintf(a.out, "%d of these undos had failed: their changes were not reverted\n", p.UndosFailed)
	}
	if !dry {
		fmt.Fprintf(a.out, "%.1f MiB of %s are free for what comes next\n", float64(p.FreedBytes)/(1<<20), a.storePath())
	}
	return err
}
