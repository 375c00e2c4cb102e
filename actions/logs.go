package actions

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"soar.example/okta/internal/okta"
	"soar.example/okta/internal/systemlog"
	"soar.example/okta/internal/systemlog/catalogue"
	"soar.example/okta/internal/systemlog/ecs"
	"soar.example/okta/internal/systemlog/emm"
	"soar.example/okta/internal/systemlog/shape"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

// GetLogs searches the System Log.
var GetLogs = action[GetLogsInput, GetLogsOutput[shape.Event]]{
	Name:    "get_logs",
	Summary: "Searches the System Log and returns whole events, as Okta sent them or normalized.",
	Docs:    apiDocs("SystemLog", "listLogEvents"),
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.logs.read"},
	Example: sdk.Example[GetLogsInput, GetLogsOutput[shape.Event]]{
		Input: GetLogsInput{
			Since: exampleTime("2026-03-14T00:00:00Z"), Until: exampleTime("2026-03-14T03:00:00Z"),
			Filter: `eventType eq "user.account.report_suspicious_activity_by_enduser"`, Limit: 100, MaxItems: 10_000,
		},
		Output: GetLogsOutput[shape.Event]{Events: []shape.Event{shape.Event(systemlog.Example)}, Count: 1},
	},
	Shapes: map[string]sdk.Shape{
		string(shape.ECS): sdk.ShapeOf[GetLogsOutput[ecs.Document]](),
		string(shape.EMM): sdk.ShapeOf[GetLogsOutput[emm.Row]](),
	},
	Run: getLogs,
}

// GetLogsInput is the input of get_logs.
type GetLogsInput struct {
	// Keywords that an event must contain: at most ten, of at most 40 letters each; whole words, any case.
	Query string `json:"query,omitempty" jsonschema:"example=suspicious,maxLength=450"`
	// Read all pages, up to max_items, instead of the first.
	ReturnAll bool `json:"return_all,omitempty" jsonschema:"title=Return all pages,default=false"`
	// Start of the time range. With until, it applies to the time when the event happened. Without until, it applies to
	// the time when Okta stored the event. Default: seven days ago. Okta keeps 90 days.
	Since *time.Time `json:"since,omitempty" jsonschema:"example=2026-03-14T00:00:00Z"`
	// End of the time range. Events that reach Okta late can be missing. Omit until to get them all.
	Until *time.Time `json:"until,omitempty" jsonschema:"example=2026-03-14T03:00:00Z"`
	// Expression of Okta's filter language.
	Filter string `json:"filter,omitempty" jsonschema:"example=severity eq \"WARN\",maxLength=6000" jsonschema_extras:"x-language=scim_filter,x-group=advanced"`
	// Page size. With return_all, the action reads pages of the maximum size, to save requests.
	Limit int `json:"limit,omitempty" jsonschema:"default=100,minimum=1,maximum=1000,example=100" jsonschema_extras:"x-group=advanced"`
	// Order of the events. DESCENDING returns the latest first, and keeps them if the limit cuts events off.
	SortOrder string `json:"sort_order,omitempty" jsonschema:"enum=ASCENDING,enum=DESCENDING,default=ASCENDING" jsonschema_extras:"x-group=advanced"`
	// Maximum number of events of the output.
	MaxItems int `json:"max_items,omitempty" jsonschema:"default=10000,minimum=1,maximum=50000,example=10000" jsonschema_extras:"x-group=advanced"`
	// Shape of the events: okta as Okta sends them, ecs as documents of the Elastic Common Schema, emm as rows of the
	// SaaS Event Maturity Matrix.
	Format shape.Format `json:"format,omitempty" jsonschema:"enum=okta,enum=ecs,enum=emm,default=okta" jsonschema_extras:"x-group=advanced"`
}

// Validate rejects a since that is not before until, and keywords that Okta rejects.
func (in GetLogsInput) Validate() error {
	if in.Since != nil && in.Until != nil && !in.Since.Before(*in.Until) {
		return sdk.InvalidField("/since", "must be before until")
	}
	words := strings.Fields(in.Query)
	if len(words) > 10 {
		return sdk.InvalidField("/query", "has %d keywords; Okta allows 10", len(words))
	}
	for _, w := range words {
		if utf8.RuneCountInString(w) > 40 {
			return sdk.InvalidField("/query", "has a keyword of over 40 letters; Okta allows 40")
		}
	}
	return nil
}

// GetLogsOutput is the output of get_logs. E is the shape of the events.
type GetLogsOutput[E any] struct {
	// Events in the requested shape. Without a format they are as Okta sent them, with nulls and unknown members.
	Events    []E  `json:"events"`
	Count     int  `json:"count"`     // Number of events.
	Truncated bool `json:"truncated"` // Whether the log may have more events that match.
}

func getLogs(ctx context.Context, c *okta.Client, in GetLogsInput) (GetLogsOutput[shape.Event], error) {
	most := min(in.Limit, in.MaxItems)
	q := okta.LogQuery{Filter: in.Filter, Query: in.Query, Descending: in.SortOrder == "DESCENDING", Limit: most}
	if in.ReturnAll {
		most, q.Limit = in.MaxItems, min(in.MaxItems, okta.MaxLogPage)
	}
	if in.Since != nil {
		q.Since = *in.Since
	}
	if in.Until != nil {
		q.Until = *in.Until
	}
	out := GetLogsOutput[shape.Event]{Events: []shape.Event{}}
	var shaper shape.Shaper
	err := c.AllLogs(ctx, q, func(heads []systemlog.Head, more bool) bool {
		for _, h := range heads {
			if len(out.Events) == most {
				out.Truncated = true
				return false
			}
			// An event that cannot be mapped is included with its known members.
			event, _ := shaper.Of(h, in.Format)
			out.Events = append(out.Events, event)
		}
		out.Truncated = more
		return len(out.Events) < most
	})
	if err != nil {
		return GetLogsOutput[shape.Event]{}, err
	}
	out.Count = len(out.Events)
	return out, nil
}

// ListEventTypes lists the event types of the System Log.
var ListEventTypes = action[ListEventTypesInput, ListEventTypesOutput]{
	Name:    "list_event_types",
	Summary: "Lists the event types of the System Log with their meaning and suggested response actions. It sends no request.",
	Docs:    "https://developer.okta.com/docs/reference/api/event-types/",
	Effect:  sdk.Reads,
	Offline: true,
	Example: sdk.Example[ListEventTypesInput, ListEventTypesOutput]{
		Input: ListEventTypesInput{Search: "session start", Limit: 200},
		Output: ListEventTypesOutput{
			EventTypes: catalogue.Query{Text: "user.session.start"}.Types(), Release: catalogue.Release, Paged: onePage,
		},
	},
	Options: listed(sdk.OptionList{Items: "event_types", Value: "name", Label: "label", Description: "name", Search: "search"}),
	Run:     listEventTypes,
}

// ListEventTypesInput is the input of list_event_types.
type ListEventTypesInput struct {
	// Words that must all be in the name, label, category or tags. Types with the text in their name come first.
	Search string `json:"search,omitempty" jsonschema:"example=session start,maxLength=200"`
	// Family of the event types.
	Family string `json:"family,omitempty" jsonschema:"example=user.session.*,maxLength=200"`
	// Category of the event types in Okta's catalogue.
	Category string `json:"category,omitempty" jsonschema:"example=identity-engine,maxLength=200" jsonschema_extras:"x-group=advanced"`
	// Page size.
	Limit int `json:"limit,omitempty" jsonschema:"default=200,minimum=1,maximum=2000,example=200" jsonschema_extras:"x-group=advanced"`
	// Cursor of the page: the value of next in the output of an earlier call with the same search.
	After string `json:"after,omitempty" jsonschema:"example=user.session.end,maxLength=200" jsonschema_extras:"x-group=advanced"`
}

// Validate rejects an invalid family.
func (in ListEventTypesInput) Validate() error {
	if in.Family == "" {
		return nil
	}
	if err := sdk.CheckTypePattern(in.Family); err != nil || strings.Contains(strings.TrimSuffix(in.Family, "*"), "*") {
		return sdk.InvalidField("/family", "must be a family of event types, such as user.session.*")
	}
	return nil
}

// ListEventTypesOutput is the output of list_event_types.
type ListEventTypesOutput struct {
	EventTypes []*catalogue.Type `json:"event_types"` // The event types.
	// Okta release of these event types. Okta adds types with every release.
	Release string `json:"release"`
	reconcile.Paged
}

func listEventTypes(_ context.Context, _ *okta.Client, in ListEventTypesInput) (ListEventTypesOutput, error) {
	found := catalogue.Query{Text: in.Search, Family: in.Family, Category: in.Category}.Types()
	if in.After != "" {
		last := slices.IndexFunc(found, func(t *catalogue.Type) bool { return t.Name == in.After })
		if last < 0 {
			return ListEventTypesOutput{}, sdk.InvalidField("/after", "is not a value of next from an earlier call with this search. Omit it to begin at the first page")
		}
		found = found[last+1:]
	}
	out := ListEventTypesOutput{Release: catalogue.Release}
	if len(found) > in.Limit {
		found, out.Truncated, out.Next = found[:in.Limit], true, found[in.Limit-1].Name
	}
	out.EventTypes = found
	out.Count = len(found)
	return out, nil
}

// MarshalJSON joins the event types as the catalogue encoded them. To encode hundreds of
// types again takes longer than the search.
func (o ListEventTypesOutput) MarshalJSON() ([]byte, error) {
	rest, err := json.Marshal(struct {
		Release string `json:"release"`
		reconcile.Paged
	}{o.Release, o.Paged})
	if err != nil {
		return nil, err
	}
	size := len(rest) + len(`{"event_types":[],`)
	for _, t := range o.EventTypes {
		size += len(t.JSON) + 1
	}
	b := append(make([]byte, 0, size), `{"event_types":[`...)
	for i, t := range o.EventTypes {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, t.JSON...)
	}
	b = append(b, "],"...)
	return append(b, rest[1:]...), nil
}
