package oktasim

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"soar.example/okta/internal/oktasim/filter"
	"soar.example/okta/internal/oktasim/wire"
)

// NewGroup describes a group. Type is OKTA_GROUP (the default), APP_GROUP or BUILT_IN.
type NewGroup struct {
	ID          string `json:"id,omitempty"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Type        string `json:"type,omitempty"`
	// Members are IDs or logins of existing users.
	Members []string `json:"members,omitempty"`
}

// Group is a group of the org at the time of the call.
type Group struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Type        string `json:"type"`
}

// These are the types of a group.
const (
	TypeOkta    = "OKTA_GROUP"
	TypeApp     = "APP_GROUP"
	TypeBuiltIn = "BUILT_IN"
)

// group is a set of users.
type group struct {
	object
	name, description, kind string

	members               map[*user]bool
	lastMembershipUpdated time.Time
}

func (g *group) target() doc { return target(g.id, "UserGroup", "unknown", g.name) }

// AddGroup adds a group to the org. Only groups of apps may have the same name.
func (o *Org) AddGroup(n NewGroup) Group { return add(o, n, (*Org).insertGroup) }

func (o *Org) insertGroup(n NewGroup, now time.Time) (Group, error) {
	n.Type = cmp.Or(n.Type, TypeOkta)
	members, err := o.findUsers(n.Members)
	if err := invalid("group "+n.Name,
		missing("name", n.Name), unknown("type", n.Type, TypeOkta, TypeApp, TypeBuiltIn), taken(o.groups, n.ID), err,
		wrong(n.Type != TypeApp && o.nameTaken(n.Name, nil), "the name is taken"),
	); err != nil {
		return Group{}, err
	}
	g := o.newGroup(n, now)
	for _, u := range members {
		g.set(u, true, now)
	}
	return Group{ID: g.id, Name: g.name, Description: g.description, Type: g.kind}, nil
}

// AddMember adds a user to a group of any type, as the app or the rule of the group does. It panics for unknown
// IDs.
func (o *Org) AddMember(groupID, userID string) {
	defer o.lock()()
	must(find(o.groups, groupID, "UserGroup")).set(must(o.findUser(userID)), true, o.clock())
}

func (o *Org) everyone() *group { return o.groups[0] }

func (o *Org) newGroup(n NewGroup, now time.Time) *group {
	g := &group{
		object: o.newObject(n.ID, "00g", "", now), name: n.Name, description: n.Description, kind: n.Type, members: map[*user]bool{},
		lastMembershipUpdated: now,
	}
	o.groups = append(o.groups, g)
	return g
}

func (o *Org) pathGroup(c *call) (*group, error) { return find(o.groups, c.Params[0], "UserGroup") }

// groupNamed returns the group with an ID or name. If several have the name, it returns the oldest.
func (o *Org) groupNamed(idOrName string) *group {
	return first(o.groups, func(g *group) bool { return g.id == idOrName || g.name == idOrName })
}

// nameTaken reports whether another group that Okta itself manages has the name.
func (o *Org) nameTaken(name string, except *group) bool {
	return slices.ContainsFunc(o.groups, func(g *group) bool {
		return g != except && g.kind != TypeApp && strings.EqualFold(g.name, name)
	})
}

// set adds or removes a member, and reports whether that is a change.
func (g *group) set(u *user, member bool, now time.Time) bool {
	if g.members[u] == member {
		return false
	}
	g.lastMembershipUpdated = now
	if g.members[u] = member; !member {
		delete(g.members, u)
	}
	return true
}

// takesMembers returns an error if the API cannot change the members of the group.
func (g *group) takesMembers() error {
	switch g.kind {
	case TypeApp:
		return wire.Code("E0000006")
	case TypeBuiltIn:
		return wire.Code("E0000060")
	}
	return nil
}

// sorted returns the members in the order of creation.
func (g *group) sorted() []*user {
	return slices.SortedFunc(maps.Keys(g.members), func(a, b *user) int { return a.number - b.number })
}

func (c *call) groupDoc(g *group) doc {
	class, description := "okta:user_group", any(nil)
	if g.kind == TypeApp {
		class = "okta:windows_security_principal"
	}
	if g.description != "" {
		description = g.description
	}
	return c.shape("group", &g.object, doc{
		"lastMembershipUpdated": wire.Stamp(g.lastMembershipUpdated), "class": class, "type": g.kind, "name": g.name, "description": description,
	})
}

var groupListing = listing[*group]{
	size: upTo(10_000, 10_000), usualWithQ: 300, write: (*call).groupDoc, sorts: true,
	texts: func(g *group) []string { return []string{g.name} },
	filter: filter.Table{
		"id": filter.Equal, "type": filter.Equal, "lastUpdated": filter.Ordered, "lastMembershipUpdated": filter.Ordered,
	}.Allows,
	search: filter.Table{
		"id": filter.Compare, "type": filter.Compare, "created": filter.Compare, "lastUpdated": filter.Compare,
		"lastMembershipUpdated": filter.Compare, "profile.name": filter.Contain, "profile.description": filter.Contain,
	}.Allows,
}

// readGroup parses and checks the body of a new group, or of the replacement of a group.
func (o *Org) readGroup(c *call, replaced *group) (NewGroup, error) {
	var body struct {
		Profile struct {
			Name        string `json:"name"`
			Description string `json:"description"`
		} `json:"profile"`
	}
	if err := c.Decode(&body); err != nil {
		return NewGroup{}, err
	}
	n := NewGroup{Name: body.Profile.Name, Description: body.Profile.Description, Type: TypeOkta}
	return n, failed(
		blank("name", n.Name), tooLong("name", n.Name, 255), exists("name", o.nameTaken(n.Name, replaced)),
		tooLong("description", n.Description, 1024),
	)
}

func (o *Org) createGroup(c *call) (any, error) {
	n, err := o.readGroup(c, nil)
	if err != nil {
		return nil, err
	}
	g := o.newGroup(n, c.Now)
	o.logEvent(c, "group.lifecycle.create", g.target())
	return c.groupDoc(g), nil
}

// replaceGroup changes the profile of a group that Okta itself manages.
func (o *Org) replaceGroup(c *call, g *group) (any, error) {
	if err := g.takesMembers(); err != nil {
		return nil, err
	}
	n, err := o.readGroup(c, g)
	if err != nil {
		return nil, err
	}
	g.name, g.description, g.lastUpdated = n.Name, n.Description, c.Now
	o.logEvent(c, "group.profile.update", g.target())
	return c.groupDoc(g), nil
}

// deleteGroup deletes groups of Okta and of apps. It rejects built-in groups.
func (o *Org) deleteGroup(c *call, g *group) (any, error) {
	if g.kind == TypeBuiltIn {
		return nil, wire.Code("E0000060")
	}
	o.groups = without(o.groups, g)
	o.roles = where(o.roles, func(r *role) bool { return r.group != g })
	o.logEvent(c, "group.lifecycle.delete", g.target())
	return nil, nil
}

func (o *Org) listUserGroups(c *call, u *user) (any, error) {
	return linked(c, each(o.groupsOf(u), c.groupDoc)), nil
}

// groupsOf returns a user's groups in the order of creation.
func (o *Org) groupsOf(u *user) []*group {
	return where(o.groups, func(g *group) bool { return g.members[u] })
}

func (o *Org) membersOf(g *group) []*user { return g.sorted() }

var memberListing = listing[*user]{size: upTo(1000, 1000), write: (*call).userDoc}

// changeMembership also succeeds if nothing changes, but logs only changes. Unlike other endpoints, it accepts
// no login.
func changeMembership(member bool, event string) func(*Org, *call, *group) (any, error) {
	return func(o *Org, c *call, g *group) (any, error) {
		u, err := find(o.users, c.Params[1], "User")
		if err == nil {
			err = g.takesMembers()
		}
		if err == nil && g.set(u, member, c.Now) {
			o.logEvent(c, event, u.target(), g.target())
		}
		return nil, err
	}
}
