package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/plugin/host"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

const (
	// lateness is how long after it happened an event may reach the log and still be
	// found. Okta names no limit; hours are rare.
	lateness = 24 * time.Hour
	// lookBackParam is how a trigger is told where to begin.
	lookBackParam = "look_back"
)

// read finds the events. It polls as a watch does, and not for a range of times: that
// is how Okta returns late events too, and how the playbook's parameters mean what
// they mean in a watch.
func (r *replayer) read(ctx context.Context) error {
	f, err := r.feed()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var known recent
	untimed := 0
	err = host.Watch(ctx, host.Source{Session: r.conn, Trigger: f.trigger, Params: f.params, Every: time.Second}, host.WatchOptions{
		Handle: func(_ context.Context, page sdk.RawPage) error {
			r.seen += page.Seen
			for _, e := range page.Events {
				if e.Time.IsZero() {
					untimed++
				}
				if !r.part.holds(e.Time) || !known.add(e.ID) {
					continue
				}
				e.MatchedSelectors = nil // the feed is this playbook's alone
				// One whose condition cannot be evaluated becomes a run that failed.
				if is, err := r.book.Match(e); is || err != nil {
					r.matched = append(r.matched, e)
				}
			}
			switch {
			case len(r.matched) > r.most:
				stop(sdk.Invalid(fmt.Sprintf("more than %d events match: nothing was started; name a shorter time, or allow more with --max-events", r.most)))
			case !page.More || page.Newest.After(r.part.until.Add(lateness)):
				stop(errReadAll)
			}
			return nil
		},
		Observe: r.pollTrouble,
		Logger:  r.logger,
	})
	switch cause := context.Cause(ctx); {
	case err != nil:
		return err
	case !errors.Is(cause, errReadAll):
		return cause
	}
	if untimed > 0 {
		r.note(count(untimed, "event") + " whose time cannot be read were left out")
	}
	return nil
}

var errReadAll = errors.New("all was read")

// feed is what a watch would poll for the playbook, from the beginning of the part.
func (r *replayer) feed() (feed, error) {
	w := &watcher{org: r.org, manifest: r.conn.manifest, books: []*playbook.Playbook{r.book}}
	feeds, err := w.feeds()
	if err != nil {
		return feed{}, err
	}
	f := feeds[0]
	takes, err := schema.Parse(json.RawMessage(r.conn.manifest.Trigger(f.trigger).Params))
	if err != nil {
		return feed{}, err
	}
	if takes.Root().Property(lookBackParam) == nil {
		return feed{}, sdk.Invalid("the trigger " + f.trigger + " cannot look back: it has no parameter " + lookBackParam)
	}
	params := map[string]any{}
	if err := json.Unmarshal(f.params, &params); err != nil {
		return feed{}, err
	}
	// Up, so that a part of a second does not cost an event.
	params[lookBackParam] = sdk.Duration(time.Since(r.part.since).Truncate(time.Second) + time.Second)
	f.params, err = json.Marshal(params)
	return f, err
}
