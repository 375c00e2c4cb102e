package oktatest

import (
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// NewRole gives an administrator role to a user or to a group. Type is required, and one of User and Group.
type NewRole struct {
	ID string `json:"id,omitempty"`
	// User is an id or login, Group an id or name.
	User  string `json:"user,omitempty"`
	Group string `json:"group,omitempty"`
	// Type is Okta's type of role, such as SUPER_ADMIN or HELP_DESK_ADMIN, or CUSTOM with the two ids below.
	Type string `json:"type"`
	// Role and ResourceSet are the ids of a custom role and of what it is for; Label names it.
	Role        string `json:"role,omitempty"`
	ResourceSet string `json:"resource_set,omitempty"`
	Label       string `json:"label,omitempty"`
	// Permissions are those of a custom role, such as okta.users.read or okta.iam.read.
	Permissions []string `json:"permissions,omitempty"`
	// Targets are what a standard role is limited to: names of groups, of an APP_ADMIN names of apps. Okta shows none of
	// a role that is over all.
	Targets []string `json:"targets,omitempty"`
}

// RoleState is one administrator role. Group is the id of the group that it comes from, empty for a user's own. Role and
// ResourceSet are the ids of a custom role and of what it is for.
type RoleState struct {
	ID          string   `json:"id"`
	Type        string   `json:"type"`
	Label       string   `json:"label"`
	Group       string   `json:"group,omitempty"`
	Role        string   `json:"role,omitempty"`
	ResourceSet string   `json:"resource_set,omitempty"`
	Targets     []string `json:"targets,omitempty"`
}

const (
	superAdmin = "SUPER_ADMIN"
	customRole = "CUSTOM"
)

// roleLabels are the standard roles with the names that Okta shows.
var roleLabels = map[string]string{
	superAdmin:                    "Super Administrator",
	"ORG_ADMIN":                   "Organization Administrator",
	"APP_ADMIN":                   "Application Administrator",
	"USER_ADMIN":                  "Group Administrator",
	"HELP_DESK_ADMIN":             "Help Desk Administrator",
	"READ_ONLY_ADMIN":             "Read-only Administrator",
	"MOBILE_ADMIN":                "Mobile Administrator",
	"REPORT_ADMIN":                "Report Administrator",
	"API_ACCESS_MANAGEMENT_ADMIN": "API Access Management Administrator",
	"GROUP_MEMBERSHIP_ADMIN":      "Group Membership Administrator",
	"WORKFLOWS_ADMIN":             "Workflows Administrator",
	"ACCESS_CERTIFICATIONS_ADMIN": "Access Certifications Administrator",
	"ACCESS_REQUESTS_ADMIN":       "Access Requests Administrator",
}

// targetable roles can be narrowed to groups or applications. Okta makes the ids of their assignments from the type,
// so that two users' assignments have the same.
var targetable = []string{"APP_ADMIN", "USER_ADMIN", "HELP_DESK_ADMIN", "GROUP_MEMBERSHIP_ADMIN"}

// role is an assignment of an administrator role; either user or group is set.
type role struct {
	id, kind, label string
	custom, set     string // ids of the custom role and of its resource set
	permissions     []string
	targets         []string // names of groups or apps
	user            *user
	group           *group
	created         time.Time
}

// AddRole gives an administrator role without a trace in the log. It panics when user or group is unknown or has the
// role already, or there is no such type.
func (o *Org) AddRole(n NewRole) RoleState {
	o.mu.Lock()
	defer o.mu.Unlock()
	return must(o.placeRole(n, o.clock())).state()
}

func (o *Org) placeRole(n NewRole, now time.Time) (*role, error) {
	r := &role{id: n.ID, kind: n.Type, label: n.Label, custom: n.Role, set: n.ResourceSet, permissions: n.Permissions, targets: n.Targets}
	switch {
	case (n.User == "") == (n.Group == ""):
		return nil, errors.New("role: needs a user or a group, and not both")
	case n.User != "":
		u, err := o.findUser(n.User)
		if err != nil {
			return nil, fmt.Errorf("role: %w", err)
		}
		r.user = u
	default:
		if r.group = o.groupNamed(n.Group); r.group == nil {
			return nil, fmt.Errorf("role: there is no group %q", n.Group)
		}
	}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("role: %w", err)
	}
	if o.hasRole(r) {
		return nil, fmt.Errorf("role: %s is assigned already", n.Type)
	}
	return o.assign(r, now), nil
}

// check refuses types that do not exist and custom roles that name no role.
func (r *role) check() error {
	_, standard := roleLabels[r.kind]
	switch {
	case r.kind == customRole && (r.custom == "" || r.set == ""):
		return invalid("role", "role: A custom role needs the ids of a role and of a resource set")
	case r.kind != customRole && !standard:
		return invalid("type", "type: There is no role "+r.kind)
	}
	return nil
}

// hasRole tells whether the same role has been given to the same user or group.
func (o *Org) hasRole(r *role) bool {
	return slices.ContainsFunc(o.roles, func(other *role) bool {
		return other.user == r.user && other.group == r.group && other.kind == r.kind && other.custom == r.custom && other.set == r.set
	})
}

func (o *Org) assign(r *role, now time.Time) *role {
	r.created = now
	if r.kind == customRole {
		r.label = orElse(r.label, "Custom role")
	} else {
		r.label = roleLabels[r.kind]
	}
	switch {
	case r.id != "":
	case slices.Contains(targetable, r.kind):
		r.id = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(r.kind))
	case r.group != nil:
		r.id = o.stable.object("gra")
	default:
		r.id = o.stable.object("ra1")
	}
	o.roles = append(o.roles, r)
	return r
}

func (r *role) state() RoleState {
	s := RoleState{ID: r.id, Type: r.kind, Label: r.label, Role: r.custom, ResourceSet: r.set, Targets: r.targets}
	if r.group != nil {
		s.Group = r.group.id
	}
	return s
}

// privilege is how the log names the role.
func (r *role) privilege() string { return capital(strings.ToLower(r.label)) }

// target is who or what has the role.
func (r *role) target() map[string]any {
	if r.group != nil {
		return groupTarget(r.group)
	}
	return userTarget(r.user)
}

// rolesOf returns the roles that a user has themselves, and then those that come from groups.
func (o *Org) rolesOf(u *user) []*role {
	var own, inherited []*role
	for _, r := range o.roles {
		switch {
		case r.user == u:
			own = append(own, r)
		case r.group != nil && r.group.members[u]:
			inherited = append(inherited, r)
		}
	}
	return append(own, inherited...)
}

// isLastSuperAdmin tells whether without that assignment nobody would be left who may do everything.
func (o *Org) isLastSuperAdmin(r *role) bool {
	if r.kind != superAdmin {
		return false
	}
	for _, other := range o.roles {
		if other == r || other.kind != superAdmin {
			continue
		}
		if other.user != nil && other.user.status != StatusDeprovisioned {
			return false
		}
		if other.group == nil {
			continue
		}
		for u := range other.group.members {
			if u.status != StatusDeprovisioned {
				return false
			}
		}
	}
	return true
}

// dropRoles takes away the roles that gone chooses.
func (o *Org) dropRoles(gone func(*role) bool) { o.roles = slices.DeleteFunc(o.roles, gone) }
