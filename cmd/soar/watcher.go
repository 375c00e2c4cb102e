package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sync/errgroup"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/internal/runner"
	"soar.example/okta/plugin/host"
	"soar.example/okta/sdk"
)

// A watcher polls the triggers of playbooks and works on the runs they start.
type watcher struct {
	org      string // whose log it is
	session  sdk.Session
	manifest *sdk.Manifest
	engine   *runner.Engine
	store    *runner.Store
	books    []*playbook.Playbook
	every    time.Duration // how long to wait between polls; 0 is the trigger's own
	alsoRead []string      // event types to read besides the playbooks', for show
	logger   hclog.Logger
	accepted func(feed, sdk.RawPage, runner.Accepted)
	polled   func(feed, host.Status)
}

// A feed is one trigger with one set of parameters. Playbooks that share one cost
// one poll, not one each.
type feed struct {
	trigger string
	params  json.RawMessage
	books   []*playbook.Playbook
	key     string // the name of its place in the store
}

// run watches until ctx ends, or a trigger says that it never will work.
func (w *watcher) run(ctx context.Context) error {
	feeds, err := w.feeds()
	if err != nil {
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

// feeds groups the playbooks by trigger and parameters. What differs are the event
// types: each feed asks for all that its playbooks want, and the engine compares
// again for each of them.
func (w *watcher) feeds() ([]feed, error) {
	var feeds []feed
	for _, b := range w.books {
		params := map[string]json.RawMessage{}
		if len(b.Params) > 0 {
			if err := json.Unmarshal(b.Params, &params); err != nil {
				return nil, fmt.Errorf("parameters of %s: %w", b.Name, err)
			}
		}
		delete(params, "event_types")
		rest, err := json.Marshal(params)
		if err != nil {
			return nil, err
		}
		key := w.org + " " + b.Trigger + " " + string(rest)
		at := slices.IndexFunc(feeds, func(f feed) bool { return f.key == key })
		if at < 0 {
			feeds = append(feeds, feed{trigger: b.Trigger, key: key, params: rest})
			at = len(feeds) - 1
		}
		feeds[at].books = append(feeds[at].books, b)
	}
	if err := w.oneFormat(feeds); err != nil {
		return nil, err
	}
	for i, f := range feeds {
		types := slices.Clone(w.alsoRead)
		for _, b := range f.books {
			types = append(types, b.EventTypes...)
		}
		slices.Sort(types)
		params := map[string]any{}
		if err := json.Unmarshal(f.params, &params); err != nil {
			return nil, err
		}
		params["event_types"] = slices.Compact(types)
		raw, err := json.Marshal(params)
		if err != nil {
			return nil, err
		}
		feeds[i].params = raw
	}
	return feeds, nil
}
