package okta

import (
	"cmp"
	"context"
)

// RoleTargets lists what a role of a user's own is limited to: the names of groups, or
// of apps. It is empty for a role that is not limited; a custom role is limited by its
// resource set instead. Okta limits these types of role only
// (https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleBTargetAdmin/).
func (c *Client) RoleTargets(ctx context.Context, userID string, r Role) ([]string, error) {
	var kind []string
	switch r.Type {
	case "USER_ADMIN", "HELP_DESK_ADMIN", "GROUP_MEMBERSHIP_ADMIN":
		kind = []string{"groups"}
	case "APP_ADMIN":
		kind = []string{"catalog", "apps"}
	default:
		return nil, nil
	}
	type target struct {
		ID      string `json:"id"`
		Name    string `json:"name"`
		Display string `json:"displayName"`
		Profile struct {
			Name string `json:"name"`
		} `json:"profile"`
	}
	name := func(t target) string { return cmp.Or(t.Profile.Name, t.Display, t.Name, t.ID) }
	targets, err := every(ctx, c, nil, name, append([]string{"users", userID, "roles", r.ID, "targets"}, kind...)...)
	names := make([]string, len(targets))
	for i, t := range targets {
		names[i] = name(t)
	}
	return names, err
}
