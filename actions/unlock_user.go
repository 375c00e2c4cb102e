package actions

import (
	"context"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// UnlockUser takes back a lockout.
var UnlockUser = action[UnlockUserInput, UnlockUserOutput]{
	Name:    "unlock_user",
	Title:   "Unlock User",
	Summary: "Unlocks a user whom too many failed sign-ins have locked out; password and factors stay as they are.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/#tag/UserLifecycle/operation/unlockUser",
	Effect:  sdk.Writes,
	Scopes:  []string{"okta.users.manage"},
	Example: sdk.Example[UnlockUserInput, UnlockUserOutput]{
		Input: UnlockUserInput{User: exampleUser.Login},
		Output: UnlockUserOutput{User: exampleUser, Change: Change[UserState]{
			Outcome: sdk.Changed,
			Before:  UserState{Status: okta.StatusLockedOut, StatusChanged: exampleTime("2026-03-14T02:41:09Z")},
			After:   UserState{Status: okta.StatusActive, StatusChanged: exampleTime("2026-03-14T10:05:31Z")},
		}},
	},
	Run: unlockUser,
}

// UnlockUserInput is what unlock_user takes.
type UnlockUserInput struct {
	// Id, login or email address of the user.
	User string `json:"user" jsonschema:"example=alice.moreau@corp.example,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_users"`
	Write
}

// UnlockUserOutput is what unlock_user answers.
type UnlockUserOutput struct {
	User UserRef `json:"user"` // The user.
	Change[UserState]
}

func unlockUser(ctx context.Context, c *okta.Client, in UnlockUserInput) (UnlockUserOutput, error) {
	u, err := c.FindUser(ctx, "/user", in.User)
	if err != nil {
		return UnlockUserOutput{}, err
	}
	change, err := attempt[UserState]{
		goal: "user is active",
		done: func(s UserState) bool { return s.Status == okta.StatusActive },
		act:  func(ctx context.Context) error { return c.UnlockUser(ctx, u.ID) },
		read: readState(c, u.ID),
		bars: func(s UserState) string {
			if s.Status == okta.StatusLockedOut {
				return ""
			}
			return "Okta unlocks only a LOCKED_OUT user, and this one is " + s.Status
		},
	}.from(ctx, stateOf(u))
	return UnlockUserOutput{User: refOf(u), Change: change}, err
}
