package actions

import (
	"context"
	"slices"

	"soar.example/okta/internal/okta"
	"soar.example/okta/internal/systemlog/catalogue"
	"soar.example/okta/sdk"
)

// ListEventTypes lists the event types of the System Log.
var ListEventTypes = action[ListEventTypesInput, ListEventTypesOutput]{
	Name:    "list_event_types",
	Title:   "List Event Types",
	Summary: "Lists the event types of the System Log with what they mean and which actions answer them, without asking Okta.",
	Docs:    "https://developer.okta.com/docs/reference/api/event-types/",
	Effect:  sdk.Reads,
	Example: sdk.Example[ListEventTypesInput, ListEventTypesOutput]{
		Input: ListEventTypesInput{Search: "session start", Limit: 200},
		Output: ListEventTypesOutput{
			EventTypes: eventTypes("user.session.start"), Release: catalogue.Release, Paged: onePage,
		},
	},
	Options: listed(sdk.OptionList{Items: "event_types", Value: "name", Label: "label", Description: "name", Search: "search"}),
	Run:     listEventTypes,
}

// ListEventTypesInput is what list_event_types takes.
type ListEventTypesInput struct {
	Search   string `json:"search,omitempty" jsonschema:"title=Search,example=session start,maxLength=200" jsonschema_description:"Only types with every word of this in their name, label, category or tags; those with the text in their name come first."`
	Family   string `json:"family,omitempty" jsonschema:"title=Family,example=user.session.*,maxLength=200" jsonschema_description:"Only types of this family."`
	Category string `json:"category,omitempty" jsonschema:"title=Category,example=identity-engine,maxLength=200" jsonschema_extras:"x-group=advanced" jsonschema_description:"Only types of this category of Okta's."`
	Limit    int    `json:"limit,omitempty" jsonschema:"title=Limit,default=200,minimum=1,maximum=2000,example=200" jsonschema_extras:"x-group=advanced" jsonschema_description:"The most types of one answer."`
	After    string `json:"after,omitempty" jsonschema:"title=After,example=user.session.end,maxLength=200" jsonschema_extras:"x-group=advanced" jsonschema_description:"Go on where an earlier call with the same search ended: its next."`
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

// ListEventTypesOutput is what list_event_types answers.
type ListEventTypesOutput struct {
	EventTypes []catalogue.Type `json:"event_types" jsonschema_description:"The event types."`
	Release    string           `json:"release" jsonschema_description:"The release of Okta whose event types these are. Okta adds some with every release."`
	Paged
}

func listEventTypes(_ context.Context, _ *okta.Client, in ListEventTypesInput) (ListEventTypesOutput, error) {
	found := catalogue.Search(in.Search)
	if in.Family != "" {
		members := map[string]bool{}
		for _, t := range catalogue.Family(in.Family) {
			members[t.Name] = true
		}
		found = slices.DeleteFunc(found, func(t catalogue.Type) bool { return !members[t.Name] })
	}
	if in.Category != "" {
		found = slices.DeleteFunc(found, func(t catalogue.Type) bool { return t.Category != in.Category })
	}
	if in.After != "" {
		last := slices.IndexFunc(found, func(t catalogue.Type) bool { return t.Name == in.After })
		if last < 0 {
			return ListEventTypesOutput{}, sdk.InvalidField("/after", "is not the next of a call with this search")
		}
		found = found[last+1:]
	}
	out := ListEventTypesOutput{EventTypes: found, Release: catalogue.Release}
	if len(found) > in.Limit {
		out.EventTypes, out.Truncated, out.Next = found[:in.Limit], true, found[in.Limit-1].Name
	}
	if out.EventTypes == nil {
		out.EventTypes = []catalogue.Type{}
	}
	out.Count = len(out.EventTypes)
	return out, nil
}

func eventTypes(names ...string) []catalogue.Type {
	var types []catalogue.Type
	for _, name := range names {
		t, _ := catalogue.Lookup(name)
		types = append(types, t)
	}
	return types
}
