package okta

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// TestPermissionsMatchOrg runs each action with each role, and compares the result with
// check_permissions. After yes the org accepts the action, after no the org rejects it.
func TestPermissionsMatchOrg(t *testing.T) {
	_, m := compiled(t)
	cases := allCases()
	blind := map[string]any{"allow_unknown_admins": true}
	protecting := map[string]any{"protected_users": []string{"glass@corp.example"}, "protected_groups": []string{"Vault"}}
	logins := []heldLogin{
		{kind: "SUPER_ADMIN"}, {kind: "ORG_ADMIN"}, {kind: "ORG_ADMIN", settings: blind}, {kind: "ORG_ADMIN", settings: protecting},
		{kind: "HELP_DESK_ADMIN", settings: blind},
		{kind: "SUPER_ADMIN", settings: map[string]any{"read_only": true}},
		{kind: "SUPER_ADMIN", settings: map[string]any{"allowed_actions": []string{"get_user", "contain_user"}}},
		{kind: "ORG_ADMIN", app: true},
		{kind: "SUPER_ADMIN", app: true, settings: protecting},
		{kind: "SUPER_ADMIN", app: true, settings: protecting, scopes: []string{
			"okta.users.manage", "okta.roles.manage", "okta.devices.manage", "okta.networkZones.manage",
		}},
		{kind: "SUPER_ADMIN", app: true, settings: protecting, scopes: []string{
			"okta.groups.manage", "okta.roles.manage", "okta.devices.manage", "okta.networkZones.manage",
		}},
		{kind: "SUPER_ADMIN", app: true, scopes: []string{"okta.users.manage", "okta.groups.manage", "okta.devices.manage"}},
		{kind: "SUPER_ADMIN", app: true, scopes: []string{"okta.users.manage", "okta.groups.manage", "okta.devices.manage"}, settings: blind},
		{kind: "SUPER_ADMIN", app: true, scopes: []string{"okta.users.read", "okta.roles.read", "okta.sessions.manage", "okta.apps.manage"}},
		{kind: "SUPER_ADMIN", app: true, scopes: []string{
			"okta.users.manage", "okta.roles.manage", "okta.networkZones.manage", "okta.userRisk.manage", "okta.logs.read",
		}},
	}
	for _, kind := range []string{
		"SUPER_ADMIN", "ORG_ADMIN", "READ_ONLY_ADMIN", "USER_ADMIN", "HELP_DESK_ADMIN", "APP_ADMIN",
		"GROUP_MEMBERSHIP_ADMIN", "REPORT_ADMIN", "API_ACCESS_MANAGEMENT_ADMIN",
	} {
		logins = append(logins, heldLogin{kind: kind, sees: true})
	}
	for _, l := range logins {
		t.Run(fmt.Sprintf("%+v", l), func(t *testing.T) {
			t.Parallel()
			ctx := hclog.WithContext(t.Context(), hclog.NewNullLogger())
			s := newService(t)
			said := checked(t, l.open(t, s), s.Server)
			for _, info := range m.Actions {
				can, why, _ := said.can(t, info.Name)
				if can != "yes" && can != "no" || info.Name == "check_permissions" {
					continue
				}
				s := newService(t)
				input := cases[info.Name].Input(s)
				result, err := l.open(t, s).Run(ctx, info.Name, input)
				refused := refusedSomewhere(result, err)
				if (can == "yes") == refused {
					t.Errorf("%s: said %s (%q); the org answered %v %s", info.Name, can, why, err, result.Output)
				}
			}
		})
	}
}

// A heldLogin is a principal whose permissions the test compares with the org.
type heldLogin struct {
	kind     string   // of its standard admin role
	sees     bool     // also sees admin roles, by a custom role
	app      bool     // it is a service app's, not an API token
	scopes   []string // that the app is granted; nil for all
	settings map[string]any
}

// open creates the principal in the org and opens a session.
func (l heldLogin) open(t *testing.T, s service) sdk.Session {
	t.Helper()
	s.AddGroup(oktasim.NewGroup{Name: "Vault"})
	s.AddUser(oktasim.NewUser{Login: "glass@corp.example", Groups: []string{"Vault"}})
	settings := map[string]any{"allow_custom_writes": true}
	maps.Copy(settings, l.settings)
	if !l.app {
		roles := []oktasim.NewRole{{Type: l.kind}}
		if l.sees {
			roles = append(roles, seesRoles)
		}
		return loginWith(t, s.Server, settings, roles...)
	}
	return appWith(t, s, settings, oktasim.NewServiceApp{Scopes: l.scopes, Roles: []string{l.kind}})
}

// refusedSomewhere reports whether Okta rejected a part of the action.
func refusedSomewhere(result sdk.Result, err error) bool {
	if err != nil {
		var e *sdk.Error
		return errors.As(err, &e) && e.Code == sdk.Forbidden
	}
	if strings.Contains(string(result.Output), `"code":"forbidden"`) { // of a step
		return true
	}
	for _, c := range result.Calls {
		if c.Status == 403 && c.Path != "/api/v1/users/me" {
			return true
		}
	}
	return false
}
