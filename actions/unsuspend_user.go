package actions

import (
	"context"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// UnsuspendUser takes a suspension back.
var UnsuspendUser = action[UnsuspendUserInput, UnsuspendUserOutput]{
	Name:    "unsuspend_user",
	Title:   "Unsuspend User",
	Summary: "Takes a user's suspension back; the user is then active again.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/#tag/UserLifecycle/operation/unsuspendUser",
	Effect:  sdk.Writes,
	Undo:    "suspend_user",
	Scopes:  []string{"okta.users.manage"},
	Example: sdk.Example[UnsuspendUserInput, UnsuspendUserOutput]{
		Input: UnsuspendUserInput{User: exampleUser.ID},
		Output: UnsuspendUserOutput{User: exampleUser, Change: Change[UserState]{
			Outcome: sdk.Changed,
			Before:  UserState{Status: okta.StatusSuspended, StatusChanged: exampleTime("2026-03-14T02:41:09Z")},
			After:   UserState{Status: okta.StatusActive, StatusChanged: exampleTime("2026-03-14T10:05:31Z")},
		}},
	},
	Run: unsuspendUser,
}

// UnsuspendUserInput is what unsuspend_user takes.
type UnsuspendUserInput struct {
	// Id, login or email address of the user.
	User string `json:"user" jsonschema:"example=alice.moreau@corp.example,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_users"`
	Write
}

// UnsuspendUserOutput is what unsuspend_user answers.
type UnsuspendUserOutput struct {
	User UserRef `json:"user"` // The user.
	Change[UserState]
}

func unsuspendUser(ctx context.Context, c *okta.Client, in UnsuspendUserInput) (UnsuspendUserOutput, error) {
	u, err := c.FindUser(ctx, "/user", in.User)
	if err != nil {
		return UnsuspendUserOutput{}, err
	}
	change, err := attempt[UserState]{
		goal: "user is active",
		done: func(s UserState) bool { return s.Status == okta.StatusActive },
		act:  func(ctx context.Context) error { return c.UnsuspendUser(ctx, u.ID) },
		read: readState(c, u.ID),
		bars: func(s UserState) string {
			if s.Status == okta.StatusSuspended {
				return ""
			}
			return "Okta unsuspends only a SUSPENDED user, and this one is " + s.Status
		},
	}.from(ctx, stateOf(u))
	return UnsuspendUserOutput{User: refOf(u), Change: change}, err
}
