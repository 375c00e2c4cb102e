package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/sdk"
)

func (a *app) runsCommand() *cobra.Command {
	var q embedded.Query
	var failed bool
	list := &cobra.Command{
		Use: "runs", Args: none, Short: "List the runs of playbooks, newest first",
		RunE: func(c *cobra.Command, _ []string) error {
			if failed && q.Status != "" && q.Status != embedded.Failed {
				return usageError{fmt.Errorf("--failed and --status %s ask for different runs", oneLine(q.Status))}
			} else if failed {
				q.Status = embedded.Failed
			}
			store, err := a.existingStore(c.Context())
			if err != nil {
				return err
			}
			defer store.Close()
			runs, err := store.Runs(c.Context(), q)
			if err != nil {
				return err
			}
			if a.json {
				for _, r := range runs {
					a.out.line(r)
				}
				return nil
			}
			if len(runs) == 0 {
				fmt.Fprintln(a.out, "no run matches")
				return nil
			}
			rows := [][]string{{"RUN", "STATUS", "PLAYBOOK", "EVENT TYPE", "CREATED", "TOOK", "REMARK"}}
			for _, r := range runs {
				rows = append(rows, []string{short(r.ID), r.Status, r.Playbook, eventOf(&r), when(r.Created), took(r.Started, r.Finished), remark(&r)})
			}
			a.out.table(rows)
			return a.undoFooter(c.Context(), store)
		},
	}
	list.Flags().StringVar(&q.Status, "status", "", "only runs that are queued, running, succeeded or failed")
	list.Flags().BoolVar(&failed, "failed", false, "only runs that failed: soar runs retry runs one again")
	list.Flags().StringVar(&q.Playbook, "playbook", "", "only runs of the playbook of this name")
	list.Flags().IntVar(&q.Limit, "limit", 50, "at most so many")
	list.AddCommand(&cobra.Command{
		Use: "show ID", Args: exactly(1, "the id of a run (its first letters will do)"), Short: "Show a run's steps and audit trail",
		RunE: func(c *cobra.Command, args []string) error {
			store, err := a.existingStore(c.Context())
			if err != nil {
				return err
			}
			defer store.Close()
			r, err := store.Run(c.Context(), args[0])
			if err != nil {
				return err
			}
			if a.json {
				a.out.indented(r)
				return nil
			}
			a.showRun(r)
			return nil
		},
	})
	list.AddCommand(a.retryCommand(), a.undosCommand(), a.pruneCommand())
	return list
}

// existingStore opens the store for reading what is in it: making an empty one
// would answer a mistyped name with "no runs".
func (a *app) existingStore(ctx context.Context) (*embedded.Store, error) {
	if _, err := os.Stat(a.storePath()); errors.Is(err, fs.ErrNotExist) {
		return nil, sdk.Invalid("there is no store " + a.storePath() + "; soar watch and soar run make one, and --store names another")
	}
	return a.openStore(ctx)
}

func (a *app) showRun(r *embedded.Run) {
	fmt.Fprintf(a.out, "%s  %s  %s\n", a.out.bold(oneLine(r.Playbook)), a.status(r.Status), a.out.faint(r.ID))
	facts := [][]string{
		{"", ""},
		{"event", r.EventType + "  " + r.EventID},
		{"published", when(r.EventTime)},
		{"created", when(r.Created)},
		{"replay", when(r.Replay)},
		{"took", took(r.Started, r.Finished)},
		{"error", message(r.Error)},
	}
	a.out.table(append(facts, groupingRows(r)...))
	a.groupEvents(r)
	rows := [][]string{{"STEP", "ACTION", "STATUS", "OUTCOME", "ATTEMPTS", "TOOK", "ERROR"}}
	for _, s := range r.Steps {
		rows = append(rows, []string{s.ID, s.Action, s.Status, s.Outcome, fmt.Sprint(s.Attempts), took(s.Started, s.Finished), message(s.Error)})
	}
	fmt.Fprintln(a.out)
	a.out.table(rows)
	a.afterwards(r)
	fmt.Fprintf(a.out, "\n%s\n", a.out.bold("Audit trail"))
	rows = [][]string{{"WHEN", "ACTION", "ATTEMPT", "INPUT", "STATUS", "OUTCOME", "OKTA REQUESTS"}}
	for _, e := range r.Audit {
		rows = append(rows, []string{when(e.Time), e.Action, fmt.Sprint(e.Attempt), string(e.Input), e.Status, strings.TrimSpace(e.Outcome + " " + e.Code), strings.Join(e.RequestIDs, " ")})
	}
	a.out.table(rows)
}

func (a *app) status(s string) string {
	switch s {
	case embedded.Succeeded:
		return a.out.green(s)
	case embedded.Failed:
		return a.out.red(s)
	case embedded.Running, embedded.Queued:
		return a.out.yellow(s)
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
