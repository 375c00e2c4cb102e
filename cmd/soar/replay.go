package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// replayOptions are the flags of soar replay.
type replayOptions struct {
	since, until string
	dryRun       bool
	again        bool
	most         int
}

// mostReplayed is how many events one replay takes at most: all of them are queued in
// one transaction, and a soar watch that has the store must not wait longer for it than
// SQLite lets it (busy_timeout).
const mostReplayed = 10_000

func (a *app) replayCommand() *cobra.Command {
	var o replayOptions
	c := &cobra.Command{
		Use: "replay --since TIME --until TIME PLAYBOOK", Args: exactly(1, "one playbook file"),
		Short: "Run a playbook over events of the past, or show what it would do",
		Long: `Run a playbook over the events that happened from --since up to --until: times such as
2026-03-14T02:00:00Z, 2026-03-14, "2h ago" or now. All of them are read before any run starts.

The runs are marked as a replay in soar runs and soar audit. The place from which soar watch reads stays
as it is. An event that started the playbook before does not start it again unless --again says so; one
that a replay starts it for may start it once more when soar watch reads the event.

With --dry-run nothing is written, to Okta or to the store: for each start, the steps are shown with the
requests that they would send. A soar watch that works on the store takes the runs up; if there is none,
they are worked off here, and with them what a watch that is gone has left unfinished.

Events are read in the order in which they reached Okta's log, late ones too, up to those of 24 hours
after --until.`,
		RunE: func(c *cobra.Command, args []string) error {
			span, err := o.span(time.Now())
			if err != nil {
				return usageError{err}
			}
			return a.replay(c.Context(), args[0], span, o)
		},
	}
	c.Flags().StringVar(&o.since, "since", "", "when the first of the events happened")
	c.Flags().StringVar(&o.until, "until", "", "replay events from before this time")
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "write nothing, and show what would be done")
	c.Flags().BoolVar(&o.again, "again", false, "for events too that have started the playbook before")
	c.Flags().IntVar(&o.most, "max-events", 1000, "start nothing if more events than this match")
	return c
}

// span checks the flags, and returns what part of the past they name.
func (o replayOptions) span(now time.Time) (span, error) {
	if o.since == "" || o.until == "" {
		return span{}, errors.New("soar replay needs both --since and --until: it never runs over a past without bounds")
	}
	since, err := parsePast(o.since, now)
	if err != nil {
		return span{}, fmt.Errorf("--since %w", err)
	}
	until, err := parsePast(o.until, now)
	if err != nil {
		return span{}, fmt.Errorf("--until %w", err)
	}
	switch {
	case until.After(now):
		return span{}, fmt.Errorf("--until %s lies in the future: what happens from now on is for soar watch", o.until)
	case !since.Before(until):
		return span{}, fmt.Errorf("--since %s is not before --until %s", o.since, o.until)
	case o.most < 1 || o.most > mostReplayed:
		return span{}, fmt.Errorf("--max-events %d is not between 1 and %d: name a shorter time if there are more", o.most, mostReplayed)
	}
	return span{since, until}, nil
}

func (a *app) replay(ctx context.Context, file string, part span, o replayOptions) error {
	settings, err := a.settings(ctx)
	if err != nil {
		return err
	}
	m, err := a.manifest(ctx)
	if err != nil {
		return err
	}
	books, err := a.loadPlaybooks(ctx, []string{file}, m)
	if err != nil {
		return err
	}
	conn, err := a.open(ctx, settings)
	if err != nil {
		return err
	}
	defer conn.Close()
	health, err := conn.Check(ctx)
	if err != nil {
		return err
	}
	r := &replayer{app: a, conn: conn, org: health.Target, book: books[0], part: part, most: o.most}
	if err := r.read(ctx); err != nil {
		return err
	}
	if o.dryRun {
		return r.showDryRun(ctx, o.again)
	}
	return r.start(ctx, o.again)
}

// A replayer runs one playbook over a part of the past.
type replayer struct {
	*app
	conn    *connection
	org     string
	book    *playbook.Playbook
	part    span
	most    int            // matching events
	seen    int            // events read
	matched []sdk.RawEvent // those that match, or of which that cannot be said
}

// start queues the runs, and works them off where nobody else does.
func (r *replayer) start(ctx context.Context, again bool) error {
	store, err := r.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	busy, err := store.InUse()
	if err != nil {
		return err
	}
	if busy {
		return r.leave(ctx, store, again)
	}
	return r.workOff(ctx, store, again)
}

func (r *replayer) queue(ctx context.Context, store *embedded.Store, again bool) (embedded.Accepted, error) {
	got, err := store.Replay(ctx, embedded.Replay{Org: r.org, Playbook: r.book, Events: r.matched, Again: again})
	if err == nil {
		r.introduce(got.Matched, got.Repeated, len(got.Runs))
	}
	return got, err
}

// leave leaves the runs to the watch that has the store.
func (r *replayer) leave(ctx context.Context, store *embedded.Store, again bool) error {
	if _, err := r.queue(ctx, store, again); err != nil {
		return err
	}
	r.note("the soar watch that works on " + r.storePath() + " takes the runs up, if it watches " + r.org + "; soar runs shows them")
	return nil
}

// workOff runs them here, and waits for their end.
func (r *replayer) workOff(ctx context.Context, store *embedded.Store, again bool) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	// The session that read the log was opened before the store, without its key.
	conn, err := r.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	show := &live{app: r.app, started: time.Now()}
	finished := make(chan embedded.Run)
	engine, err := embedded.New(store, embedded.Options{
		Org: r.org, Manifest: r.conn.manifest, Session: conn, Logger: r.logger,
		Observe: func(n embedded.Notice) {
			show.notice(n)
			if n.Kind == embedded.RunFinished {
				select {
				case finished <- *n.Run:
				case <-ctx.Done():
				}
			}
		},
	})
	if errors.Is(err, embedded.ErrInUse) {
		return r.leave(ctx, store, again)
	}
	if err != nil {
		return err
	}
	defer engine.Close()
	got, err := r.queue(ctx, store, again)
	if err != nil {
		return err
	}
	worked := make(chan error, 1)
	go func() {
		worked <- engine.Work(ctx)
		stop()
	}()
	left, failed := got.Started, len(got.Runs)-got.Started
	of := map[string]bool{}
	for _, id := range got.Runs {
		of[id] = true
	}
	for left > 0 && ctx.Err() == nil {
		select {
		case run := <-finished:
			if of[run.ID] {
				left--
			}
			if of[run.ID] && run.Status == embedded.Failed {
				failed++
			}
		case <-ctx.Done():
		}
	}
	stop()
	if err := <-worked; err != nil {
		return err
	}
	r.sumUp(len(got.Runs), failed, left)
	switch {
	case left > 0:
		return failedError{exitInterrupted}
	case failed > 0:
		return failedError{exitFailed}
	}
	return nil
}

func (r *replayer) introduce(matched, repeated, runs int) {
	if r.json {
		r.out.line(map[string]any{
			"kind": "replay", "playbook": r.book.Name, "since": r.part.since, "until": r.part.until,
			"events": r.seen, "matched": matched, "repeated": repeated, "runs": runs,
		})
		return
	}
	fmt.Fprintf(r.out, "%s %s over %s to %s: %s read, %d match, %d had started it before, %s\n", r.out.yellow("replay of"), r.out.bold(r.book.Name),
		when(r.part.since), when(r.part.until), count(r.seen, "event"), matched, repeated, count(runs, "run"))
}

func (r *replayer) sumUp(runs, failed, left int) {
	if r.json {
		r.out.line(map[string]any{"kind": "replayed", "runs": runs, "failed": failed, "unfinished": left})
		return
	}
	fmt.Fprintf(r.out, "replayed: %s, %d failed, %d unfinished\n", count(runs, "run"), failed, left)
	if left > 0 {
		r.note("what is unfinished stays queued: soar watch goes on with it")
	}
}
