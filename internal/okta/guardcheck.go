package okta

import (
	"context"
	"slices"
	"strings"

	"soar.example/okta/internal/systemlog"
	"soar.example/okta/sdk"
)

// protects reports whether the settings protect anybody.
func (g *guard) protects() bool { return len(g.ProtectedUsers)+len(g.ProtectedGroups) > 0 }

// checkTargets refuses a write to anybody whom a rule protects, and where the
// settings protect somebody also one of which it cannot be told whom it is to. It
// returns the users whom it is to, and whom of them or of the owners of a device only
// checkLast can tell to be no last super administrator.
func (g *guard) checkTargets(ctx context.Context, t targets) (users, supers []string, err error) {
	if t.unclear != "" && g.protects() {
		rule := ruleUsers
		if len(g.ProtectedUsers) == 0 {
			rule = ruleGroups
		}
		return nil, nil, refusedBy(rule, "it cannot be told whether the write is to somebody protected: %s", t.unclear)
	}
	for _, id := range t.apps {
		if o, ok := g.client.login.(*oauth); ok && strings.EqualFold(id, o.clientID) {
			return nil, nil, refusedBy("own app", "app %s is the login's own", id)
		}
	}
	for _, id := range t.groups {
		if err := g.checkGroup(ctx, id); err != nil {
			return nil, nil, err
		}
	}
	if most := g.client.MaxUsers(); len(t.users) > most {
		return nil, nil, refusedBy("max_users_per_call", "the request names %d users; this connection allows %d a call", len(t.users), most)
	}
	if users, err = g.usersOf(ctx, t); err != nil {
		return nil, nil, err
	}
	owners, err := g.ownersOf(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	for i, id := range slices.Concat(users, owners) {
		super, err := g.checkUser(ctx, id, i >= len(users))
		if err != nil {
			return nil, nil, err
		}
		if super {
			supers = add(supers, id)
		}
	}
	return users, supers, g.checkNames(ctx, t.names)
}

// usersOf returns the ids of the users that a write is to.
func (g *guard) usersOf(ctx context.Context, t targets) ([]string, error) {
	var users []string
	for _, ref := range t.users {
		ids, err := g.userIDs(ctx, ref)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			users = add(users, id)
		}
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
	return users, nil
}

// ownersOf returns the ids of the users on the devices that a write is to.
func (g *guard) ownersOf(ctx context.Context, t targets) (owners []string, err error) {
	for _, id := range t.devices {
		all, err := g.client.usersOn(ctx, id)
		if err != nil && sdk.AsError(err).Code != sdk.NotFound {
			return nil, err
		}
		for _, user := range all {
			owners = add(owners, user)
		}
	}
	g.client.ExpectWrites(ctx, len(owners))
	return owners, nil
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

// userIDs are the ids of the users that a request may mean by ref: Okta takes logins
// there as well, "me", and in some bodies addresses.
func (g *guard) userIDs(ctx context.Context, ref string) ([]string, error) {
	if userID.MatchString(ref) || plain(ref) != nil {
		return []string{ref}, nil // what has no such form is nobody, and Okta will say so itself
	}
	u, err := g.client.User(ctx, ref)
	if err == nil {
		return []string{u.ID}, nil
	}
	if sdk.AsError(err).Code != sdk.NotFound {
		return nil, err
	}
	if !strings.Contains(ref, "@") {
		return []string{ref}, nil
	}
	found, err := g.client.searchUsers(ctx, "profile.email eq "+systemlog.Quote(ref))
	if err != nil {
		return nil, err
	}
	ids := []string{ref}
	for _, u := range found {
		ids = append(ids, u.ID)
	}
	return ids, nil
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
