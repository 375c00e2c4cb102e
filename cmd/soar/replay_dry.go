package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/sdk"
)

// showDryRun shows the effects of the playbook without writing anything.
func (r *replayer) showDryRun(ctx context.Context, again bool) error {
	before, err := r.startedBefore(ctx)
	if err != nil {
		return err
	}
	var events []sdk.RawEvent
	for _, e := range r.matched {
		if again || !before[e.ID] {
			events = append(events, e)
		}
	}
	starts := embedded.GroupEvents(r.book, events)
	if !r.json {
		fmt.Fprintf(r.out, "%s ", r.out.yellow("dry run:"))
	}
	r.introduce(len(r.matched), len(r.matched)-len(events), len(starts))
	failed := 0
	for _, start := range starts {
		steps, err := r.dryRun(ctx, start)
		if err != nil {
			return err
		}
		ok := r.showRun(start, steps)
		if !ok {
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

// dryRun goes through the steps, unless the condition cannot be evaluated: then no
// step would be run.
func (r *replayer) dryRun(ctx context.Context, start []sdk.RawEvent) ([]embedded.DryRunStep, error) {
	if _, err := r.book.Match(start[0]); err != nil {
		body := sdk.AsError(err).Body()
		return []embedded.DryRunStep{{ID: "condition", Status: embedded.Failed, Error: &body}}, nil
	}
	return embedded.DryRun(ctx, r.conn, r.conn.manifest, r.book, start)
}

// startedBefore asks the store, if there is one: a dry run makes none.
func (r *replayer) startedBefore(ctx context.Context) (map[string]bool, error) {
	if _, err := os.Stat(r.storePath()); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	store, err := r.openStore(ctx)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	return store.Started(ctx, r.org, r.book.Name, r.matched)
}

// showRun shows one run that would start, and reports whether it would succeed.
func (r *replayer) showRun(start []sdk.RawEvent, steps []embedded.DryRunStep) (ok bool) {
	ok = true
	for _, s := range steps {
		ok = ok && s.Status != embedded.Failed
	}
	first := start[0]
	if r.json {
		r.out.line(map[string]any{
			"kind": "would_start", "playbook": r.book.Name, "event_id": first.ID, "event_type": first.Type, "published": first.Time,
			"events": len(start), "steps": steps,
		})
		return ok
	}
	var v any
	_ = json.Unmarshal(first.Data, &v) // what cannot be read shows as blanks
	more := ""
	if len(start) > 1 {
		more = fmt.Sprintf(" and %d more", len(start)-1)
	}
	fmt.Fprintf(r.out, "%s  %s%s  %s\n", r.out.faint(when(first.Time)), r.out.bold(oneLine(first.Type)), more, eventFacts(v))
	for _, s := range steps {
		r.showStep(s)
	}
	return ok
}

func (r *replayer) showStep(s embedded.DryRunStep) {
	said := s.Outcome
	mark := r.out.green("✓")
	switch {
	case s.Error != nil:
		mark, said = r.out.red("✗"), r.out.red(string(s.Error.Code))+"  "+oneLine(s.Error.Message)
	case s.Status == embedded.Skipped:
		mark, said = r.out.faint("–"), r.out.faint("skipped")
	case s.Status == embedded.Pending:
		mark, said = r.out.faint("–"), r.out.faint("not reached")
	case said == "":
		said = "read"
	}
	fmt.Fprintf(r.out, "  %s %-12s %-26s %s\n", mark, s.ID, s.Action, said)
	for _, p := range s.Plan {
		fmt.Fprintf(r.out, "      %s\n", oneLine(p.Method+" "+p.Path+"  "+p.Body))
		if p.RefusedBy != "" {
			fmt.Fprintf(r.out, "      %s %s\n", r.out.red("refused by"), oneLine(p.RefusedBy))
		}
	}
}
