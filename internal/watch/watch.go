// Package watch polls the triggers of playbooks and starts runs on their events. It also
// reads past events for a replay.
package watch

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/plugin/host"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// A Watcher polls the triggers of playbooks and starts the runs of the playbooks.
type Watcher struct {
	Connections []embedded.Connection // those of the engine
	Engine      *embedded.Engine
	Store       *embedded.Store
	Playbooks   []*playbook.Playbook
	Every       time.Duration   // wait between polls; 0: the default of the trigger
	AlsoRead    json.RawMessage // a selection of events that is read in addition; nil: none
	Logger      hclog.Logger
	// Accepted is called with each page that is stored, by the name of its feed; nil: not called.
	Accepted func(feed *Feed, page sdk.RawPage, a embedded.Accepted)
	// Polled is called after each poll; nil: not called.
	Polled func(feed *Feed, s host.Status)
}

// pollAgain is the wait before a feed that has failed for good is polled again, since somebody may have corrected the
// cause: the permissions of the principal, or a secret in its file.
const pollAgain = time.Minute

// Run polls until ctx ends, or until all feeds have failed for good. While only some feeds have failed, Run tries them
// again each minute.
func (w *Watcher) Run(ctx context.Context) error {
	feeds, err := w.Feeds()
	if err != nil {
		return err
	}
	if err := w.Store.Resume(ctx, w.readings(feeds)); err != nil {
		return err
	}
	if w.Logger == nil {
		w.Logger = hclog.NewNullLogger()
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var mu sync.Mutex
	var last error // of the feed that failed when all others had
	failed := map[*Feed]bool{}
	set := func(f *Feed, err error) {
		mu.Lock()
		defer mu.Unlock()
		if delete(failed, f); err == nil {
			return
		}
		if failed[f] = true; len(failed) == len(feeds) {
			last = cmp.Or(last, err)
			stop()
		}
	}
	var polls sync.WaitGroup
	for _, f := range feeds {
		polls.Go(func() {
			for ctx.Err() == nil {
				set(f, w.poll(ctx, f, func() { set(f, nil) }))
				select {
				case <-ctx.Done():
				case <-time.After(pollAgain):
				}
			}
		})
	}
	polls.Wait()
	return last
}

// poll polls a feed until ctx ends or the feed fails for good. It calls handled after each page.
func (w *Watcher) poll(ctx context.Context, f *Feed, handled func()) error {
	from, err := w.Store.Checkpoint(ctx, f.key)
	if err != nil {
		return err
	}
	source := host.Source{
		Session: f.Connection.Session, Trigger: f.trigger, Params: f.params, Every: Interval(f.Connection.Manifest, f.trigger, w.Every),
	}
	return host.Watch(ctx, source, host.WatchOptions{
		From: from,
		Handle: func(ctx context.Context, page sdk.RawPage) error {
			accepted, err := w.Engine.Accept(ctx, f.key, page, f.playbooks)
			if err != nil {
				return err
			}
			handled()
			if w.Accepted != nil {
				w.Accepted(f, page, accepted)
			}
			return nil
		},
		Observe: func(s host.Status) {
			if w.Polled != nil {
				w.Polled(f, s)
			}
		},
		Logger: w.Logger.With("connection", f.Connection.Name),
	})
}

// Interval returns the wait between two polls of a trigger: asked, or the trigger's default
// if asked is 0.
func Interval(m *sdk.Manifest, trigger string, asked time.Duration) time.Duration {
	if info := m.Trigger(trigger); asked == 0 && info != nil {
		return info.Every.Std()
	}
	return asked
}

// A Feed is one trigger with one set of parameters. All playbooks of a feed share one poll.
type Feed struct {
	// Name is the trigger, after the connection if the watch has several. From the second feed of a trigger, a number follows.
	Name       string
	Connection *embedded.Connection

	trigger    string
	params     json.RawMessage
	playbooks  []*playbook.Playbook
	key        string                       // of the checkpoint in the store
	group      string                       // org, trigger and common parameters, which playbooks of a feed share
	asked      map[string]string            // identity of each playbook's selection, by its name
	common     map[string]json.RawMessage   // the parameters that its playbooks have in common
	selections []map[string]json.RawMessage // the other parameters of each playbook
}

// typesParam is the parameter of a trigger that takes the event types of playbooks. A trigger
// need not have it: the playbooks also match the types of events.
const typesParam = "event_types"

// Feeds groups the playbooks by trigger and by the parameters that must be the same for one
// poll. A trigger that takes several selections ([sdk.AnyParam]) lets the others differ. The
// event types and the shapes of events may always differ.
func (w *Watcher) Feeds() ([]*Feed, error) {
	var feeds []*Feed
	perPlaybook := map[string]*selectionParams{} // by org and trigger
	for _, b := range w.Playbooks {
		at := slices.IndexFunc(w.Connections, func(c embedded.Connection) bool { return c.Name == b.Connection })
		if at < 0 {
			return nil, fmt.Errorf("the playbook %s has the connection %q, which is not open", b.Name, b.Connection)
		}
		from := &w.Connections[at]
		trigger := from.Org + " " + b.Trigger
		if perPlaybook[trigger] == nil {
			params, err := selectionParamsOf(from.Manifest, b.Trigger)
			if err != nil {
				return nil, err
			}
			perPlaybook[trigger] = params
		}
		common := map[string]json.RawMessage{}
		if len(b.Params) > 0 {
			if err := json.Unmarshal(b.Params, &common); err != nil {
				return nil, fmt.Errorf("parameters of %s: %w", b.Name, err)
			}
		}
		// A key names the connection, the trigger and the events that the playbooks select.
		all := maps.Clone(common)
		maps.DeleteFunc(all, isReadingParam)
		selection := map[string]json.RawMessage{}
		for _, name := range perPlaybook[trigger].names {
			if value, given := common[name]; given {
				selection[name] = value
				delete(common, name)
			}
		}
		// Connections to the same org share a poll, so that they never start the same event twice.
		group := trigger + " " + compact(common)
		at = slices.IndexFunc(feeds, func(f *Feed) bool { return f.group == group })
		if at < 0 {
			at = len(feeds)
			feeds = append(feeds, &Feed{Connection: from, trigger: b.Trigger, group: group, asked: map[string]string{}, common: common})
		}
		f := feeds[at]
		f.asked[b.Name] = identity(all)
		f.playbooks, f.selections = append(f.playbooks, b), append(f.selections, selection)
	}
	sameKey, sameTrigger := map[string]int{}, map[string]int{}
	for _, f := range feeds {
		f.key = f.Connection.Org + " " + f.trigger + " " + identity(slices.Compact(slices.Sorted(maps.Values(f.asked))))
		sameKey[f.key]++
		if f.Name = f.trigger; len(w.Connections) > 1 {
			f.Name = f.Connection.Name + "/" + f.trigger
		}
		sameTrigger[f.Name]++
		if n := sameTrigger[f.Name]; n > 1 {
			f.Name = fmt.Sprintf("%s_%d", f.Name, n)
		}
		if err := f.setParams(w.AlsoRead, perPlaybook[f.Connection.Org+" "+f.trigger]); err != nil {
			return nil, err
		}
	}
	// Parameters that only change how events are read ([sdk.ReadingParams]) are part of the key only
	// if the keys of two feeds would be equal.
	for _, f := range feeds {
		if sameKey[f.key] > 1 {
			reading := maps.Clone(f.common)
			maps.DeleteFunc(reading, func(name string, v json.RawMessage) bool { return !isReadingParam(name, v) })
			f.key += " " + compact(reading)
		}
	}
	return feeds, nil
}

// selectionParams are the parameters of a trigger that may differ between the playbooks of one
// poll.
type selectionParams struct {
	names   []string
	types   bool // the trigger has typesParam
	several bool // the trigger takes several selections
}

func selectionParamsOf(m *sdk.Manifest, trigger string) (*selectionParams, error) {
	info := m.Trigger(trigger)
	if info == nil {
		return nil, fmt.Errorf("the connector has no trigger %s", trigger)
	}
	s, err := schema.Parse(json.RawMessage(info.Params))
	if err != nil {
		return nil, fmt.Errorf("the parameters of %s: %w", trigger, err)
	}
	params := new(selectionParams)
	if params.types = s.Root().Property(typesParam) != nil; params.types {
		params.names = []string{typesParam}
	}
	if list := s.Root().Property(sdk.AnyParam); list != nil && list.Items != nil {
		params.several = true
		params.names = append(params.names, list.Items.Names()...)
	}
	return params, nil
}

func isReadingParam(name string, _ json.RawMessage) bool {
	return slices.Contains(sdk.ReadingParams, name)
}

// compact returns a value that was read from JSON as JSON on one line.
func compact(v any) string {
	text, _ := json.Marshal(v) // it was read from JSON
	return string(text)
}

// identity returns a short name for v.
func identity(v any) string {
	sum := sha256.Sum256([]byte(compact(v)))
	return hex.EncodeToString(sum[:12])
}

func (w *Watcher) readings(feeds []*Feed) []embedded.Reading {
	all := make([]embedded.Reading, len(feeds))
	for i, f := range feeds {
		all[i] = embedded.Reading{Trigger: f.Connection.Org + " " + f.trigger, Source: f.key, Asked: f.asked}
	}
	return all
}

// setParams sets the parameters of the poll of a trigger.
func (f *Feed) setParams(alsoRead json.RawMessage, trigger *selectionParams) error {
	var types, shapes []string
	for _, b := range f.playbooks {
		types = append(types, b.EventTypes...)
		shapes = append(shapes, b.Shapes...)
	}
	params := map[string]any{}
	var selections []any
	add := func(from map[string]json.RawMessage) {
		for name, value := range from {
			params[name] = value
		}
	}
	add(f.common)
	for _, s := range f.selections {
		selections = append(selections, s)
	}
	if alsoRead != nil {
		selections = append(selections, alsoRead)
	}
	switch {
	case !trigger.several:
	case len(selections) == 1:
		add(f.selections[0])
	default:
		types, params[sdk.AnyParam] = []string{"*"}, selections
	}
	if trigger.types {
		params[typesParam] = sorted(types)
	}
	if len(shapes) > 0 {
		params[sdk.AlsoParam] = sorted(shapes)
	}
	var err error
	f.params, err = json.Marshal(params)
	return err
}

// sorted returns the distinct values in order.
func sorted(values []string) []string {
	slices.Sort(values)
	return slices.Compact(values)
}
