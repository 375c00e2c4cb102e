package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/engine/embedded"
)

func (a *app) pruneCommand() *cobra.Command {
	var age string
	var dry bool
	c := &cobra.Command{
		Use: "prune", Args: none, Short: "Delete what ended long ago from the store",
		Long: `Delete what ended long ago from the store: runs with their events, steps and audit entries, calls by hand,
and undos that are over.

Left alone is what is unfinished, what is still to be taken back and the runs that asked for it, what stands
for good, the places from which soar watch reads, and playbooks. An event whose run is deleted still starts
its playbook no second time. A soar watch may be at work on the store meanwhile. The file does not shrink:
what is freed is used for what comes next.`,
		Example: "  soar runs prune --older-than 90d --dry-run",
		RunE: func(c *cobra.Command, _ []string) error {
			if age == "" {
				return usageError{fmt.Errorf("say how old what is deleted must be, such as --older-than 90d")}
			}
			d, err := parseAge(age)
			if err != nil {
				return usageError{fmt.Errorf("--older-than: %w", err)}
			}
			return a.prune(c.Context(), d, dry)
		},
	}
	c.Flags().StringVar(&age, "older-than", "", "delete what ended longer ago than this, such as 90d or 36h; at least a day")
	c.Flags().BoolVar(&dry, "dry-run", false, "say what would be deleted, and delete nothing")
	return c
}

// prune says what it deleted even where it was cut off.
func (a *app) prune(ctx context.Context, age time.Duration, dry bool) error {
	store, err := a.existingStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	do, verb := store.Prune, "deleted"
	if dry {
		do, verb = store.Prunable, "would delete"
	}
	p, err := do(ctx, age)
	if p.Before.IsZero() {
		return err
	}
	if a.json {
		a.out.line(struct {
			embedded.Pruned
			DryRun bool `json:"dry_run,omitempty"`
		}{p, dry})
		return err
	}
	fmt.Fprintf(a.out, "%s what ended before %s: %s\n", verb, when(p.Before), pruned(p))
	if p.UndosFailed > 0 {
		fmt.Fprintf(a.out, "of the undos %d had failed: what they were to take back was left as it was\n", p.UndosFailed)
	}
	if !dry {
		fmt.Fprintf(a.out, "%.1f MiB of %s are free for what comes next\n", float64(p.FreedBytes)/(1<<20), a.storePath())
	}
	return err
}

func pruned(p embedded.Pruned) string {
	var all []string
	for _, part := range []struct {
		n    int
		what string
	}{{p.Runs, "run"}, {p.Events, "event"}, {p.Calls, "audited call"}, {p.Undos, "undo"}} {
		if part.n > 0 {
			all = append(all, count(part.n, part.what))
		}
	}
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(all, ", ")
}
