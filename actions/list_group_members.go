package actions

import (
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// ListGroupMembers lists the users in a group.
var ListGroupMembers = action[ListGroupMembersInput, ListGroupMembersOutput]{
	Name:    "list_group_members",
	Summary: "Lists the users in a group.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/listGroupUsers",
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.groups.read"},
	Example: sdk.Example[ListGroupMembersInput, ListGroupMembersOutput]{
		Input:  ListGroupMembersInput{Group: exampleGroup.Name, Paging: reconcile.Paging{ReturnAll: true, Limit: 200, Bounded: defaultMax}},
		Output: ListGroupMembersOutput{Group: exampleGroup, Users: []UserItem{exampleUserItem}, Paged: onePage},
	},
	Run: listGroupMembers,
}

// ListGroupMembersInput is the input of list_group_members.
type ListGroupMembersInput struct {
	// ID or exact name of the group.
	Group string `json:"group" jsonschema:"example=Quarantine,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_groups"`
	reconcile.Paging
}

// ListGroupMembersOutput is the output of list_group_members.
type ListGroupMembersOutput struct {
	Group GroupRef   `json:"group"` // The group.
	Users []UserItem `json:"users"` // Members of the group, including deactivated users.
	reconcile.Paged
}

func listGroupMembers(ctx context.Context, c *okta.Client, in ListGroupMembersInput) (ListGroupMembersOutput, error) {
	g, err := c.FindGroup(ctx, "/group", in.Group)
	if err != nil {
		return ListGroupMembersOutput{}, err
	}
	users, n, err := list(ctx, c, []string{"groups", g.ID, "users"}, nil, in.Paging, userItem)
	return ListGroupMembersOutput{Group: groupRefOf(g), Users: users, Paged: n}, err
}
