package okta

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"soar.example/okta/internal/systemlog"
	"soar.example/okta/sdk"
)

// A Group is an Okta group.
type Group struct {
	ID                    string     `json:"id"`
	Type                  string     `json:"type"`
	Created               *time.Time `json:"created"`
	LastUpdated           *time.Time `json:"lastUpdated"`
	LastMembershipUpdated *time.Time `json:"lastMembershipUpdated"`
	Profile               struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	} `json:"profile"`
}

// The types of a group. Only the members of an Okta group are Okta's to change.
const (
	GroupOkta    = "OKTA_GROUP"
	GroupApp     = "APP_GROUP"
	GroupBuiltIn = "BUILT_IN"
)

// FindGroup returns the one group that ref names, by id or by exact name. Pointer
// is where ref stands in the input. A name that several groups bear, as groups
// imported from apps may, is refused with which they are.
func (c *Client) FindGroup(ctx context.Context, pointer, ref string) (*Group, error) {
	if err := checkRef(pointer, ref); err != nil {
		return nil, err
	}
	if groupID.MatchString(ref) {
		g, err := c.group(ctx, ref)
		if err == nil || sdk.AsError(err).Code != sdk.NotFound {
			return g, err
		}
	}
	return c.groupNamed(ctx, pointer, ref, "id or exact name")
}

// GroupByName returns the one group that bears exactly this name; pointer is as
// for FindGroup.
func (c *Client) GroupByName(ctx context.Context, pointer, name string) (*Group, error) {
	if err := checkRef(pointer, name); err != nil {
		return nil, err
	}
	return c.groupNamed(ctx, pointer, name, "exact name")
}

// GroupsLike returns the groups whose name is this one but for case.
func (c *Client) GroupsLike(ctx context.Context, name string) ([]*Group, error) {
	r, err := c.send(ctx, http.MethodGet, "/api/v1/groups", url.Values{"search": {"profile.name eq " + systemlog.Quote(name)}, "limit": {"200"}}, nil)
	if err != nil {
		return nil, err
	}
	var found []*Group
	if err := r.decode(&found); err != nil {
		return nil, err
	}
	for _, g := range found {
		if g == nil || g.ID == "" {
			return nil, r.broken("a group without an id")
		}
	}
	return found, nil
}

func (c *Client) groupNamed(ctx context.Context, pointer, name, what string) (*Group, error) {
	found, err := c.GroupsLike(ctx, name)
	if err != nil {
		return nil, err
	}
	var exact []*Group
	var others []string
	for _, g := range found {
		if g.Profile.Name == name {
			exact = append(exact, g)
		} else {
			others = append(others, g.describe())
		}
	}
	switch {
	case len(exact) == 1:
		return exact[0], nil
	case len(exact) > 1:
		var which []string
		for _, g := range exact {
			which = append(which, g.describe())
		}
		return nil, sdk.InvalidField(pointer, "is the name of %d groups: %s; give the id", len(exact), candidates(which))
	}
	e := sdk.Errorf(sdk.NotFound, "no group of %s has the %s %q", c.origin.Host, what, printable(name, 100))
	if len(others) > 0 {
		e.Message += "; near it are " + candidates(others)
	}
	e.Violations = append(e.Violations, sdk.InvalidField(pointer, "names no group").Violations...)
	return nil, e
}

func (g *Group) describe() string {
	return g.ID + " (" + printable(g.Profile.Name, 100) + ", " + g.Type + ")"
}

func (c *Client) group(ctx context.Context, id string) (*Group, error) {
	r, err := c.exchange(ctx, http.MethodGet, func(ctx context.Context) error {
		_, _, err := c.api.GroupAPI.GetGroup(ctx, id).Execute()
		return err
	})
	if err != nil {
		return nil, err
	}
	g := new(Group)
	if err := r.decode(g); err != nil {
		return nil, err
	}
	if g.ID == "" {
		return nil, r.broken("a group without an id")
	}
	return g, nil
}

// UserGroups lists the groups that a user is in.
func (c *Client) UserGroups(ctx context.Context, id string) ([]*Group, error) {
	p, err := path("users", id, "groups")
	if err != nil {
		return nil, err
	}
	var all []*Group
	err = c.pages(ctx, p, nil, func(r *reply) (bool, error) {
		var groups []*Group
		if err := r.decode(&groups); err != nil {
			return false, err
		}
		for _, g := range groups {
			if g == nil || g.ID == "" {
				return false, r.broken("a group without an id")
			}
		}
		all = append(all, groups...)
		return true, nil
	})
	return all, err
}

// UserGroupsSince is UserGroups, or the groups that a guard has read since that time.
func (c *Client) UserGroupsSince(ctx context.Context, id string, since time.Time) ([]*Group, error) {
	if groups, ok := c.guard.membership.of(id).after(since); ok {
		return groups, nil
	}
	return c.UserGroups(ctx, id)
}

// AddMember adds a user to a group. Okta answers 204 whether the user was in it
// before or not, 403 for an app's group and 501 for a built-in one.
func (c *Client) AddMember(ctx context.Context, groupID, userID string) error {
	if err := plain(groupID); err != nil {
		return err
	}
	return c.write(ctx, http.MethodPut, userID, func(ctx context.Context) error {
		_, err := c.api.GroupAPI.AssignUserToGroup(ctx, groupID, userID).Execute()
		return err
	})
}

// RemoveMember takes a user out of a group; Okta answers as it does to AddMember.
func (c *Client) RemoveMember(ctx context.Context, groupID, userID string) error {
	if err := plain(groupID); err != nil {
		return err
	}
	return c.write(ctx, http.MethodDelete, userID, func(ctx context.Context) error {
		_, err := c.api.GroupAPI.UnassignUserFromGroup(ctx, groupID, userID).Execute()
		return err
	})
}
