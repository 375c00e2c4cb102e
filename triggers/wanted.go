package triggers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"soar.example/okta/internal/okta"
	"soar.example/okta/internal/systemlog"
	"soar.example/okta/internal/systemlog/selection"
	"soar.example/okta/internal/systemlog/shape"
	"soar.example/okta/sdk"
)

// A matcher reports which events the parameters want. Every event is also matched
// locally, because Okta's filter lets more events through.
type matcher struct {
	client   *okta.Client
	matchers []*selection.Matcher
	places   bool // an event says which of them want it
}

func (p SystemLogParams) matcher(c *okta.Client) matcher {
	j := matcher{client: c, places: len(p.Any) > 0}
	for _, s := range p.selections() {
		j.matchers = append(j.matchers, selection.Compile(s))
	}
	return j
}

// named is the event with the places of those who want it.
func (j matcher) named(e sdk.Event[shape.Event], places []int) sdk.Event[shape.Event] {
	if j.places {
		e.MatchedSelectors = places
	}
	return e
}

// wanted are the places of the selections that want an event, of those that may
// want it, and why that is not certain.
type wanted struct {
	sure, unsure []int
	doubt        string
	own          bool // the login caused it, and that is why somebody does not want it
}

func (w wanted) nowhere() bool { return len(w.sure)+len(w.unsure) == 0 }

// of matches one event.
func (j matcher) of(ctx context.Context, h systemlog.Head) (wanted, error) {
	var w wanted
	var unread []string
	event := selection.Event{Head: h}
	for i, m := range j.matchers {
		match, missed := m.Match(&event)
		switch match {
		case selection.Wanted:
			w.sure = append(w.sure, i)
		case selection.Indeterminate:
			w.unsure = append(w.unsure, i)
			unread = append(unread, missed...)
		}
	}
	if err := j.leaveOutOwn(ctx, h, &w); err != nil {
		return w, err
	}
	if len(w.unsure) > 0 {
		slices.Sort(unread)
		w.doubt = fmt.Sprintf("the event's %s could not be read, so it is not certain that it was asked for", strings.Join(slices.Compact(unread), ", "))
	}
	return w, nil
}

// leaveOutOwn drops the selections that do not want what the login itself caused.
func (j matcher) leaveOutOwn(ctx context.Context, h systemlog.Head, w *wanted) error {
	others := func(i int) bool { return !j.matchers[i].Own() }
	if !slices.ContainsFunc(w.sure, others) && !slices.ContainsFunc(w.unsure, others) || !j.client.MayHaveCaused(h.Raw) {
		return nil
	}
	own, err := j.client.Caused(ctx, h.Cause())
	if err != nil || !own {
		return err
	}
	w.own = true
	w.sure, w.unsure = slices.DeleteFunc(w.sure, others), slices.DeleteFunc(w.unsure, others)
	return nil
}
