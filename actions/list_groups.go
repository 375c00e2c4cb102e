package actions

import (
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// ListGroups lists groups.
var ListGroups = action[ListGroupsInput, ListGroupsOutput]{
	Name:    "list_groups",
	Summary: "Lists the groups of the Okta org, optionally by a search, a filter or a name.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/listGroups",
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.groups.read"},
	Example: sdk.Example[ListGroupsInput, ListGroupsOutput]{
		Input:  ListGroupsInput{Q: "Quar", Paging: reconcile.Paging{Limit: 200, Bounded: defaultMax}},
		Output: ListGroupsOutput{Groups: []GroupItem{exampleGroupItem}, Paged: onePage},
	},
	Options: listed(sdk.OptionList{Items: "groups", Value: "id", Label: "name", Description: "description", Typed: true, Search: "q"}),
	Run:     listGroups,
}

// ListGroupsInput is the input of list_groups.
type ListGroupsInput struct {
	// Expression of Okta's search over any attribute. The search lags behind changes by a moment.
	Search string `json:"search,omitempty" jsonschema:"example=profile.name sw \"Quar\",maxLength=6000" jsonschema_extras:"x-language=scim_filter"`
	// Beginning of the name. Okta returns only one page for it.
	Q string `json:"q,omitempty" jsonschema:"title=Name begins with,example=Quar,maxLength=200"`
	// Expression of Okta's filter over id, type, lastUpdated and lastMembershipUpdated.
	Filter string `json:"filter,omitempty" jsonschema:"example=type eq \"OKTA_GROUP\",maxLength=6000" jsonschema_extras:"x-language=scim_filter,x-group=advanced"`
	reconcile.Paging
}

// Validate refuses what Okta does not combine.
func (in ListGroupsInput) Validate() error { return oneOf(in.Search, in.Filter, in.Q) }

// ListGroupsOutput is the output of list_groups.
type ListGroupsOutput struct {
	Groups []GroupItem `json:"groups"` // The groups.
	reconcile.Paged
}

func listGroups(ctx context.Context, c *okta.Client, in ListGroupsInput) (ListGroupsOutput, error) {
	groups, n, err := list(ctx, c, []string{"groups"}, map[string]string{"search": in.Search, "filter": in.Filter, "q": in.Q}, in.Paging, groupItem)
	return ListGroupsOutput{Groups: groups, Paged: n}, err
}
