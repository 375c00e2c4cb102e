package okta

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// ExpirePassword makes the user choose a new password at the next sign-in, after
// proof of the old one. The user becomes PASSWORD_EXPIRED.
func (c *Client) ExpirePassword(ctx context.Context, id string) error {
	return c.post(ctx, "users", id, "lifecycle", "expire_password")
}

// ExpirePasswordWithTemporary does as ExpirePassword and replaces the old password
// by a temporary one, which it returns: Okta shows it this once. With
// revokeSessions it ends the user's sessions as well.
func (c *Client) ExpirePasswordWithTemporary(ctx context.Context, id string, revokeSessions bool) (string, error) {
	p, err := path("users", id, "lifecycle", "expire_password_with_temp_password")
	if err != nil {
		return "", err
	}
	r, err := c.send(ctx, http.MethodPost, p, url.Values{"revokeSessions": {strconv.FormatBool(revokeSessions)}}, nil)
	if err != nil {
		return "", err
	}
	var answer struct {
		TempPassword string `json:"tempPassword"`
	}
	if err := r.decode(&answer); err != nil || answer.TempPassword == "" {
		return "", r.broken("an answer without the temporary password")
	}
	return answer.TempPassword, nil
}
