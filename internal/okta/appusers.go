package okta

import (
	"context"
	"net/http"
	"net/url"

	"soar.example/okta/internal/systemlog"
)

// An AppUser is the assignment of an application to a user.
type AppUser struct {
	ID          string `json:"id"` // of the user
	Scope       string `json:"scope"`
	Status      string `json:"status"`
	Credentials struct {
		UserName string `json:"userName"`
	} `json:"credentials"`
}

// ScopeGroup is the scope of an assignment that comes with a group; the other is
// USER.
const ScopeGroup = "GROUP"

// AppsOf lists the applications that are assigned to a user, whether themselves or
// by a group, each with the assignment.
func (c *Client) AppsOf(ctx context.Context, userID string) ([]App, error) {
	return every(ctx, c, AppsOfQuery(userID), func(a App) string { return a.ID }, "apps")
}

// AppsOfQuery selects the applications that are assigned to a user, with the
// assignment in each.
func AppsOfQuery(userID string) url.Values {
	return url.Values{"filter": {"user.id eq " + systemlog.Quote(userID)}, "expand": {"user/" + userID}, "limit": {"200"}}
}

// AppUser reads a user's assignment to an application; a user without one is
// not_found.
func (c *Client) AppUser(ctx context.Context, appID, userID string) (*AppUser, error) {
	p, err := path("apps", appID, "users", userID)
	if err != nil {
		return nil, err
	}
	u := new(AppUser)
	r, err := c.object(ctx, p, u)
	if err != nil {
		return nil, err
	}
	if u.ID == "" {
		return nil, r.broken("an application's user without an id")
	}
	return u, nil
}

// UnassignApp takes an application from a user, and with it the profile that the
// assignment holds. A second time Okta answers 404.
func (c *Client) UnassignApp(ctx context.Context, appID, userID string) error {
	p, err := path("apps", appID, "users", userID)
	if err != nil {
		return err
	}
	_, err = c.send(ctx, http.MethodDelete, p, nil, nil)
	return err
}
