package guard

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/sdk"
)

const (
	// SuperAdmin is the role type of a super administrator.
	SuperAdmin = "SUPER_ADMIN"

	// selfTTL is unlimited, because the user of an API token never changes.
	selfTTL = time.Duration(math.MaxInt64)
	// rolesTTL is the time for which the roles of the connection's own user are cached, unless this connection
	// changes them. A shorter time would help only if the user ceased to be a super administrator within it.
	rolesTTL = 5 * time.Minute
	// targetRolesTTL is the time for which the roles of other users are cached: the duration of one containment.
	targetRolesTTL = 2 * time.Second
	// rejectionTTL is short. Therefore the connection works soon after an admin has granted the missing
	// permission.
	rejectionTTL = time.Minute
)

// An identity is the connection's own user, or Okta's rejection of the request for it.
type identity struct {
	user      string // ID, "" if Okta does not return it
	rejection *sdk.Error
}

// Self returns the ID of the connection's own user. It returns "" for a service app, or if Okta does not return
// it.
func (g *Guard) Self(ctx context.Context) (string, error) {
	if g.principal.ClientID != "" {
		return "", nil
	}
	self, err := g.identity(ctx)
	return self.user, err
}

// identity reads the user of the API token, once.
func (g *Guard) identity(ctx context.Context) (identity, error) {
	return g.self.Get(ctx, g.Now(), func() (identity, time.Duration, error) {
		u, _, err := g.org.Self(ctx)
		if e := sdk.AsError(err); e != nil {
			if e.Code == sdk.NotFound || e.Code == sdk.Forbidden {
				return identity{rejection: e}, rejectionTTL, nil
			}
			return identity{}, 0, e
		}
		return identity{user: u.ID}, selfTTL, nil
	})
}

// SetSelf records the connection's own user and reads the admin roles of that user, which every check needs. It
// returns notes for an operator.
func (g *Guard) SetSelf(ctx context.Context, id string) (notes []string) {
	if g.principal.ClientID != "" {
		return nil
	}
	g.self.Set(g.Now(), selfTTL, identity{user: id})
	roles, err := g.rolesOf(ctx, id)
	if err == nil && roles.rejection != nil && !g.ReadOnly && !g.AllowUnknownAdmins {
		notes = append(notes, "the credentials may not read admin roles, so the guard rejects every write to a user, who might be the last super administrator. "+
			"Grant a role that may read them, or set allow_unknown_admins")
	}
	return notes
}

// ExpectWrites prepares for writes to many users. If the own user is known, the guard reads the roles of the own user
// instead of the roles of each user.
func (g *Guard) ExpectWrites(ctx context.Context, users int) {
	if users <= 2 || g.ReadOnly { // the guard needs only two requests
		return
	}
	_, _ = g.Self(ctx) // after a failure, the next write retries
}

// adminRoles are the admin roles of a user, including those of the user's groups.
type adminRoles struct {
	types     []string
	rejection *sdk.Error // not nil if the connection may not read the roles
}

func (r adminRoles) super() bool { return slices.Contains(r.types, SuperAdmin) }

// none reports whether the user certainly has no admin role.
func (r adminRoles) none() bool { return len(r.types) == 0 && r.rejection == nil }

// checkAdmin rejects a write to the connection's own user. It also rejects a write to a user with unreadable roles,
// who may be the last super administrator. A write to a device does not change the roles of its user. super reports
// whether the user may be the last super administrator. checkLast decides that. Okta itself allows lesser
// administrators to suspend a super administrator
// (https://help.okta.com/en-us/content/topics/security/administrators-admin-comparison.htm).
//
// It sends as few requests as possible. A user without an admin role is not the own user, because the own user needs
// a role to read the roles of others. If the own user is a super administrator, no other user is the last one.
func (g *Guard) checkAdmin(ctx context.Context, id string, device bool) (super bool, err error) {
	var roles adminRoles
	self, _ := g.self.Peek(g.Now())
	asked := self.user == ""
	if asked {
		if roles, err = g.rolesOf(ctx, id); err != nil || roles.none() {
			return false, err
		}
	}
	if g.principal.ClientID == "" {
		if self, err = g.identity(ctx); err != nil {
			return false, err
		}
		if err := self.check(id); err != nil {
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
	if roles.rejection != nil && !g.AllowUnknownAdmins && !device {
		e := Reject(ruleLast, "the credentials may not read admin roles, so user %s may be the last super administrator. "+
			"Grant a role and scope that may read them, or set allow_unknown_admins (%s)", id, roles.rejection.Message)
		e.Upstream = roles.rejection.Upstream
		return false, e
	}
	return roles.super(), nil
}

// check rejects a user who is, or may be, the connection's own user.
func (i identity) check(id string) error {
	switch {
	case i.user == "":
		e := Reject(ruleSelf, "Okta does not say whose credentials these are, so user %s might be their owner (%s)", id, i.rejection.Message)
		e.Upstream = i.rejection.Upstream
		return e
	case strings.EqualFold(id, i.user):
		return Reject(ruleSelf, "user %s owns the credentials of this connection", id)
	}
	return nil
}

// checkLast rejects a write to super administrators unless another one is active, because only Okta's support can
// repair an org without any. Okta's list lacks users who have the role only through a group. They do not count. The
// roles of the other super administrator are read again, because the previous write may have changed them.
func (g *Guard) checkLast(ctx context.Context, supers []string) error {
	begun := g.Now()
	admins, err := g.admins.Get(ctx, begun, func() ([]string, time.Duration, error) {
		ids, err := g.org.Admins(ctx)
		return ids, rolesTTL, err
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
			if _, fresh := g.roles.Of(other).After(begun); !fresh {
				g.roles.Forget(other)
				roles, err = g.rolesOf(ctx, other)
			}
		}
		if err != nil {
			return err
		}
		if !roles.super() {
			continue
		}
		u, err := g.org.User(ctx, other)
		if err != nil {
			return err
		}
		if u.Active {
			return nil
		}
	}
	return Reject(ruleLast, "user %s is the last active super administrator (roles by group do not count)", strings.Join(supers, ", "))
}

// lockSupers waits until no other write to a super administrator runs. Without the lock, two concurrent writes would
// each find the other's user still active.
func (g *Guard) lockSupers(ctx context.Context) (unlock func(), err error) {
	select {
	case g.supers <- struct{}{}:
		return func() { <-g.supers }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// rolesOf reads the admin roles of a user. A missing user has none.
func (g *Guard) rolesOf(ctx context.Context, id string) (adminRoles, error) {
	if rest.CheckSegment(id) != nil {
		return adminRoles{}, nil
	}
	now := g.Now()
	m := g.roles.Of(id)
	if roles, known := m.Peek(now); known {
		return roles, nil
	}
	if rejection, known := g.unread.Peek(now); known {
		return adminRoles{rejection: rejection}, nil
	}
	return m.Get(ctx, now, func() (adminRoles, time.Duration, error) {
		types, err := g.org.RolesOf(ctx, id)
		if e := sdk.AsError(err); e != nil && e.Upstream != nil {
			switch e.Code {
			case sdk.Forbidden:
				// If Okta has returned roles of other users, the rejection concerns this user only.
				if !g.reads.Load() {
					g.unread.Set(now, rejectionTTL, e)
				}
				return adminRoles{rejection: e}, 0, nil
			case sdk.NotFound:
				// If the user exists, the roles are unknown.
				_, err := g.org.User(ctx, id)
				switch {
				case err == nil:
					return adminRoles{rejection: e}, 0, nil
				case rest.IsNotFound(err):
					return adminRoles{}, 0, nil
				}
				return adminRoles{}, 0, err
			}
		}
		if err != nil {
			return adminRoles{}, 0, err
		}
		g.reads.Store(true)
		if self, _ := g.self.Peek(now); self.user == "" || !strings.EqualFold(id, self.user) {
			return adminRoles{types: types}, targetRolesTTL, nil
		}
		return adminRoles{types: types}, rolesTTL, nil
	})
}

// forgetRoles removes the roles that a write to these users may have changed from the cache.
func (g *Guard) forgetRoles(w Write, users []string) {
	segments, _ := segmentsOf(w.Path)
	switch area := strings.ToLower(at(segments, 2)); {
	case area == "users" && strings.EqualFold(at(segments, 4), "roles"):
		g.admins.Set(time.Time{}, 0, nil)
	case area == "groups", area == "iam":
	default:
		return
	}
	for _, id := range users {
		g.roles.Forget(id)
	}
	if len(users) == 0 {
		g.roles.ForgetAll()
	}
}
