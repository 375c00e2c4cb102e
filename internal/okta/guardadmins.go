package okta

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"soar.example/okta/sdk"
)

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
	err := c.iamPages(ctx, "/api/v1/iam/assignees/users", url.Values{"limit": {"200"}}, func(r *reply) error {
		var page struct {
			Value []struct{ ID string }
		}
		err := r.decode(&page)
		for _, u := range page.Value {
			ids[u.ID] = true
		}
		return err
	})
	return ids, err
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
