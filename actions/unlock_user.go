package actions

import (
	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// UnlockUser takes back a lockout.
var UnlockUser = action[UserWrite, UserChange[UserState]]{
	Name:    "unlock_user",
	Summary: "Unlocks a user after too many failed sign-ins. Password and factors stay the same.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/#tag/UserLifecycle/operation/unlockUser",
	Effect:  sdk.Writes,
	Scopes:  []string{"okta.users.manage"},
	Example: exampleUserWrite(
		exampleStatus(okta.StatusLockedOut, "2026-03-14T02:41:09Z"),
		exampleStatus(okta.StatusActive, "2026-03-14T10:05:31Z"),
	),
	Run: onUser(statusChange{
		goal: "user is active", from: okta.StatusLockedOut, to: okta.StatusActive, verb: "unlocks", act: (*okta.Client).UnlockUser,
	}.run),
}
