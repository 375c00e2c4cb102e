package okta

import (
	"context"
	"slices"
	"strings"

	"soar.example/okta/sdk"
)

// protects reports whether the settings protect anybody.
func (g *guard) protects() bool { return len(g.ProtectedUsers)+len(g.ProtectedGroups) > 0 }

// checkTargets refuses a write to anybody whom a rule protects, and where the
// settings protect somebody also one of which it cannot be told whom it is to.
func (g *guard) checkTargets(ctx context.Context, t targets) error {
	if t.unclear != "" && g.protects() {
		rule := ruleUsers
		if len(g.ProtectedUsers) == 0 {
			rule = ruleGroups
		}
		return refusedBy(rule, "it cannot be told whether the write is to somebody protected: %s", t.unclear)
	}
	for _, id := range t.apps {
		if o, ok := g.client.login.(*oauth); ok && strings.EqualFold(id, o.clientID) {
			return refusedBy("own app", "app %s is the login's own", id)
		}
	}
	for _, id := range t.groups {
		if err := g.checkGroup(ctx, id); err != nil {
			return err
		}
	}
	if most := g.client.MaxUsers(); len(t.users) > most {
		return refusedBy("max_users_per_call", "the request names %d users; this connection allows %d a call", len(t.users), most)
	}
	users, err := g.usersOf(ctx, t)
	if err != nil {
		return err
	}
	for _, id := range users {
		if err := g.checkUser(ctx, id); err != nil {
			return err
		}
	}
	return g.checkNames(ctx, t.names)
}

// usersOf returns the ids of the users that a write is to.
func (g *guard) usersOf(ctx context.Context, t targets) ([]string, error) {
	var users []string
	for _, ref := range t.users {
		id, err := g.userID(ctx, ref)
		if err != nil {
			return nil, err
		}
		users = add(users, id)
	}
	for _, id := range t.sessions {
		s, err := g.client.Session(ctx, id)
		if err != nil && sdk.AsError(err).Code != sdk.NotFound {
			return nil, err
		}
		if err == nil { // else Okta will say so itself
			users = add(users, s.UserID)
		}
	}
	if !g.protects() {
		return users, nil
	}
	for _, id := range t.devices {
		all, err := g.client.usersOn(ctx, id)
		if err != nil && sdk.AsError(err).Code != sdk.NotFound {
			return nil, err
		}
		for _, user := range all {
			users = add(users, user)
		}
	}
	return users, nil
}

// checkNames refuses a body that names a protected user by login or address: some of
// Okta's calls take these as well.
func (g *guard) checkNames(ctx context.Context, names []string) error {
	isName := func(text string) bool {
		return strings.Contains(text, "@") || slices.ContainsFunc(g.ProtectedUsers, func(ref string) bool { return strings.EqualFold(ref, text) })
	}
	if len(g.ProtectedUsers) == 0 || !slices.ContainsFunc(names, isName) {
		return nil
	}
	protected, err := g.protectedUsers(ctx)
	if err != nil {
		return err
	}
	for _, text := range names {
		if name, ok := protected[strings.ToLower(strings.TrimSpace(text))]; ok {
			return refusedBy(ruleUsers, "user %s is protected", name)
		}
	}
	return nil
}

// userID is the id of the user that a request names: Okta takes logins there as well,
// and "me".
func (g *guard) userID(ctx context.Context, ref string) (string, error) {
	if userID.MatchString(ref) {
		return ref, nil
	}
	if plain(ref) != nil {
		return ref, nil // it is nobody, and Okta will say so itself
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

// usersOn lists the ids of the users who are registered on a device.
func (c *Client) usersOn(ctx context.Context, deviceID string) ([]string, error) {
	type link struct {
		User struct {
			ID string `json:"id"`
		} `json:"user"`
	}
	links, err := every(ctx, c, nil, func(l link) string { return l.User.ID }, "devices", deviceID, "users")
	ids := make([]string, len(links))
	for i, l := range links {
		ids[i] = l.User.ID
	}
	return ids, err
}
