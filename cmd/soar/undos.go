package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/sdk"
)

func (a *app) undosCommand() *cobra.Command {
	var q embedded.UndoQuery
	c := &cobra.Command{
		Use: "undos", Args: none, Short: "List what is to be taken back when its time is over, newest first",
		Long: `List what is to be taken back when its time is over, such as the blocks of block_ip, newest first.

A soar watch on the same store takes it back; soar run and soar runs retry only write it down.`,
		RunE: func(c *cobra.Command, _ []string) error {
			store, err := a.existingStore(c.Context())
			if err != nil {
				return err
			}
			defer store.Close()
			undos, err := store.Undos(c.Context(), q)
			if err != nil {
				return err
			}
			if a.json {
				for _, u := range undos {
					a.out.line(u)
				}
				return nil
			}
			if len(undos) == 0 {
				fmt.Fprintln(a.out, "nothing is to be taken back")
				return nil
			}
			a.undoTable(undos)
			return nil
		},
	}
	c.Flags().StringVar(&q.Status, "status", "", "only those that are pending, running, done, failed, standing or superseded")
	c.Flags().IntVar(&q.Limit, "limit", 50, "at most so many")
	return c
}

func (a *app) undoTable(undos []embedded.Undo) {
	rows := [][]string{{"DUE", "STATUS", "TAKES BACK", "WITH", "INPUT", "RUN", "ATTEMPTS", "ERROR"}}
	for _, u := range undos {
		status := u.Status
		if u.Outcome != "" {
			status += " (" + u.Outcome + ")"
		}
		rows = append(rows, []string{when(u.Due), status, u.Of, u.Action, string(u.Input), short(u.RunID), fmt.Sprint(u.Attempts), message(u.Error)})
	}
	a.out.table(rows)
}

// afterwards shows what came after a run: what of it is to be taken back, and when it
// was run again.
func (a *app) afterwards(r *embedded.Run) {
	if len(r.Undos) > 0 {
		fmt.Fprintf(a.out, "\n%s\n", a.out.bold("To be taken back"))
		a.undoTable(r.Undos)
	}
	if len(r.Retries) == 0 {
		return
	}
	fmt.Fprintf(a.out, "\n%s\n", a.out.bold("Run again by command"))
	rows := [][]string{{"RETRY", "ASKED FOR", "TAKEN UP", "HAD FAILED", "WITH"}}
	for _, t := range r.Retries {
		rows = append(rows, []string{fmt.Sprint(t.N), when(t.Time), when(t.Begun), when(t.Failed), message(t.Error)})
	}
	a.out.table(rows)
}

// undoFooter says how much is to be taken back, or could not be, if anything.
func (a *app) undoFooter(ctx context.Context, store *embedded.Store) error {
	for _, kind := range []struct{ status, says string }{
		{embedded.UndoPending, "to be taken back when the time is over"},
		{embedded.Failed, "that could not be taken back"},
	} {
		undos, err := store.Undos(ctx, embedded.UndoQuery{Status: kind.status, Limit: 10_000})
		if err != nil {
			return err
		}
		if n := len(undos); n > 0 {
			fmt.Fprintf(a.out, "%s %s; see: soar runs undos --status %s\n", count(n, "change"), kind.says, kind.status)
		}
	}
	return nil
}

// tellUndo says who will take back what a call by hand changed, if the answer asks for
// that: this command ends before it is due.
func (a *app) tellUndo(ctx context.Context, store *embedded.Store, org string, output json.RawMessage) error {
	asked, err := sdk.UndoOf(output)
	if err != nil || asked == nil || asked.At == nil {
		return err
	}
	u, err := store.UndoOf(ctx, org, asked)
	if err != nil || u == nil {
		return err
	}
	if u.Status != embedded.UndoPending {
		a.note("nothing is taken back at " + asked.At.UTC().Format(time.RFC3339) + ": it stood there before this call, or is to stay")
		return nil
	}
	busy, err := store.InUse()
	if err != nil {
		return err
	}
	who := "nobody does that unless soar watch runs on this store then, or later"
	if busy {
		who = "the soar watch that works on this store does that"
	}
	a.note(fmt.Sprintf("%s is due at %s; %s (%s)", u.Action, u.Due.Format(time.RFC3339), who, store.Path()))
	return nil
}

// undo shows an attempt to take a change back.
func (l *live) undo(n embedded.Notice) {
	u := n.Undo
	if l.json {
		line := map[string]any{"kind": n.Kind, "run": n.Run.ID, "playbook": n.Run.Playbook, "undo": u}
		if n.Wait > 0 {
			line["wait_ms"] = n.Wait.Milliseconds()
		}
		l.out.line(line)
		return
	}
	by := "by hand"
	if u.RunID != "" {
		by = "by run " + short(u.RunID)
	}
	what := fmt.Sprintf("undo of %s %s  %s %s", u.Of, by, u.Action, oneLine(string(u.Input)))
	switch {
	case n.Kind == embedded.UndoRetry:
		fmt.Fprintf(l.out, "%s  %s %s  %s; trying again in %s\n", l.clock(), l.out.yellow("…"), what, oneLine(message(u.Error)), n.Wait.Round(100*time.Millisecond))
	case u.Status == embedded.Failed:
		fmt.Fprintf(l.out, "%s  %s %s  %s; it stays until somebody takes it back\n", l.clock(), l.mark(u.Status), what, l.out.red(oneLine(message(u.Error))))
	default:
		fmt.Fprintf(l.out, "%s  %s %s  %s\n", l.clock(), l.mark(embedded.Succeeded), what, u.Outcome)
	}
}
