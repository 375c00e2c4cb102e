package main

import (
	"context"
	"net"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/monitor"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/internal/watch"
	"soar.example/okta/plugin/host"
	"soar.example/okta/sdk"
)

// watchOptions are the flags of soar watch.
type watchOptions struct {
	every   time.Duration // 0: the default of the trigger
	workers int
	metrics string // "": none
	maxLag  time.Duration
	status  time.Duration
}

func (a *app) watchCommand() *cobra.Command {
	var o watchOptions
	c := &cobra.Command{
		Use: "watch [PLAYBOOK...]", Args: cobra.ArbitraryArgs,
		Short: "Watch for events and start playbooks on matching events, until stopped",
		Long: `Watch for events and start playbooks on matching events, until SIGTERM or Ctrl-C. Without files, the
command uses the playbooks of the settings.

The store (--store) keeps the checkpoint, the events and the runs. After a stop or a crash, the watch
continues from there: no event is lost, and no event starts a playbook twice.

On a terminal, the last line shows the status. Otherwise the status is printed regularly (--status). With
--metrics, Prometheus reads the same data at /metrics. /healthz returns 200, or 503 with the reason.`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.watch(c.Context(), args, o)
		},
	}
	c.Flags().DurationVar(&o.every, "every", 0, "wait between polls (default: that of the trigger, 10s)")
	c.Flags().IntVar(&o.workers, "workers", 4, "number of runs that are executed at the same time")
	c.Flags().StringVar(&o.metrics, "metrics", "", "address for /metrics and /healthz: :9464 listens on loopback, 0.0.0.0:9464 everywhere")
	c.Flags().DurationVar(&o.maxLag, "max-lag", 5*time.Minute, "longest delay of a healthy watch")
	a.caseFlag(c.Flags())
	c.Flags().DurationVar(&o.status, "status", time.Minute, "interval of status lines")
	return c
}

// checkEvery rejects an interval that would use up the rate limit. 0 is the trigger's own.
func checkEvery(every time.Duration) error {
	if every != 0 && every < time.Second {
		return usagef("--every %s is under 1s: that would spend the service's rate limit on polling", every)
	}
	return nil
}

func (o watchOptions) check() error {
	switch {
	case o.workers < 1 || o.workers > 100:
		return usagef("--workers %d is not between 1 and 100", o.workers)
	case o.maxLag < time.Second:
		return usagef("--max-lag %s is under 1s: no watch is ever that close", o.maxLag)
	case o.status < time.Second:
		return usagef("--status %s is under 1s", o.status)
	}
	return checkEvery(o.every)
}

// checkLag rejects a limit that the wait between two polls exceeds.
func (o watchOptions) checkLag(m *sdk.Manifest, playbooks []*playbook.Playbook) error {
	for _, b := range playbooks {
		if every := watch.Interval(m, b.Trigger, o.every); every > o.maxLag {
			return usagef("--max-lag %s is shorter than the wait between polls (%s): it would be passed again and again", o.maxLag, every)
		}
	}
	return nil
}

func (a *app) watch(ctx context.Context, files []string, o watchOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	playbooks, m, err := a.loadPlaybooks(ctx, files)
	if err != nil {
		return err
	}
	if err := o.checkLag(m, playbooks); err != nil {
		return err
	}
	var metrics net.Listener
	if o.metrics != "" {
		if metrics, err = monitor.Listen(ctx, o.metrics); err != nil {
			return usagef("--metrics: %w", err)
		}
		defer metrics.Close()
	}
	return a.connectWithStore(ctx, func(store *embedded.Store, conn *connection) error {
		w := &watch.Watcher{Manifest: conn.manifest, Store: store, Playbooks: playbooks, Every: o.every, Logger: a.logger}
		return a.runWatcher(ctx, w, conn, o, metrics)
	})
}

// runWatcher runs w, shows its status, and serves it on metrics unless that is nil.
func (a *app) runWatcher(ctx context.Context, w *watch.Watcher, conn *connection, o watchOptions, metrics net.Listener) error {
	show := &progress{app: a, started: time.Now()}
	var health sdk.Health
	err := host.Retry(ctx, func(s host.Status) { show.pollStatus(show.out, s, show.line) }, func(ctx context.Context) (err error) {
		health, err = conn.Check(ctx)
		return err
	})
	if err != nil || ctx.Err() != nil {
		return err
	}
	w.Org = health.Target
	feeds, err := w.Feeds()
	if err != nil {
		return err
	}
	names := namesOf(feeds, func(f *watch.Feed) string { return f.Name })
	mon := monitor.New(monitor.Options{
		Feeds: names, Playbooks: playbookNames(w.Playbooks), MaxLag: o.maxLag,
		PluginUp: func() bool { return conn.plugin.PID() != 0 },
		Queues:   func(ctx context.Context) ([]embedded.Queue, error) { return w.Store.Queues(ctx, w.Org) },
		Paused:   w.Store.WritesPaused,
	})
	status := newWatchStatus(show)
	defer status.close()
	w.Session = mon.Session(conn)
	w.Engine, err = embedded.New(w.Store, embedded.Options{
		Org: w.Org, Manifest: w.Manifest, Session: w.Session, Workers: o.workers, Logger: a.logger,
		Caller: a.caller(conn), Shadow: conn.shadow(),
		Observe: func(n embedded.Notice) {
			mon.Notice(n)
			show.notice(n)
		},
	})
	if err != nil {
		return err
	}
	defer w.Engine.Close()
	w.Accepted = func(feed string, page sdk.RawPage, got embedded.Accepted) {
		mon.Accepted(feed, page, got)
		show.accepted(page, got)
	}
	w.Polled = func(feed string, s host.Status) {
		mon.Polled(feed, s)
		show.pollStatus(show.out, s, show.line)
		status.redraw(mon.Snapshot())
	}
	show.watching(health, w.Playbooks, a.storePath(), conn.shadow())
	if metrics != nil {
		show.serving(metrics.Addr())
	}
	// The group ends when the watcher does.
	runCtx, stop := context.WithCancel(ctx)
	defer stop()
	g, runCtx := errgroup.WithContext(runCtx)
	g.Go(func() error {
		defer stop()
		return w.Run(runCtx)
	})
	g.Go(func() error {
		mon.Follow(runCtx, o.status, status.show)
		return nil
	})
	if metrics != nil {
		g.Go(func() error { return mon.Serve(runCtx, metrics) })
	}
	if err = g.Wait(); err != nil && ctx.Err() != nil && sdk.AsError(err).Code == sdk.Canceled {
		err = nil // a signal ended the watch while it was starting
	}
	status.close()
	show.stopped()
	return err
}

func playbookNames(playbooks []*playbook.Playbook) []string {
	return namesOf(playbooks, func(b *playbook.Playbook) string { return b.Name })
}

func namesOf[T any](items []T, name func(T) string) []string {
	names := make([]string, len(items))
	for i, item := range items {
		names[i] = name(item)
	}
	return names
}
