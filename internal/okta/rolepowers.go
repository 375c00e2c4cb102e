package okta

import (
	"slices"
	"strings"
)

// Powers of administrators that are smaller than a scope.
const (
	powerCredentials = "credentials" // passwords, factors, locks
	powerSessions    = "sessions"    // ending all of a user's
	powerMembers     = "members"     // of groups
	powerTokens      = "tokens"      // grants and tokens of a user's
)

// powersOfActions are those of the actions that need less than their scope.
var powersOfActions = map[string]string{
	"reset_password": powerCredentials, "expire_password": powerCredentials, "reset_factors": powerCredentials,
	"delete_factor": powerCredentials, "unlock_user": powerCredentials, "verify_push": powerTokens,
	"revoke_all_user_sessions": powerSessions,
	"add_user_to_group":        powerMembers, "remove_user_from_group": powerMembers,
	"revoke_user_grants": powerTokens, "revoke_app_tokens": powerTokens,
}

// powerOf is what an action needs a scope for.
func powerOf(action, scope string) string {
	if power, ok := powersOfActions[action]; ok && (scope == "okta.users.manage" || scope == "okta.groups.manage") {
		return power
	}
	return scope
}

// mayUse says which standard roles have a power: CanYes, CanNo, or CanPartly where the
// role may be limited to some groups or applications. What Okta's comparison of the
// roles does not tell for sure is not here, and nothing is said of it. A super
// administrator may do everything
// (https://help.okta.com/en-us/content/topics/security/administrators-admin-comparison.htm).
var mayUse = map[string]map[string]string{
	"okta.users.manage": {
		"ORG_ADMIN": CanYes, "USER_ADMIN": CanPartly, "HELP_DESK_ADMIN": CanNo, "GROUP_MEMBERSHIP_ADMIN": CanNo,
	},
	powerCredentials: {
		"ORG_ADMIN": CanYes, "USER_ADMIN": CanPartly, "HELP_DESK_ADMIN": CanPartly, "GROUP_MEMBERSHIP_ADMIN": CanNo, "APP_ADMIN": CanNo,
	},
	powerSessions: {
		"ORG_ADMIN": CanYes, "USER_ADMIN": CanPartly, "HELP_DESK_ADMIN": CanPartly, "GROUP_MEMBERSHIP_ADMIN": CanNo, "APP_ADMIN": CanNo,
	},
	powerMembers: {
		"ORG_ADMIN": CanYes, "USER_ADMIN": CanPartly, "GROUP_MEMBERSHIP_ADMIN": CanPartly, "HELP_DESK_ADMIN": CanNo,
	},
	"okta.groups.manage":       {"ORG_ADMIN": CanYes, "GROUP_MEMBERSHIP_ADMIN": CanNo, "HELP_DESK_ADMIN": CanNo},
	"okta.apps.manage":         {"APP_ADMIN": CanPartly, "HELP_DESK_ADMIN": CanNo, "GROUP_MEMBERSHIP_ADMIN": CanNo},
	"okta.networkZones.manage": {"ORG_ADMIN": CanYes, "HELP_DESK_ADMIN": CanNo, "GROUP_MEMBERSHIP_ADMIN": CanNo, "USER_ADMIN": CanNo},
	"okta.roles.manage": {
		"ORG_ADMIN": CanNo, "USER_ADMIN": CanNo, "HELP_DESK_ADMIN": CanNo, "GROUP_MEMBERSHIP_ADMIN": CanNo, "APP_ADMIN": CanNo,
	},
}

// permits say by which permissions a custom role may have a power, by their beginnings
// (https://developer.okta.com/docs/api/openapi/okta-management/guides/permissions/).
// No custom role gives roles away.
var permits = map[string][]string{
	"okta.users.manage":   {"okta.users."},
	powerCredentials:      {"okta.users."},
	powerSessions:         {"okta.users."},
	powerTokens:           {"okta.users."},
	powerMembers:          {"okta.groups.", "okta.users.groupMembership."},
	"okta.groups.manage":  {"okta.groups."},
	"okta.apps.manage":    {"okta.apps.", "okta.users.appAssignment."},
	"okta.devices.manage": {"okta.devices."},
	"okta.roles.manage":   {},
}

// excludes reports whether the login's custom roles surely do not permit a power.
func (s *survey) excludes(power string) bool {
	beginnings, known := permits[power]
	return known && !slices.ContainsFunc(s.labels, func(label string) bool {
		return !strings.HasSuffix(label, ".read") && slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(label, b) })
	})
}

// readers are the standard roles that write to no user, group, device or setting.
var readers = []string{"READ_ONLY_ADMIN", "REPORT_ADMIN"}

// able lists the roles that surely have a power.
func able(power string) []string {
	roles := []string{superAdmin}
	for role, can := range mayUse[power] {
		if can == CanYes {
			roles = append(roles, role)
		}
	}
	slices.SortFunc(roles, func(a, b string) int { return -strings.Compare(a, b) })
	return roles
}
