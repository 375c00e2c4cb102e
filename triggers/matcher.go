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

// A matcher matches events against the selections of the parameters. Every event is also
// matched locally, because Okta's filter lets more events through.
type matcher struct {
	client   *okta.Client
	matchers []*selection.Matcher
	indexed  bool // an event has the indexes of the selections that match
}

func (p SystemLogParams) matcher(c *okta.Client) matcher {
	m := matcher{client: c, indexed: len(p.Any) > 0}
	for _, s := range p.selections() {
		m.matchers = append(m.matchers, selection.Compile(s))
	}
	return m
}

// withSelectors returns the event with the indexes of the selections that match it.
func (m matcher) withSelectors(e sdk.Event[shape.Event], indexes []int) sdk.Event[shape.Event] {
	if m.indexed {
		e.MatchedSelectors = indexes
	}
	return e
}

// A match has the indexes of the selections that match an event, and of those that may match.
type match struct {
	certain, indeterminate []int
	reason                 string // why a match is indeterminate
	selfGenerated          bool   // the connection caused the event, and a selection excludes such events
}

// match matches one event.
func (m matcher) match(ctx context.Context, h systemlog.Head) (match, error) {
	var found match
	var unread []string
	event := selection.Event{Head: h}
	for i, s := range m.matchers {
		switch result, missed := s.Match(&event); result {
		case selection.Wanted:
			found.certain = append(found.certain, i)
		case selection.Indeterminate:
			found.indeterminate = append(found.indeterminate, i)
			unread = append(unread, missed...)
		}
	}
	excludes := func(i int) bool { return !m.matchers[i].Own() }
	if slices.ContainsFunc(slices.Concat(found.certain, found.indeterminate), excludes) && m.client.MayHaveCaused(h.Raw) {
		own, err := m.client.Caused(ctx, h.Cause())
		if err != nil {
			return found, err
		}
		if found.selfGenerated = own; own {
			found.certain = slices.DeleteFunc(found.certain, excludes)
			found.indeterminate = slices.DeleteFunc(found.indeterminate, excludes)
		}
	}
	if len(found.indeterminate) > 0 {
		slices.Sort(unread)
		found.reason = fmt.Sprintf("the event's %s could not be read, so it is not certain that it was asked for",
			strings.Join(slices.Compact(unread), ", "))
	}
	return found, nil
}
