// Package actions holds the actions of the Okta connector. Each action is declared with
// its input, its output and its function.
package actions

//go:generate go run soar.example/okta/schema/describe

import (
	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// action is an action that uses a client of an Okta org.
type action[In, Out any] = sdk.Action[*okta.Client, In, Out]

// IdentityEngine is the name of the current engine of Okta. Older Okta orgs have Classic Engine.
const IdentityEngine = "Identity Engine"

// identityOnly is the list of editions for actions that need Identity Engine.
var identityOnly = []string{IdentityEngine}

// apiDocs returns the address of Okta's documentation of an API call.
func apiDocs(tag, operation string) string {
	return "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/" + tag + "/#tag/" + tag + "/operation/" + operation
}

// All lists the actions in the order builders show them.
var All = []sdk.AnyAction[*okta.Client]{
	ActivateUser,
	AddUserToGroup,
	CreateGroup,
	CreateUser,
	DeactivateUser,
	DeleteUser,
	EndCurrentUserSessions,
	GetUserFactors,
	GetGroupByName,
	GetLogs,
	ListEventTypes,
	GetUser,
	GetUserByEmail,
	ListDevices,
	ListApplicationUsers,
	ListApplications,
	ListGroupMembers,
	ListGroups,
	ListPolicies,
	ListUserGroups,
	ListUsers,
	CustomRequest,
	RemoveUserFromGroup,
	ResetPassword,
	RevokeAllUserSessions,
	SuspendUser,
	UnsuspendUser,
	UpdateUser,
	UnlockUser,
	ExpirePassword,
	ResetFactors,
	DeleteFactor,
	VerifyPush,
	GetUserBlastRadius,
	RevokeUserGrants,
	RevokeAppTokens,
	UniversalLogout,
	ListRoles,
	ListUserRoles,
	AssignRole,
	RevokeRole,
	ListUserDevices,
	SuspendDevice,
	UnsuspendDevice,
	DeactivateDevice,
	ListNetworkZones,
	BlockIP,
	UnblockIP,
	ListUserApplications,
	UnassignApplication,
	DeactivateApplication,
	GetUserRisk,
	SetUserRisk,
	CheckPermissions,
}
