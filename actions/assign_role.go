package actions

import (
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// AssignRole makes a user an administrator.
var AssignRole = action[AssignRoleInput, UserChange[RolesState]]{
	Name:    "assign_role",
	Summary: "Assigns an admin role to a user, such as a role that was revoked during an incident.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleAssignmentAUser/#tag/RoleAssignmentAUser/operation/assignRoleToUser",
	Effect:  sdk.Writes,
	Undo:    "revoke_role",
	Scopes:  []string{"okta.users.read", "okta.roles.manage"},
	Example: sdk.Example[AssignRoleInput, UserChange[RolesState]]{
		Input: AssignRoleInput{OneUser: exampleTarget, Role: exampleRole.Type},
		Output: UserChange[RolesState]{User: exampleUser, Change: reconcile.Changed(
			RolesState{Roles: []RoleItem{}},
			RolesState{Assigned: true, Roles: []RoleItem{exampleRole}},
		)},
	},
	Run: onUser(assignRole),
}

// AssignRoleInput is the input of assign_role.
type AssignRoleInput struct {
	OneUser
	// Type of a standard role, such as HELP_DESK_ADMIN or READ_ONLY_ADMIN, or ID of a custom role.
	Role string `json:"role" jsonschema:"example=HELP_DESK_ADMIN,minLength=1,maxLength=100" jsonschema_extras:"x-options=list_roles"`
	// ID of the resource set of a custom role.
	ResourceSet string `json:"resource_set,omitempty" jsonschema:"example=iamoJDFKaJxGIr0oamd9,maxLength=100" jsonschema_extras:"x-group=advanced"`
	reconcile.Write
}

// Validate refuses what is no role.
func (in AssignRoleInput) Validate() error { return checkRole(in.Role, in.ResourceSet, true) }

func assignRole(ctx context.Context, c *okta.Client, u *okta.User, in AssignRoleInput) (UserChange[RolesState], error) {
	return changeUser(ctx, u, reconcile.Goal[RolesState]{
		Name: "user has the role",
		// A role that comes with a group goes with it: only the user's own counts.
		Done: func(s RolesState) bool { return s.through(throughUser) != nil },
		Act:  func(ctx context.Context) error { return c.AssignRole(ctx, u.ID, in.Role, in.ResourceSet) },
		Read: readRole(c, u.ID, in.Role, in.ResourceSet),
		Precondition: func(RolesState) string {
			if u.Status == okta.StatusDeprovisioned {
				return "Okta gives no role to a deactivated user"
			}
			return ""
		},
	})
}
