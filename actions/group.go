package actions

import (
	"context"
	"slices"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
)

// GroupRef identifies the group of an output.
type GroupRef struct {
	ID   string `json:"id"`   // ID of the group.
	Name string `json:"name"` // Name of the group.
	Type string `json:"type"` // OKTA_GROUP, APP_GROUP or BUILT_IN.
}

// GroupItem is a group in a list.
type GroupItem struct {
	ID          string `json:"id"`                    // ID of the group.
	Name        string `json:"name"`                  // Name of the group.
	Description string `json:"description,omitempty"` // Description of the group.
	Type        string `json:"type"`                  // OKTA_GROUP, APP_GROUP or BUILT_IN.
	Raw         Object `json:"raw"`                   // The group as Okta sent it.
}

// Membership is the state of a user in a group.
type Membership struct {
	Member bool `json:"member"` // Whether the user is in the group.
}

// MembershipChange is the output of a change of a membership.
type MembershipChange struct {
	User  UserRef  `json:"user"`  // The user.
	Group GroupRef `json:"group"` // The group.
	reconcile.Change[Membership]
}

func groupRefOf(g *okta.Group) GroupRef {
	return GroupRef{ID: g.ID, Name: g.Profile.Name, Type: g.Type}
}

func groupItem(o okta.Object) GroupItem {
	var g struct {
		ID      string
		Type    string
		Profile struct{ Name, Description string }
	}
	o.Read(&g)
	return GroupItem{ID: g.ID, Name: g.Profile.Name, Description: g.Profile.Description, Type: g.Type, Raw: raw(o)}
}

// isMember reports whether a group of this ID is among the groups of a user.
func isMember(groups []*okta.Group, id string) bool {
	return slices.ContainsFunc(groups, func(g *okta.Group) bool { return g.ID == id })
}

// changeMembership adds a user to a group, or removes the user.
func changeMembership(ctx context.Context, c *okta.Client, user, group string, member bool) (MembershipChange, error) {
	u, err := c.FindUser(ctx, "/user", user)
	if err != nil {
		return MembershipChange{}, err
	}
	g, err := c.FindGroup(ctx, "/group", group)
	if err != nil {
		return MembershipChange{}, err
	}
	act, goal := c.RemoveMember, "user is out of the group (a group rule may have put the user back)"
	if member {
		act, goal = c.AddMember, "user is in the group"
	}
	change, err := reconcile.Goal[Membership]{
		Name: goal,
		Done: func(m Membership) bool { return m.Member == member },
		Act:  func(ctx context.Context) error { return act(ctx, g.ID, u.ID) },
		Read: func(ctx context.Context) (Membership, error) {
			groups, err := c.UserGroups(ctx, u.ID)
			return Membership{Member: isMember(groups, g.ID)}, err
		},
		Precondition: func(Membership) string {
			switch g.Type {
			case okta.GroupApp:
				return "the members of this group are kept in an app, and Okta does not change them"
			case okta.GroupBuiltIn:
				return "the members of a built-in group cannot be changed"
			}
			return ""
		},
	}.Run(ctx)
	return MembershipChange{User: refOf(u), Group: groupRefOf(g), Change: change}, err
}

var (
	exampleGroup     = GroupRef{ID: "00g9z8y7x6w5v4u3t2s1", Name: "Quarantine", Type: okta.GroupOkta}
	exampleGroupItem = GroupItem{
		ID: exampleGroup.ID, Name: exampleGroup.Name, Description: "Denied every sign-in", Type: exampleGroup.Type,
		Raw: Object(`{"id":"00g9z8y7x6w5v4u3t2s1","type":"OKTA_GROUP","profile":{"name":"Quarantine","description":"Denied every sign-in"}}`),
	}
)
