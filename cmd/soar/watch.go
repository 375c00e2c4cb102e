package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/monitor"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/plugin/host"
	"soar.example/okta/sdk"
)

// watchOptions are the flags of soar watch.
type watchOptions struct {
	every   time.Duration // 0: the trigger's own
	workers int
	metrics string // "": none
	maxLag  time.Duration
	status  time.Duration
}

func (a *app) watchCommand() *cobra.Command {
	var o watchOptions
	c := &cobra.Command{
		Use: "watch PLAYBOOK...", Short: "Watch the org and start playbooks on matching events, until stopped",
		Long: `Watch the org and start playbooks on matching events, until SIGTERM or Ctrl-C.

What was seen and done is kept in the store (--store). Stopped or killed at any instant and started
again, it goes on where it was: no event is lost, none starts a playbook twice.

The last line of a terminal says how it is doing; elsewhere a line now and then does (--status). With
--metrics, Prometheus finds the same at /metrics, and /healthz answers 200, or 503 with the reason.`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{fmt.Errorf("%s needs at least one playbook file", c.CommandPath())}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return usageError{err}
			}
			return a.watch(c.Context(), args, o)
		},
	}
	c.Flags().DurationVar(&o.every, "every", 0, "how long to wait between polls (default: the trigger's own, 10s)")
	c.Flags().IntVar(&o.workers, "workers", 4, "how many runs are worked on at once")
	c.Flags().StringVar(&o.metrics, "metrics", "", "address for /metrics and /healthz, such as :9464, which is on loopback, or 0.0.0.0:9464")
	c.Flags().DurationVar(&o.maxLag, "max-lag", 5*time.Minute, "being further behind than this is bad health")
	c.Flags().DurationVar(&o.status, "status", time.Minute, "how often to say in a line how it is doing")
	return c
}

func (o watchOptions) check() error {
	switch {
	case o.every != 0 && o.every < time.Second:
		return fmt.Errorf("--every %s is under 1s: that would spend Okta's rate limit on polling", o.every)
	case o.workers < 1 || o.workers > 100:
		return fmt.Errorf("--workers %d is not between 1 and 100", o.workers)
	case o.maxLag < time.Second:
		return fmt.Errorf("--max-lag %s is under 1s: no watch is ever that close", o.maxLag)
	case o.status < time.Second:
		return fmt.Errorf("--status %s is under 1s", o.status)
	}
	return nil
}

// checkLag refuses a limit that every wait between polls would pass.
func (o watchOptions) checkLag(m *sdk.Manifest, books []*playbook.Playbook) error {
	for _, b := range books {
		every := o.every
		if info := m.Trigger(b.Trigger); every == 0 && info != nil {
			every = info.Every.Std()
		}
		if every > o.maxLag {
			return fmt.Errorf("--max-lag %s is shorter than the wait between polls (%s): it would be passed again and again", o.maxLag, every)
		}
	}
	return nil
}

func (a *app) watch(ctx context.Context, files []string, o watchOptions) error {
	settings, err := a.settings(ctx)
	if err != nil {
		return err
	}
	m, err := a.manifest(ctx)
	if err != nil {
		return err
	}
	books, err := a.loadPlaybooks(ctx, files, m)
	if err != nil {
		return err
	}
	if err := o.checkLag(m, books); err != nil {
		return usageError{err}
	}
	var metrics net.Listener
	if o.metrics != "" {
		if metrics, err = monitor.Listen(ctx, o.metrics); err != nil {
			return usageError{fmt.Errorf("--metrics: %w", err)}
		}
		defer metrics.Close()
	}
	store, err := a.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	conn, err := a.open(ctx, settings)
	if err != nil {
		return err
	}
	defer conn.Close()
	w := &watcher{manifest: conn.manifest, store: store, books: books, every: o.every, logger: a.logger}
	return a.watchOver(ctx, w, conn, o, metrics)
}

// watchOver has w watch over a connection, and shows how it is doing: on metrics too,
// unless that is nil.
func (a *app) watchOver(ctx context.Context, w *watcher, conn *connection, o watchOptions, metrics net.Listener) error {
	health, err := conn.Check(ctx)
	if err != nil {
		return err
	}
	w.org = health.Target
	feeds, err := w.feeds()
	if err != nil {
		return err
	}
	names := feedNames(feeds)
	mon := monitor.New(monitor.Options{
		Feeds: slices.Collect(maps.Values(names)), Playbooks: bookNames(w.books), MaxLag: o.maxLag,
		PluginUp: func() bool { return conn.plugin.PID() != 0 },
		Queues:   func(ctx context.Context) ([]embedded.Queue, error) { return w.store.Queues(ctx, w.org) },
	})
	show := &live{app: a, started: time.Now()}
	board := newBoard(show, mon)
	defer board.close()
	w.session = mon.Session(conn)
	w.engine, err = embedded.New(w.store, embedded.Options{
		Org: w.org, Manifest: w.manifest, Session: w.session, Workers: o.workers, Logger: a.logger,
		Observe: func(n embedded.Notice) {
			mon.Notice(n)
			show.notice(n)
		},
	})
	if err != nil {
		return err
	}
	defer w.engine.Close()
	w.accepted = func(f feed, page sdk.RawPage, got embedded.Accepted) {
		mon.Accepted(names[f.key], page, got)
		show.accepted(f, page, got)
	}
	w.polled = func(f feed, s host.Status) {
		mon.Polled(names[f.key], s)
		show.polled(f, s)
		board.redraw(mon.Snapshot())
	}
	show.watching(health, w.books, a.storePath())
	if metrics != nil {
		show.serving(metrics.Addr())
	}
	err = runBeside(ctx, w.run, func(ctx context.Context) error {
		mon.Follow(ctx, o.status, board.tell)
		return nil
	}, func(ctx context.Context) error {
		if metrics == nil {
			return nil
		}
		return mon.Serve(ctx, metrics)
	})
	board.close()
	show.stopped()
	return err
}

// runBeside runs main, and others beside it until it ends.
func runBeside(ctx context.Context, main func(context.Context) error, others ...func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer stop()
		return main(ctx)
	})
	for _, other := range others {
		g.Go(func() error { return other(ctx) })
	}
	return g.Wait()
}

// feedNames are what feeds are called, by their keys: their trigger, with a number
// from the second one of it.
func feedNames(feeds []feed) map[string]string {
	names, of := map[string]string{}, map[string]int{}
	for _, f := range feeds {
		of[f.trigger]++
		names[f.key] = f.trigger
		if n := of[f.trigger]; n > 1 {
			names[f.key] = fmt.Sprintf("%s_%d", f.trigger, n)
		}
	}
	return names
}

func bookNames(books []*playbook.Playbook) []string {
	names := make([]string, len(books))
	for i, b := range books {
		names[i] = b.Name
	}
	return names
}

func (a *app) loadPlaybooks(ctx context.Context, files []string, m *sdk.Manifest) ([]*playbook.Playbook, error) {
	backend, end, err := a.offered(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	var books []*playbook.Playbook
	var problems playbook.Problems
	named := map[string]string{}
	for _, file := range files {
		source, err := a.readPlaybook(file)
		if err != nil {
			return nil, err
		}
		b, found, err := checkedPlaybook(ctx, backend, file, source, m)
		if err != nil {
			return nil, err
		}
		problems = append(problems, found...)
		if b == nil {
			continue
		}
		if other, double := named[b.Name]; double {
			problems = append(problems, playbook.Problem{File: file, Line: 1, Column: 1, Message: fmt.Sprintf("the playbook %s stands in %s already: runs are known by its name", b.Name, other)})
		}
		named[b.Name] = file
		books = append(books, b)
	}
	if len(problems) > 0 {
		return nil, refuse(problems)
	}
	return books, nil
}

// refuse makes one error of everything that is wrong in playbook files.
func refuse(problems playbook.Problems) error {
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = p.String()
	}
	return sdk.Invalid("nothing was started; the playbook has " + count(len(problems), "problem") + "\n" + strings.Join(lines, "\n"))
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
