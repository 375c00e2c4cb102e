package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/inputfile"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

func (a *app) retryCommand() *cobra.Command {
	return &cobra.Command{
		Use: "retry ID", Args: exactly(1, "the id of a run (its first letters will do)"), Short: "Run a failed run again, from the step that failed",
		Long: `Run a failed run again, from the step that failed. Steps that succeeded are not run again: their answers
are used. The run goes on with the playbook as it was when the event came, whatever the file says now.

A soar watch that works on the store takes the run up; if there is none, it is worked off here.`,
		RunE: func(c *cobra.Command, args []string) error { return a.retry(c.Context(), args[0]) },
	}
}

func (a *app) retry(ctx context.Context, id string) error {
	store, err := a.existingStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	run, err := store.Run(ctx, id)
	if err != nil {
		return err
	}
	if err := run.CanRetry(); err != nil {
		return err
	}
	file, source, org, err := store.PlaybookOf(ctx, run.ID)
	if err != nil {
		return err
	}
	if now, err := inputfile.Read(file, playbook.MaxFile); err == nil && !bytes.Equal(now, source) {
		a.note(file + " has changed since: the run goes on with the playbook as it was")
	}
	busy, err := store.InUse()
	if err != nil {
		return err
	}
	if !busy {
		err := a.workOff(ctx, store, run, org)
		if !errors.Is(err, embedded.ErrInUse) {
			return err
		}
	}
	if run, err = store.Retry(ctx, run.ID); err != nil {
		return err
	}
	if a.json {
		a.out.line(run)
		return nil
	}
	fmt.Fprintf(a.out, "run %s is queued again: the soar watch that works on %s takes it up, if it watches %s\n", a.out.bold(short(run.ID)), a.storePath(), org)
	return nil
}

// workOff runs one run of the org again, and nothing else.
func (a *app) workOff(ctx context.Context, store *embedded.Store, run *embedded.Run, org string) error {
	conn, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	health, err := conn.Check(ctx)
	if err != nil {
		return err
	}
	if health.Target != org {
		return sdk.Invalid(fmt.Sprintf("run %s is one of %s, and the login is for %s", run.ID, org, health.Target))
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	show := &live{app: a, started: time.Now()}
	var status embedded.Status
	engine, err := embedded.New(store, embedded.Options{
		Org: org, Manifest: conn.manifest, Session: conn, Workers: 1, Only: run.ID, Logger: a.logger,
		Observe: func(n embedded.Notice) {
			show.notice(n)
			if n.Kind == embedded.RunFinished {
				status = n.Run.Status
				stop()
			}
		},
	})
	if err != nil {
		return err
	}
	defer engine.Close()
	if _, err := store.Retry(ctx, run.ID); err != nil {
		return err
	}
	if err := engine.Work(ctx); err != nil {
		return err
	}
	switch status {
	case "":
		a.note("run " + short(run.ID) + " is left queued: soar watch goes on with it")
		return ctx.Err()
	case embedded.Failed:
		return failedError{exitFailed}
	}
	return nil
}

// note tells what somebody should know beside the answer.
func (a *app) note(s string) {
	if a.json {
		a.err.line(map[string]any{"kind": "note", "message": s})
		return
	}
	fmt.Fprintf(a.err, "%s %s\n", a.err.yellow("note:"), oneLine(s))
}
