package oktatest

import (
	"net/http"
	"net/url"
	"strings"
)

// handler answers one call. It runs under the org's lock.
type handler func(*Org, *call) (*reply, error)

// route is one endpoint.
type route struct {
	method  string
	pattern string
	// scope is what an OAuth token needs for it; empty at the one endpoint that asks for no token at all.
	scope  string
	handle handler
}

// routes are all endpoints of the org.
var routes = []route{
	{http.MethodGet, "/api/v1/users", "okta.users.read", (*Org).listUsers},
	{http.MethodPost, "/api/v1/users", "okta.users.manage", (*Org).createUser},
	{http.MethodGet, "/api/v1/users/{id}", "okta.users.read", (*Org).getUser},
	{http.MethodPost, "/api/v1/users/{id}", "okta.users.manage", (*Org).updateUser},
	{http.MethodPut, "/api/v1/users/{id}", "okta.users.manage", (*Org).replaceUser},
	{http.MethodDelete, "/api/v1/users/{id}", "okta.users.manage", (*Org).deleteUser},
	{http.MethodGet, "/api/v1/users/{id}/groups", "okta.users.read", (*Org).listUserGroups},
	{http.MethodDelete, "/api/v1/users/{id}/sessions", "okta.users.manage", (*Org).clearSessions},
	{http.MethodGet, "/api/v1/users/{id}/appLinks", "okta.users.read", (*Org).listAppLinks},
	{http.MethodGet, "/api/v1/users/{id}/devices", "okta.users.read", (*Org).listUserDevices},
	{http.MethodPost, "/api/v1/users/{id}/lifecycle/activate", "okta.users.manage", (*Org).activateUser},
	{http.MethodPost, "/api/v1/users/{id}/lifecycle/reactivate", "okta.users.manage", (*Org).reactivateUser},
	{http.MethodPost, "/api/v1/users/{id}/lifecycle/deactivate", "okta.users.manage", (*Org).deactivateUser},
	{http.MethodPost, "/api/v1/users/{id}/lifecycle/suspend", "okta.users.manage", (*Org).suspendUser},
	{http.MethodPost, "/api/v1/users/{id}/lifecycle/unsuspend", "okta.users.manage", (*Org).unsuspendUser},
	{http.MethodPost, "/api/v1/users/{id}/lifecycle/unlock", "okta.users.manage", (*Org).unlockUser},
	{http.MethodPost, "/api/v1/users/{id}/lifecycle/expire_password", "okta.users.manage", (*Org).expirePassword},
	{http.MethodPost, "/api/v1/users/{id}/lifecycle/expire_password_with_temp_password", "okta.users.manage", (*Org).expireWithTempPassword},
	{http.MethodPost, "/api/v1/users/{id}/lifecycle/reset_password", "okta.users.manage", (*Org).resetPassword},
	{http.MethodPost, "/api/v1/users/{id}/lifecycle/reset_factors", "okta.users.manage", (*Org).resetFactors},
	{http.MethodGet, "/api/v1/users/{id}/factors", "okta.users.read", (*Org).listFactors},
	{http.MethodGet, "/api/v1/users/{id}/factors/{fid}", "okta.users.read", (*Org).getFactor},
	{http.MethodDelete, "/api/v1/users/{id}/factors/{fid}", "okta.users.manage", (*Org).deleteFactor},
	{http.MethodPost, "/api/v1/users/{id}/factors/{fid}/verify", "okta.users.manage", (*Org).verifyFactor},
	{http.MethodGet, "/api/v1/users/{id}/factors/{fid}/transactions/{tid}", "okta.users.read", (*Org).pollPush},
	{http.MethodGet, "/api/v1/users/{id}/clients", "okta.users.read", (*Org).listClients},
	{http.MethodDelete, "/api/v1/users/{id}/clients/{cid}/tokens", "okta.users.manage", (*Org).revokeClientTokens},
	{http.MethodGet, "/api/v1/users/{id}/grants", "okta.users.read", (*Org).listGrants},
	{http.MethodDelete, "/api/v1/users/{id}/grants", "okta.users.manage", (*Org).revokeGrants},
	{http.MethodGet, "/api/v1/users/{id}/risk", "okta.userRisk.read", (*Org).getRisk},
	{http.MethodPut, "/api/v1/users/{id}/risk", "okta.userRisk.manage", (*Org).setRisk},
	{http.MethodGet, "/api/v1/users/{id}/roles", "okta.roles.read", (*Org).listRoles},
	{http.MethodPost, "/api/v1/users/{id}/roles", "okta.roles.manage", (*Org).assignRole},
	{http.MethodGet, "/api/v1/users/{id}/roles/{rid}", "okta.roles.read", (*Org).getRole},
	{http.MethodDelete, "/api/v1/users/{id}/roles/{rid}", "okta.roles.manage", (*Org).unassignRole},
	{http.MethodGet, "/api/v1/users/{id}/roles/{rid}/targets/groups", "okta.roles.read", (*Org).listGroupTargets},
	{http.MethodGet, "/api/v1/users/{id}/roles/{rid}/targets/catalog/apps", "okta.roles.read", (*Org).listAppTargets},
	{http.MethodGet, "/api/v1/iam/assignees/users", "okta.roles.read", (*Org).listAssignees},
	{http.MethodGet, "/api/v1/iam/roles", "okta.roles.read", (*Org).listCustomRoles},
	{http.MethodGet, "/api/v1/iam/roles/{id}/permissions", "okta.roles.read", (*Org).listPermissions},
	{http.MethodGet, "/api/v1/sessions/{id}", "okta.sessions.read", (*Org).getSession},
	{http.MethodDelete, "/api/v1/sessions/{id}", "okta.sessions.manage", (*Org).endSession},
	{http.MethodGet, "/api/v1/groups", "okta.groups.read", (*Org).listGroups},
	{http.MethodPost, "/api/v1/groups", "okta.groups.manage", (*Org).createGroup},
	{http.MethodGet, "/api/v1/groups/{id}", "okta.groups.read", (*Org).getGroup},
	{http.MethodPut, "/api/v1/groups/{id}", "okta.groups.manage", (*Org).replaceGroup},
	{http.MethodDelete, "/api/v1/groups/{id}", "okta.groups.manage", (*Org).deleteGroup},
	{http.MethodGet, "/api/v1/groups/{id}/users", "okta.groups.read", (*Org).listGroupUsers},
	{http.MethodPut, "/api/v1/groups/{id}/users/{uid}", "okta.groups.manage", (*Org).addGroupUser},
	{http.MethodDelete, "/api/v1/groups/{id}/users/{uid}", "okta.groups.manage", (*Org).removeGroupUser},
	{http.MethodGet, "/api/v1/groups/{id}/roles", "okta.roles.read", (*Org).listRoles},
	{http.MethodPost, "/api/v1/groups/{id}/roles", "okta.roles.manage", (*Org).assignRole},
	{http.MethodGet, "/api/v1/groups/{id}/roles/{rid}", "okta.roles.read", (*Org).getRole},
	{http.MethodDelete, "/api/v1/groups/{id}/roles/{rid}", "okta.roles.manage", (*Org).unassignRole},
	{http.MethodGet, "/api/v1/devices", "okta.devices.read", (*Org).listDevices},
	{http.MethodGet, "/api/v1/devices/{id}", "okta.devices.read", (*Org).getDevice},
	{http.MethodDelete, "/api/v1/devices/{id}", "okta.devices.manage", (*Org).deleteDevice},
	{http.MethodGet, "/api/v1/devices/{id}/users", "okta.devices.read", (*Org).listDeviceUsers},
	{http.MethodPost, "/api/v1/devices/{id}/lifecycle/activate", "okta.devices.manage", activateDevice},
	{http.MethodPost, "/api/v1/devices/{id}/lifecycle/deactivate", "okta.devices.manage", deactivateDevice},
	{http.MethodPost, "/api/v1/devices/{id}/lifecycle/suspend", "okta.devices.manage", suspendDevice},
	{http.MethodPost, "/api/v1/devices/{id}/lifecycle/unsuspend", "okta.devices.manage", unsuspendDevice},
	{http.MethodGet, "/api/v1/zones", "okta.networkZones.read", (*Org).listZones},
	{http.MethodPost, "/api/v1/zones", "okta.networkZones.manage", (*Org).createZone},
	{http.MethodGet, "/api/v1/zones/{id}", "okta.networkZones.read", (*Org).getZone},
	{http.MethodPut, "/api/v1/zones/{id}", "okta.networkZones.manage", (*Org).replaceZone},
	{http.MethodDelete, "/api/v1/zones/{id}", "okta.networkZones.manage", (*Org).deleteZone},
	{http.MethodPost, "/api/v1/zones/{id}/lifecycle/activate", "okta.networkZones.manage", activateZone},
	{http.MethodPost, "/api/v1/zones/{id}/lifecycle/deactivate", "okta.networkZones.manage", deactivateZone},
	{http.MethodGet, "/api/v1/apps", "okta.apps.read", (*Org).listApps},
	{http.MethodGet, "/api/v1/apps/{id}", "okta.apps.read", (*Org).getApp},
	{http.MethodGet, "/api/v1/apps/{id}/users", "okta.apps.read", (*Org).listAppUsers},
	{http.MethodGet, "/api/v1/apps/{id}/users/{uid}", "okta.apps.read", (*Org).getAppUser},
	{http.MethodDelete, "/api/v1/apps/{id}/users/{uid}", "okta.apps.manage", (*Org).removeAppUser},
	{http.MethodPost, "/api/v1/apps/{id}/lifecycle/activate", "okta.apps.manage", activateApp},
	{http.MethodPost, "/api/v1/apps/{id}/lifecycle/deactivate", "okta.apps.manage", deactivateApp},
	{http.MethodGet, "/api/v1/policies", "okta.policies.read", (*Org).listPolicies},
	{http.MethodGet, "/api/v1/logs", "okta.logs.read", (*Org).listEvents},
	{http.MethodPost, "/oauth2/v1/global-token-revocation", "okta.universalLogout.manage", (*Org).universalLogout},
	{http.MethodGet, "/oauth2/v1/clients/{id}/roles", "okta.roles.read", (*Org).listClientRoles},
	{http.MethodPost, tokenPath, "", (*Org).issueToken},
}

// elsewhere are endpoints of Okta's that the org does not have and that must not be taken for one with a variable.
var elsewhere = []string{
	"/api/v1/groups/rules", "/api/v1/users/{id}/factors/questions", "/api/v1/users/{id}/factors/catalog",
}

// findRoute returns the endpoint that a request is for and what its variable segments hold. Without an endpoint, known
// says whether the path exists under another method.
func findRoute(method, path string) (endpoint *route, params []string, known bool) {
	for _, pattern := range elsewhere {
		if _, ok := matchPattern(pattern, path); ok {
			return nil, nil, false
		}
	}
	for i, r := range routes {
		got, ok := matchPattern(r.pattern, path)
		if !ok {
			continue
		}
		if r.method == method {
			return &routes[i], got, true
		}
		known = true
	}
	return nil, nil, known
}

// matchPattern compares segment by segment. A variable segment matches no empty and no dot segment, in whatever
// way it is escaped, so that a forgotten id can never reach another endpoint.
func matchPattern(pattern, path string) ([]string, bool) {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	var params []string
	for i, w := range want {
		if !strings.HasPrefix(w, "{") {
			if w != got[i] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(got[i])
		if err != nil || value == "" || value == "." || value == ".." {
			return nil, false
		}
		params = append(params, value)
	}
	return params, true
}
