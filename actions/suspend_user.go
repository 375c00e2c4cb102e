package actions

import (
	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// SuspendUser suspends a user.
var SuspendUser = action[UserWrite, UserChange[UserState]]{
	Name:    "suspend_user",
	Summary: "Suspends a user, who can then not sign in. Groups and apps are kept.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/#tag/UserLifecycle/operation/suspendUser",
	Effect:  sdk.Writes,
	Undo:    "unsuspend_user",
	Scopes:  []string{"okta.users.manage"},
	Example: exampleUserWrite(
		exampleStatus(okta.StatusActive, "2025-01-07T09:12:44Z"),
		exampleStatus(okta.StatusSuspended, "2026-03-14T02:41:09Z"),
	),
	Run: onUser(statusChange{
		goal: "user is suspended", from: okta.StatusActive, to: okta.StatusSuspended, verb: "suspends", act: (*okta.Client).SuspendUser,
	}.run),
}
