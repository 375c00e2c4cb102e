package actions

import (
	"context"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// CheckPermissions tells what the login can do before an incident does.
var CheckPermissions = action[CheckPermissionsInput, CheckPermissionsOutput]{
	Name:    "check_permissions",
	Title:   "Check Permissions",
	Summary: "Says of each action whether this connection's login can run it, and which scope or admin role is missing. It sends ten requests, one more for each custom role, and only reads.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/guides/roles/",
	Effect:  sdk.Reads,
	Scopes:  []string{},
	Example: sdk.Example[CheckPermissionsInput, CheckPermissionsOutput]{
		Output: CheckPermissionsOutput{
			Account: "soar@corp.example", Roles: []string{"HELP_DESK_ADMIN"}, RolesKnown: true, Scopes: []string{}, Notes: []string{},
			Actions: []ActionPermission{
				{Action: "get_user", Can: okta.CanYes, Missing: []string{}},
				{Action: "suspend_user", Can: okta.CanNo, Missing: []string{"an admin role that may do this, such as SUPER_ADMIN or ORG_ADMIN"}},
			},
		},
	},
	Run: checkPermissions,
}

// CheckPermissionsInput is what check_permissions takes: nothing.
type CheckPermissionsInput struct{}

// CheckPermissionsOutput is what check_permissions answers.
type CheckPermissionsOutput struct {
	// Whose login it is: the login of a user, or the client id of a service app.
	Account string `json:"account"`
	// Types of the admin roles that the login has, as far as Okta lets it read them.
	Roles      []string `json:"roles"`
	RolesKnown bool     `json:"roles_known"` // Whether Okta let the login read its admin roles.
	// OAuth scopes that a service app was granted; empty for an API token, which has none.
	Scopes  []string           `json:"scopes"`
	Notes   []string           `json:"notes"`   // What else an operator should know.
	Actions []ActionPermission `json:"actions"` // Each action of the connector.
}

// ActionPermission is whether the login can run one action.
type ActionPermission struct {
	Action string `json:"action"` // Name of the action.
	// yes; no; partly: the main part of it, not all that it can be asked for; unknown: reads alone cannot tell.
	Can     string   `json:"can" jsonschema:"enum=yes,enum=no,enum=partly,enum=unknown"`
	Missing []string `json:"missing"`       // OAuth scopes or admin roles that the login lacks.
	Why     string   `json:"why,omitempty"` // What is known about it, and the rule of the settings that refuses it.
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
