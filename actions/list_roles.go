package actions

import (
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// ListRoles lists the admin roles that there are to assign.
var ListRoles = action[ListRolesInput, ListRolesOutput]{
	Name:    "list_roles",
	Summary: "Lists the assignable admin roles: Okta's standard roles and the custom roles of the Okta org.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleECustom/#tag/RoleECustom/operation/listRoles",
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

// ListRolesInput is the input of list_roles.: nothing. The list is short.
type ListRolesInput struct{}

// ListRolesOutput is the output of list_roles.
type ListRolesOutput struct {
	// The roles, standard roles first. The licences of the Okta org decide which of them it may assign.
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
