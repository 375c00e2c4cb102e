package okta

import (
	"context"
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

// These are the types of groups. Okta can change the members of groups of the type OKTA_GROUP only.
const (
	GroupOkta    = "OKTA_GROUP"
	GroupApp     = "APP_GROUP"
	GroupBuiltIn = "BUILT_IN"
)

// groupOf converts the group of a successful response of the SDK.
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
	return groupOf(sdkRead(ctx, c, object, withID(c.api.GroupAPI.GetGroup, id)))
}

// CreateGroup creates a group and returns it. For a name in use, Okta returns 400 E0000001.
func (c *Client) CreateGroup(ctx context.Context, name, description string) (*Group, error) {
	body := sdkv4.Group{Profile: &sdkv4.GroupProfile{Name: &name}}
	if description != "" {
		body.Profile.Description = &description
	}
	return groupOf(sdkRead(ctx, c, object, sdkCall[sdkv4.ApiCreateGroupRequest]{build: func(ctx context.Context) sdkv4.ApiCreateGroupRequest {
		return c.api.GroupAPI.CreateGroup(ctx).Group(body)
	}}))
}

// GroupsLike returns the groups with this name in any letter case.
func (c *Client) GroupsLike(ctx context.Context, name string) ([]*Group, error) {
	r, err := c.get(ctx, "/api/v1/groups", url.Values{"search": {equals("profile.name", name)}, "limit": {"200"}})
	if err != nil {
		return nil, err
	}
	return decodeList(r, func(g *Group) string { return g.ID })
}

// groupTTL is the time for which the group of a name is cached.
const groupTTL = 5 * time.Minute

// GroupByRef is FindGroup with fewer requests. It reads nothing for an ID, because a write to a missing group fails
// anyway. It caches the group of a name.
func (c *Client) GroupByRef(ctx context.Context, pointer, ref string) (*Group, error) {
	if rest.IsGroupID(ref) {
		return &Group{ID: ref, Type: GroupOkta}, nil
	}
	return c.groups.Of(ref).Get(ctx, c.Guard.Now(), func() (*Group, time.Duration, error) {
		g, err := c.FindGroup(ctx, pointer, ref)
		return g, groupTTL, err
	})
}

// ForgetGroup removes the name from the cache of GroupByRef.
func (c *Client) ForgetGroup(ref string) { c.groups.Forget(ref) }

// UserGroups lists the groups of a user. A group that cannot be parsed is an error, because it may be protected.
func (c *Client) UserGroups(ctx context.Context, id string) ([]*Group, error) {
	p, err := rest.Path("users", id, "groups")
	if err != nil {
		return nil, err
	}
	var all []*Group
	err = pager{take: func(r *rest.Response) (bool, error) {
		groups, err := decodeList(r, func(g *Group) string { return g.ID })
		all = append(all, groups...)
		return err == nil, err
	}}.read(ctx, c, p, nil)
	return all, err
}

// UserGroupsSince returns the groups that the guard has read since that time, or calls UserGroups.
func (c *Client) UserGroupsSince(ctx context.Context, id string, since time.Time) ([]*Group, error) {
	if groups, ok := c.memberships.Of(id).After(since); ok {
		return groups, nil
	}
	return c.UserGroups(ctx, id)
}

// MemberOf reads a user as a member of a small group: status and membership in one request. It returns nil if the
// user is not on the first page of members. In a larger group, the user may then be on another page.
func (c *Client) MemberOf(ctx context.Context, groupID, userID string) (*User, error) {
	r, err := c.getAt(ctx, limit("200"), "groups", groupID, "users")
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

// AddMember adds a user to a group. Okta also responds with 204 to a repetition. It responds with 403 for an app's
// group and with 501 for a built-in group.
func (c *Client) AddMember(ctx context.Context, groupID, userID string) error {
	return sdkWrite(ctx, c, noContent, withIDs(c.api.GroupAPI.AssignUserToGroup, groupID, userID))
}

// RemoveMember removes a user from a group. Okta responds as it does to AddMember.
func (c *Client) RemoveMember(ctx context.Context, groupID, userID string) error {
	return sdkWrite(ctx, c, noContent, withIDs(c.api.GroupAPI.UnassignUserFromGroup, groupID, userID))
}
