package actions

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

// RoleItem is an admin role that a user has.
type RoleItem struct {
	ID string `json:"id"` // ID of the assignment.
	// SUPER_ADMIN, ORG_ADMIN, HELP_DESK_ADMIN and other standard roles; CUSTOM for a custom role.
	Type   string `json:"type"`
	Label  string `json:"label"`            // Display name of the role.
	Status string `json:"status,omitempty"` // ACTIVE or INACTIVE.
	// user: assigned to the user; group: assigned by a group.
	Through     string `json:"through" jsonschema:"enum=user,enum=group"`
	Group       string `json:"group,omitempty"`        // ID of that group, if Okta returns it.
	Role        string `json:"role,omitempty"`         // ID of the custom role.
	ResourceSet string `json:"resource_set,omitempty"` // ID of the resource set of a custom role.
}

const (
	throughUser  = "user"
	throughGroup = "group"
)

// RolesState lists the assignments of one role to a user.
type RolesState struct {
	Assigned bool       `json:"assigned"` // Whether the user has the role, directly or by a group.
	Roles    []RoleItem `json:"roles"`    // Assignments of the role.
}

func (s RolesState) through(how string) *RoleItem {
	i := slices.IndexFunc(s.Roles, func(r RoleItem) bool { return r.Through == how })
	if i < 0 {
		return nil
	}
	return &s.Roles[i]
}

func roleItem(r okta.Role) RoleItem {
	item := RoleItem{ID: r.ID, Type: r.Type, Label: r.Label, Status: r.Status, Through: throughUser, Role: r.RoleID, ResourceSet: r.ResourceSet}
	if !r.Direct() {
		item.Through, item.Group = throughGroup, r.Group()
	}
	return item
}

// standardRoles lists the roles that every Okta org has
// (https://developer.okta.com/docs/api/openapi/okta-management/guides/roles/).
var standardRoles = []struct{ name, label string }{
	{"SUPER_ADMIN", "Super Administrator"},
	{"ORG_ADMIN", "Organization Administrator"},
	{"APP_ADMIN", "Application Administrator"},
	{"USER_ADMIN", "Group Administrator"},
	{"GROUP_MEMBERSHIP_ADMIN", "Group Membership Administrator"},
	{"HELP_DESK_ADMIN", "Help Desk Administrator"},
	{"READ_ONLY_ADMIN", "Read-only Administrator"},
	{"REPORT_ADMIN", "Report Administrator"},
	{"API_ACCESS_MANAGEMENT_ADMIN", "API Access Management Administrator"},
	{"ACCESS_CERTIFICATIONS_ADMIN", "Access Certifications Administrator"},
	{"ACCESS_REQUESTS_ADMIN", "Access Requests Administrator"},
	{"WORKFLOWS_ADMIN", "Workflows Administrator"},
}

func standardNames() []string {
	names := make([]string, len(standardRoles))
	for i, r := range standardRoles {
		names[i] = r.name
	}
	return names
}

// checkRole rejects an invalid role, and a custom role without a resource set if needsSet.
func checkRole(role, resourceSet string, needsSet bool) error {
	switch {
	case slices.Contains(standardNames(), role):
		if resourceSet != "" {
			return sdk.InvalidField("/resource_set", "is only for custom roles, and %s is a standard role", role)
		}
	case !strings.HasPrefix(role, "cr0"):
		return sdk.InvalidField("/role", "is neither a standard role (%s) nor the ID of a custom role", strings.Join(standardNames(), ", "))
	case needsSet && resourceSet == "":
		return sdk.InvalidField("/resource_set", "is required for a custom role: give the ID of a resource set")
	}
	return nil
}

// undoRole completes the output with the call that reverts the change of a role.
func undoRole(out *UserChange[RolesState], action string, u *okta.User, role, resourceSet string) {
	input := map[string]string{"user": u.ID, "role": role}
	if resourceSet != "" {
		input["resource_set"] = resourceSet
	}
	out.UndoneBy(action, strings.TrimSpace(u.ID+" "+role+" "+resourceSet), input)
}

// readRole reads the assignments of a role to a user. An empty resourceSet selects all resource sets.
func readRole(c *okta.Client, userID, role, resourceSet string) func(context.Context) (RolesState, error) {
	return func(ctx context.Context) (RolesState, error) {
		roles, err := c.RolesOf(ctx, userID)
		state := RolesState{Roles: []RoleItem{}}
		for _, r := range roles {
			if (r.Type == role || r.RoleID == role) && (resourceSet == "" || r.ResourceSet == resourceSet) {
				state.Roles = append(state.Roles, roleItem(r))
			}
		}
		state.Assigned = len(state.Roles) > 0
		return state, err
	}
}

var exampleRole = RoleItem{ID: "ra1b2c3d4e5f6g7h8i9j", Type: "HELP_DESK_ADMIN", Label: "Help Desk Administrator", Status: "ACTIVE", Through: throughUser}

// AssignRole assigns an admin role to a user.
var AssignRole = action[AssignRoleInput, UserChange[RolesState]]{
	Name:    "assign_role",
	Summary: "Assigns an admin role to a user, such as a role that was revoked during an incident.",
	Docs:    apiDocs("RoleAssignmentAUser", "assignRoleToUser"),
	Effect:  sdk.Writes,
	Undo:    "revoke_role",
	Scopes:  []string{"okta.users.read", "okta.roles.manage"},
	Example: exampleChange(AssignRoleInput{OneUser: exampleTarget, Role: exampleRole.Type},
		RolesState{Roles: []RoleItem{}},
		RolesState{Assigned: true, Roles: []RoleItem{exampleRole}},
	),
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

// Validate rejects an invalid role.
func (in AssignRoleInput) Validate() error { return checkRole(in.Role, in.ResourceSet, true) }

func assignRole(ctx context.Context, c *okta.Client, u *okta.User, in AssignRoleInput) (UserChange[RolesState], error) {
	out, err := changeUser(ctx, u, reconcile.Goal[RolesState]{
		Name: "user has the role",
		// A role assigned by a group ends with the membership, so only a direct role counts.
		Done: func(s RolesState) bool { return s.through(throughUser) != nil },
		Act:  func(ctx context.Context) error { return c.AssignRole(ctx, u.ID, in.Role, in.ResourceSet) },
		Read: readRole(c, u.ID, in.Role, in.ResourceSet),
		Precondition: func(RolesState) string {
			if u.Status == okta.StatusDeprovisioned {
				return "the user is DEPROVISIONED, and Okta does not assign roles in this status"
			}
			return ""
		},
	})
	undoRole(&out, "revoke_role", u, in.Role, in.ResourceSet)
	return out, err
}

// RevokeRole revokes an admin role of a user.
var RevokeRole = action[RevokeRoleInput, UserChange[RolesState]]{
	Name:    "revoke_role",
	Summary: "Revokes an admin role of a user, and reports if the user still has it through a group.",
	Docs:    apiDocs("RoleAssignmentAUser", "unassignRoleFromUser"),
	Effect:  sdk.Writes,
	Undo:    "assign_role",
	Scopes:  []string{"okta.users.read", "okta.roles.manage"},
	Example: exampleChange(RevokeRoleInput{OneUser: exampleTarget, Role: exampleRole.Type},
		RolesState{Assigned: true, Roles: []RoleItem{exampleRole}},
		RolesState{Roles: []RoleItem{}},
	),
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

// Validate rejects an invalid role.
func (in RevokeRoleInput) Validate() error { return checkRole(in.Role, in.ResourceSet, false) }

func revokeRole(ctx context.Context, c *okta.Client, u *okta.User, in RevokeRoleInput) (UserChange[RolesState], error) {
	var own []RoleItem
	limited := false
	read := readRole(c, u.ID, in.Role, in.ResourceSet)
	out, err := changeUser(ctx, u, reconcile.Goal[RolesState]{
		Name: "role is no longer assigned to the user directly",
		Done: func(s RolesState) bool { return s.through(throughUser) == nil },
		Act: func(ctx context.Context) error {
			for _, r := range own { // assign_role cannot restore limits of a role
				limits, err := c.RoleTargets(ctx, u.ID, okta.Role{ID: r.ID, Type: r.Type})
				limited = limited || len(limits) > 0 || err != nil
			}
			return reconcile.Each(own, func(r RoleItem) error { return c.UnassignRole(ctx, u.ID, r.ID) })
		},
		Read: func(ctx context.Context) (RolesState, error) {
			s, err := read(ctx)
			own = slices.DeleteFunc(slices.Clone(s.Roles), func(r RoleItem) bool { return r.Through != throughUser })
			return s, err
		},
	})
	direct := slices.DeleteFunc(slices.Clone(out.Before.Roles), func(r RoleItem) bool { return r.Through != throughUser })
	if len(direct) == 1 && !limited {
		undoRole(&out, "assign_role", u, in.Role, direct[0].ResourceSet)
	}
	if group := out.After.through(throughGroup); group != nil && err == nil {
		out.Reason = "the user still has the role through the group " + group.Group + ". Remove the user from that group with remove_user_from_group"
		if out.Outcome != sdk.Planned {
			out.Outcome = sdk.NotApplicable
		}
	}
	return out, err
}

// ListRoles lists the admin roles that can be assigned.
var ListRoles = action[ListRolesInput, ListRolesOutput]{
	Name:    "list_roles",
	Summary: "Lists the admin roles: Okta's standard roles and the custom roles of the Okta org.",
	Docs:    apiDocs("RoleECustom", "listRoles"),
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.roles.read"},
	Example: sdk.Example[ListRolesInput, ListRolesOutput]{
		Output: ListRolesOutput{Counted: reconcile.Counted{Count: 2}, Roles: []AssignableRole{
			{Name: "HELP_DESK_ADMIN", Label: "Help Desk Administrator"},
			{Name: "cr0Yq6IJxGIr0ouum0g3", Label: "Incident Responder", Custom: true, Description: "Suspends users and ends sessions"},
		}},
	},
	Options: &sdk.OptionList{Items: "roles", Value: "name", Label: "label", Description: "description"},
	Run:     listRoles,
}

// ListRolesInput is the input of list_roles. It has no parameters.
type ListRolesInput struct{}

// ListRolesOutput is the output of list_roles.
type ListRolesOutput struct {
	// The roles, standard roles first. Some roles need a license that the org may not have.
	Roles []AssignableRole `json:"roles"`
	reconcile.Counted
}

// AssignableRole is an admin role.
type AssignableRole struct {
	// Name of the role for assign_role and revoke_role: its type, or ID of a custom role.
	Name        string `json:"name"`
	Label       string `json:"label"`                 // Display name of the role.
	Custom      bool   `json:"custom"`                // Whether the role is a custom role, which is assigned with a resource set.
	Description string `json:"description,omitempty"` // Description of a custom role.
}

func listRoles(ctx context.Context, c *okta.Client, _ ListRolesInput) (ListRolesOutput, error) {
	custom, err := c.CustomRoles(ctx)
	if err != nil {
		return ListRolesOutput{}, err
	}
	out := ListRolesOutput{Roles: make([]AssignableRole, 0, len(standardRoles)+len(custom))}
	for _, r := range standardRoles {
		out.Roles = append(out.Roles, AssignableRole{Name: r.name, Label: r.label})
	}
	for _, r := range custom {
		out.Roles = append(out.Roles, AssignableRole{Name: r.ID, Label: r.Label, Custom: true, Description: r.Description})
	}
	out.Count = len(out.Roles)
	return out, nil
}

// ListUserRoles lists the admin roles of a user.
var ListUserRoles = action[OneUser, ListUserRolesOutput]{
	Name:    "list_user_roles",
	Summary: "Lists the admin roles of a user, including roles assigned by a group.",
	Docs:    apiDocs("RoleAssignmentAUser", "listAssignedRolesForUser"),
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.users.read", "okta.roles.read"},
	Example: sdk.Example[OneUser, ListUserRolesOutput]{
		Input: exampleTarget,
		Output: ListUserRolesOutput{User: ExampleUser, Admin: true, Counted: oneItem, Roles: []UserRoleItem{userRoleItem(okta.Object(
			`{"id":"ra1b2c3d4e5f6g7h8i9j","label":"Help Desk Administrator","type":"HELP_DESK_ADMIN","status":"ACTIVE","assignmentType":"USER"}`))}},
	},
	Options: &sdk.OptionList{Items: "roles", Value: "name", Label: "label", Description: "through"},
	Run: onUser(func(ctx context.Context, c *okta.Client, u *okta.User, _ OneUser) (ListUserRolesOutput, error) {
		roles, n, err := list(ctx, c, []string{"users", u.ID, "roles"}, nil, okta.Span{Most: maxRoles, All: true}, userRoleItem)
		return ListUserRolesOutput{User: UserRefOf(u), Admin: len(roles) > 0, Roles: roles, Counted: n.Counted}, err
	}),
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

// maxRoles is above the number of roles of any user.
const maxRoles = 1000
