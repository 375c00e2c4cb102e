package okta

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// MemberOf reads a user as a member of a small group: status and membership in one
// request. It returns nil if the user is not on the first page of members, which
// says nothing if the group is larger.
func (c *Client) MemberOf(ctx context.Context, groupID, userID string) (*User, error) {
	p, err := path("groups", groupID, "users")
	if err != nil {
		return nil, err
	}
	r, err := c.send(ctx, http.MethodGet, p, url.Values{"limit": {"200"}}, nil)
	if err != nil {
		return nil, err
	}
	var members []*User
	if err := r.decode(&members); err != nil {
		return nil, err
	}
	for _, u := range members {
		if u != nil && u.ID == userID {
			u.ReadAt, _ = http.ParseTime(r.header.Get("Date"))
			return u.named(), nil
		}
	}
	return nil, nil
}

// groupKept is for how long a group is known by its name.
const groupKept = 5 * time.Minute

// GroupByRef is FindGroup at the least cost: for an id it asks nothing of Okta, since
// a write to a group that is not there says so itself, and a name that it has found it
// knows for a while.
func (c *Client) GroupByRef(ctx context.Context, pointer, ref string) (*Group, error) {
	if groupID.MatchString(ref) {
		return &Group{ID: ref, Type: GroupOkta}, nil
	}
	return c.named.of(ref).get(ctx, c.guard.now(), func() (*Group, time.Duration, error) {
		g, err := c.FindGroup(ctx, pointer, ref)
		return g, groupKept, err
	})
}

// ForgetGroup has GroupByRef look the name up again.
func (c *Client) ForgetGroup(ref string) { c.named.forget(ref) }
