package actions

import (
	"context"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// DeactivateUser deactivates a user. activate_user brings the account back, but
// neither the password nor what apps had deleted, so it is no undo.
var DeactivateUser = action[DeactivateUserInput, DeactivateUserOutput]{
	Name:    "deactivate_user",
	Title:   "Deactivate User",
	Summary: "Deactivates a user: apps are taken away for good, and the account can be activated again, or deleted. To contain a user, suspend instead.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/#tag/UserLifecycle/operation/deactivateUser",
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.users.manage"},
	Example: sdk.Example[DeactivateUserInput, DeactivateUserOutput]{
		Input: DeactivateUserInput{User: exampleUser.Login},
		Output: DeactivateUserOutput{User: exampleUser, Change: Change[UserState]{
			Outcome: sdk.Changed,
			Before:  UserState{Status: okta.StatusActive, StatusChanged: exampleTime("2025-01-07T09:12:44Z")},
			After:   UserState{Status: okta.StatusDeprovisioned, StatusChanged: exampleTime("2026-03-14T10:05:31Z")},
		}},
	},
	Run: deactivateUser,
}

// DeactivateUserInput is what deactivate_user takes.
type DeactivateUserInput struct {
	User      string `json:"user" jsonschema:"title=User,example=alice.moreau@corp.example,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_users" jsonschema_description:"Id, login or email address of the user."`
	SendEmail bool   `json:"send_email,omitempty" jsonschema:"title=Send email,default=false" jsonschema_extras:"x-group=advanced" jsonschema_description:"Okta mails the administrators about it."`
	Write
}

// DeactivateUserOutput is what deactivate_user answers.
type DeactivateUserOutput struct {
	User UserRef `json:"user" jsonschema_description:"The user."`
	Change[UserState]
}

func deactivateUser(ctx context.Context, c *okta.Client, in DeactivateUserInput) (DeactivateUserOutput, error) {
	u, err := c.FindUser(ctx, "/user", in.User)
	if err != nil {
		return DeactivateUserOutput{}, err
	}
	change, err := deactivation(c, u, in.SendEmail).from(ctx, stateOf(u))
	return DeactivateUserOutput{User: refOf(u), Change: change}, err
}

func deactivation(c *okta.Client, u *okta.User, sendEmail bool) attempt[UserState] {
	return attempt[UserState]{
		goal: "user is deactivated",
		done: func(s UserState) bool { return s.Status == okta.StatusDeprovisioned },
		act:  func(ctx context.Context) error { return c.DeactivateUser(ctx, u.ID, sendEmail) },
		read: readState(c, u.ID),
		bars: func(UserState) string { return "" },
	}
}
