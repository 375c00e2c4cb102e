package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// A feed is one trigger with one set of parameters. Playbooks that share one cost
// one poll, not one each.
type feed struct {
	trigger string
	params  json.RawMessage
	books   []*playbook.Playbook // in the order of the selections among the params
	key     string               // the name of its place in the store
	former  string               // what earlier versions called it
	asked   map[string]string    // what each playbook asks for, by name
}

// typesParam is the parameter that every playbook has.
const typesParam = "event_types"

// A draft is a feed that playbooks are still put into.
type draft struct {
	feed
	rest       map[string]json.RawMessage // the parameters that they have in common
	selections []map[string]json.RawMessage
}

// feeds groups the playbooks by trigger and those parameters that must be the same
// for one poll. What may differ is what the trigger takes a list of ([sdk.AnyParam]),
// at least the event types, and the shapes of events: each feed asks for all that its
// playbooks want.
func (w *watcher) feeds() ([]feed, error) {
	var drafts []*draft
	differing := map[string][]string{} // by trigger
	for _, b := range w.books {
		if _, known := differing[b.Trigger]; !known {
			names, err := w.differing(b.Trigger)
			if err != nil {
				return nil, err
			}
			differing[b.Trigger] = names
		}
		if err := w.put(b, differing[b.Trigger], &drafts); err != nil {
			return nil, fmt.Errorf("parameters of %s: %w", b.Name, err)
		}
	}
	if err := w.name(drafts); err != nil {
		return nil, err
	}
	feeds := make([]feed, len(drafts))
	for i, d := range drafts {
		if err := d.finish(w.alsoRead, len(differing[d.trigger]) > 1); err != nil {
			return nil, err
		}
		feeds[i] = d.feed
	}
	return feeds, nil
}

// differing are the parameters that may differ between the playbooks of one poll.
func (w *watcher) differing(trigger string) ([]string, error) {
	names := []string{typesParam}
	info := w.manifest.Trigger(trigger)
	if info == nil {
		return names, nil
	}
	s, err := schema.Parse(json.RawMessage(info.Params))
	if err != nil {
		return nil, fmt.Errorf("the parameters of %s: %w", trigger, err)
	}
	if list := s.Root().Property(sdk.AnyParam); list != nil && list.Items != nil {
		names = append(names, list.Items.Names()...)
	}
	return names, nil
}

// put puts b into the draft that has its parameters, or into a new one.
func (w *watcher) put(b *playbook.Playbook, differing []string, drafts *[]*draft) error {
	rest, selection := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	if len(b.Params) > 0 {
		if err := json.Unmarshal(b.Params, &rest); err != nil {
			return err
		}
	}
	for _, name := range differing {
		if value, given := rest[name]; given {
			selection[name] = value
			delete(rest, name)
		}
	}
	common, err := json.Marshal(rest)
	if err != nil {
		return err
	}
	former := w.org + " " + b.Trigger + " " + string(common)
	at := slices.IndexFunc(*drafts, func(d *draft) bool { return d.former == former })
	if at < 0 {
		at = len(*drafts)
		*drafts = append(*drafts, &draft{feed: feed{trigger: b.Trigger, former: former, asked: map[string]string{}}, rest: rest})
	}
	d := (*drafts)[at]
	d.books, d.selections = append(d.books, b), append(d.selections, selection)
	return nil
}

// name gives each draft the key that its checkpoint is stored under: the connection, the
// trigger, and which events its playbooks ask for, in any order. How the events are read
// counts only where several polls would ask for the same.
func (w *watcher) name(drafts []*draft) error {
	same := map[string]int{}
	for _, d := range drafts {
		var all []string
		for i, b := range d.books {
			one := map[string]json.RawMessage{}
			maps.Copy(one, d.rest)
			maps.Copy(one, d.selections[i])
			for _, name := range sdk.ReadingParams {
				delete(one, name)
			}
			asked, err := identity(one)
			if err != nil {
				return fmt.Errorf("parameters of %s: %w", b.Name, err)
			}
			d.asked[b.Name] = asked
			all = append(all, asked)
		}
		slices.Sort(all)
		selection, err := identity(slices.Compact(all))
		if err != nil {
			return err
		}
		d.key = w.org + " " + d.trigger + " " + selection
		same[d.key]++
	}
	for _, d := range drafts {
		if same[d.key] == 1 {
			continue
		}
		reading := map[string]json.RawMessage{}
		for _, name := range sdk.ReadingParams {
			if value, given := d.rest[name]; given {
				reading[name] = value
			}
		}
		text, err := json.Marshal(reading)
		if err != nil {
			return err
		}
		d.key += " " + string(text)
	}
	return nil
}

// identity is a short name for v.
func identity(v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12]), nil
}

// readings are the feeds as the store knows them.
func (w *watcher) readings(feeds []feed) []embedded.Reading {
	all := make([]embedded.Reading, len(feeds))
	for i, f := range feeds {
		all[i] = embedded.Reading{Trigger: w.org + " " + f.trigger, Source: f.key, Asked: f.asked}
	}
	return all
}

// finish writes the feed's parameters. alsoRead is a selection that is asked for
// besides; severally tells whether the trigger takes several.
func (d *draft) finish(alsoRead json.RawMessage, severally bool) error {
	var types, shapes []string
	for _, b := range d.books {
		types = append(types, b.EventTypes...)
		shapes = append(shapes, b.Shapes...)
	}
	slices.Sort(types)
	params := map[string]any{}
	for name, value := range d.rest {
		params[name] = value
	}
	selections := make([]any, 0, len(d.selections)+1)
	for _, s := range d.selections {
		selections = append(selections, s)
	}
	if alsoRead != nil {
		selections = append(selections, alsoRead)
	}
	switch {
	case !severally:
		params[typesParam] = slices.Compact(types)
	case len(selections) == 1:
		for name, value := range d.selections[0] {
			params[name] = value
		}
	default:
		params[typesParam], params[sdk.AnyParam] = []string{"*"}, selections
	}
	if len(shapes) > 0 {
		slices.Sort(shapes)
		params[sdk.AlsoParam] = slices.Compact(shapes)
	}
	var err error
	d.params, err = json.Marshal(params)
	return err
}
