package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sync/errgroup"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/plugin/host"
	"soar.example/okta/sdk"
)

// A watcher polls the triggers of playbooks and works on the runs they start.
type watcher struct {
	org      string // whose log it is
	session  sdk.Session
	manifest *sdk.Manifest
	engine   *embedded.Engine
	store    *embedded.Store
	books    []*playbook.Playbook
	every    time.Duration   // how long to wait between polls; 0 is the trigger's own
	alsoRead json.RawMessage // a selection of events to read besides the playbooks', for show
	logger   hclog.Logger
	accepted func(feed, sdk.RawPage, embedded.Accepted)
	polled   func(feed, host.Status)
}

// run watches until ctx ends, or a trigger says that it never will work.
func (w *watcher) run(ctx context.Context) error {
	feeds, err := w.feeds()
	if err != nil {
		return err
	}
	if err := w.store.Resume(ctx, w.readings(feeds)); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return w.engine.Work(ctx) })
	for _, f := range feeds {
		g.Go(func() error { return w.watch(ctx, f) })
	}
	return g.Wait()
}

func (w *watcher) watch(ctx context.Context, f feed) error {
	from, err := w.store.Checkpoint(ctx, f.key)
	if err != nil {
		return err
	}
	every := w.every
	if info := w.manifest.Trigger(f.trigger); every == 0 && info != nil {
		every = info.Every.Std()
	}
	return host.Watch(ctx, host.Source{Session: w.session, Trigger: f.trigger, Params: f.params, Every: every}, host.WatchOptions{
		From: from,
		Handle: func(ctx context.Context, page sdk.RawPage) error {
			accepted, err := w.engine.Accept(ctx, f.key, page, f.books)
			if err == nil && w.accepted != nil {
				w.accepted(f, page, accepted)
			}
			return err
		},
		Observe: func(s host.Status) {
			if w.polled != nil {
				w.polled(f, s)
			}
		},
		Logger: w.logger,
	})
}
