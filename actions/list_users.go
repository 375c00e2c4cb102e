package actions

import (
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// ListUsers lists users.
var ListUsers = action[ListUsersInput, ListUsersOutput]{
	Name:    "list_users",
	Summary: "Lists the users of the Okta org, optionally by a search, a filter or a name.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/listUsers",
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.users.read"},
	Example: sdk.Example[ListUsersInput, ListUsersOutput]{
		Input:  ListUsersInput{Search: `profile.department eq "Finance"`, Paging: reconcile.Paging{Limit: 200, Bounded: defaultMax}},
		Output: ListUsersOutput{Users: []UserItem{exampleUserItem}, Paged: onePage},
	},
	Options: listed(sdk.OptionList{Items: "users", Value: "id", Label: "login", Description: "status", Typed: true, Search: "q"}),
	Run:     listUsers,
}

// ListUsersInput is the input of list_users.
type ListUsersInput struct {
	// Expression of Okta's search over any attribute. The search finds deactivated users too, and lags behind
	// changes by a moment.
	Search string `json:"search,omitempty" jsonschema:"example=profile.department eq \"Finance\",maxLength=6000" jsonschema_extras:"x-language=scim_filter"`
	// Beginning of a first name, last name or email address. Okta returns only one page for it.
	Q string `json:"q,omitempty" jsonschema:"title=Name begins with,example=alice,maxLength=200"`
	// Expression of Okta's filter over status, lastUpdated, id, login, email and names.
	Filter string `json:"filter,omitempty" jsonschema:"example=status eq \"ACTIVE\",maxLength=6000" jsonschema_extras:"x-language=scim_filter,x-group=advanced"`
	reconcile.Paging
}

// Validate refuses what Okta does not combine.
func (in ListUsersInput) Validate() error { return oneOf(in.Search, in.Filter, in.Q) }

// ListUsersOutput is the output of list_users.
type ListUsersOutput struct {
	// The users. Without a search or filter Okta omits deactivated users.
	Users []UserItem `json:"users"`
	reconcile.Paged
}

func listUsers(ctx context.Context, c *okta.Client, in ListUsersInput) (ListUsersOutput, error) {
	users, n, err := list(ctx, c, []string{"users"}, map[string]string{"search": in.Search, "filter": in.Filter, "q": in.Q}, in.Paging, userItem)
	return ListUsersOutput{Users: users, Paged: n}, err
}
