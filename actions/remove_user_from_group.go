package actions

import (
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// RemoveUserFromGroup takes a user out of a group.
var RemoveUserFromGroup = action[RemoveUserFromGroupInput, MembershipChange]{
	Name:    "remove_user_from_group",
	Summary: "Removes a user from a group.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/unassignUserFromGroup",
	Effect:  sdk.Writes,
	Undo:    "add_user_to_group",
	Scopes:  []string{"okta.users.read", "okta.groups.manage"},
	Example: sdk.Example[RemoveUserFromGroupInput, MembershipChange]{
		Input: RemoveUserFromGroupInput{OneUser: exampleTarget, Group: exampleGroup.ID},
		Output: MembershipChange{
			User: exampleUser, Group: exampleGroup, Change: reconcile.Changed(Membership{Member: true}, Membership{Member: false}),
		},
	},
	Run: func(ctx context.Context, c *okta.Client, in RemoveUserFromGroupInput) (MembershipChange, error) {
		return changeMembership(ctx, c, in.User, in.Group, false)
	},
}

// RemoveUserFromGroupInput is the input of remove_user_from_group.
type RemoveUserFromGroupInput struct {
	OneUser
	// ID or exact name of the group.
	Group string `json:"group" jsonschema:"example=Quarantine,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_user_groups user=$user"`
	reconcile.Write
}
