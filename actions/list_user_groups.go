package actions

import (
	"context"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// ListUserGroups lists the groups that a user is in.
var ListUserGroups = action[ListUserGroupsInput, ListUserGroupsOutput]{
	Name:    "list_user_groups",
	Title:   "List User Groups",
	Summary: "Lists the groups that a user is in, and with them what the user may reach.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserResources/#tag/UserResources/operation/listUserGroups",
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.users.read"},
	Example: sdk.Example[ListUserGroupsInput, ListUserGroupsOutput]{
		Input:  ListUserGroupsInput{User: exampleUser.Login, MaxItems: 10_000},
		Output: ListUserGroupsOutput{User: exampleUser, Groups: []GroupItem{exampleGroupItem}, Counted: Counted{Count: 1}},
	},
	Options: &sdk.OptionList{Items: "groups", Value: "id", Label: "name", Description: "description", Typed: true},
	Run:     listUserGroups,
}

// ListUserGroupsInput is what list_user_groups takes. Okta gives this list whole:
// there are no pages to choose.
type ListUserGroupsInput struct {
	// Id, login or email address of the user.
	User string `json:"user" jsonschema:"example=alice.moreau@corp.example,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_users"`
	// Stop after so many groups.
	MaxItems int `json:"max_items,omitempty" jsonschema:"title=Most items,default=10000,minimum=1,maximum=50000,example=10000" jsonschema_extras:"x-group=advanced"`
}

// ListUserGroupsOutput is what list_user_groups answers.
type ListUserGroupsOutput struct {
	User   UserRef     `json:"user"`   // The user.
	Groups []GroupItem `json:"groups"` // The groups, Everyone among them.
	Counted
}

func listUserGroups(ctx context.Context, c *okta.Client, in ListUserGroupsInput) (ListUserGroupsOutput, error) {
	u, err := c.FindUser(ctx, "/user", in.User)
	if err != nil {
		return ListUserGroupsOutput{}, err
	}
	groups, n, err := listWhole(ctx, c, []string{"users", u.ID, "groups"}, in.MaxItems, groupItem)
	return ListUserGroupsOutput{User: refOf(u), Groups: groups, Counted: n}, err
}
