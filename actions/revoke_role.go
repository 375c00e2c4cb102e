package actions

import (
	"context"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// RevokeRole takes an admin role from a user.
var RevokeRole = action[RevokeRoleInput, RevokeRoleOutput]{
	Name:    "revoke_role",
	Title:   "Revoke Role",
	Summary: "Takes an admin role from a user, and says if the user still has it through a group.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleAssignmentAUser/#tag/RoleAssignmentAUser/operation/unassignRoleFromUser",
	Effect:  sdk.Writes,
	Undo:    "assign_role",
	Scopes:  []string{"okta.users.read", "okta.roles.manage"},
	Example: sdk.Example[RevokeRoleInput, RevokeRoleOutput]{
		Input: RevokeRoleInput{User: exampleUser.Login, Role: exampleRole.Type},
		Output: RevokeRoleOutput{User: exampleUser, Change: Change[RolesState]{
			Outcome: sdk.Changed,
			Before:  RolesState{Assigned: true, Roles: []RoleItem{exampleRole}},
			After:   RolesState{Roles: []RoleItem{}},
		}},
	},
	Run: revokeRole,
}

// RevokeRoleInput is what revoke_role takes.
type RevokeRoleInput struct {
	// Id, login or email address of the user.
	User string `json:"user" jsonschema:"example=alice.moreau@corp.example,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_users"`
	// Type of a standard role, such as SUPER_ADMIN or HELP_DESK_ADMIN, or the id of a custom role.
	Role string `json:"role" jsonschema:"example=HELP_DESK_ADMIN,minLength=1,maxLength=100" jsonschema_extras:"x-options=list_user_roles user=$user"`
	// Of a custom role: take it away over this set of resources only. Over all of them if absent.
	ResourceSet string `json:"resource_set,omitempty" jsonschema:"example=iamoJDFKaJxGIr0oamd9,maxLength=100" jsonschema_extras:"x-group=advanced"`
	Write
}

// Validate refuses what is no role.
func (in RevokeRoleInput) Validate() error { return checkRole(in.Role, in.ResourceSet, false) }

// RevokeRoleOutput is what revoke_role answers.
type RevokeRoleOutput struct {
	User UserRef `json:"user"` // The user.
	Change[RolesState]
}

func revokeRole(ctx context.Context, c *okta.Client, in RevokeRoleInput) (RevokeRoleOutput, error) {
	u, err := c.FindUser(ctx, "/user", in.User)
	if err != nil {
		return RevokeRoleOutput{}, err
	}
	read := readRole(c, u.ID, in.Role, in.ResourceSet)
	before, err := read(ctx)
	if err != nil {
		return RevokeRoleOutput{}, err
	}
	change, err := attempt[RolesState]{
		goal: "role is no longer the user's own",
		done: func(s RolesState) bool { return s.through(throughUser) == nil },
		act: func(ctx context.Context) error {
			return eachOf(before.Roles, func(r RoleItem) error {
				if r.Through != throughUser {
					return nil
				}
				return c.UnassignRole(ctx, u.ID, r.ID)
			})
		},
		read: read,
		bars: func(RolesState) string { return "" },
	}.from(ctx, before)
	if group := change.After.through(throughGroup); group != nil && err == nil {
		still := "the user still has the role through the group " + group.Group + ": take the user out of it"
		if change.Outcome == sdk.Planned {
			change.Reason = still
		} else {
			change.Outcome, change.Reason = sdk.NotApplicable, still
		}
	}
	return RevokeRoleOutput{User: refOf(u), Change: change}, err
}
