package oktatest

import (
	"slices"
	"strings"
	"time"
)

// group is a set of users.
type group struct {
	id          string
	order       int
	name        string
	description string
	kind        string
	members     map[*user]bool

	created, lastUpdated, lastMembershipUpdated time.Time
}

// everyoneName is the group that holds all users and that no call can change.
const everyoneName = "Everyone"

func (o *Org) everyone() *group { return o.groups[0] }

func (o *Org) newGroup(id, name, description, kind string, now time.Time) *group {
	if id == "" {
		id = o.stable.object("00g")
	}
	o.created++
	g := &group{
		id: id, order: o.created, name: name, description: description, kind: kind, members: map[*user]bool{},
		created: now, lastUpdated: now, lastMembershipUpdated: now,
	}
	o.groups = append(o.groups, g)
	return g
}

func (o *Org) findGroup(id string) (*group, error) {
	for _, g := range o.groups {
		if g.id == id {
			return g, nil
		}
	}
	return nil, notFound(id, "UserGroup")
}

// nameTaken tells whether another group that Okta itself manages has the name. Groups of apps may share theirs.
func (o *Org) nameTaken(name string, except *group) bool {
	return slices.ContainsFunc(o.groups, func(g *group) bool {
		return g != except && g.kind != TypeApp && strings.EqualFold(g.name, name)
	})
}

// add reports whether the user was not in the group before.
func (g *group) add(u *user, now time.Time) bool {
	if g.members[u] {
		return false
	}
	g.members[u] = true
	g.lastMembershipUpdated = now
	return true
}

// remove reports whether the user was in the group before.
func (g *group) remove(u *user, now time.Time) bool {
	if !g.members[u] {
		return false
	}
	delete(g.members, u)
	g.lastMembershipUpdated = now
	return true
}

// takesMembers refuses the groups whose members are not the API's to change.
func (g *group) takesMembers() error {
	switch g.kind {
	case TypeApp:
		return oktaError("E0000006")
	case TypeBuiltIn:
		return oktaError("E0000060")
	}
	return nil
}

// sorted returns the members in the order of their creation.
func (g *group) sorted() []*user {
	users := make([]*user, 0, len(g.members))
	for u := range g.members {
		users = append(users, u)
	}
	slices.SortFunc(users, func(a, b *user) int { return a.order - b.order })
	return users
}

// values gives filters the attributes of a group.
func (g *group) values(attribute string) []any {
	switch attribute {
	case "id":
		return []any{g.id}
	case "type":
		return []any{g.kind}
	case "profile.name":
		return []any{g.name}
	case "profile.description":
		return []any{g.description}
	case "created":
		return []any{stamp(g.created)}
	case "lastUpdated":
		return []any{stamp(g.lastUpdated)}
	case "lastMembershipUpdated":
		return []any{stamp(g.lastMembershipUpdated)}
	}
	return nil
}

type groupDoc struct {
	ID                    string         `json:"id"`
	Created               string         `json:"created"`
	LastUpdated           string         `json:"lastUpdated"`
	LastMembershipUpdated string         `json:"lastMembershipUpdated"`
	ObjectClass           []string       `json:"objectClass"`
	Type                  string         `json:"type"`
	Profile               groupProfile   `json:"profile"`
	Links                 map[string]any `json:"_links"`
}

type groupProfile struct {
	Name        string  `json:"name"`
	Description *string `json:"description"`
}

func (c *call) groupDoc(g *group) groupDoc {
	class := "okta:user_group"
	if g.kind == TypeApp {
		class = "okta:windows_security_principal"
	}
	profile := groupProfile{Name: g.name}
	if g.description != "" {
		profile.Description = &g.description
	}
	self := c.url("/api/v1/groups/" + g.id)
	logo := func(size string) map[string]any {
		return map[string]any{"name": size, "href": c.url("/assets/img/logos/groups/odyssey/okta-" + size + ".png"), "type": "image/png"}
	}
	return groupDoc{
		ID: g.id, Created: stamp(g.created), LastUpdated: stamp(g.lastUpdated),
		LastMembershipUpdated: stamp(g.lastMembershipUpdated), ObjectClass: []string{class}, Type: g.kind, Profile: profile,
		Links: map[string]any{
			"logo":  []any{logo("medium"), logo("large")},
			"users": map[string]any{"href": self + "/users"},
			"apps":  map[string]any{"href": self + "/apps"},
		},
	}
}

func (c *call) groupDocs(groups []*group) []groupDoc {
	docs := make([]groupDoc, len(groups))
	for i, g := range groups {
		docs[i] = c.groupDoc(g)
	}
	return docs
}
