package okta

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"soar.example/okta/sdk"
)

const (
	superAdmin = "SUPER_ADMIN"
	// rolesKept is how long the admin roles of the connection's own user are believed,
	// as far as this connection does not change them itself. Reading them before each
	// write would cost a request for each, and protect only where the connection's own
	// user lost the role of a super administrator within that time.
	rolesKept = 5 * time.Minute
	// targetRolesKept is how long the roles of anybody else are believed: for the
	// writes of one containment. Who became the last super administrator is protected.
	targetRolesKept = 2 * time.Second
	// refusalKept is shorter, so that a login works soon after it was given what it
	// lacked.
	refusalKept = time.Minute
)

// adminRoles are the admin roles that somebody has, their own and those by a group.
type adminRoles struct {
	types   []string
	refusal *sdk.Error // not nil if Okta does not let the login read them
	nobody  bool       // there is no such user
}

func (r adminRoles) super() bool { return slices.Contains(r.types, superAdmin) }

// none reports whether it is certain that there is no role.
func (r adminRoles) none() bool { return len(r.types) == 0 && r.refusal == nil }

// checkAdmins refuses a write to the login's own user, and one to a user of whom it
// cannot be told whether they are the last super administrator; device says that it
// is to no more than a device of theirs, which leaves them the role. It reports
// whether the write may be to the last, for checkLast to tell. Okta itself lets even
// lesser administrators suspend a super administrator
// (https://help.okta.com/en-us/content/topics/security/administrators-admin-comparison.htm).
//
// It asks for as little as it can. Who has no admin role is neither of the two: the
// login has one, or it would not be shown the roles of others. And beside a login that
// is a super administrator's, nobody else is the last.
func (g *guard) checkAdmins(ctx context.Context, id string, device bool) (super bool, err error) {
	var roles adminRoles
	self, _ := g.self.peek(g.now())
	asked := self.user == ""
	if asked {
		if roles, err = g.rolesOf(ctx, id); err != nil || roles.none() {
			return false, err
		}
	}
	if !isApp(g.client.login) {
		if self, err = g.identity(ctx); err != nil {
			return false, err
		}
		if err := self.mayBe(id); err != nil {
			return false, err
		}
		if own, err := g.rolesOf(ctx, self.user); err != nil || own.super() {
			return false, err
		}
	}
	if !asked {
		if roles, err = g.rolesOf(ctx, id); err != nil {
			return false, err
		}
	}
	if roles.refusal != nil && !g.AllowUnknownAdmins && !device {
		e := refusedBy(ruleLast, "this login may not read admin roles, so it cannot be told whether user %s is the last super administrator: give it a role and scope that may, or set allow_unknown_admins (%s)", id, roles.refusal.Message)
		e.Upstream = roles.refusal.Upstream
		return false, e
	}
	return roles.super(), nil
}

// mayBe refuses a user who is the login's own, as far as can be told.
func (i identity) mayBe(id string) error {
	switch {
	case i.user == "":
		e := refusedBy(ruleSelf, "Okta does not say whose this login is, so it cannot be told whether user %s is its own (%s)", id, i.refusal.Message)
		e.Upstream = i.refusal.Upstream
		return e
	case strings.EqualFold(id, i.user):
		return refusedBy(ruleSelf, "user %s is the login's own", id)
	}
	return nil
}

// checkLast refuses a write to super administrators unless there is another one who
// can act: an org without any can be mended by Okta's support alone. Whose role comes
// by a group only is not in Okta's list, and does not count. What is known of the
// other is asked anew: the write before may have been to them.
func (g *guard) checkLast(ctx context.Context, supers []string) error {
	begun := g.now()
	admins, err := g.admins.get(ctx, begun, func() ([]string, time.Duration, error) {
		ids, err := g.client.adminIDs(ctx)
		return ids, rolesKept, err
	})
	if err != nil {
		return err
	}
	for _, other := range admins {
		if slices.ContainsFunc(supers, func(id string) bool { return strings.EqualFold(id, other) }) {
			continue
		}
		roles, err := g.rolesOf(ctx, other)
		if err == nil && roles.super() {
			if _, fresh := g.roles.of(other).after(begun); !fresh {
				g.roles.forget(other)
				roles, err = g.rolesOf(ctx, other)
			}
		}
		if err != nil {
			return err
		}
		if !roles.super() {
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
	return refusedBy(ruleLast, "user %s is the last active super administrator, as far as roles of their own tell", strings.Join(supers, ", "))
}

// alone waits until no other write to a super administrator is under way: two at once
// would each find the other's user there. Whoever got in must leave.
func (g *guard) alone(ctx context.Context) (leave func(), err error) {
	select {
	case g.supers <- struct{}{}:
		return func() { <-g.supers }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// rolesOf reads the admin roles of a user.
func (g *guard) rolesOf(ctx context.Context, id string) (adminRoles, error) {
	if plain(id) != nil {
		return adminRoles{nobody: true}, nil
	}
	now := g.now()
	m := g.roles.of(id)
	if roles, known := m.peek(now); known {
		return roles, nil
	}
	if refusal, known := g.unread.peek(now); known {
		return adminRoles{refusal: refusal}, nil
	}
	return m.get(ctx, now, func() (adminRoles, time.Duration, error) {
		all, err := g.client.RolesOf(ctx, id)
		if e := sdk.AsError(err); e != nil && e.Upstream != nil {
			switch e.Code {
			case sdk.Forbidden:
				// Where it was let read others', this is about the one user.
				if !g.reads.Load() {
					g.unread.set(now, refusalKept, e)
				}
				return adminRoles{refusal: e}, 0, nil
			case sdk.NotFound:
				return g.whoHasNone(ctx, id, e)
			}
		}
		if err != nil {
			return adminRoles{}, 0, err
		}
		g.reads.Store(true)
		var roles adminRoles
		for _, role := range all {
			if role.Type == "" {
				return adminRoles{}, 0, sdk.Errorf(sdk.Unavailable, "GET /api/v1/users/%s/roles: Okta's address gave a role without a type", id)
			}
			if role.Status != "INACTIVE" {
				roles.types = append(roles.types, role.Type)
			}
		}
		if self, _ := g.self.peek(now); self.user == "" || !strings.EqualFold(id, self.user) {
			return roles, targetRolesKept, nil
		}
		return roles, rolesKept, nil
	})
}

// whoHasNone tells of a user whose roles Okta does not have whether there is such a
// user: if so, the roles are not known.
func (g *guard) whoHasNone(ctx context.Context, id string, refusal *sdk.Error) (adminRoles, time.Duration, error) {
	_, err := g.client.User(ctx, id)
	e := sdk.AsError(err)
	switch {
	case e == nil:
		return adminRoles{refusal: refusal}, 0, nil
	case e.Code == sdk.NotFound:
		return adminRoles{nobody: true}, 0, nil
	}
	return adminRoles{}, 0, e
}

// forgetRoles forgets what a write may have changed of who has which admin role, so
// that the next one is judged by what is so then. users are whom it was to.
func (g *guard) forgetRoles(w write, users []string) {
	segments, _ := segmentsOf(w.path)
	switch area := strings.ToLower(at(segments, 2)); {
	case area == "users" && strings.EqualFold(at(segments, 4), "roles"):
		g.admins.set(time.Time{}, 0, nil)
	case area == "groups", area == "iam":
	default:
		return
	}
	for _, id := range users {
		g.roles.forget(id)
	}
	if len(users) == 0 {
		g.roles.forgetAll()
	}
}

// adminIDs lists the users who have an admin role of their own.
func (c *Client) adminIDs(ctx context.Context) ([]string, error) {
	var ids []string
	err := c.iamPages(ctx, "/api/v1/iam/assignees/users", url.Values{"limit": {"200"}}, func(r *reply) error {
		var page struct {
			Value []struct{ ID string }
		}
		err := r.decode(&page)
		for _, u := range page.Value {
			ids = append(ids, u.ID)
		}
		return err
	})
	return ids, err
}
