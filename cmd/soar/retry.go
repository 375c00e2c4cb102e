package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/inputfile"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

func (a *app) retryCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "retry ID", Args: exactly(1, "the id of a run (its first letters will do)"), Short: "Run a failed run again, from the step that failed",
		Long: `Run a failed run again, from the step that failed. Steps that succeeded do not run again: the run uses their
outputs. The run uses the playbook as it was when the event arrived, even if the file has changed.

A soar watch that works on the store executes the run. If there is no such watch, this command executes it.`,
		RunE: a.withStore(func(ctx context.Context, store *embedded.Store, args []string) error {
			return a.retry(ctx, store, args[0])
		}),
	}
	a.caseFlag(c.Flags())
	return c
}

func (a *app) retry(ctx context.Context, store *embedded.Store, id string) error {
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
		a.note(file + " has changed since: the run continues with the playbook version with which it was created")
	}
	manifests, err := a.manifests(ctx)
	if err != nil {
		return err
	}
	names := slices.Sorted(maps.Keys(manifests))
	if p, err := playbook.Load(file, source, manifests); err == nil {
		names = usedBy([]*playbook.Playbook{p})
	}
	w, err := a.workOff(ctx, store, org, names, embedded.Options{Workers: 1, Only: run.ID}, func() ([]string, int, error) {
		_, err := store.Retry(ctx, run.ID)
		return []string{run.ID}, 1, err
	})
	switch {
	case errors.Is(err, embedded.ErrInUse):
		if run, err = store.Retry(ctx, run.ID); err == nil {
			a.print(run, "run %s is queued again: the soar watch that works on %s takes it up, if it watches %s\n",
				a.out.Bold(short(run.ID)), a.storePath(), org)
		}
		return err
	case err != nil:
		return err
	case w.left > 0:
		a.note("run " + short(run.ID) + " is left queued: soar watch goes on with it")
		return ctx.Err()
	case w.failed > 0:
		return failedError{exitFailed}
	}
	return nil
}

// workedOff counts the runs that workOff queued.
type workedOff struct{ runs, failed, left int }

// workOff works on runs of the org in this process, with the named connections, until those
// that queue returns have ended, or ctx ends. queue also returns how many of its runs have not ended yet; the others have failed.
// The error is [embedded.ErrInUse] if another process works on the store.
func (a *app) workOff(ctx context.Context, store *embedded.Store, org string, connections []string, o embedded.Options,
	queue func() (ids []string, unfinished int, err error)) (w workedOff, err error) {
	if inUse, err := store.InUse(); err != nil || inUse {
		return w, cmp.Or(err, embedded.ErrInUse)
	}
	all, err := a.openAll(ctx, connections, store)
	if err != nil {
		return w, err
	}
	defer all.Close()
	for _, c := range all {
		health, err := c.Check(ctx)
		if err != nil {
			return w, err
		}
		o.Connections = append(o.Connections, c.forEngine(health.Target))
	}
	orgs := namesOf(o.Connections, func(c embedded.Connection) string { return c.Org })
	if !slices.Contains(orgs, org) {
		return w, sdk.Invalid(fmt.Sprintf("run %s belongs to %s, but the connection is to %s. Use the settings of that org",
			o.Only, org, strings.Join(orgs, " and ")))
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	show := &progress{app: a, started: time.Now()}
	waiting := map[string]bool{} // IDs of the runs that have not ended
	var mu sync.Mutex
	o.Logger, o.Case = a.logger, a.caseID
	o.Observe = func(n embedded.Notice) {
		show.notice(n)
		mu.Lock()
		defer mu.Unlock()
		if n.Kind != embedded.RunFinished || !waiting[n.Run.ID] {
			return
		}
		delete(waiting, n.Run.ID)
		if n.Run.Status == engine.Failed {
			w.failed++
		}
		if w.left--; w.left == 0 {
			stop()
		}
	}
	engine, err := embedded.New(store, o)
	if err != nil {
		return w, err
	}
	defer engine.Close()
	ids, unfinished, err := queue()
	w = workedOff{runs: len(ids), failed: len(ids) - unfinished, left: unfinished}
	if err != nil || unfinished == 0 {
		return w, err
	}
	for _, id := range ids {
		waiting[id] = true
	}
	err = engine.Work(ctx)
	return w, err
}
