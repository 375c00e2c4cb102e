package triggers

import (
	"context"
	"fmt"
	"strings"
	"time"

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
	Summary: "Starts a workflow on each System Log event of the chosen types, including late events, each once.",
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

// interval is how long a host waits between polls by default.
const interval = 10 * time.Second

// pollSystemLog reads one page. It follows Okta's rules for polling: ascending, no
// upper bound, next link after next link, never a time computed from what was
// read, since events reach the log late and out of order.
func pollSystemLog(ctx context.Context, c *okta.Client, p SystemLogParams, from Checkpoint) (sdk.Page[Checkpoint, shape.Event], error) {
	found := sdk.Page[Checkpoint, shape.Event]{}
	ask := newQuery(c, p)
	read, err := ask.readPage(ctx, from, &found.Notices)
	found.Budget = c.Budget()
	if err != nil {
		return found, err
	}
	if from == (Checkpoint{}) {
		found.Notices = append(found.Notices, p.notes()...)
	}
	found.Next, found.More = from.after(ask.fingerprint, &read)
	switch {
	case read.Foreign != nil:
		found.Notices = append(found.Notices, read.Foreign.Error())
	case read.circle || read.Still && len(read.Events) > 0:
		found.Notices = append(found.Notices, "the link to the next page leads to a page that was read before; it was not followed")
	case read.Next == "" && !read.since.IsZero() && found.More:
		found.Notices = append(found.Notices, "Okta gave no link to the next page: reading goes on by the times of the events")
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
		if len(h.Unread) > 0 {
			found.Notices = append(found.Notices, fmt.Sprintf("event %s is passed on though its %s could not be read", h.UUID, strings.Join(h.Unread, ", ")))
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
