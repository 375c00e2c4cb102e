package triggers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"soar.example/okta/internal/systemlog/selection"

	"soar.example/okta/internal/okta"
	"soar.example/okta/internal/systemlog"
	"soar.example/okta/internal/systemlog/ecs"
	"soar.example/okta/internal/systemlog/emm"
	"soar.example/okta/internal/systemlog/shape"
	"soar.example/okta/sdk"
)

// SystemLog polls the System Log for events of chosen types.
var SystemLog = sdk.Trigger[*okta.Client, SystemLogParams, Checkpoint, shape.Event]{
	Name:    "system_log",
	Title:   "System Log Event",
	Summary: "Starts a playbook once for each matching System Log event, including late events.",
	Docs:    "https://developer.okta.com/docs/reference/system-log-query/",
	Every:   interval,
	Scopes:  []string{"okta.logs.read"},
	Example: shape.Event(systemlog.Example),
	Shapes: map[string]sdk.Shape{
		string(shape.ECS): sdk.ShapeOf[ecs.Document](),
		string(shape.EMM): sdk.ShapeOf[emm.Row](),
	},
	Poll: pollSystemLog,
}

// interval is the default wait between two polls.
const interval = 10 * time.Second

// pollSystemLog reads one page. It follows Okta's rules for polling: ascending order, no
// upper bound, and Okta's next link instead of a time computed from events, because events
// reach the log late and out of order.
func pollSystemLog(ctx context.Context, c *okta.Client, p SystemLogParams, from Checkpoint) (sdk.Page[Checkpoint, shape.Event], error) {
	found := sdk.Page[Checkpoint, shape.Event]{}
	q := newQuery(c, p)
	read, err := q.readPage(ctx, from, &found.Notices)
	found.Budget = c.Budget()
	if err != nil {
		return found, err
	}
	if from == (Checkpoint{}) {
		found.Notices = append(found.Notices, p.notes()...)
	}
	found.Next, found.More = from.after(q.fingerprint, &read)
	switch {
	case read.Foreign != nil:
		found.Notices = append(found.Notices, read.Foreign.Error())
	case read.circle || read.SelfLink && len(read.Events) > 0:
		found.Notices = append(found.Notices, "Okta's link to the next page leads to a page that was read before; the link was not followed")
	case read.Next == "" && !read.since.IsZero() && found.More:
		found.Notices = append(found.Notices, "Okta returned no link to the next page: reading continues by the times of the events")
	}
	if found.More {
		found.Pause = read.pause(interval, found.Budget)
	}
	found.Seen, found.Newest, found.CheckpointReset = len(read.Events), read.newest(), read.lost
	matcher := p.matcher(c)
	var shaper shape.Shaper
	found.Events = make([]sdk.Event[shape.Event], 0, len(read.Events))
	for _, h := range read.Events {
		matched, err := matcher.match(ctx, h)
		if err != nil {
			return found, err
		}
		if len(matched.certain)+len(matched.indeterminate) == 0 {
			if matched.selfGenerated {
				found.SelfGenerated++
			}
			continue
		}
		if len(h.Unreadable) > 0 {
			found.Notices = append(found.Notices, fmt.Sprintf("event %s is delivered although its %s could not be read", h.UUID, strings.Join(h.Unreadable, ", ")))
		}
		event, notices := p.shaped(&shaper, h)
		found.Notices = append(found.Notices, notices...)
		if len(matched.certain) > 0 {
			found.Events = append(found.Events, matcher.withSelectors(event, matched.certain))
		}
		if len(matched.indeterminate) > 0 {
			// The event is delivered twice if other selections match with certainty.
			event.Indeterminate = matched.reason
			found.Notices = append(found.Notices, fmt.Sprintf("event %s starts nothing: %s", h.UUID, matched.reason))
			found.Events = append(found.Events, matcher.withSelectors(event, matched.indeterminate))
		}
	}
	return found, nil
}

// shaped returns the event of h in the shapes of the parameters, and the notices for an operator.
func (p SystemLogParams) shaped(shaper *shape.Shaper, h systemlog.Head) (event sdk.Event[shape.Event], notices []string) {
	of := func(format shape.Format) shape.Event {
		data, err := shaper.Of(h, format)
		if err != nil {
			notices = append(notices, unmapped(h, format, err))
		}
		return data
	}
	event = sdk.Event[shape.Event]{ID: h.UUID, Type: h.EventType, Time: h.Published, Data: of(p.Format)}
	for _, format := range p.Also {
		if event.Shapes == nil {
			event.Shapes = map[string]shape.Event{}
		}
		event.Shapes[string(format)] = of(format)
	}
	return event, notices
}

func unmapped(h systemlog.Head, f shape.Format, why error) string {
	return fmt.Sprintf("event %s is delivered with few members, because it could not be mapped to %s: %v", h.UUID, f, why)
}

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
	excludes := func(i int) bool { return !m.matchers[i].IncludesSelfGenerated() }
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
		found.reason = fmt.Sprintf("the event's %s could not be read, so the match is uncertain",
			strings.Join(slices.Compact(unread), ", "))
	}
	return found, nil
}
