package main

import (
	"context"
	"net"
	"time"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/monitor"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/internal/watch"
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

The watch uses all connections of the playbooks. If one of the services fails, the others are watched on.
After SIGHUP, or when the settings file or a playbook changes, the watch loads them again. If they are not
valid, the watch reports the problems and keeps the former ones. Runs under way end with the former ones.

On a terminal, the last line shows the status. Otherwise the status is printed regularly (--status). With
--metrics, Prometheus reads the same data at /metrics. /healthz returns 200, or 503 with the reason.`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.watch(c.Context(), args, o)
		},
	}
	c.Flags().DurationVar(&o.every, "every", 0, "wait between polls (default: that of the trigger, 10s)")
	c.Flags().IntVar(&o.workers, "workers", 4, "number of runs of each org that are executed at the same time")
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
func (o watchOptions) checkLag(all connectionList, playbooks []*playbook.Playbook) error {
	for _, b := range playbooks {
		if every := watch.Interval(all.named(b.Connection).manifest, b.Trigger, o.every); every > o.maxLag {
			return usagef("--max-lag %s is shorter than the wait between polls (%s): it would be passed again and again", o.maxLag, every)
		}
	}
	return nil
}

func (a *app) watch(ctx context.Context, files []string, o watchOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	flags := *a // before the settings change them
	playbooks, err := a.loadPlaybooks(ctx, files)
	if err != nil {
		return err
	}
	var metrics net.Listener
	if o.metrics != "" {
		if metrics, err = monitor.Listen(ctx, o.metrics); err != nil {
			return usagef("--metrics: %w", err)
		}
		defer metrics.Close()
	}
	if err := a.file.Resolve(ctx, usedBy(playbooks)...); err != nil {
		return err // no store is created with wrong settings
	}
	store, err := a.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	d := &daemon{app: a, flags: flags, files: files, o: o, store: store, processes: newProcesses(a, store)}
	return d.run(ctx, metrics)
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
