package oktatest

import (
	"net/http"
	"slices"
	"strings"
)

// powers are what the standard roles may do besides a super administrator, who may do everything: scopes, and single
// endpoints of those that a role has not as a whole
// (https://help.okta.com/en-us/content/topics/security/administrators-admin-comparison.htm). That group, help desk and
// application administrators can be limited to some groups or applications is left out.
var powers = map[string][]string{
	"ORG_ADMIN": {
		"okta.users.manage", "okta.groups.manage", "okta.apps.read", "okta.devices.manage", "okta.networkZones.manage",
		"okta.policies.read", "okta.logs.read", "okta.sessions.manage",
	},
	"READ_ONLY_ADMIN": {
		"okta.users.read", "okta.groups.read", "okta.apps.read", "okta.devices.read", "okta.networkZones.read",
		"okta.policies.read", "okta.logs.read",
	},
	"USER_ADMIN": {
		"okta.users.manage", "okta.groups.read", "okta.logs.read",
		"PUT /api/v1/groups/{id}/users/{uid}", "DELETE /api/v1/groups/{id}/users/{uid}",
	},
	"HELP_DESK_ADMIN": {
		"okta.users.read", "okta.groups.read", "okta.logs.read",
		"POST /api/v1/users/{id}/lifecycle/unlock", "POST /api/v1/users/{id}/lifecycle/reset_password",
		"POST /api/v1/users/{id}/lifecycle/expire_password", "POST /api/v1/users/{id}/lifecycle/expire_password_with_temp_password",
		"POST /api/v1/users/{id}/lifecycle/reset_factors", "DELETE /api/v1/users/{id}/factors/{fid}",
		"DELETE /api/v1/users/{id}/sessions",
	},
	"GROUP_MEMBERSHIP_ADMIN": {
		"okta.users.read", "okta.groups.read",
		"PUT /api/v1/groups/{id}/users/{uid}", "DELETE /api/v1/groups/{id}/users/{uid}",
	},
	"APP_ADMIN":                   {"okta.users.read", "okta.groups.read", "okta.apps.manage", "okta.logs.read"},
	"REPORT_ADMIN":                {"okta.logs.read"},
	"API_ACCESS_MANAGEMENT_ADMIN": {"okta.users.read", "okta.groups.read", "okta.apps.read"},
}

// allows tells whether the role is enough for an endpoint. A custom role has the permissions that it was given; the one
// to see who has which role is called okta.iam.read
// (https://developer.okta.com/docs/api/openapi/okta-management/guides/permissions/).
func (r *role) allows(to *route) bool {
	if r.kind == superAdmin {
		return true
	}
	granted := powers[r.kind]
	scope := to.scope
	if r.kind == customRole {
		granted = r.permissions
		if scope == "okta.roles.read" {
			scope = "okta.iam.read"
		}
	}
	if slices.Contains(granted, scope) || slices.Contains(granted, to.method+" "+to.pattern) {
		return true
	}
	kind, ok := strings.CutSuffix(scope, ".read")
	return ok && slices.Contains(granted, kind+".manage")
}

// overSupers are the writes by which lesser administrators reach a super administrator: Okta's comparison of the
// standard roles marks suspending, activating and clearing sessions so, and no other row of its user management
// (https://help.okta.com/en-us/content/topics/security/administrators-admin-comparison.htm). An older page has them
// deactivate one as well (https://help.okta.com/en/prod/Content/Topics/Security/administrators-edit-revoke-admins.htm).
var overSupers = []string{
	"POST /api/v1/users/{id}/lifecycle/suspend", "POST /api/v1/users/{id}/lifecycle/unsuspend",
	"POST /api/v1/users/{id}/lifecycle/activate", "POST /api/v1/users/{id}/lifecycle/reactivate",
	"DELETE /api/v1/users/{id}/sessions",
}

// shields tells whether the call is a write to a super administrator that only another one may make. Groups, devices
// and applications have tables of their own in that comparison, in which nothing is said of super administrators.
func (o *Org) shields(r *route, c *call, caller []*role) bool {
	if r == nil || r.method == http.MethodGet || !strings.HasPrefix(r.pattern, "/api/v1/users/{id}") ||
		slices.Contains(overSupers, r.method+" "+r.pattern) || slices.ContainsFunc(caller, (*role).isSuper) {
		return false
	}
	u, err := o.findUser(c.params[0])
	return err == nil && slices.ContainsFunc(o.rolesOf(u), (*role).isSuper)
}

func (r *role) isSuper() bool { return r.kind == superAdmin }
