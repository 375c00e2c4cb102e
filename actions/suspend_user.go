package actions

import (
	"context"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// SuspendUser suspends a user.
var SuspendUser = action[SuspendUserInput, SuspendUserOutput]{
	Name:    "suspend_user",
	Title:   "Suspend User",
	Summary: "Suspends a user, who can then not sign in; groups and apps are kept.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/#tag/UserLifecycle/operation/suspendUser",
	Effect:  sdk.Writes,
	Undo:    "unsuspend_user",
	Scopes:  []string{"okta.users.manage"},
	Example: sdk.Example[SuspendUserInput, SuspendUserOutput]{
		Input: SuspendUserInput{User: exampleUser.Login},
		Output: SuspendUserOutput{User: exampleUser, Change: Change[UserState]{
			Outcome: sdk.Changed,
			Before:  UserState{Status: okta.StatusActive, StatusChanged: exampleTime("2025-01-07T09:12:44Z")},
			After:   UserState{Status: okta.StatusSuspended, StatusChanged: exampleTime("2026-03-14T02:41:09Z")},
		}},
	},
	Run: suspendUser,
}

// SuspendUserInput is what suspend_user takes.
type SuspendUserInput struct {
	// Id, login or email address of the user.
	User string `json:"user" jsonschema:"example=alice.moreau@corp.example,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_users"`
	Write
}

// SuspendUserOutput is what suspend_user answers.
type SuspendUserOutput struct {
	User UserRef `json:"user"` // The user.
	Change[UserState]
}

func suspendUser(ctx context.Context, c *okta.Client, in SuspendUserInput) (SuspendUserOutput, error) {
	u, err := c.FindUser(ctx, "/user", in.User)
	if err != nil {
		return SuspendUserOutput{}, err
	}
	change, err := attempt[UserState]{
		goal: "user is suspended",
		done: func(s UserState) bool { return s.Status == okta.StatusSuspended },
		act:  func(ctx context.Context) error { return c.SuspendUser(ctx, u.ID) },
		read: readState(c, u.ID),
		bars: func(s UserState) string {
			if s.Status == okta.StatusActive {
				return ""
			}
			return "Okta suspends only an ACTIVE user, and this one is " + s.Status + ": the account is not suspended"
		},
	}.from(ctx, stateOf(u))
	return SuspendUserOutput{User: refOf(u), Change: change}, err
}
