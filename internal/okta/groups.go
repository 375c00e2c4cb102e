package okta

import (
	"context"
	"net/http"
	"net/url"
	"time"

	sdkv4 "github.com/okta/okta-sdk-golang/v4/okta"

	"soar.example/okta/internal/okta/rest"
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

// The types of a group. Only an Okta group has members that Okta may change.
const (
	GroupOkta    = "OKTA_GROUP"
	GroupApp     = "APP_GROUP"
	GroupBuiltIn = "BUILT_IN"
)

func groupID(g *Group) string { return g.ID }

var groupKind = kind[*Group]{
	noun: "group", name: "name", nameOf: func(g *Group) string { return g.Profile.Name },
	describe: func(g *Group) string { return g.ID + " (" + rest.Printable(g.Profile.Name, 100) + ", " + g.Type + ")" },
}

// groupOf returns the group that the SDK read in a response without an error.
func groupOf(g *sdkv4.Group, err error) (*Group, error) {
	if err != nil {
		return nil, err
	}
	out := &Group{
		ID: value(g.Id), Type: value(g.Type), Created: g.Created, LastUpdated: g.LastUpdated, LastMembershipUpdated: g.LastMembershipUpdated,
	}
	profile := value(g.Profile)
	out.Profile.Name, out.Profile.Description = value(profile.Name), value(profile.Description)
	return out, nil
}

// Group reads the group with the given ID.
func (c *Client) Group(ctx context.Context, id string) (*Group, error) {
	return groupOf(sdkCall(ctx, c, object, http.MethodGet, func(ctx context.Context) (*sdkv4.Group, *sdkv4.APIResponse, error) {
		return c.api.GroupAPI.GetGroup(ctx, id).Execute()
	}, id))
}

// CreateGroup creates a group and returns it. A name that is taken gets 400 E0000001.
func (c *Client) CreateGroup(ctx context.Context, name, description string) (*Group, error) {
	body := sdkv4.Group{Profile: &sdkv4.GroupProfile{Name: &name}}
	if description != "" {
		body.Profile.Description = &description
	}
	return groupOf(sdkCall(ctx, c, object, http.MethodPost, func(ctx context.Context) (*sdkv4.Group, *sdkv4.APIResponse, error) {
		return c.api.GroupAPI.CreateGroup(ctx).Group(body).Execute()
	}))
}

// FindGroup returns the one group that ref names, by ID or by exact name. pointer locates
// ref in the input. Several groups, such as those imported from apps, may have one name:
// the error then lists the matches.
func (c *Client) FindGroup(ctx context.Context, pointer, ref string) (*Group, error) {
	if err := rest.CheckReference(pointer, ref); err != nil {
		return nil, err
	}
	if rest.IsGroupID(ref) {
		if g, found, err := byID(func() (*Group, error) { return c.Group(ctx, ref) }); found {
			return g, err
		}
	}
	return c.groupNamed(ctx, pointer, ref, "id or exact name")
}

// GroupByName returns the one group with exactly this name, see FindGroup.
func (c *Client) GroupByName(ctx context.Context, pointer, name string) (*Group, error) {
	if err := rest.CheckReference(pointer, name); err != nil {
		return nil, err
	}
	return c.groupNamed(ctx, pointer, name, "exact name")
}

func (c *Client) groupNamed(ctx context.Context, pointer, name, by string) (*Group, error) {
	found, err := c.GroupsLike(ctx, name)
	if err != nil {
		return nil, err
	}
	return groupKind.pick(c, pointer, name, by, found)
}

// GroupsLike returns the groups with this name, whatever its case.
func (c *Client) GroupsLike(ctx context.Context, name string) ([]*Group, error) {
	query := url.Values{"search": {equals("profile.name", name)}, "limit": {"200"}}
	r, err := c.get(ctx, "/api/v1/groups", query)
	if err != nil {
		return nil, err
	}
	return decodeList(r, groupID)
}

// groupKept is how long a group is known by its name.
const groupKept = 5 * time.Minute

// GroupByRef is FindGroup with fewer requests. It reads nothing for an ID, since a write
// to a group that does not exist fails, and it keeps a name for a while.
func (c *Client) GroupByRef(ctx context.Context, pointer, ref string) (*Group, error) {
	if rest.IsGroupID(ref) {
		return &Group{ID: ref, Type: GroupOkta}, nil
	}
	return c.groups.Of(ref).Get(ctx, c.guard.Now(), func() (*Group, time.Duration, error) {
		g, err := c.FindGroup(ctx, pointer, ref)
		return g, groupKept, err
	})
}

// ForgetGroup makes GroupByRef look the name up again.
func (c *Client) ForgetGroup(ref string) { c.groups.Forget(ref) }

// UserGroups lists the groups of a user. A group that cannot be read is an error: it may
// be a protected one.
func (c *Client) UserGroups(ctx context.Context, id string) ([]*Group, error) {
	p, err := rest.Path("users", id, "groups")
	if err != nil {
		return nil, err
	}
	var all []*Group
	err = c.pages(ctx, p, nil, nil, func(r *rest.Response) (bool, error) {
		groups, err := decodeList(r, groupID)
		all = append(all, groups...)
		return err == nil, err
	})
	return all, err
}

// UserGroupsSince is UserGroups, or the groups that the guard has read since that time.
func (c *Client) UserGroupsSince(ctx context.Context, id string, since time.Time) ([]*Group, error) {
	if groups, ok := c.memberships.Of(id).After(since); ok {
		return groups, nil
	}
	return c.UserGroups(ctx, id)
}

// MemberOf reads a user as a member of a small group: status and membership in one
// request. It returns nil if the user is not on the first page of members, which proves
// nothing about a larger group.
func (c *Client) MemberOf(ctx context.Context, groupID, userID string) (*User, error) {
	p, err := rest.Path("groups", groupID, "users")
	if err != nil {
		return nil, err
	}
	r, err := c.get(ctx, p, limit("200"))
	if err != nil {
		return nil, err
	}
	var members []*User
	if err := r.Decode(&members); err != nil {
		return nil, err
	}
	for _, u := range members {
		if u != nil && u.ID == userID {
			return u.readAt(r), nil
		}
	}
	return nil, nil
}

// AddMember adds a user to a group. Okta responds with 204 to a repetition too, with 403
// for an app's group and with 501 for a built-in one.
func (c *Client) AddMember(ctx context.Context, groupID, userID string) error {
	return c.sdkWrite(ctx, noContent, http.MethodPut, func(ctx context.Context) (*sdkv4.APIResponse, error) {
		return c.api.GroupAPI.AssignUserToGroup(ctx, groupID, userID).Execute()
	}, groupID, userID)
}

// RemoveMember removes a user from a group; Okta responds as it does to AddMember.
func (c *Client) RemoveMember(ctx context.Context, groupID, userID string) error {
	return c.sdkWrite(ctx, noContent, http.MethodDelete, func(ctx context.Context) (*sdkv4.APIResponse, error) {
		return c.api.GroupAPI.UnassignUserFromGroup(ctx, groupID, userID).Execute()
	}, groupID, userID)
}
