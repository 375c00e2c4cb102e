package actions

import (
	"context"
	"encoding/json"
	"slices"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/internal/systemlog/catalogue"
	"soar.example/okta/sdk"
)

// ListEventTypes lists the event types of the System Log.
var ListEventTypes = action[ListEventTypesInput, ListEventTypesOutput]{
	Name:    "list_event_types",
	Summary: "Lists the event types of the System Log with their meaning and suggested response actions. It sends no request.",
	Docs:    "https://developer.okta.com/docs/reference/api/event-types/",
	Effect:  sdk.Reads,
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
	// Cursor of the next page: the next of an earlier call with the same search.
	After string `json:"after,omitempty" jsonschema:"example=user.session.end,maxLength=200" jsonschema_extras:"x-group=advanced"`
}

// Validate refuses what is no family.
func (in ListEventTypesInput) Validate() error {
	if in.Family == "" {
		return nil
	}
	if err := sdk.CheckTypePattern(in.Family); err != nil {
		return sdk.InvalidField("/family", "%v", err)
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
			return ListEventTypesOutput{}, sdk.InvalidField("/after", "is not the next of a call with this search")
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

// MarshalJSON joins what the catalogue has encoded once: encoding hundreds of types
// anew takes longer than the search.
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
