package actions

import (
	"context"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// ListRoles lists the admin roles that there are to assign.
var ListRoles = action[ListRolesInput, ListRolesOutput]{
	Name:    "list_roles",
	Title:   "List Roles",
	Summary: "Lists the admin roles that can be assigned: Okta's standard ones, and the custom ones of the org.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleECustom/#tag/RoleECustom/operation/listRoles",
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.roles.read"},
	Example: sdk.Example[ListRolesInput, ListRolesOutput]{
		Output: ListRolesOutput{Counted: Counted{Count: 2}, Roles: []AssignableRole{
			{Name: "HELP_DESK_ADMIN", Label: "Help Desk Administrator"},
			{Name: "cr0Yq6IJxGIr0ouum0g3", Label: "Incident Responder", Custom: true, Description: "Suspends users and ends sessions"},
		}},
	},
	Options: &sdk.OptionList{Items: "roles", Value: "name", Label: "label", Description: "description"},
	Run:     listRoles,
}

// ListRolesInput is what list_roles takes: nothing. The list is short.
type ListRolesInput struct{}

// ListRolesOutput is what list_roles answers.
type ListRolesOutput struct {
	// The roles, the standard ones first. Which of these an org may assign depends on its licences.
	Roles []AssignableRole `json:"roles"`
	Counted
}

// AssignableRole is an admin role.
type AssignableRole struct {
	// What assign_role and revoke_role know the role by: its type, or the id of a custom role.
	Name        string `json:"name"`
	Label       string `json:"label"`                 // What people call the role.
	Custom      bool   `json:"custom"`                // Whether it is the org's own, and is assigned over a set of resources.
	Description string `json:"description,omitempty"` // What a custom role is for.
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
