package actions

import (
	"context"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// RemoveUserFromGroup takes a user out of a group.
var RemoveUserFromGroup = action[RemoveUserFromGroupInput, RemoveUserFromGroupOutput]{
	Name:    "remove_user_from_group",
	Title:   "Remove User From Group",
	Summary: "Takes a user out of a group, and with it what the group grants.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/unassignUserFromGroup",
	Effect:  sdk.Writes,
	Undo:    "add_user_to_group",
	Scopes:  []string{"okta.users.read", "okta.groups.manage"},
	Example: sdk.Example[RemoveUserFromGroupInput, RemoveUserFromGroupOutput]{
		Input: RemoveUserFromGroupInput{User: exampleUser.Login, Group: exampleGroup.ID},
		Output: RemoveUserFromGroupOutput{User: exampleUser, Group: exampleGroup, Change: Change[Membership]{
			Outcome: sdk.Changed, Before: Membership{Member: true}, After: Membership{Member: false},
		}},
	},
	Run: func(ctx context.Context, c *okta.Client, in RemoveUserFromGroupInput) (RemoveUserFromGroupOutput, error) {
		u, g, change, err := membership(ctx, c, in.User, in.Group, false)
		return RemoveUserFromGroupOutput{User: u, Group: g, Change: change}, err
	},
}

// RemoveUserFromGroupInput is what remove_user_from_group takes.
type RemoveUserFromGroupInput struct {
	// Id, login or email address of the user.
	User string `json:"user" jsonschema:"example=alice.moreau@corp.example,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_users"`
	// Id or exact name of the group.
	Group string `json:"group" jsonschema:"example=Quarantine,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_user_groups user=$user"`
	Write
}

// RemoveUserFromGroupOutput is what remove_user_from_group answers.
type RemoveUserFromGroupOutput struct {
	User  UserRef  `json:"user"`  // The user.
	Group GroupRef `json:"group"` // The group.
	Change[Membership]
}
