package okta

import "context"

// UnlockUser makes a LOCKED_OUT user ACTIVE; Okta refuses any other status, and a
// user whose password is kept in a directory, with 403 E0000032.
func (c *Client) UnlockUser(ctx context.Context, id string) error {
	return c.post(ctx, "users", id, "lifecycle", "unlock")
}
