package oktasim

import (
	"cmp"
	"encoding/base32"
	"net/http"
	"slices"
	"strings"
	"time"

	"soar.example/okta/internal/oktasim/wire"
)

// NewRole describes the assignment of an administrator role to a user or to a group. Type is required, and either
// User or Group.
type NewRole struct {
	ID string `json:"id,omitempty"`
	// User is an ID or login. Group is an ID or name.
	User  string `json:"user,omitempty"`
	Group string `json:"group,omitempty"`
	// Type is Okta's type of role, such as SUPER_ADMIN or HELP_DESK_ADMIN. For a custom role it is CUSTOM, with the
	// two IDs below.
	Type string `json:"type"`
	// Role and ResourceSet are the IDs of a custom role and of its resource set. Label is the name of the role.
	Role        string `json:"role,omitempty"`
	ResourceSet string `json:"resource_set,omitempty"`
	Label       string `json:"label,omitempty"`
	// Permissions are the permissions of a custom role, such as okta.users.read or okta.iam.read.
	Permissions []string `json:"permissions,omitempty"`
	// Targets limit a standard role. They are names of groups, or names of apps for an APP_ADMIN. A role without
	// targets is unlimited.
	Targets []string `json:"targets,omitempty"`
}

// RoleState is one assignment of an administrator role. Group is the ID of the group with the role, empty if the role
// is assigned to the user. Role and ResourceSet are the IDs of a custom role and of its resource set.
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

// roleType is a standard role with Okta's label and its permissions. Permissions are scopes and single endpoints
// (https://help.okta.com/en-us/content/topics/security/administrators-admin-comparison.htm). A super administrator
// has all permissions. The org does not limit group, help desk and application administrators to their groups or
// applications.
type roleType struct {
	Label       string   `json:"label"`
	Permissions []string `json:"permissions"`
	// Targetable roles can be limited to groups or applications. Okta derives the IDs of their assignments from the
	// type. Therefore the assignments of two users have the same ID.
	Targetable bool `json:"targetable"`
}

// assignee is a user, a group or a service app with roles.
type assignee struct {
	user  *user
	group *group
	app   *app
}

// role is an assignment of an administrator role.
type role struct {
	object
	NewRole
	assignee
}

// AddRole assigns an administrator role. It panics if the role is assigned already.
func (o *Org) AddRole(n NewRole) RoleState { return add(o, n, (*Org).insertRole) }

func (o *Org) insertRole(n NewRole, now time.Time) (RoleState, error) {
	r := &role{NewRole: n}
	var err error
	if n.User != "" {
		r.user, err = o.findUser(n.User)
	}
	if n.Group != "" {
		r.group = o.groupNamed(n.Group)
		err = wrong(r.group == nil, "there is no group "+n.Group)
	}
	if err := invalid("role",
		wrong((n.User == "") == (n.Group == ""), "needs a user or a group, and not both"), err, r.check(),
		wrong(o.hasRole(r), n.Type+" is assigned already"),
	); err != nil {
		return RoleState{}, err
	}
	o.addRole(r, now)
	return r.state(), nil
}

// check rejects unknown types, and custom roles without the ID of a role.
func (r *role) check() error {
	_, standard := roleTypes[r.Type]
	switch {
	case r.Type == customRole && (r.Role == "" || r.ResourceSet == ""):
		return wire.Invalid("role", "role: A custom role needs the ids of a role and of a resource set")
	case r.Type != customRole && !standard:
		return wire.Invalid("type", "type: There is no role "+r.Type)
	}
	return nil
}

// hasRole reports whether the assignee has the same role.
func (o *Org) hasRole(r *role) bool {
	return slices.ContainsFunc(o.roles, func(other *role) bool {
		return other.assignee == r.assignee && other.Type == r.Type && other.Role == r.Role && other.ResourceSet == r.ResourceSet
	})
}

func (o *Org) addRole(r *role, now time.Time) {
	r.Label = cmp.Or(roleTypes[r.Type].Label, r.Label, "Custom role")
	prefix := "ra1"
	switch {
	case r.ID == "" && roleTypes[r.Type].Targetable:
		r.ID = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(r.Type))
	case r.group != nil:
		prefix = "gra"
	}
	r.object = o.newObject(r.ID, prefix, "", now)
	o.roles = append(o.roles, r)
}

func (r *role) state() RoleState {
	s := RoleState{ID: r.id, Type: r.Type, Label: r.Label, Role: r.Role, ResourceSet: r.ResourceSet, Targets: r.Targets}
	if r.group != nil {
		s.Group = r.group.id
	}
	return s
}

func (r *role) isSuper() bool { return r.Type == superAdmin }

// rolesOf returns the roles of a user, followed by the roles of the user's groups.
func (o *Org) rolesOf(u *user) []*role {
	inherited := where(o.roles, func(r *role) bool { return r.group != nil && r.group.members[u] })
	return append(o.rolesHeldBy(assignee{user: u}), inherited...)
}

func (o *Org) rolesHeldBy(a assignee) []*role {
	return where(o.roles, func(r *role) bool { return r.assignee == a })
}

// isLastSuperAdmin reports whether no super administrator would remain without the assignment.
func (o *Org) isLastSuperAdmin(r *role) bool {
	live := func(u *user) bool { return u.status != StatusDeprovisioned }
	return r.isSuper() && !slices.ContainsFunc(o.roles, func(other *role) bool {
		switch {
		case other == r || !other.isSuper():
			return false
		case other.user != nil:
			return live(other.user)
		}
		return other.group != nil && slices.ContainsFunc(other.group.sorted(), live)
	})
}

func (c *call) roleDoc(r *role) doc {
	kind, self := "USER", "/api/v1/users/"
	switch {
	case r.app != nil:
		kind, self = "CLIENT", "/oauth2/v1/clients/"+r.app.id
	case r.group != nil:
		kind, self = "GROUP", "/api/v1/groups/"+r.group.id
	default:
		self += r.user.id
	}
	d := c.shape("role", &r.object, doc{"label": r.Label, "type": r.Type, "assignment": kind, "assignee": self})
	if r.Type == customRole {
		d["role"], d["resource-set"] = r.Role, r.ResourceSet
	}
	return d
}

// pathAssignee returns the user or the group in the call's path.
func (o *Org) pathAssignee(c *call) (a assignee, err error) {
	if strings.HasPrefix(c.Path, "/api/v1/groups/") {
		a.group, err = o.pathGroup(c)
	} else {
		a.user, err = o.pathUser(c)
	}
	return a, err
}

// pathRole returns the assignment in the call's path.
func (o *Org) pathRole(c *call) (*role, error) {
	a, err := o.pathAssignee(c)
	if err != nil {
		return nil, err
	}
	return find(o.rolesHeldBy(a), c.Params[1], "RoleAssignment")
}

func (o *Org) pathClient(c *call) (*serviceApp, error) {
	if s := o.clientApps[o.oauth.Client(c.Params[0])]; s != nil {
		return s, nil
	}
	return nil, wire.NotFound(c.Params[0], "Client")
}

func (o *Org) clientRoles(s *serviceApp) []*role { return s.roles }

// listCustomRoles lists the assigned custom roles on one page.
func (o *Org) listCustomRoles(c *call) (any, error) {
	known := map[string]bool{}
	custom := where(o.roles, func(r *role) bool {
		first := r.Type == customRole && !known[r.Role]
		known[r.Role] = true
		return first
	})
	return doc{"_links": doc{}, "roles": each(custom, func(r *role) doc {
		return c.shape("custom role", &r.object, doc{"role": r.Role, "label": r.Label})
	})}, nil
}

// listPermissions lists the permissions of an assigned custom role.
func (o *Org) listPermissions(c *call) (any, error) {
	r := first(o.roles, func(r *role) bool { return r.Role == c.Params[0] })
	if r == nil {
		return nil, wire.NotFound(c.Params[0], "CustomRole")
	}
	return doc{"permissions": each(r.Permissions, func(label string) doc {
		return c.shape("permission", &r.object, doc{"role": r.Role, "permission": label})
	})}, nil
}

func (o *Org) assignRole(c *call, a assignee) (any, error) {
	var body struct {
		Type        string `json:"type"`
		Role        string `json:"role"`
		ResourceSet string `json:"resource-set"`
	}
	if err := c.Decode(&body); err != nil {
		return nil, err
	}
	r := &role{NewRole: NewRole{Type: body.Type, Role: body.Role, ResourceSet: body.ResourceSet}, assignee: a}
	if err := r.check(); err != nil {
		return nil, err
	}
	if o.hasRole(r) {
		return nil, wire.Code("E0000090")
	}
	o.addRole(r, c.Now)
	o.logPrivilege(c, "grant", "privilegeGranted", r)
	return wire.JSON(http.StatusCreated, c.roleDoc(r)), nil
}

// unassignRole removes an assignment, except that of the last super administrator.
func (o *Org) unassignRole(c *call, r *role) (any, error) {
	if o.isLastSuperAdmin(r) {
		return nil, wire.Code("E0000006")
	}
	o.revokeRole(c, r)
	return nil, nil
}

func (o *Org) revokeRole(c *call, r *role) {
	o.roles = without(o.roles, r)
	o.logPrivilege(c, "revoke", "privilegeRevoked", r)
}

// logPrivilege logs a change of a role. Okta has different event types for users and groups.
func (o *Org) logPrivilege(c *call, operation, key string, r *role) {
	d := detail{debug: doc{key: capital(strings.ToLower(r.Label))}}
	if r.group != nil {
		o.logDetail(c, "group.privilege."+operation, d, r.group.target())
	} else {
		o.logDetail(c, "user.account.privilege."+operation, d, r.user.target())
	}
}

// listAssignees lists the users with a directly assigned role. The next link is in the body.
func (o *Org) listAssignees(c *call) (any, error) {
	found := where(o.users, func(u *user) bool { return len(o.rolesHeldBy(assignee{user: u})) > 0 })
	page, next, err := pageOf(o, c, found, upTo(100, 200), unsorted)
	if err != nil {
		return nil, err
	}
	d := doc{"value": each(page, func(u *user) doc { return c.shape("assignee", &u.object, nil) })}
	if next != "" {
		d["_links"] = doc{"next": wire.Link(c.LinkWith(map[string]string{"after": next}))}
	}
	return d, nil
}

// listGroupTargets lists the groups to which a role is limited.
func (o *Org) listGroupTargets(c *call, r *role) (any, error) {
	groups := where(each(r.Targets, o.groupNamed), func(g *group) bool { return g != nil })
	return each(groups, c.groupDoc), nil
}

// listAppTargets lists the apps of the catalogue to which a role is limited.
func (o *Org) listAppTargets(c *call, r *role) (any, error) {
	return each(r.Targets, func(name string) doc { return c.shape("app target", &r.object, doc{"name": name}) }), nil
}
