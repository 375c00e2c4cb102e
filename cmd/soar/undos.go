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
		Use: "undos", Args: none, Short: "List the changes that are reverted after a time, newest first",
		Long: `List the changes that are reverted after a time, such as the blocks of block_ip, newest first.

A soar watch on the same store reverts them. soar run and soar runs retry only record them.`,
		RunE: a.withStore(func(ctx context.Context, store *embedded.Store, _ []string) error {
			undos, err := store.Undos(ctx, q)
			if err != nil {
				return err
			}
			return list(a, undos, "there are no undos", undoHead, undoRow)
		}),
	}
	c.Flags().StringVar(&q.Status, "status", "", "only undos that are pending, running, done, failed, standing or superseded")
	c.Flags().IntVar(&q.Limit, "limit", 50, "maximum number of undos")
	return c
}

var undoHead = []string{"DUE", "STATUS", "REVERTS", "WITH", "INPUT", "RUN", "ATTEMPTS", "ERROR"}

func undoRow(u embedded.Undo) []string {
	status := u.Status
	if u.Outcome != "" {
		status += " (" + u.Outcome + ")"
	}
	return []string{when(u.Due), status, u.Of, u.Action, string(u.Input), short(u.RunID), fmt.Sprint(u.Attempts), message(u.Error)}
}

// undoSummary shows the numbers of pending and failed undos, unless they are 0.
func (a *app) undoSummary(ctx context.Context, store *embedded.Store) error {
	for _, kind := range []struct{ status, text string }{
		{embedded.UndoPending, "to be reverted later"},
		{embedded.Failed, "that could not be reverted"},
	} {
		undos, err := store.Undos(ctx, embedded.UndoQuery{Status: kind.status, Limit: 10_000})
		if err != nil {
			return err
		}
		if n := len(undos); n > 0 {
			fmt.Fprintf(a.out, "%s %s; see: soar runs undos --status %s\n", count(n, "change"), kind.text, kind.status)
		}
	}
	return nil
}

// noteUndo notes when the result of a call is undone, and by which process. This command ends
// before that time.
func (a *app) noteUndo(ctx context.Context, store *embedded.Store, org string, output json.RawMessage) error {
	undos, err := sdk.UndosOf(output)
	if err != nil {
		return err
	}
	for _, asked := range undos {
		if asked.At == nil {
			continue
		}
		u, err := store.UndoOf(ctx, org, &asked)
		if err != nil {
			return err
		}
		if u == nil {
			continue
		}
		if u.Status != embedded.UndoPending {
			a.note("nothing is reverted at " + asked.At.UTC().Format(time.RFC3339) + ": the state existed before this call, or has no end")
			continue
		}
		inUse, err := store.InUse()
		if err != nil {
			return err
		}
		who := "nobody does that unless soar watch runs on this store then, or later"
		if inUse {
			who = "the soar watch that works on this store does that"
		}
		a.note(fmt.Sprintf("%s is due at %s; %s (%s)", u.Action, u.Due.Format(time.RFC3339), who, store.Path()))
	}
	return nil
}
