package actions

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"soar.example/okta/internal/okta"
	"soar.example/okta/internal/systemlog"
	"soar.example/okta/internal/systemlog/ecs"
	"soar.example/okta/internal/systemlog/emm"
	"soar.example/okta/internal/systemlog/shape"
	"soar.example/okta/sdk"
)

// GetLogs searches the System Log.
var GetLogs = action[GetLogsInput, GetLogsOutput[shape.Event]]{
	Name:    "get_logs",
	Summary: "Searches the System Log and returns whole events, as Okta sent them or normalized.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/#tag/SystemLog/operation/listLogEvents",
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
	// Lower bound of the time an event happened if until is given, otherwise of the time Okta stored it. Seven days
	// ago if absent; Okta keeps 90 days.
	Since *time.Time `json:"since,omitempty" jsonschema:"example=2026-03-14T00:00:00Z"`
	// Upper bound of the time an event happened. Events that reach Okta late may be missing; omit it to miss none.
	Until *time.Time `json:"until,omitempty" jsonschema:"example=2026-03-14T03:00:00Z"`
	// Expression of Okta's filter language.
	Filter string `json:"filter,omitempty" jsonschema:"example=severity eq \"WARN\",maxLength=6000" jsonschema_extras:"x-language=scim_filter,x-group=advanced"`
	// Page size. With return_all the largest pages are read, since they cost the fewest requests.
	Limit int `json:"limit,omitempty" jsonschema:"default=100,minimum=1,maximum=1000,example=100" jsonschema_extras:"x-group=advanced"`
	// Order of the events. DESCENDING returns the latest first, and keeps them if the limit cuts events off.
	SortOrder string `json:"sort_order,omitempty" jsonschema:"enum=ASCENDING,enum=DESCENDING,default=ASCENDING" jsonschema_extras:"x-group=advanced"`
	// Maximum number of events of the output.
	MaxItems int `json:"max_items,omitempty" jsonschema:"default=10000,minimum=1,maximum=50000,example=10000" jsonschema_extras:"x-group=advanced"`
	// Shape of the events: okta as Okta sends them, ecs as documents of the Elastic Common Schema, emm as rows of the
	// SaaS Event Maturity Matrix.
	Format shape.Format `json:"format,omitempty" jsonschema:"enum=okta,enum=ecs,enum=emm,default=okta" jsonschema_extras:"x-group=advanced"`
}

// Validate refuses bounds that are the wrong way round, and keywords that Okta
// refuses.
func (in GetLogsInput) Validate() error {
	if in.Since != nil && in.Until != nil && !in.Since.Before(*in.Until) {
		return sdk.InvalidField("/since", "must be before until")
	}
	words := strings.Fields(in.Query)
	if len(words) > 10 {
		return sdk.InvalidField("/query", "has %d keywords; Okta takes at most 10", len(words))
	}
	for _, w := range words {
		if utf8.RuneCountInString(w) > 40 {
			return sdk.InvalidField("/query", "has a keyword of over 40 letters; Okta takes none as long")
		}
	}
	return nil
}

// GetLogsOutput is the output of get_logs.: events of the shape E.
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
			// What cannot be mapped comes with what is known of it: never one event less.
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
