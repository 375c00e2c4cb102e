package actions

import (
	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// UnsuspendUser takes a suspension back.
var UnsuspendUser = action[UserWrite, UserChange[UserState]]{
	Name:    "unsuspend_user",
	Summary: "Reverts the suspension of a user, who is then active again.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/#tag/UserLifecycle/operation/unsuspendUser",
	Effect:  sdk.Writes,
	Undo:    "suspend_user",
	Scopes:  []string{"okta.users.manage"},
	Example: exampleUserWrite(
		exampleStatus(okta.StatusSuspended, "2026-03-14T02:41:09Z"),
		exampleStatus(okta.StatusActive, "2026-03-14T10:05:31Z"),
	),
	Run: onUser(statusChange{
		goal: "user is active", from: okta.StatusSuspended, to: okta.StatusActive, verb: "unsuspends", act: (*okta.Client).UnsuspendUser,
	}.run),
}
