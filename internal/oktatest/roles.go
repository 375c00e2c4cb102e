package oktatest

import (
	"net/http"
	"slices"
	"strings"
)

func (c *call) roleDoc(r *role) map[string]any {
	kind, assignee := "USER", ""
	if r.group != nil {
		kind, assignee = "GROUP", c.url("/api/v1/groups/"+r.group.id)
	} else {
		assignee = c.url("/api/v1/users/" + r.user.id)
	}
	doc := map[string]any{
		"id": r.id, "label": r.label, "type": r.kind, "status": "ACTIVE", "created": stamp(r.created),
		"lastUpdated": stamp(r.created), "assignmentType": kind,
		"_links": map[string]any{"assignee": map[string]any{"href": assignee}},
	}
	if r.kind == customRole {
		doc["role"], doc["resource-set"] = r.custom, r.set
	}
	return doc
}

func (c *call) roleDocs(roles []*role) []any {
	docs := []any{}
	for _, r := range roles {
		docs = append(docs, c.roleDoc(r))
	}
	return docs
}

// holder is who the call's path is about: a user or a group. Its roles are those that it can be relieved of.
type holder struct {
	user  *user
	group *group
}

func (o *Org) roleHolder(c *call) (holder, error) {
	if strings.HasPrefix(c.path, "/api/v1/groups/") {
		g, err := o.findGroup(c.params[0])
		return holder{group: g}, err
	}
	u, err := o.findUser(c.params[0])
	return holder{user: u}, err
}

func (o *Org) rolesHeldBy(h holder) []*role {
	var out []*role
	for _, r := range o.roles {
		if r.user == h.user && r.group == h.group {
			out = append(out, r)
		}
	}
	return out
}

// listRoles shows for a user also the roles of their groups.
func (o *Org) listRoles(c *call) (*reply, error) {
	h, err := o.roleHolder(c)
	if err != nil {
		return nil, err
	}
	if h.user != nil {
		return jsonReply(http.StatusOK, c.roleDocs(o.rolesOf(h.user))), nil
	}
	return jsonReply(http.StatusOK, c.roleDocs(o.rolesHeldBy(h))), nil
}

// listClientRoles shows the roles of a service app.
func (o *Org) listClientRoles(c *call) (*reply, error) {
	s := o.oauth.client(c.params[0])
	if s == nil {
		return nil, notFound(c.params[0], "Client")
	}
	docs := []any{}
	for _, r := range s.roles {
		docs = append(docs, map[string]any{
			"id": r.id, "label": r.label, "type": r.kind, "status": "ACTIVE", "created": stamp(r.created),
			"lastUpdated": stamp(r.created), "assignmentType": "CLIENT",
			"_links": map[string]any{"assignee": map[string]any{"href": c.url("/oauth2/v1/clients/" + s.id)}},
		})
	}
	return jsonReply(http.StatusOK, docs), nil
}

// listCustomRoles shows the custom roles, in one page; the org knows them by their assignments.
func (o *Org) listCustomRoles(c *call) (*reply, error) {
	roles := []any{}
	known := map[string]bool{}
	for _, r := range o.roles {
		if r.kind != customRole || known[r.custom] {
			continue
		}
		known[r.custom] = true
		self := c.url("/api/v1/iam/roles/" + r.custom)
		roles = append(roles, map[string]any{
			"id": r.custom, "label": r.label, "description": r.label, "created": stamp(r.created), "lastUpdated": stamp(r.created),
			"_links": map[string]any{"self": map[string]any{"href": self}, "permissions": map[string]any{"href": self + "/permissions"}},
		})
	}
	return jsonReply(http.StatusOK, map[string]any{"roles": roles, "_links": map[string]any{}}), nil
}

// listPermissions shows what a custom role permits; the org knows one by its assignments.
func (o *Org) listPermissions(c *call) (*reply, error) {
	i := slices.IndexFunc(o.roles, func(r *role) bool { return r.custom == c.params[0] })
	if i < 0 {
		return nil, notFound(c.params[0], "CustomRole")
	}
	r := o.roles[i]
	self := c.url("/api/v1/iam/roles/" + r.custom)
	permissions := []any{}
	for _, label := range r.permissions {
		permissions = append(permissions, map[string]any{
			"label": label, "conditions": nil, "created": stamp(r.created), "lastUpdated": stamp(r.created),
			"_links": map[string]any{"role": map[string]any{"href": self}, "self": map[string]any{"href": self + "/permissions/" + label}},
		})
	}
	return jsonReply(http.StatusOK, map[string]any{"permissions": permissions}), nil
}

// namedRole is the assignment that the call's path names.
func (o *Org) namedRole(c *call) (*role, error) {
	h, err := o.roleHolder(c)
	if err != nil {
		return nil, err
	}
	for _, r := range o.rolesHeldBy(h) {
		if r.id == c.params[1] {
			return r, nil
		}
	}
	return nil, notFound(c.params[1], "RoleAssignment")
}

func (o *Org) getRole(c *call) (*reply, error) {
	r, err := o.namedRole(c)
	if err != nil {
		return nil, err
	}
	return jsonReply(http.StatusOK, c.roleDoc(r)), nil
}

func (o *Org) assignRole(c *call) (*reply, error) {
	h, err := o.roleHolder(c)
	if err != nil {
		return nil, err
	}
	if _, err := c.flag("disableNotifications", false); err != nil {
		return nil, err
	}
	var body struct {
		Type        string `json:"type"`
		Role        string `json:"role"`
		ResourceSet string `json:"resource-set"`
	}
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	r := &role{kind: body.Type, custom: body.Role, set: body.ResourceSet, user: h.user, group: h.group}
	if err := r.check(); err != nil {
		return nil, err
	}
	if o.hasRole(r) {
		return nil, oktaError("E0000090")
	}
	o.assign(r, c.now)
	o.recordPrivilege(c, "user.account.privilege.grant", "privilegeGranted", r)
	return jsonReply(http.StatusCreated, c.roleDoc(r)), nil
}

// unassignRole answers 404 where there is nothing to take away, and protects the last super administrator.
func (o *Org) unassignRole(c *call) (*reply, error) {
	r, err := o.namedRole(c)
	if err != nil {
		return nil, err
	}
	if o.isLastSuperAdmin(r) {
		return nil, oktaError("E0000006")
	}
	o.relieve(c, r)
	return noContent(), nil
}

func (o *Org) relieve(c *call, r *role) {
	o.dropRoles(func(other *role) bool { return other == r })
	o.recordPrivilege(c, "user.account.privilege.revoke", "privilegeRevoked", r)
}

// recordPrivilege logs who gained or lost a role. Of groups Okta has another type of event.
func (o *Org) recordPrivilege(c *call, event, key string, r *role) {
	if r.group != nil {
		event = strings.Replace(event, "user.account.", "group.", 1)
	}
	o.recordDetail(c, event, detail{debug: map[string]any{key: r.privilege()}}, r.target())
}

const (
	usualAssignees = 100
	maxAssignees   = 200
)

// listAssignees lists the users who have a role of their own. Its next link is in the body.
func (o *Org) listAssignees(c *call) (*reply, error) {
	limit, err := c.number("limit", usualAssignees, 1, maxAssignees)
	if err != nil {
		return nil, err
	}
	var found []listed[*user]
	for _, u := range o.users {
		if len(o.rolesHeldBy(holder{user: u})) > 0 {
			found = append(found, listed[*user]{u, "", u.order})
		}
	}
	page, next, err := takePage(o, c, found, limit)
	if err != nil {
		return nil, err
	}
	value := []any{}
	for _, u := range page {
		self := c.url("/api/v1/users/" + u.id)
		value = append(value, map[string]any{
			"id": u.id, "orn": "orn:okta:directory:" + orgID + ":users:" + u.id,
			"_links": map[string]any{"self": map[string]any{"href": self}, "roles": map[string]any{"href": self + "/roles"}},
		})
	}
	doc := map[string]any{"value": value}
	if next != "" {
		link := c.linkWith(map[string]string{"after": next})
		doc["_links"] = map[string]any{"next": map[string]any{"href": link}}
	}
	return jsonReply(http.StatusOK, doc), nil
}
