package oktasim

import (
	"net/http"
	"net/url"
	"strings"

	"soar.example/okta/internal/oktasim/oauth"
)

// route is one endpoint.
type route struct {
	method  string
	pattern string
	// scope is the scope that an OAuth token needs. It is empty for the one endpoint that needs no token.
	scope  string
	handle handler
}

const (
	readUsers     = "okta.users.read"
	manageUsers   = "okta.users.manage"
	readRoles     = "okta.roles.read"
	manageRoles   = "okta.roles.manage"
	readGroups    = "okta.groups.read"
	manageGroups  = "okta.groups.manage"
	readDevices   = "okta.devices.read"
	manageDevices = "okta.devices.manage"
	readZones     = "okta.networkZones.read"
	manageZones   = "okta.networkZones.manage"
	readApps      = "okta.apps.read"
	manageApps    = "okta.apps.manage"
)

// routes are all endpoints of the org.
var routes = append([]route{
	{http.MethodGet, "/api/v1/users", readUsers, (*Org).listUsers},
	{http.MethodPost, "/api/v1/users", manageUsers, (*Org).createUser},
	{http.MethodGet, "/api/v1/users/{id}", readUsers, on((*Org).pathUser, show((*call).fullUserDoc))},
	{http.MethodPost, "/api/v1/users/{id}", manageUsers, on((*Org).pathUser, (*Org).updateUser)},
	{http.MethodPut, "/api/v1/users/{id}", manageUsers, on((*Org).pathUser, (*Org).replaceUser)},
	{http.MethodDelete, "/api/v1/users/{id}", manageUsers, on((*Org).pathUser, (*Org).deleteUser)},
	{http.MethodGet, "/api/v1/users/{id}/groups", readUsers, on((*Org).pathUser, (*Org).listUserGroups)},
	{http.MethodDelete, "/api/v1/users/{id}/sessions", manageUsers, on((*Org).pathUser, done((*Org).clearSessions),
		flags{"oauthTokens": false, "forgetDevices": true})},
	{http.MethodGet, "/api/v1/users/{id}/appLinks", readUsers, on((*Org).pathUser, (*Org).listAppLinks)},
	{http.MethodGet, "/api/v1/users/{id}/devices", readUsers, on((*Org).pathUser, (*Org).listUserDevices)},
	{http.MethodGet, "/api/v1/users/{id}/factors", readUsers, on((*Org).pathUser, every((*Org).factorsOf, (*call).factorDoc))},
	{http.MethodGet, "/api/v1/users/{id}/factors/{fid}", readUsers, on((*Org).pathFactor, show((*call).factorDoc))},
	{http.MethodDelete, "/api/v1/users/{id}/factors/{fid}", manageUsers, on((*Org).pathFactor, (*Org).deleteFactor,
		flags{"removeRecoveryEnrollment": false})},
	{http.MethodPost, "/api/v1/users/{id}/factors/{fid}/verify", manageUsers, on((*Org).pathFactor, (*Org).verifyFactor)},
	{http.MethodGet, "/api/v1/users/{id}/factors/{fid}/transactions/{tid}", readUsers, on((*Org).pathFactor, (*Org).pollPush)},
	{http.MethodGet, "/api/v1/users/{id}/clients", readUsers, on((*Org).pathUser, (*Org).listClients)},
	{http.MethodDelete, "/api/v1/users/{id}/clients/{cid}/tokens", manageUsers, on((*Org).pathUser, (*Org).revokeClientTokens)},
	{http.MethodGet, "/api/v1/users/{id}/grants", readUsers, on((*Org).pathUser, (*Org).listGrants)},
	{http.MethodDelete, "/api/v1/users/{id}/grants", manageUsers, on((*Org).pathUser, done((*Org).revokeGrants))},
	{http.MethodGet, "/api/v1/users/{id}/risk", "okta.userRisk.read", on((*Org).pathUser, show((*call).riskDoc))},
	{http.MethodPut, "/api/v1/users/{id}/risk", "okta.userRisk.manage", on((*Org).pathUser, (*Org).setRisk)},
	{http.MethodGet, "/api/v1/users/{id}/roles", readRoles, on((*Org).pathUser, every((*Org).rolesOf, (*call).roleDoc))},
	{http.MethodPost, "/api/v1/users/{id}/roles", manageRoles, on((*Org).pathAssignee, (*Org).assignRole, flags{"disableNotifications": false})},
	{http.MethodGet, "/api/v1/users/{id}/roles/{rid}", readRoles, on((*Org).pathRole, show((*call).roleDoc))},
	{http.MethodDelete, "/api/v1/users/{id}/roles/{rid}", manageRoles, on((*Org).pathRole, (*Org).unassignRole)},
	{http.MethodGet, "/api/v1/users/{id}/roles/{rid}/targets/groups", readRoles, on((*Org).pathRole, (*Org).listGroupTargets)},
	{http.MethodGet, "/api/v1/users/{id}/roles/{rid}/targets/catalog/apps", readRoles, on((*Org).pathRole, (*Org).listAppTargets)},
	{http.MethodGet, "/api/v1/iam/assignees/users", readRoles, (*Org).listAssignees},
	{http.MethodGet, "/api/v1/iam/roles", readRoles, (*Org).listCustomRoles},
	{http.MethodGet, "/api/v1/iam/roles/{id}/permissions", readRoles, (*Org).listPermissions},
	{http.MethodGet, "/api/v1/sessions/{id}", "okta.sessions.read", on((*Org).pathSession, show((*call).sessionDoc))},
	{http.MethodDelete, "/api/v1/sessions/{id}", "okta.sessions.manage", on((*Org).pathSession, done((*Org).endSession))},
	{http.MethodGet, "/api/v1/groups", readGroups, on(whole, pages(func(o, _ *Org) []*group { return o.groups }, groupListing))},
	{http.MethodPost, "/api/v1/groups", manageGroups, (*Org).createGroup},
	{http.MethodGet, "/api/v1/groups/{id}", readGroups, on((*Org).pathGroup, show((*call).groupDoc))},
	{http.MethodPut, "/api/v1/groups/{id}", manageGroups, on((*Org).pathGroup, (*Org).replaceGroup)},
	{http.MethodDelete, "/api/v1/groups/{id}", manageGroups, on((*Org).pathGroup, (*Org).deleteGroup)},
	{http.MethodGet, "/api/v1/groups/{id}/users", readGroups, on((*Org).pathGroup, pages((*Org).membersOf, memberListing))},
	{http.MethodPut, "/api/v1/groups/{id}/users/{uid}", manageGroups, on((*Org).pathGroup, changeMembership(true, "group.user_membership.add"))},
	{http.MethodDelete, "/api/v1/groups/{id}/users/{uid}", manageGroups, on((*Org).pathGroup, changeMembership(false, "group.user_membership.remove"))},
	{http.MethodGet, "/api/v1/groups/{id}/roles", readRoles, on((*Org).pathAssignee, every((*Org).rolesHeldBy, (*call).roleDoc))},
	{http.MethodPost, "/api/v1/groups/{id}/roles", manageRoles, on((*Org).pathAssignee, (*Org).assignRole, flags{"disableNotifications": false})},
	{http.MethodGet, "/api/v1/groups/{id}/roles/{rid}", readRoles, on((*Org).pathRole, show((*call).roleDoc))},
	{http.MethodDelete, "/api/v1/groups/{id}/roles/{rid}", manageRoles, on((*Org).pathRole, (*Org).unassignRole)},
	{http.MethodGet, "/api/v1/devices", readDevices, (*Org).listDevices},
	{http.MethodGet, "/api/v1/devices/{id}", readDevices, on((*Org).pathDevice, (*Org).getDevice)},
	{http.MethodDelete, "/api/v1/devices/{id}", manageDevices, on((*Org).pathDevice, (*Org).deleteDevice)},
	{http.MethodGet, "/api/v1/devices/{id}/users", readDevices, on((*Org).pathDevice, (*Org).listDeviceUsers)},
	{http.MethodPost, "/api/v1/devices/{id}/lifecycle/activate", manageDevices, deviceStep("activate", DeviceActive, DeviceCreated, DeviceDeactivated)},
	{http.MethodPost, "/api/v1/devices/{id}/lifecycle/deactivate", manageDevices, deviceStep("deactivate", DeviceDeactivated, DeviceActive, DeviceSuspended)},
	{http.MethodPost, "/api/v1/devices/{id}/lifecycle/suspend", manageDevices, deviceStep("suspend", DeviceSuspended, DeviceActive)},
	{http.MethodPost, "/api/v1/devices/{id}/lifecycle/unsuspend", manageDevices, deviceStep("unsuspend", DeviceActive, DeviceSuspended)},
	{http.MethodGet, "/api/v1/zones", readZones, on(whole, pages(func(o, _ *Org) []*zone { return o.zones }, zoneListing))},
	{http.MethodPost, "/api/v1/zones", manageZones, (*Org).createZone},
	{http.MethodGet, "/api/v1/zones/{id}", readZones, on((*Org).pathZone, show((*call).zoneDoc))},
	{http.MethodPut, "/api/v1/zones/{id}", manageZones, on((*Org).pathZone, (*Org).replaceZone)},
	{http.MethodDelete, "/api/v1/zones/{id}", manageZones, on((*Org).pathZone, (*Org).deleteZone)},
	{http.MethodPost, "/api/v1/zones/{id}/lifecycle/activate", manageZones, toggle((*Org).pathZone, "zone.activate", statusActive, (*call).toggledZoneDoc)},
	{http.MethodPost, "/api/v1/zones/{id}/lifecycle/deactivate", manageZones, toggle((*Org).pathZone, "zone.deactivate", statusInactive, (*call).toggledZoneDoc)},
	{http.MethodGet, "/api/v1/apps", readApps, (*Org).listApps},
	{http.MethodGet, "/api/v1/apps/{id}", readApps, on((*Org).pathApp, (*Org).getApp)},
	{http.MethodGet, "/api/v1/apps/{id}/users", readApps, on((*Org).pathApp, pages(func(_ *Org, a *app) []*appUser { return a.users }, appUserListing))},
	{http.MethodGet, "/api/v1/apps/{id}/users/{uid}", readApps, on((*Org).pathAppUser, show((*call).expandedAppUser))},
	{http.MethodDelete, "/api/v1/apps/{id}/users/{uid}", manageApps, on((*Org).pathAppUser, done((*Org).unassign), flags{"sendEmail": false})},
	{http.MethodPost, "/api/v1/apps/{id}/lifecycle/activate", manageApps, toggle((*Org).pathApp, "application.lifecycle.activate", statusActive, emptyDoc)},
	{http.MethodPost, "/api/v1/apps/{id}/lifecycle/deactivate", manageApps, toggle((*Org).pathApp, "application.lifecycle.deactivate", statusInactive, emptyDoc)},
	{http.MethodGet, "/api/v1/policies", "okta.policies.read", (*Org).listPolicies},
	{http.MethodGet, "/api/v1/logs", "okta.logs.read", (*Org).listEvents},
	{http.MethodPost, "/oauth2/v1/global-token-revocation", "okta.universalLogout.manage", (*Org).universalLogout},
	{http.MethodGet, "/oauth2/v1/clients/{id}/roles", readRoles, on((*Org).pathClient, every((*Org).clientRoles, (*call).roleDoc))},
	{http.MethodPost, oauth.TokenPath, "", (*Org).issueToken},
}, userLifecycle()...)

// userLifecycle returns the endpoints of userSteps.
func userLifecycle() []route {
	var out []route
	for _, s := range userSteps {
		out = append(out, route{http.MethodPost, "/api/v1/users/{id}/lifecycle/" + s.operation, manageUsers, on((*Org).pathUser, s.handle, s.flags)})
	}
	return out
}

// unsupported are endpoints of Okta that the org does not have and that a pattern of the org would match.
var unsupported = []string{
	"/api/v1/groups/rules", "/api/v1/users/{id}/factors/questions", "/api/v1/users/{id}/factors/catalog",
}

// findRoute returns the endpoint of a request and the values of its variable segments. Without an endpoint, known reports
// whether the path exists with another method.
func findRoute(method, path string) (endpoint *route, params []string, known bool) {
	for _, pattern := range unsupported {
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

// matchPattern compares segment by segment. A variable segment matches neither an empty nor a dot segment, however it is
// escaped, so that a forgotten ID never reaches another endpoint.
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
