package actions

import (
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// ListUserGroups lists the groups that a user is in.
var ListUserGroups = action[UserList, ListUserGroupsOutput]{
	Name:    "list_user_groups",
	Summary: "Lists the groups of a user.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserResources/#tag/UserResources/operation/listUserGroups",
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.users.read"},
	Example: sdk.Example[UserList, ListUserGroupsOutput]{
		Input:  UserList{OneUser: exampleTarget, Bounded: defaultMax},
		Output: ListUserGroupsOutput{User: exampleUser, Groups: []GroupItem{exampleGroupItem}, Counted: reconcile.Counted{Count: 1}},
	},
	Options: &sdk.OptionList{Items: "groups", Value: "id", Label: "name", Description: "description", Typed: true},
	Run:     onUser(listUserGroups),
}

// ListUserGroupsOutput is the output of list_user_groups.
type ListUserGroupsOutput struct {
	User   UserRef     `json:"user"`   // The user.
	Groups []GroupItem `json:"groups"` // The groups, including Everyone.
	reconcile.Counted
}

func listUserGroups(ctx context.Context, c *okta.Client, u *okta.User, in UserList) (ListUserGroupsOutput, error) {
	groups, n, err := listOfUser(ctx, c, u.ID, in.MaxItems, groupItem, below("groups"))
	return ListUserGroupsOutput{User: refOf(u), Groups: groups, Counted: n}, err
}
