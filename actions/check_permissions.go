package actions

import (
	"context"

	"soar.example/okta/internal/okta"
	"soar.example/okta/internal/okta/permission"
	"soar.example/okta/sdk"
)

// CheckPermissions tells what the login can do before an incident does.
var CheckPermissions = action[CheckPermissionsInput, CheckPermissionsOutput]{
	Name: "check_permissions",
	Summary: "Reports for each action whether this connection's principal can run it, and which scope or admin role is missing. It sends ten read " +
		"requests, and one for each custom role.",
	Docs:   "https://developer.okta.com/docs/api/openapi/okta-management/guides/roles/",
	Effect: sdk.Reads,
	Scopes: []string{},
	Example: sdk.Example[CheckPermissionsInput, CheckPermissionsOutput]{
		Output: CheckPermissionsOutput{
			Account: "soar@corp.example", Roles: []string{"HELP_DESK_ADMIN"}, RolesKnown: true, Scopes: []string{}, Notes: []string{},
			Actions: []ActionPermission{
				{Action: "get_user", Can: permission.Yes, Missing: []string{}},
				{Action: "suspend_user", Can: permission.No, Missing: []string{"an admin role that may do this, such as SUPER_ADMIN or ORG_ADMIN"}},
			},
		},
	},
	Run: checkPermissions,
}

// CheckPermissionsInput is the input of check_permissions.: nothing.
type CheckPermissionsInput struct{}

// CheckPermissionsOutput is the output of check_permissions.
type CheckPermissionsOutput struct {
	// Principal of the connection: login of a user, or client ID of a service app.
	Account string `json:"account"`
	// Types of the principal's admin roles, as far as Okta lets the principal read them.
	Roles      []string `json:"roles"`
	RolesKnown bool     `json:"roles_known"` // Whether Okta let the principal read its admin roles.
	// OAuth scopes granted to a service app; empty for an API token.
	Scopes  []string           `json:"scopes"`
	Notes   []string           `json:"notes"`   // Further notes for an operator.
	Actions []ActionPermission `json:"actions"` // Each action of the connector.
}

// ActionPermission is whether the login can run one action.
type ActionPermission struct {
	Action string `json:"action"` // Name of the action.
	// yes; no; partly: only a part of the action; unknown: read requests cannot tell.
	Can     string   `json:"can" jsonschema:"enum=yes,enum=no,enum=partly,enum=unknown"`
	Missing []string `json:"missing"`       // OAuth scopes or admin roles that the principal lacks.
	Why     string   `json:"why,omitempty"` // Explanation, and the rule of the settings that rejects the action.
}

func checkPermissions(ctx context.Context, c *okta.Client, _ CheckPermissionsInput) (CheckPermissionsOutput, error) {
	p, err := c.Permissions(ctx)
	if err != nil {
		return CheckPermissionsOutput{}, err
	}
	out := CheckPermissionsOutput{
		Account: p.Account, Roles: append([]string{}, p.Roles...), RolesKnown: p.RolesKnown, Scopes: append([]string{}, p.Scopes...),
		Notes: append([]string{}, p.Notes...), Actions: make([]ActionPermission, len(p.Actions)),
	}
	for i, a := range p.Actions {
		out.Actions[i] = ActionPermission{Action: a.Action, Can: a.Can, Missing: append([]string{}, a.Missing...), Why: a.Why}
	}
	return out, nil
}
