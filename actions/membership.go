package actions

import (
	"context"

	"soar.example/okta/internal/okta"
)

// GroupRef says which group an answer is about.
type GroupRef struct {
	ID   string `json:"id"`   // Id of the group.
	Name string `json:"name"` // Name of the group.
	Type string `json:"type"` // OKTA_GROUP, APP_GROUP or BUILT_IN.
}

// Membership is whether a user is in a group.
type Membership struct {
	Member bool `json:"member"` // Whether the user is in the group.
}

func groupRefOf(g *okta.Group) GroupRef {
	return GroupRef{ID: g.ID, Name: g.Profile.Name, Type: g.Type}
}

var exampleGroup = GroupRef{ID: "00g9z8y7x6w5v4u3t2s1", Name: "Quarantine", Type: okta.GroupOkta}

// membership brings a user into a group, or out of it.
func membership(ctx context.Context, c *okta.Client, user, group string, member bool) (UserRef, GroupRef, Change[Membership], error) {
	var none Change[Membership]
	u, err := c.FindUser(ctx, "/user", user)
	if err != nil {
		return UserRef{}, GroupRef{}, none, err
	}
	g, err := c.FindGroup(ctx, "/group", group)
	if err != nil {
		return UserRef{}, GroupRef{}, none, err
	}
	read := func(ctx context.Context) (Membership, error) {
		groups, err := c.UserGroups(ctx, u.ID)
		for _, in := range groups {
			if in.ID == g.ID {
				return Membership{Member: true}, err
			}
		}
		return Membership{}, err
	}
	before, err := read(ctx)
	if err != nil {
		return UserRef{}, GroupRef{}, none, err
	}
	act, goal := c.RemoveMember, "user is out of the group (a group rule may have put the user back)"
	if member {
		act, goal = c.AddMember, "user is in the group"
	}
	change, err := attempt[Membership]{
		goal: goal,
		done: func(m Membership) bool { return m.Member == member },
		act:  func(ctx context.Context) error { return act(ctx, g.ID, u.ID) },
		read: read,
		bars: func(Membership) string {
			switch g.Type {
			case okta.GroupApp:
				return "the members of this group are kept in an app, and Okta does not change them"
			case okta.GroupBuiltIn:
				return "the members of a built-in group cannot be changed"
			}
			return ""
		},
	}.from(ctx, before)
	return refOf(u), groupRefOf(g), change, err
}
