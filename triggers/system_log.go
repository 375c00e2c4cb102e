package triggers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"soar.example/okta/internal/okta"
	"soar.example/okta/internal/systemlog"
	"soar.example/okta/internal/systemlog/catalogue"
	"soar.example/okta/internal/systemlog/ecs"
	"soar.example/okta/internal/systemlog/emm"
	"soar.example/okta/internal/systemlog/shape"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// SystemLog polls the System Log for events of chosen types.
var SystemLog = sdk.Trigger[*okta.Client, SystemLogParams, Checkpoint, shape.Event]{
	Name:    "system_log",
	Title:   "System Log Event",
	Summary: "Starts a workflow on each System Log event of the chosen types, late ones too, each once.",
	Docs:    "https://developer.okta.com/docs/reference/system-log-query/",
	Every:   10 * time.Second,
	Scopes:  []string{"okta.logs.read"},
	Example: shape.Event(systemlog.Example),
	Shapes: map[string]sdk.Shape{
		string(shape.ECS): sdk.ShapeOf[ecs.Document](),
		string(shape.EMM): sdk.ShapeOf[emm.Row](),
	},
	Poll: pollSystemLog,
}

// SystemLogParams are the trigger's parameters.
type SystemLogParams struct {
	EventTypes systemlog.Types `json:"event_types" jsonschema:"title=Event types,minItems=1,maxItems=500,uniqueItems=true,example=user.account.report_suspicious_activity_by_enduser,example=user.session.*" jsonschema_description:"Event types such as user.session.start, families such as user.session.*, or * for every event."`
	Filter     string          `json:"filter,omitempty" jsonschema:"title=Filter,example=outcome.result eq \"FAILURE\",maxLength=1500" jsonschema_extras:"x-group=advanced" jsonschema_description:"Expression of Okta's filter language that an event must fulfil besides."`
	LookBack   sdk.Duration    `json:"look_back,omitempty" jsonschema:"title=Look back,default=0s,example=10m" jsonschema_extras:"x-group=advanced" jsonschema_description:"How far back the first poll looks; later polls go on where the one before ended. Okta keeps 90 days (2160h)."`
	PageSize   int             `json:"page_size,omitempty" jsonschema:"title=Page size,default=1000,minimum=1,maximum=1000,example=1000" jsonschema_extras:"x-group=advanced" jsonschema_description:"The most events that one request reads. Fewer cost more of Okta's rate limit."`
	Format     shape.Format    `json:"format,omitempty" jsonschema:"title=Format,enum=okta,enum=ecs,enum=emm,default=okta" jsonschema_extras:"x-group=advanced" jsonschema_description:"Shape of the events: okta as Okta sends them, ecs as documents of the Elastic Common Schema, emm as rows of the SaaS Event Maturity Matrix."`
}

const retention = 90 * 24 * time.Hour

// Validate refuses what can never match, an event type that is all but certainly
// misspelt among it, and a past that Okta does not keep.
func (p SystemLogParams) Validate() error {
	var violations []schema.Violation
	for i, pattern := range p.EventTypes {
		if _, err := catalogue.Check(pattern); err != nil {
			violations = append(violations, schema.Violation{Pointer: fmt.Sprintf("/event_types/%d", i), Message: err.Error()})
		}
	}
	if p.LookBack.Std() > retention {
		violations = append(violations, schema.Violation{Pointer: "/look_back", Message: "is over 2160h: Okta keeps 90 days of the log"})
	}
	if violations != nil {
		return sdk.Invalid("the parameters of system_log are not valid", violations...)
	}
	return nil
}

// filter is what Okta is asked for: what its language can say of the parameters.
func (p SystemLogParams) filter() string {
	types, own := p.EventTypes.Filter(), strings.TrimSpace(p.Filter)
	switch {
	case own == "":
		return types
	case types == "":
		return own
	default:
		return "(" + types + ") and (" + own + ")"
	}
}

// unheardOf are notes on the event types that this version does not know. They are
// new, or misspelt beyond likeness: an operator should know which.
func (p SystemLogParams) unheardOf() []string {
	var notes []string
	for _, pattern := range p.EventTypes {
		if note, err := catalogue.Check(pattern); err == nil && note != "" {
			notes = append(notes, note)
		}
	}
	return notes
}

// pollSystemLog reads one page. It follows Okta's rules for polling: ascending, no
// upper bound, next link after next link, never a time computed from what was
// read, since events reach the log late and out of order.
func pollSystemLog(ctx context.Context, c *okta.Client, p SystemLogParams, from Checkpoint) (sdk.Page[Checkpoint, shape.Event], error) {
	found := sdk.Page[Checkpoint, shape.Event]{}
	read, err := readPage(ctx, c, p, from, &found.Notices)
	if err != nil {
		return found, err
	}
	if from == (Checkpoint{}) {
		found.Notices = append(found.Notices, p.unheardOf()...)
	}
	found.Next = from.after(c.Org(), p.filter(), read)
	if read.Foreign != nil {
		found.Notices = append(found.Notices, read.Foreign.Error())
	}
	found.Seen, found.Newest = len(read.Events), read.newest()
	// A short page is the end for now; asking again would cost a request to hear so.
	// A link back to the same page, or none, has nothing new behind it either.
	found.More = len(read.Events) >= p.PageSize && read.Next != "" && read.Next != from.Next
	for _, h := range read.Events {
		// An event whose type cannot be read came through Okta's filter: it is passed on.
		if !slices.Contains(h.Unread, "eventType") && !p.EventTypes.Match(h.EventType) {
			continue
		}
		if len(h.Unread) > 0 {
			found.Notices = append(found.Notices, fmt.Sprintf("event %s is passed on though its %s could not be read", h.UUID, strings.Join(h.Unread, ", ")))
		}
		data, err := shape.Of(h, p.Format)
		if err != nil {
			found.Notices = append(found.Notices, fmt.Sprintf("event %s is passed on with little more than its id, since it could not be mapped to %s: %v", h.UUID, p.Format, err))
		}
		found.Events = append(found.Events, sdk.Event[shape.Event]{ID: h.UUID, Type: h.EventType, Time: h.Published, Data: data})
	}
	return found, nil
}
