package actions

import (
	"context"
	"slices"
	"strings"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
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

// RolesState is which of the roles in question a user has.
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

// standardRoles are the roles that every org has
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

// checkRole refuses what is no role, and a custom role without the set of resources
// that it is over.
func checkRole(role, resourceSet string, needsSet bool) error {
	switch {
	case slices.Contains(standardNames(), role):
		if resourceSet != "" {
			return sdk.InvalidField("/resource_set", "belongs to a custom role, and %s is a standard one", role)
		}
	case !strings.HasPrefix(role, "cr0"):
		return sdk.InvalidField("/role", "is neither a standard role (%s) nor the id of a custom role", strings.Join(standardNames(), ", "))
	case needsSet && resourceSet == "":
		return sdk.InvalidField("/resource_set", "must say which set of resources the custom role is to be over")
	}
	return nil
}

// readRole reads in which ways a user has a role. An empty resourceSet means any.
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
