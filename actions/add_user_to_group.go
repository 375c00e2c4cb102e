package actions

import (
	"context"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// AddUserToGroup adds a user to a group.
var AddUserToGroup = action[AddUserToGroupInput, AddUserToGroupOutput]{
	Name:    "add_user_to_group",
	Title:   "Add User To Group",
	Summary: "Adds a user to a group, such as one whose policy denies every sign-in.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/assignUserToGroup",
	Effect:  sdk.Writes,
	Undo:    "remove_user_from_group",
	Scopes:  []string{"okta.users.read", "okta.groups.manage"},
	Example: sdk.Example[AddUserToGroupInput, AddUserToGroupOutput]{
		Input: AddUserToGroupInput{User: exampleUser.Login, Group: exampleGroup.Name},
		Output: AddUserToGroupOutput{User: exampleUser, Group: exampleGroup, Change: Change[Membership]{
			Outcome: sdk.Changed, Before: Membership{Member: false}, After: Membership{Member: true},
		}},
	},
	Run: func(ctx context.Context, c *okta.Client, in AddUserToGroupInput) (AddUserToGroupOutput, error) {
		u, g, change, err := membership(ctx, c, in.User, in.Group, true)
		return AddUserToGroupOutput{User: u, Group: g, Change: change}, err
	},
}

// AddUserToGroupInput is what add_user_to_group takes.
type AddUserToGroupInput struct {
	// Id, login or email address of the user.
	User string `json:"user" jsonschema:"example=alice.moreau@corp.example,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_users"`
	// Id or exact name of the group.
	Group string `json:"group" jsonschema:"example=Quarantine,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_groups"`
	Write
}

// AddUserToGroupOutput is what add_user_to_group answers.
type AddUserToGroupOutput struct {
	User  UserRef  `json:"user"`  // The user.
	Group GroupRef `json:"group"` // The group.
	Change[Membership]
}
