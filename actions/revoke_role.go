package actions

import (
	"context"
	"slices"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// RevokeRole takes an admin role from a user.
var RevokeRole = action[RevokeRoleInput, UserChange[RolesState]]{
	Name:    "revoke_role",
	Summary: "Revokes an admin role of a user, and reports if the user still has it through a group.",
	Docs: "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleAssignmentAUser/" +
		"#tag/RoleAssignmentAUser/operation/unassignRoleFromUser",
	Effect: sdk.Writes,
	Undo:   "assign_role",
	Scopes: []string{"okta.users.read", "okta.roles.manage"},
	Example: sdk.Example[RevokeRoleInput, UserChange[RolesState]]{
		Input: RevokeRoleInput{OneUser: exampleTarget, Role: exampleRole.Type},
		Output: UserChange[RolesState]{User: exampleUser, Change: reconcile.Changed(
			RolesState{Assigned: true, Roles: []RoleItem{exampleRole}},
			RolesState{Roles: []RoleItem{}},
		)},
	},
	Run: onUser(revokeRole),
}

// RevokeRoleInput is the input of revoke_role.
type RevokeRoleInput struct {
	OneUser
	// Type of a standard role, such as SUPER_ADMIN or HELP_DESK_ADMIN, or ID of a custom role.
	Role string `json:"role" jsonschema:"example=HELP_DESK_ADMIN,minLength=1,maxLength=100" jsonschema_extras:"x-options=list_user_roles user=$user"`
	// ID of the resource set of a custom role; all resource sets if absent.
	ResourceSet string `json:"resource_set,omitempty" jsonschema:"example=iamoJDFKaJxGIr0oamd9,maxLength=100" jsonschema_extras:"x-group=advanced"`
	reconcile.Write
}

// Validate refuses what is no role.
func (in RevokeRoleInput) Validate() error { return checkRole(in.Role, in.ResourceSet, false) }

func revokeRole(ctx context.Context, c *okta.Client, u *okta.User, in RevokeRoleInput) (UserChange[RolesState], error) {
	var own []RoleItem
	read := readRole(c, u.ID, in.Role, in.ResourceSet)
	out, err := changeUser(ctx, u, reconcile.Goal[RolesState]{
		Name: "role is no longer the user's own",
		Done: func(s RolesState) bool { return s.through(throughUser) == nil },
		Act: func(ctx context.Context) error {
			return reconcile.Each(own, func(r RoleItem) error { return c.UnassignRole(ctx, u.ID, r.ID) })
		},
		Read: func(ctx context.Context) (RolesState, error) {
			s, err := read(ctx)
			own = slices.DeleteFunc(slices.Clone(s.Roles), func(r RoleItem) bool { return r.Through != throughUser })
			return s, err
		},
	})
	if group := out.After.through(throughGroup); group != nil && err == nil {
		out.Reason = "the user still has the role through the group " + group.Group + ": take the user out of it"
		if out.Outcome != sdk.Planned {
			out.Outcome = sdk.NotApplicable
		}
	}
	return out, err
}
