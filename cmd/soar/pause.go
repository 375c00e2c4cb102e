package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/terminal"
)

func (a *app) pauseCommand() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use: "pause", Args: none, Short: "Pause all writes of the store, until soar resume",
		Long: `Pause all writes of the store, in every process that uses it: soar watch, soar run and soar undo.

Calls that are under way are canceled. Their operations are interrupted, and soar undo reverts them. The command
returns when no write is under way. Steps of playbooks wait for soar resume. Reads and dry runs go on.`,
		RunE: a.withStore(func(ctx context.Context, store *embedded.Store, _ []string) error {
			p, err := store.PauseWrites(ctx, reason)
			if err != nil {
				return err
			}
			if p == nil {
				a.note("another process has resumed the writes already")
				return nil
			}
			host, _ := os.Hostname() // "" if it is unknown, as in the pause
			if p.Process != os.Getpid() || p.Host != host {
				a.print(p, "%s: %s\n", a.out.Yellow("paused before"), terminal.OneLine(pauseText(p)))
				return nil
			}
			a.print(p, "%s all writes of %s are paused, and none is under way. soar resume ends the pause\n", a.out.Green("✓"), a.storePath())
			return nil
		}),
	}
	c.Flags().StringVar(&reason, "reason", "", "reason that every rejected write shows")
	return c
}

func (a *app) resumeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "resume", Args: none, Short: "End the pause of all writes of the store",
		RunE: a.withStore(func(ctx context.Context, store *embedded.Store, _ []string) error {
			p, err := store.ResumeWrites(ctx)
			if err != nil {
				return err
			}
			text := a.out.Green("✓") + " the writes of " + a.storePath() + " were not paused"
			if p != nil {
				text = fmt.Sprintf("%s the writes of %s are resumed. They were paused by %s", a.out.Green("✓"), a.storePath(), terminal.OneLine(pausedBy(p)))
			}
			a.print(map[string]any{"kind": "resumed", "pause": p}, "%s\n", text)
			return nil
		}),
	}
}

// pausedBy says who paused all writes, when and why.
func pausedBy(p *embedded.Pause) string {
	text := fmt.Sprintf("%s on %s at %s", p.OSUser, p.Host, p.Time.UTC().Format(time.RFC3339))
	if p.Reason != "" {
		text += " (" + p.Reason + ")"
	}
	return text
}

func pauseText(p *embedded.Pause) string {
	return "all writes are paused by " + pausedBy(p) + ". soar resume ends the pause"
}

// notePause notes that all writes of the store are paused, if they are.
func (a *app) notePause(ctx context.Context, store *embedded.Store) error {
	p, err := store.WritesPaused(ctx)
	if p != nil {
		a.note(pauseText(p))
	}
	return err
}

// pauseOf returns the pause of the store, nil if there is no pause or no store.
func (a *app) pauseOf(ctx context.Context) (*embedded.Pause, error) {
	if !exists(a.storePath()) {
		return nil, nil
	}
	store, err := a.openStore(ctx)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	return store.WritesPaused(ctx)
}
