// Package actions is what playbooks can do with an Okta org: one action a page,
// each read from the top: what it is, what it takes, what it answers, what it does.
package actions

//go:generate go run soar.example/okta/schema/describe

import (
	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// action keeps the client's type off every page.
type action[In, Out any] = sdk.Action[*okta.Client, In, Out]

// IdentityEngine is the name of the newer of Okta's two engines.
const IdentityEngine = "Identity Engine"

// identityOnly are the editions of an action that needs Identity Engine.
var identityOnly = []string{IdentityEngine}

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
