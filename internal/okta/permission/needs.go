package permission

import (
	"slices"
	"strings"
)

// Needs lists the permissions that an action requires.
type Needs struct {
	Scopes []ScopeNeeds
	// Parts means that only the first scope is always required. The others belong to optional parts of the
	// action.
	Parts bool
	// AdminRoles means that the guards read the target's admin roles before a write.
	AdminRoles bool
}

// ScopeNeeds lists the admin roles that have the power behind one OAuth scope.
type ScopeNeeds struct {
	Scope string
	// Reads means that the scope only reads. A read request shows whether a role is sufficient.
	Reads       bool
	Roles       []string // standard roles that always have the power
	Limited     []string // standard roles that may be limited to some groups or apps
	Open        bool     // Okta does not document whether other standard roles have the power
	Permissions []string // prefixes of the permissions of a custom role; nil if unknown
}

// NeedsOf returns the needs of an action. It uses the same tables as [Survey].
func NeedsOf(action Action) Needs {
	needs := Needs{Parts: slices.Contains(composites, action.Name) && len(action.Scopes) > 1, AdminRoles: action.writesToUsers()}
	for _, scope := range action.Scopes {
		need := ScopeNeeds{Scope: scope, Reads: !strings.HasSuffix(scope, ".manage")}
		if !need.Reads {
			power := powerOf(action.Name, scope)
			need.Roles, need.Permissions, need.Open = rolesWith(power), permits[power], mayUse[power] == nil
			for role, can := range mayUse[power] {
				if can == Partly {
					need.Limited = append(need.Limited, role)
				}
			}
			slices.Sort(need.Limited)
		}
		needs.Scopes = append(needs.Scopes, need)
	}
	return needs
}
