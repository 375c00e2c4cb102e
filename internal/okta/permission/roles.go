package permission

import (
	"slices"
	"strings"

	"soar.example/okta/internal/okta/guard"
)

// customRole is the type of every custom role of an org.
const customRole = "CUSTOM"

// Powers are permissions of administrators within a scope.
const (
	powerCredentials = "credentials" // passwords, factors, locks
	powerSessions    = "sessions"    // ending all sessions of a user
	powerMembers     = "members"     // membership of groups
	powerTokens      = "tokens"      // grants and tokens of users
)

// powersOfActions lists actions that need less than their whole scope.
var powersOfActions = map[string]string{
	"reset_password": powerCredentials, "expire_password": powerCredentials, "reset_factors": powerCredentials,
	"delete_factor": powerCredentials, "unlock_user": powerCredentials, "verify_push": powerTokens,
	"revoke_all_user_sessions": powerSessions,
	"add_user_to_group":        powerMembers, "remove_user_from_group": powerMembers,
	"revoke_user_grants": powerTokens, "revoke_app_tokens": powerTokens,
}

// powerOf returns the power for which an action needs a scope.
func powerOf(action, scope string) string {
	if power, ok := powersOfActions[action]; ok && (scope == "okta.users.manage" || scope == "okta.groups.manage") {
		return power
	}
	return scope
}

// mayUse maps each power to the standard roles that have it: Yes, No, or Partly if the role may be limited to some
// groups or applications. A role is absent if Okta's comparison of the roles is unclear. A super
// administrator has every power
// (https://help.okta.com/en-us/content/topics/security/administrators-admin-comparison.htm).
var mayUse = map[string]map[string]string{
	"okta.users.manage": {
		"ORG_ADMIN": Yes, "USER_ADMIN": Partly, "HELP_DESK_ADMIN": No, "GROUP_MEMBERSHIP_ADMIN": No,
	},
	powerCredentials: {
		"ORG_ADMIN": Yes, "USER_ADMIN": Partly, "HELP_DESK_ADMIN": Partly, "GROUP_MEMBERSHIP_ADMIN": No, "APP_ADMIN": No,
	},
	powerSessions: {
		"ORG_ADMIN": Yes, "USER_ADMIN": Partly, "HELP_DESK_ADMIN": Partly, "GROUP_MEMBERSHIP_ADMIN": No, "APP_ADMIN": No,
	},
	powerMembers: {
		"ORG_ADMIN": Yes, "USER_ADMIN": Partly, "GROUP_MEMBERSHIP_ADMIN": Partly, "HELP_DESK_ADMIN": No,
	},
	"okta.groups.manage":       {"ORG_ADMIN": Yes, "GROUP_MEMBERSHIP_ADMIN": No, "HELP_DESK_ADMIN": No},
	"okta.apps.manage":         {"APP_ADMIN": Partly, "HELP_DESK_ADMIN": No, "GROUP_MEMBERSHIP_ADMIN": No},
	"okta.networkZones.manage": {"ORG_ADMIN": Yes, "HELP_DESK_ADMIN": No, "GROUP_MEMBERSHIP_ADMIN": No, "USER_ADMIN": No},
	"okta.roles.manage": {
		"ORG_ADMIN": No, "USER_ADMIN": No, "HELP_DESK_ADMIN": No, "GROUP_MEMBERSHIP_ADMIN": No, "APP_ADMIN": No,
	},
}

// permits maps each power to the prefixes of the permissions that give it to a custom role
// (https://developer.okta.com/docs/api/openapi/okta-management/guides/permissions/). No custom role can assign
// roles.
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

// excludes reports whether the principal's custom roles certainly lack a power.
func (s *survey) excludes(power string) bool {
	beginnings, known := permits[power]
	return known && !slices.ContainsFunc(s.labels, func(label string) bool {
		return !strings.HasSuffix(label, ".read") && slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(label, b) })
	})
}

// readers lists the standard roles that cannot write.
var readers = []string{"READ_ONLY_ADMIN", "REPORT_ADMIN"}

// rolesWith lists the roles that certainly have a power.
func rolesWith(power string) []string {
	roles := []string{guard.SuperAdmin}
	for role, can := range mayUse[power] {
		if can == Yes {
			roles = append(roles, role)
		}
	}
	slices.SortFunc(roles, func(a, b string) int { return -strings.Compare(a, b) })
	return roles
}

// mayWrite returns whether the principal's roles allow a power.
func (s *survey) mayWrite(power string) finding {
	may := mayUse[power]
	missing := "an admin role that may do this, such as " + strings.Join(rolesWith(power), " or ")
	if !s.rolesKnown {
		if power == "okta.roles.manage" && s.seen["okta.roles"].can == No {
			return finding{can: No, missing: missing, why: "an admin who may assign roles may also read them"}
		}
		return finding{can: Unknown, why: "its admin roles cannot be read, and only a write would show it"}
	}
	best := finding{can: No, missing: missing}
	for _, role := range s.roles {
		switch can, listed := may[role]; {
		case role == guard.SuperAdmin || can == Yes:
			return finding{can: Yes}
		case role == customRole && !s.unread && s.excludes(power):
		case role == customRole && !s.unread && permits[power] != nil:
			best = finding{can: Unknown, why: "its custom role may permit it, limited to the resources of the role"}
		case !listed && !slices.Contains(readers, role):
			best = finding{can: Unknown, why: "what " + role + " may do here is not known"}
		case can == Partly && best.can == No:
			best = finding{can: Unknown, why: role + " may be limited to some groups or applications"}
		}
	}
	return best
}
