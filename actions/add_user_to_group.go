package actions

import (
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// AddUserToGroup adds a user to a group.
var AddUserToGroup = action[AddUserToGroupInput, MembershipChange]{
	Name:    "add_user_to_group",
	Summary: "Adds a user to a group, such as a group whose policy denies every sign-in.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/assignUserToGroup",
	Effect:  sdk.Writes,
	Undo:    "remove_user_from_group",
	Scopes:  []string{"okta.users.read", "okta.groups.manage"},
	Example: sdk.Example[AddUserToGroupInput, MembershipChange]{
		Input: AddUserToGroupInput{OneUser: exampleTarget, Group: exampleGroup.Name},
		Output: MembershipChange{
			User: exampleUser, Group: exampleGroup, Change: reconcile.Changed(Membership{Member: false}, Membership{Member: true}),
		},
	},
	Run: func(ctx context.Context, c *okta.Client, in AddUserToGroupInput) (MembershipChange, error) {
		return changeMembership(ctx, c, in.User, in.Group, true)
	},
}

// AddUserToGroupInput is the input of add_user_to_group.
type AddUserToGroupInput struct {
	OneUser
	// ID or exact name of the group.
	Group string `json:"group" jsonschema:"example=Quarantine,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_groups"`
	reconcile.Write
}
