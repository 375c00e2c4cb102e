package okta

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"soar.example/okta/sdk"
)

// A write is a request that may change something.
type write struct {
	method string
	path   string // escaped
	body   []byte
}

// targets finds the ids of the users and groups that a write is to, from its path:
// whatever action made it, it cannot reach Okta by another.
func (g *guard) targets(ctx context.Context, w write) (users, groups []string, err error) {
	segments := strings.Split(strings.Trim(w.path, "/"), "/")
	for i := range segments {
		if segments[i], err = url.PathUnescape(segments[i]); err != nil {
			return nil, nil, sdk.Invalid("the path cannot be read")
		}
	}
	at := func(i int) string {
		if i < len(segments) {
			return segments[i]
		}
		return ""
	}
	if at(0) == "oauth2" && at(2) == "global-token-revocation" {
		return g.subject(ctx, w.body)
	}
	if at(0) != "api" || at(1) != "v1" || at(3) == "" {
		return nil, nil, nil
	}
	user := func(ref string) error {
		id, err := g.userID(ctx, ref)
		users = append(users, id)
		return err
	}
	switch {
	case at(2) == "users":
		err = user(at(3))
	case at(2) == "sessions":
		var s *Session
		if s, err = g.client.Session(ctx, at(3)); err == nil {
			users = append(users, s.UserID)
		} else if sdk.AsError(err).Code == sdk.NotFound {
			err = nil // Okta will say so itself
		}
	case at(2) == "groups":
		groups = append(groups, at(3))
		if at(4) == "users" && at(5) != "" {
			err = user(at(5))
		}
	case at(2) == "apps" && at(4) == "users" && at(5) != "":
		err = user(at(5))
	case at(2) == "apps" && at(4) == "groups" && at(5) != "":
		groups = append(groups, at(5))
	}
	return users, groups, err
}

// userID is the id of the user that a path names: Okta takes logins there as well,
// and "me".
func (g *guard) userID(ctx context.Context, ref string) (string, error) {
	if userID.MatchString(ref) {
		return ref, nil
	}
	u, err := g.client.User(ctx, ref)
	if e := sdk.AsError(err); e != nil {
		if e.Code == sdk.NotFound {
			return ref, nil
		}
		return "", e
	}
	return u.ID, nil
}

// subject is the user that a Universal Logout is about.
func (g *guard) subject(ctx context.Context, body []byte) (users, groups []string, err error) {
	var doc struct {
		SubID struct {
			Format, ID, Sub, Email string
		} `json:"sub_id"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return nil, nil, sdk.Invalid("the body of a logout cannot be read")
	}
	for _, ref := range []string{doc.SubID.ID, doc.SubID.Sub, doc.SubID.Email} {
		if ref != "" {
			id, err := g.userID(ctx, ref)
			if err != nil {
				return nil, nil, err
			}
			users = append(users, id)
		}
	}
	return users, nil, nil
}

const (
	superAdmin = "SUPER_ADMIN"
	adminsKept = 5 * time.Minute
)

// checkLastSuperAdmin refuses a write to the one super administrator who is left:
// an org without any can be mended by Okta's support alone.
func (g *guard) checkLastSuperAdmin(ctx context.Context, id string) error {
	admins, err := g.admins.get(g.now(), adminsKept, func() (map[string]bool, error) { return g.client.adminIDs(ctx) })
	if err != nil {
		return allowUnread(err)
	}
	if !admins[id] {
		return nil
	}
	super, err := g.client.isSuperAdmin(ctx, id)
	if err != nil || !super {
		return allowUnread(err)
	}
	for other := range admins {
		if other == id {
			continue
		}
		super, err := g.client.isSuperAdmin(ctx, other)
		if err != nil {
			return err
		}
		if !super {
			continue
		}
		u, err := g.client.User(ctx, other)
		if err != nil {
			return err
		}
		if u.Status == StatusActive {
			return nil
		}
	}
	return refusedBy("last super administrator", "user %s is the last active super administrator", id)
}

// allowUnread lets a login pass that may not read roles: Okta does not let it write
// to administrators either.
func allowUnread(err error) error {
	if e := sdk.AsError(err); e != nil && e.Code != sdk.Forbidden && e.Code != sdk.NotFound {
		return e
	}
	return nil
}

// adminIDs lists the users with an admin role of their own or by a group.
func (c *Client) adminIDs(ctx context.Context) (map[string]bool, error) {
	ids := map[string]bool{}
	after := ""
	for {
		query := url.Values{"limit": {"200"}}
		if after != "" {
			query.Set("after", after)
		}
		r, err := c.send(ctx, http.MethodGet, "/api/v1/iam/assignees/users", query, nil)
		if err != nil {
			return nil, err
		}
		var page struct {
			Value []struct{ ID string }
			Links struct {
				Next struct{ Href string }
			} `json:"_links"`
		}
		if err := r.decode(&page); err != nil {
			return nil, err
		}
		for _, u := range page.Value {
			ids[u.ID] = true
		}
		next := page.Links.Next.Href
		if next == "" {
			return ids, nil
		}
		_, rawQuery, err := c.ownLink(next)
		if err != nil {
			return nil, err
		}
		values, err := url.ParseQuery(rawQuery)
		if err != nil || values.Get("after") == "" || values.Get("after") == after {
			return nil, r.broken("a list of administrators without an end")
		}
		after = values.Get("after")
	}
}

func (c *Client) isSuperAdmin(ctx context.Context, id string) (bool, error) {
	p, err := path("users", id, "roles")
	if err != nil {
		return false, err
	}
	r, err := c.send(ctx, http.MethodGet, p, nil, nil)
	if err != nil {
		return false, err
	}
	var roles []struct{ Type, Status string }
	if err := r.decode(&roles); err != nil {
		return false, err
	}
	for _, role := range roles {
		if role.Type == superAdmin && role.Status != "INACTIVE" {
			return true, nil
		}
	}
	return false, nil
}
