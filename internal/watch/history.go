package watch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/plugin/host"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

const (
	// lateness is the longest delay between an event and its entry in the log for which a
	// replay still finds the event. Services name no limit; hours are rare.
	lateness = 24 * time.Hour
	// lookBackParam is the parameter of a trigger that sets where it begins.
	lookBackParam = "look_back"
)

// A Span is the time from Since up to Until, which is not part of the span.
type Span struct{ Since, Until time.Time }

func (s Span) contains(t time.Time) bool { return !t.Before(s.Since) && t.Before(s.Until) }

// A History reads the past events of a span that match a playbook.
type History struct {
	Connection embedded.Connection // of the playbook's trigger
	Playbook   *playbook.Playbook
	Span       Span
	MaxEvents  int               // more matching events are an error
	Observe    func(host.Status) // called after each poll
	Logger     hclog.Logger
}

// Past is the result of [History.Read].
type Past struct {
	Events  []sdk.RawEvent // those that match, and those whose condition cannot be evaluated
	Seen    int            // events read
	Untimed int            // events left out because they have no valid time
}

var errAllRead = errors.New("all events were read")

// Read reads the events. It polls like a watch instead of reading a range of times. This
// way the service also returns late events, and the playbook's parameters have the same
// meaning.
func (h History) Read(ctx context.Context) (Past, error) {
	source, err := h.source()
	if err != nil {
		return Past{}, err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var past Past
	var known RecentIDs
	err = host.Watch(ctx, source, host.WatchOptions{
		Handle: func(_ context.Context, page sdk.RawPage) error {
			past.Seen += page.Seen
			for _, e := range page.Events {
				if e.Time.IsZero() {
					past.Untimed++
				}
				if !h.Span.contains(e.Time) || !known.Add(e.ID) {
					continue
				}
				e.MatchedSelectors = nil // the feed has no other playbook
				// An event whose condition cannot be evaluated becomes a failed run.
				if match, err := h.Playbook.Match(e); match || err != nil {
					past.Events = append(past.Events, e)
				}
			}
			switch {
			case len(past.Events) > h.MaxEvents:
				stop(sdk.Invalid(fmt.Sprintf("more than %d events match: nothing was started; name a shorter time, or allow more with --max-events", h.MaxEvents)))
			case !page.More || page.Newest.After(h.Span.Until.Add(lateness)):
				stop(errAllRead)
			}
			return nil
		},
		Observe: h.Observe,
		Logger:  h.Logger,
	})
	if cause := context.Cause(ctx); err == nil && !errors.Is(cause, errAllRead) {
		err = cause
	}
	return past, err
}

// source returns the feed of the playbook, from the beginning of the span.
func (h History) source() (host.Source, error) {
	w := &Watcher{Connections: []embedded.Connection{h.Connection}, Playbooks: []*playbook.Playbook{h.Playbook}}
	feeds, err := w.Feeds()
	if err != nil {
		return host.Source{}, err
	}
	f := feeds[0]
	accepts, err := schema.Parse(json.RawMessage(h.Connection.Manifest.Trigger(f.trigger).Params))
	if err != nil {
		return host.Source{}, err
	}
	if accepts.Root().Property(lookBackParam) == nil {
		return host.Source{}, sdk.Invalid("the trigger " + f.trigger + " cannot look back: it has no parameter " + lookBackParam)
	}
	params := map[string]any{}
	if err := json.Unmarshal(f.params, &params); err != nil {
		return host.Source{}, err
	}
	// Rounding up keeps events of the first second.
	params[lookBackParam] = sdk.Duration(time.Since(h.Span.Since).Truncate(time.Second) + time.Second)
	f.params, err = json.Marshal(params)
	return host.Source{Session: h.Connection.Session, Trigger: f.trigger, Params: f.params, Every: time.Second}, err
}

// ParseTime reads a time: RFC 3339, a date (its first instant in UTC), now, or an age such
// as 90m, "2h ago" or "3d ago".
func ParseTime(text string, now time.Time) (time.Time, error) {
	s := strings.TrimSpace(text)
	if s == "now" {
		return now, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	if age, err := ParseAge(strings.TrimSuffix(s, "ago")); err == nil {
		return now.Add(-age), nil
	}
	return time.Time{}, fmt.Errorf(`%q is not a time such as 2026-03-14T02:00:00Z, 2026-03-14, "2h ago" or now`, text)
}

// ParseAge reads an age such as 90d or 36h.
func ParseAge(text string) (time.Duration, error) {
	d, err := sdk.ParseDuration(strings.TrimSpace(text))
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a time span such as 90d or 36h", text)
	}
	return d, nil
}

// RecentIDs remembers the latest IDs in bounded memory: one to two generations. The zero
// value is empty.
type RecentIDs struct {
	seed             maphash.Seed
	current, earlier map[uint64]struct{} // hashes of IDs
}

// generation is larger than the number of events that are read again after a checkpoint
// reset, on a busy tenant too.
const generation = 1 << 17

// Add reports whether id is new.
func (r *RecentIDs) Add(id string) bool {
	if r.current == nil {
		r.seed, r.current = maphash.MakeSeed(), map[uint64]struct{}{}
	}
	h := maphash.String(r.seed, id)
	if _, known := r.current[h]; known {
		return false
	}
	_, known := r.earlier[h]
	if len(r.current) == generation {
		r.current, r.earlier = map[uint64]struct{}{}, r.current
	}
	r.current[h] = struct{}{} // a repeated ID stays as long as a new ID
	return !known
}
