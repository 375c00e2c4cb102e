package okta

import (
	"context"
	"net/http"
	"net/url"
)

// A Grant is a scope that a user has granted to an app.
type Grant struct {
	ID       string `json:"id"`
	ClientID string `json:"clientId"`
	ScopeID  string `json:"scopeId"`
	Status   string `json:"status"`
}

// GrantsOf lists the grants that a user has given.
func (c *Client) GrantsOf(ctx context.Context, userID string) ([]Grant, error) {
	return every(ctx, c, url.Values{"limit": {"200"}}, func(g Grant) string { return g.ID }, "users", userID, "grants")
}

// RevokeGrants revokes every grant of a user. Tokens that were issued on the
// strength of one live on to their end.
func (c *Client) RevokeGrants(ctx context.Context, userID string) error {
	p, err := path("users", userID, "grants")
	if err != nil {
		return err
	}
	_, err = c.send(ctx, http.MethodDelete, p, nil, nil)
	return err
}

// RevokeAppTokens revokes the refresh tokens that the OAuth client with the given
// id holds for a user.
func (c *Client) RevokeAppTokens(ctx context.Context, userID, clientID string) error {
	p, err := path("users", userID, "clients", clientID, "tokens")
	if err != nil {
		return err
	}
	_, err = c.send(ctx, http.MethodDelete, p, nil, nil)
	return err
}
