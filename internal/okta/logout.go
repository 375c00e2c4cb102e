package okta

import (
	"context"
	"net/http"
)

// UniversalLogout ends a user's Okta sessions and tokens, and tells the apps that
// support it to end theirs. It needs Identity Threat Protection. That Okta accepts
// it does not mean that every app has obeyed.
func (c *Client) UniversalLogout(ctx context.Context, userID string) error {
	if err := plain(userID); err != nil {
		return err
	}
	return c.tell(ctx, http.MethodPost, "/oauth2/v1/global-token-revocation", map[string]any{
		"sub_id": map[string]string{"format": "opaque", "id": userID},
	})
}
