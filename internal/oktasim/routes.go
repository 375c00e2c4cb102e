package oktasim

import (
	"net/url"
	"slices"
	"strings"

	"soar.example/okta/internal/oktasim/oauth"
)

// route is one endpoint: its method, the pattern of its path, and the resource in its OAuth scope. The public
// endpoint has no resource.
type route struct {
	endpoint, kind string
	handle         handler
}

func (r *route) isRead() bool { return strings.HasPrefix(r.endpoint, "GET ") }

// scope returns the required OAuth scope, or "" for the public endpoint.
func (r *route) scope() string {
	switch {
	case r == nil || r.kind == "":
		return ""
	case r.isRead():
		return "okta." + r.kind + ".read"
	}
	return "okta." + r.kind + ".manage"
}

// routes are all endpoints of the org.
var routes = append([]route{
	{"GET /api/v1/users", "users", (*Org).listUsers},
	{"POST /api/v1/users", "users", (*Org).createUser},
	{"GET /api/v1/users/{id}", "users", on((*Org).pathUser, show((*call).fullUserDoc))},
	{"POST /api/v1/users/{id}", "users", on((*Org).pathUser, (*Org).updateUser)},
	{"PUT /api/v1/users/{id}", "users", on((*Org).pathUser, (*Org).replaceUser)},
	{"DELETE /api/v1/users/{id}", "users", on((*Org).pathUser, (*Org).deleteUser)},
	{"GET /api/v1/users/{id}/groups", "users", on((*Org).pathUser, (*Org).listUserGroups)},
	{"DELETE /api/v1/users/{id}/sessions", "users", on((*Org).pathUser, done((*Org).clearSessions),
		flags{"oauthTokens": false, "forgetDevices": true})},
	{"GET /api/v1/users/{id}/appLinks", "users", on((*Org).pathUser, (*Org).listAppLinks)},
	{"GET /api/v1/users/{id}/devices", "users", on((*Org).pathUser, (*Org).listUserDevices)},
	{"GET /api/v1/users/{id}/factors", "users", on((*Org).pathUser, every((*Org).factorsOf, (*call).factorDoc))},
	{"GET /api/v1/users/{id}/factors/{fid}", "users", on((*Org).pathFactor, show((*call).factorDoc))},
	{"DELETE /api/v1/users/{id}/factors/{fid}", "users", on((*Org).pathFactor, (*Org).deleteFactor,
		flags{"removeRecoveryEnrollment": false})},
	{"POST /api/v1/users/{id}/factors/{fid}/verify", "users", on((*Org).pathFactor, (*Org).verifyFactor)},
	{"GET /api/v1/users/{id}/factors/{fid}/transactions/{tid}", "users", on((*Org).pathFactor, (*Org).pollPush)},
	{"GET /api/v1/users/{id}/clients", "users", on((*Org).pathUser, (*Org).listClients)},
	{"DELETE /api/v1/users/{id}/clients/{cid}/tokens", "users", on((*Org).pathUser, (*Org).revokeClientTokens)},
	{"GET /api/v1/users/{id}/grants", "users", on((*Org).pathUser, (*Org).listGrants)},
	{"DELETE /api/v1/users/{id}/grants", "users", on((*Org).pathUser, done((*Org).revokeGrants))},
	{"GET /api/v1/users/{id}/risk", "userRisk", on((*Org).pathUser, show((*call).riskDoc))},
	{"PUT /api/v1/users/{id}/risk", "userRisk", on((*Org).pathUser, (*Org).setRisk)},
	{"GET /api/v1/users/{id}/roles", "roles", on((*Org).pathUser, every((*Org).rolesOf, (*call).roleDoc))},
	{"POST /api/v1/users/{id}/roles", "roles", on((*Org).pathAssignee, (*Org).assignRole, flags{"disableNotifications": false})},
	{"GET /api/v1/users/{id}/roles/{rid}", "roles", on((*Org).pathRole, show((*call).roleDoc))},
	{"DELETE /api/v1/users/{id}/roles/{rid}", "roles", on((*Org).pathRole, (*Org).unassignRole)},
	{"GET /api/v1/users/{id}/roles/{rid}/targets/groups", "roles", on((*Org).pathRole, (*Org).listGroupTargets)},
	{"GET /api/v1/users/{id}/roles/{rid}/targets/catalog/apps", "roles", on((*Org).pathRole, (*Org).listAppTargets)},
	{"GET /api/v1/iam/assignees/users", "roles", (*Org).listAssignees},
	{"GET /api/v1/iam/roles", "roles", (*Org).listCustomRoles},
	{"GET /api/v1/iam/roles/{id}/permissions", "roles", (*Org).listPermissions},
	{"GET /api/v1/sessions/{id}", "sessions", on((*Org).pathSession, show((*call).sessionDoc))},
	{"DELETE /api/v1/sessions/{id}", "sessions", on((*Org).pathSession, done((*Org).endSession))},
	{"GET /api/v1/groups", "groups", on(whole, pages(func(o, _ *Org) []*group { return o.groups }, groupListing))},
	{"POST /api/v1/groups", "groups", (*Org).createGroup},
	{"GET /api/v1/groups/{id}", "groups", on((*Org).pathGroup, show((*call).groupDoc))},
	{"PUT /api/v1/groups/{id}", "groups", on((*Org).pathGroup, (*Org).replaceGroup)},
	{"DELETE /api/v1/groups/{id}", "groups", on((*Org).pathGroup, (*Org).deleteGroup)},
	{"GET /api/v1/groups/{id}/users", "groups", on((*Org).pathGroup, pages((*Org).membersOf, memberListing))},
	{"PUT /api/v1/groups/{id}/users/{uid}", "groups", on((*Org).pathGroup, changeMembership(true, "group.user_membership.add"))},
	{"DELETE /api/v1/groups/{id}/users/{uid}", "groups", on((*Org).pathGroup, changeMembership(false, "group.user_membership.remove"))},
	{"GET /api/v1/groups/{id}/roles", "roles", on((*Org).pathAssignee, every((*Org).rolesHeldBy, (*call).roleDoc))},
	{"POST /api/v1/groups/{id}/roles", "roles", on((*Org).pathAssignee, (*Org).assignRole, flags{"disableNotifications": false})},
	{"GET /api/v1/groups/{id}/roles/{rid}", "roles", on((*Org).pathRole, show((*call).roleDoc))},
	{"DELETE /api/v1/groups/{id}/roles/{rid}", "roles", on((*Org).pathRole, (*Org).unassignRole)},
	{"GET /api/v1/devices", "devices", (*Org).listDevices},
	{"GET /api/v1/devices/{id}", "devices", on((*Org).pathDevice, (*Org).getDevice)},
	{"DELETE /api/v1/devices/{id}", "devices", on((*Org).pathDevice, (*Org).deleteDevice)},
	{"GET /api/v1/devices/{id}/users", "devices", on((*Org).pathDevice, (*Org).listDeviceUsers)},
	{"POST /api/v1/devices/{id}/lifecycle/activate", "devices", deviceStep("activate", DeviceActive, DeviceCreated, DeviceDeactivated)},
	{"POST /api/v1/devices/{id}/lifecycle/deactivate", "devices", deviceStep("deactivate", DeviceDeactivated, DeviceActive, DeviceSuspended)},
	{"POST /api/v1/devices/{id}/lifecycle/suspend", "devices", deviceStep("suspend", DeviceSuspended, DeviceActive)},
	{"POST /api/v1/devices/{id}/lifecycle/unsuspend", "devices", deviceStep("unsuspend", DeviceActive, DeviceSuspended)},
	{"GET /api/v1/zones", "networkZones", on(whole, pages(func(o, _ *Org) []*zone { return o.zones }, zoneListing))},
	{"POST /api/v1/zones", "networkZones", (*Org).createZone},
	{"GET /api/v1/zones/{id}", "networkZones", on((*Org).pathZone, show((*call).zoneDoc))},
	{"PUT /api/v1/zones/{id}", "networkZones", on((*Org).pathZone, (*Org).replaceZone)},
	{"DELETE /api/v1/zones/{id}", "networkZones", on((*Org).pathZone, (*Org).deleteZone)},
	{"POST /api/v1/zones/{id}/lifecycle/activate", "networkZones", toggle((*Org).pathZone, "zone.activate", statusActive, (*call).toggledZoneDoc)},
	{"POST /api/v1/zones/{id}/lifecycle/deactivate", "networkZones", toggle((*Org).pathZone, "zone.deactivate", statusInactive, (*call).toggledZoneDoc)},
	{"GET /api/v1/apps", "apps", (*Org).listApps},
	{"GET /api/v1/apps/{id}", "apps", on((*Org).pathApp, (*Org).getApp)},
	{"GET /api/v1/apps/{id}/users", "apps", on((*Org).pathApp, pages(func(_ *Org, a *app) []*appUser { return a.users }, appUserListing))},
	{"GET /api/v1/apps/{id}/users/{uid}", "apps", on((*Org).pathAppUser, show((*call).expandedAppUser))},
	{"DELETE /api/v1/apps/{id}/users/{uid}", "apps", on((*Org).pathAppUser, done((*Org).unassign), flags{"sendEmail": false})},
	{"POST /api/v1/apps/{id}/lifecycle/activate", "apps", toggle((*Org).pathApp, "application.lifecycle.activate", statusActive, emptyDoc)},
	{"POST /api/v1/apps/{id}/lifecycle/deactivate", "apps", toggle((*Org).pathApp, "application.lifecycle.deactivate", statusInactive, emptyDoc)},
	{"GET /api/v1/policies", "policies", (*Org).listPolicies},
	{"GET /api/v1/logs", "logs", (*Org).listEvents},
	{"POST /oauth2/v1/global-token-revocation", "universalLogout", (*Org).universalLogout},
	{"GET /oauth2/v1/clients/{id}/roles", "roles", on((*Org).pathClient, every((*Org).clientRoles, (*call).roleDoc))},
	{"POST " + oauth.TokenPath, "", (*Org).issueToken},
}, userLifecycle()...)

// userLifecycle returns the endpoints of userSteps.
func userLifecycle() []route {
	var out []route
	for _, s := range userSteps {
		out = append(out, route{"POST /api/v1/users/{id}/lifecycle/" + s.operation, "users", on((*Org).pathUser, s.handle, s.flags)})
	}
	return out
}

// unsupported lists endpoints of Okta that the org lacks, but that match a pattern of the org.
var unsupported = []string{
	"/api/v1/groups/rules", "/api/v1/users/{id}/factors/questions", "/api/v1/users/{id}/factors/catalog",
}

// findRoute returns the endpoint of a request and the values of its variable segments. If there is no endpoint, known
// reports whether the path exists with another method.
func findRoute(method, path string) (endpoint *route, params []string, known bool) {
	if slices.ContainsFunc(unsupported, func(pattern string) bool { return matchPattern(pattern, path) != nil }) {
		return nil, nil, false
	}
	for i := range routes {
		of, pattern, _ := strings.Cut(routes[i].endpoint, " ")
		if got := matchPattern(pattern, path); got == nil {
			continue
		} else if of == method {
			return &routes[i], got, true
		}
		known = true
	}
	return nil, nil, known
}

// matchPattern compares segment by segment. It returns the values of the variable segments, or nil without a match. A
// variable segment matches neither an empty nor a dot segment, in any escaping. A missing ID therefore never reaches
// another endpoint.
func matchPattern(pattern, path string) []string {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil
	}
	params := []string{}
	for i, w := range want {
		if !strings.HasPrefix(w, "{") {
			if w != got[i] {
				return nil
			}
			continue
		}
		value, err := url.PathUnescape(got[i])
		if err != nil || value == "" || value == "." || value == ".." {
			return nil
		}
		params = append(params, value)
	}
	return params
}
