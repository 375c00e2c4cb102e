package actions

import (
	"context"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// GetUserByEmail reads the one user who has an email address.
var GetUserByEmail = action[GetUserByEmailInput, GetUserOutput]{
	Name:    "get_user_by_email",
	Summary: "Finds the one user with an email address, and reads status, dates and the whole profile.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/listUsers",
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.users.read"},
	Example: sdk.Example[GetUserByEmailInput, GetUserOutput]{
		Input:  GetUserByEmailInput{Email: exampleUser.Email},
		Output: GetUser.Example.Output,
	},
	Run: getUserByEmail,
}

// GetUserByEmailInput is the input of get_user_by_email.
type GetUserByEmailInput struct {
	// Email address of the user. An address that several users share is rejected; the error lists the matches.
	Email string `json:"email" jsonschema:"example=alice.moreau@corp.example,minLength=1,maxLength=500"`
}

func getUserByEmail(ctx context.Context, c *okta.Client, in GetUserByEmailInput) (GetUserOutput, error) {
	u, err := c.UserByEmail(ctx, "/email", in.Email)
	if err != nil {
		return GetUserOutput{}, err
	}
	return describe(u), nil
}
