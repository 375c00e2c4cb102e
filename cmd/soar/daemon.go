package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"soar.example/okta/internal/alert"
	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/inputfile"
	"soar.example/okta/internal/monitor"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/internal/terminal"
	"soar.example/okta/internal/watch"
	"soar.example/okta/plugin/host"
	"soar.example/okta/sdk"
)

// A daemon is a soar watch: one engine, and a watcher of the present configuration.
type daemon struct {
	*app
	flags     app // before the settings were read
	files     []string
	o         watchOptions
	store     *embedded.Store
	processes *processes

	engine  *embedded.Engine
	mon     *monitor.Monitor
	show    *progress
	status  *watchStatus
	alerts  *alert.Sender
	current atomic.Pointer[configuration]
	retired chan struct{} // closed when the connections of all former configurations are closed
}

// watcher returns a watcher of the configuration.
func (d *daemon) watcher(c *configuration) *watch.Watcher {
	w := &watch.Watcher{
		Engine: d.engine, Store: d.store, Playbooks: c.playbooks, Every: d.o.every, Logger: d.logger,
		Accepted: func(f *watch.Feed, page sdk.RawPage, got embedded.Accepted) {
			d.mon.Accepted(f.Name, page, got)
			d.show.accepted(f, page, got)
		},
		Polled: func(f *watch.Feed, s host.Status) {
			d.mon.Polled(f.Name, s)
			d.show.pollStatus(d.show.out, s, d.show.line)
			d.status.redraw(d.mon.Snapshot())
		},
	}
	for i, one := range c.connections {
		e := one.forEngine(c.healths[i].Target)
		e.Session = d.mon.Session(e.Name, e.Session)
		w.Connections = append(w.Connections, e)
	}
	return w
}

// alertFor returns the alert for failures of the playbook, or for other failures, and the connection of its action.
func (d *daemon) alertFor(name string) (*playbook.Alert, *embedded.Connection) {
	c := d.current.Load()
	found := c.alert
	for _, p := range c.playbooks {
		if p.Name == name && p.OnFailure != nil {
			found = p.OnFailure
		}
	}
	if found == nil {
		return nil, nil
	}
	i := slices.Index(c.connections, c.connections.named(found.Connection))
	e := c.connections[i].forEngine(c.healths[i].Target)
	return found, &e
}

// failed reports the failures of runs.
func (d *daemon) failed(n embedded.Notice) {
	if n.Kind != embedded.RunFinished || n.Run.Status != engine.Failed {
		return
	}
	why := message(n.Run.Error)
	d.alerts.Report(playbook.Failure{
		Kind: alert.RunFailed, Playbook: n.Run.Playbook, Run: n.Run.ID, Org: n.Run.Org, Event: n.Run.EventID, Message: why,
		Text: fmt.Sprintf("soar: run %s of the playbook %s failed on event %s: %s", short(n.Run.ID), n.Run.Playbook, n.Run.EventID, why),
	})
}

// tick shows the status, and reports bad health and a pause of all writes.
func (d *daemon) tick(t monitor.Tick) {
	paused := d.status.paused
	d.status.show(t)
	if t.Changed && !t.Healthy() {
		problems := strings.Join(t.Problems, "; ")
		d.alerts.Report(playbook.Failure{Kind: alert.Unhealthy, Message: problems, Text: "soar watch is not healthy: " + problems})
	}
	if t.Paused != nil && !paused {
		d.alerts.Report(playbook.Failure{Kind: alert.WritesPaused, Message: t.Paused.Reason, Text: "soar: " + pauseText(t.Paused)})
	}
}

// orgs returns the accounts of the present configuration.
func (d *daemon) orgs() (orgs []string) {
	for _, h := range d.current.Load().healths {
		orgs = append(orgs, h.Target)
	}
	return orgs
}

// down returns the connectors whose process does not run.
func (d *daemon) down() (names []string) {
	for _, c := range d.current.Load().connections {
		if c.plugin.PID() == 0 && !slices.Contains(names, c.manifest.Name) {
			names = append(names, c.manifest.Name)
		}
	}
	return names
}

// run watches until ctx ends, all feeds fail for good, or the store fails.
func (d *daemon) run(ctx context.Context, metrics net.Listener) error {
	d.show = &progress{app: d.app, started: time.Now()}
	d.retired = make(chan struct{})
	close(d.retired)
	first, err := d.load(ctx, nil)
	if err != nil || ctx.Err() != nil {
		if ctx.Err() != nil && sdk.AsError(err).Code == sdk.Canceled {
			err = nil // a signal ended the watch while it was starting
		}
		return err
	}
	d.current.Store(first)
	defer func() {
		<-d.retired
		d.current.Load().connections.Close()
	}()
	if err := onlyFailures(first); err != nil {
		return err
	}
	d.mon = monitor.New(monitor.Options{
		MaxLag: d.o.maxLag, Down: d.down, Paused: d.store.WritesPaused,
		Queues: func(ctx context.Context) ([]embedded.Queue, error) { return d.store.Queues(ctx, d.orgs()) },
	})
	d.status = newWatchStatus(d.show)
	defer d.status.close()
	d.alerts = alert.New(alert.Options{Store: d.store, Case: d.caseID, Of: d.alertFor, Logger: d.logger})
	w := d.watcher(first)
	d.engine, err = embedded.New(d.store, embedded.Options{
		Connections: w.Connections, Workers: d.o.workers, Logger: d.logger, Case: d.caseID,
		Observe: func(n embedded.Notice) {
			d.mon.Notice(n)
			d.show.notice(n)
			d.failed(n)
		},
	})
	if err != nil {
		return err
	}
	defer d.engine.Close()
	w.Engine = d.engine
	d.show.watching("watching", first.watched(), first.playbooks, d.storePath())
	if metrics != nil {
		d.show.serving(metrics.Addr())
	}
	// The group ends when one of its functions fails, or when ctx ends.
	g, runCtx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.engine.Work(runCtx) })
	g.Go(func() error { return d.follow(runCtx, w) })
	g.Go(func() error {
		d.alerts.Run(runCtx)
		return nil
	})
	g.Go(func() error {
		d.mon.Follow(runCtx, d.o.status, d.tick)
		return nil
	})
	if metrics != nil {
		g.Go(func() error { return d.mon.Serve(runCtx, metrics) })
	}
	if err = g.Wait(); err != nil && ctx.Err() != nil && sdk.AsError(err).Code == sdk.Canceled {
		err = nil
	}
	if err != nil {
		why := sdk.AsError(err).Message
		d.alerts.Report(playbook.Failure{Kind: alert.WatchStopped, Message: why, Text: "soar watch stopped: " + why})
	}
	d.alerts.Run(runCtx) // runCtx has ended: sends the alerts that wait
	d.status.close()
	d.show.stopped()
	return err
}

// follow polls with the watcher. When the settings or the playbooks change, it replaces the watcher and the connections.
func (d *daemon) follow(ctx context.Context, w *watch.Watcher) error {
	changes := d.changes(ctx)
	again := time.NewTicker(checkAgain)
	defer again.Stop()
	for {
		polling, stop := context.WithCancel(ctx)
		defer stop()
		ended := make(chan error, 1)
		if err := d.watches(w); err != nil {
			return err
		}
		go func() { ended <- w.Run(polling) }()
		var next *watch.Watcher
		for next == nil {
			select {
			case err := <-ended:
				return err
			case <-again.C:
				d.checkFailed(ctx)
				if err := d.watches(w); err != nil {
					return err
				}
				continue
			case <-changes:
			}
			c, err := d.load(ctx, d.current.Load())
			if err == nil {
				next = d.watcher(c)
				if _, err = next.Feeds(); err != nil {
					next, err = nil, errors.Join(err, c.closeExcept(d.current.Load()))
				}
			}
			if err != nil {
				if ctx.Err() == nil {
					d.rejected(err)
				}
				continue
			}
			stop()
			if err := <-ended; err != nil {
				return err
			}
			if err := d.replace(c, next); err != nil {
				return err
			}
		}
		w = next
	}
}

// changes sends after SIGHUP, and after a change of the settings file or of a playbook.
func (d *daemon) changes(ctx context.Context) <-chan struct{} {
	changed := make(chan struct{}, 1)
	notify := func() {
		select {
		case changed <- struct{}{}:
		default: // a reload is due anyway
		}
	}
	d.reload.Store(&notify)
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		loaded := d.fingerprint()
		for before := loaded; ; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			now := d.fingerprint()
			// A file that still changes may be written at this moment.
			if now != loaded && now == before {
				loaded = now
				notify()
			}
			before = now
		}
	}()
	return changed
}

// fingerprint returns a hash of the settings file and of the playbooks.
func (d *daemon) fingerprint() [sha256.Size]byte {
	present := d.current.Load().settings
	files := d.files
	if len(files) == 0 {
		files, _ = present.PlaybookFiles() // without a folder, no file is hashed
	}
	hash := sha256.New()
	for _, file := range append([]string{present.Name()}, files...) {
		content, err := inputfile.Read(file, playbook.MaxFile)
		fmt.Fprintf(hash, "%q %x %v\n", file, content, err)
	}
	return [sha256.Size]byte(hash.Sum(nil))
}

// checkAgain is the interval in which connections that do not work are checked again.
const checkAgain = time.Minute

// checkFailed checks the connections that did not work at their last check.
func (d *daemon) checkFailed(ctx context.Context) {
	c := *d.current.Load()
	c.healths, c.failures = slices.Clone(c.healths), slices.Clone(c.failures)
	for i, one := range c.connections {
		if c.failures[i] == nil {
			continue
		}
		limited, cancel := context.WithTimeout(ctx, checkTimeout)
		health, err := one.Check(limited)
		cancel()
		if c.failures[i] = err; err == nil {
			c.healths[i] = health
		}
	}
	d.current.Store(&c)
}

// watches tells the monitor what the watcher watches.
func (d *daemon) watches(w *watch.Watcher) error {
	feeds, err := w.Feeds()
	if err != nil {
		return err
	}
	var problems []string
	for i, failure := range d.current.Load().failures {
		if lasting(failure) {
			problems = append(problems, "the connection "+d.current.Load().connections[i].settings.Name+" does not work: "+sdk.AsError(failure).Message)
		}
	}
	d.mon.Watches(namesOf(feeds, func(f *watch.Feed) string { return f.Name }), playbookNames(w.Playbooks), problems)
	return nil
}

// replace makes c the present configuration. The sessions that only the former one used are closed after their runs.
func (d *daemon) replace(c *configuration, w *watch.Watcher) error {
	unused, err := d.engine.SetConnections(w.Connections)
	if err != nil {
		return err
	}
	former, earlier, retired := d.current.Load(), d.retired, make(chan struct{})
	d.current.Store(c)
	d.retired = retired
	go func() {
		defer close(retired)
		<-earlier
		<-unused
		if err := former.closeExcept(c); err != nil {
			d.logger.Warn("cannot close a former connection", "error", err)
		}
	}()
	d.logger.Info("reloaded", "playbooks", len(c.playbooks), "connections", len(c.connections))
	if !d.json {
		d.show.line(nil, "%s the settings and the playbooks", d.out.Green("reloaded"))
	}
	d.show.watching("reloaded", c.watched(), c.playbooks, d.storePath())
	return nil
}

// rejected reports settings or playbooks that are not valid. The watch keeps the former ones.
func (d *daemon) rejected(err error) {
	e := sdk.AsError(err)
	why := strings.TrimRight(strings.TrimPrefix(e.Message, nothingStarted), ".")
	d.logger.Warn("cannot reload", "error", why)
	d.show.line(map[string]any{"kind": "reload_failed", "error": e.Body()}, "%s %s. The watch keeps the former settings and playbooks",
		d.out.Red("not reloaded:"), terminal.OneLine(why))
	for _, v := range e.Violations {
		if !d.json {
			d.show.line(nil, "  %s", terminal.OneLine(v.String()))
		}
	}
}
