package okta

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/internal/systemlog"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/httpclient"
)

// CheckName rejects a text that cannot be a name in Okta. pointer is the location of the text in the input.
func CheckName(pointer, name string) error { return rest.CheckReference(pointer, name) }

// IsUserID reports whether ref has the form of a user's ID.
func IsUserID(ref string) bool { return rest.IsUserID(ref) }

// equals returns a condition of Okta's search language.
func equals(attribute, value string) string { return attribute + " eq " + systemlog.Quote(value) }

// limit returns a query with a page size.
func limit(n string) url.Values { return url.Values{"limit": {n}} }

// A kind is a kind of object that an input can identify by ID or by name.
type kind[T any] struct {
	noun, name string // words in messages for an object and for its name
	id         *regexp.Regexp
	read       func(c *Client, ctx context.Context, id string) (*T, error)
	like       func(c *Client, ctx context.Context, name string) ([]*T, error) // lists candidates
	describe   func(*T) (name, id, more string)
}

var (
	groupKind = kind[Group]{
		noun: "group", name: "name", id: regexp.MustCompile(`^00g[0-9A-Za-z]{17}$`), read: (*Client).Group, like: (*Client).GroupsLike,
		describe: func(g *Group) (string, string, string) { return g.Profile.Name, g.ID, ", " + g.Type },
	}
	appKind = kind[App]{
		noun: "application", name: "label", id: regexp.MustCompile(`^0oa[0-9A-Za-z]{17}$`), read: (*Client).App, like: (*Client).appsLike,
		describe: func(a *App) (string, string, string) { return a.Label, a.ID, ", " + a.Status },
	}
	zoneKind = kind[Zone]{
		noun: "network zone", name: "name", id: regexp.MustCompile(`^nzo[0-9A-Za-z]{17}$`), read: (*Client).Zone,
		like:     func(c *Client, ctx context.Context, _ string) ([]*Zone, error) { return c.Zones(ctx, "") },
		describe: func(z *Zone) (string, string, string) { return z.Name, z.ID, "" },
	}
)

// FindGroup returns the group with the ID or the exact name ref. pointer is the location of ref in the input.
// Several groups may have the same name, for example groups imported from apps. The error then lists the
// matches.
func (c *Client) FindGroup(ctx context.Context, pointer, ref string) (*Group, error) {
	return groupKind.find(ctx, c, pointer, ref)
}

// GroupByName returns the group with exactly this name, see [Client.FindGroup].
func (c *Client) GroupByName(ctx context.Context, pointer, name string) (*Group, error) {
	if err := rest.CheckReference(pointer, name); err != nil {
		return nil, err
	}
	return groupKind.named(ctx, c, pointer, name, "exact name")
}

// FindApp returns the application with the ID or the exact label ref. pointer is the location of ref in the input. If
// several applications have the label, the error lists them.
func (c *Client) FindApp(ctx context.Context, pointer, ref string) (*App, error) {
	return appKind.find(ctx, c, pointer, ref)
}

// FindZone returns the zone with the ID or the exact name ref. pointer is the location of ref in the input.
func (c *Client) FindZone(ctx context.Context, pointer, ref string) (*Zone, error) {
	return zoneKind.find(ctx, c, pointer, ref)
}

func (k kind[T]) find(ctx context.Context, c *Client, pointer, ref string) (*T, error) {
	if err := rest.CheckReference(pointer, ref); err != nil {
		return nil, err
	}
	if k.id.MatchString(ref) {
		// ref may have the form of an ID and still be a name.
		if o, err := k.read(c, ctx, ref); !rest.IsNotFound(err) {
			return o, err
		}
	}
	return k.named(ctx, c, pointer, ref, "id or exact "+k.name)
}

// named returns the object with exactly the name ref. by is the kind of reference, for messages.
func (k kind[T]) named(ctx context.Context, c *Client, pointer, ref, by string) (*T, error) {
	found, err := k.like(c, ctx, ref)
	if err != nil {
		return nil, err
	}
	var exact []*T
	var names, others []string
	for _, o := range found {
		name, id, more := k.describe(o)
		text := id + " (" + httpclient.Printable(name, 100) + more + ")"
		if name == ref {
			exact, names = append(exact, o), append(names, text)
		} else {
			others = append(others, text)
		}
	}
	switch {
	case len(exact) == 1:
		return exact[0], nil
	case len(exact) > 1:
		return nil, sdk.InvalidField(pointer, "is the %s of %d %ss: %s; give the id", k.name, len(exact), k.noun, candidates(names))
	}
	near := ""
	if len(others) > 0 {
		near = "; near it are " + candidates(others)
	}
	return nil, c.missing(pointer, k.noun, by, ref, near)
}

// missing returns the error for a reference without an object.
func (c *Client) missing(pointer, noun, by, ref, more string) *sdk.Error {
	e := sdk.Errorf(sdk.NotFound, "no %s of %s has the %s %q%s", noun, c.origin.Host, by, httpclient.Printable(ref, 100), more)
	e.Violations = sdk.InvalidField(pointer, "names no %s", noun).Violations
	return e
}

// FindUser returns the user with this ID, complete login, or email address, in that order. pointer is the location of
// ref in the input. If several users share an address, the error lists them.
func (c *Client) FindUser(ctx context.Context, pointer, ref string) (*User, error) {
	u, err := c.findUser(ctx, pointer, ref)
	if err == nil {
		c.Guard.RememberNames(u.ID, u.Login, u.Email)
	}
	return u, err
}

func (c *Client) findUser(ctx context.Context, pointer, ref string) (*User, error) {
	if err := rest.CheckReference(pointer, ref); err != nil {
		return nil, err
	}
	noUser := func(more string) *sdk.Error { return c.missing(pointer, "user", "id, login or email", ref, more) }
	// Okta reads "me" as the owner of the token.
	if !strings.EqualFold(ref, "me") && rest.CheckSegment(ref) == nil {
		u, err := c.User(ctx, ref)
		switch {
		case err != nil && !rest.IsNotFound(err):
			return nil, err
		case err == nil && (u.ID == ref || strings.EqualFold(u.Login, ref)):
			return u, nil
		case err == nil && !strings.EqualFold(u.Email, ref):
			// Okta also finds a user by the part of the login before the @. A user created later may get that
			// name.
			if u.Login == "" {
				return nil, sdk.Errorf(sdk.Unavailable, "GET /api/v1/users/%s: the response is a user without a login, so it did not come from Okta. "+
					"Check the org URL and the network", httpclient.Printable(ref, 100))
			}
			return nil, noUser(`; Okta knows that short name as "` + httpclient.Printable(u.Login, 100) + `": write the whole login`)
		case rest.IsUserID(ref) && err == nil:
			return nil, noUser("")
		case rest.IsUserID(ref):
			e := noUser(" (" + sdk.AsError(err).Message + ")")
			e.Upstream = sdk.AsError(err).Upstream
			return nil, e
		}
	}
	found, err := c.searchUsers(ctx, equals("profile.login", ref)+" or "+equals("profile.email", ref))
	if err != nil {
		return nil, err
	}
	if u := withLogin(found, ref); u != nil {
		return u, nil
	}
	if found = withEmail(found, ref); len(found) == 0 {
		return nil, noUser("")
	}
	return sole(pointer, found)
}

// UserByEmail returns the user with the email address, see [Client.FindUser].
func (c *Client) UserByEmail(ctx context.Context, pointer, email string) (*User, error) {
	if err := rest.CheckReference(pointer, email); err != nil {
		return nil, err
	}
	found, err := c.searchUsers(ctx, equals("profile.email", email))
	if err != nil {
		return nil, err
	}
	if found = withEmail(found, email); len(found) > 0 {
		return sole(pointer, found)
	}
	// The search index is updated with a delay. The login is usually the address, and can be read directly.
	u, err := c.UserByLogin(ctx, email)
	if err == nil && (u == nil || !strings.EqualFold(u.Email, email)) {
		return nil, c.missing(pointer, "user", "email address", email, "")
	}
	return u, err
}

// UserByLogin returns the user with this login in any letter case, or nil.
func (c *Client) UserByLogin(ctx context.Context, login string) (*User, error) {
	if strings.EqualFold(login, "me") || rest.CheckSegment(login) != nil {
		found, err := c.searchUsers(ctx, equals("profile.login", login))
		return withLogin(found, login), err
	}
	u, err := c.User(ctx, login)
	if rest.IsNotFound(err) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return withLogin([]*User{u}, login), nil // Okta also finds a user by the part of the login before the @
}

func withLogin(users []*User, login string) *User {
	for _, u := range users {
		if strings.EqualFold(u.Login, login) {
			return u
		}
	}
	return nil
}

func withEmail(users []*User, email string) []*User {
	return slices.DeleteFunc(users, func(u *User) bool { return !strings.EqualFold(u.Email, email) })
}

// sole returns the only user, or an error that lists all users.
func sole(pointer string, users []*User) (*User, error) {
	if len(users) == 1 {
		return users[0], nil
	}
	var names []string
	for _, u := range users {
		names = append(names, u.ID+" ("+httpclient.Printable(u.Login, 100)+", "+u.Status+")")
	}
	return nil, sdk.InvalidField(pointer, "is the email address of %d users: %s; name one by id or login", len(users), candidates(names))
}

func (c *Client) searchUsers(ctx context.Context, search string) ([]*User, error) {
	r, err := c.get(ctx, "/api/v1/users", url.Values{"search": {search}, "limit": {"20"}})
	if err != nil {
		return nil, err
	}
	users, err := decodeList(r, func(u *User) string { return u.ID })
	for _, u := range users {
		u.readAt(r)
	}
	return users, err
}
