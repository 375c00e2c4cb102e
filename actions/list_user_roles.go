package actions

import (
	"cmp"
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// ListUserRoles lists a user's admin roles.
var ListUserRoles = action[OneUser, ListUserRolesOutput]{
	Name:    "list_user_roles",
	Summary: "Lists the admin roles of a user, including roles assigned by a group.",
	Docs: "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleAssignmentAUser/" +
		"#tag/RoleAssignmentAUser/operation/listAssignedRolesForUser",
	Effect: sdk.Reads,
	Scopes: []string{"okta.users.read", "okta.roles.read"},
	Example: sdk.Example[OneUser, ListUserRolesOutput]{
		Input: exampleTarget,
		Output: ListUserRolesOutput{User: exampleUser, Admin: true, Counted: reconcile.Counted{Count: 1}, Roles: []UserRoleItem{{
			RoleItem: exampleRole,
			Raw:      Object(`{"id":"ra1b2c3d4e5f6g7h8i9j","label":"Help Desk Administrator","type":"HELP_DESK_ADMIN","status":"ACTIVE","assignmentType":"USER"}`),
		}}},
	},
	Options: &sdk.OptionList{Items: "roles", Value: "name", Label: "label", Description: "through"},
	Run:     onUser(listUserRoles),
}

// ListUserRolesOutput is the output of list_user_roles.
type ListUserRolesOutput struct {
	User  UserRef        `json:"user"`  // The user.
	Admin bool           `json:"admin"` // Whether the user has any admin role.
	Roles []UserRoleItem `json:"roles"` // The roles.
	reconcile.Counted
}

// UserRoleItem is an admin role in a list.
type UserRoleItem struct {
	RoleItem
	// Name of the role for assign_role and revoke_role: its type, or ID of a custom role.
	Name string `json:"name"`
	Raw  Object `json:"raw"` // The assignment as Okta sent it.
}

func userRoleItem(o okta.Object) UserRoleItem {
	var r okta.Role
	o.Read(&r)
	return UserRoleItem{RoleItem: roleItem(r), Name: cmp.Or(r.RoleID, r.Type), Raw: raw(o)}
}

func listUserRoles(ctx context.Context, c *okta.Client, u *okta.User, _ OneUser) (ListUserRolesOutput, error) {
	roles, n, err := listOfUser(ctx, c, u.ID, maxRoles, userRoleItem, below("roles"))
	return ListUserRolesOutput{User: refOf(u), Admin: len(roles) > 0, Roles: roles, Counted: n}, err
}

// maxRoles is more than any user has.
const maxRoles = 1000
