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

	// selfKept is how long the connection's own user is known: an API token never
	// changes its user.
	selfKept = time.Duration(math.MaxInt64)
	// rolesKept is how long the roles of the connection's own user are trusted, unless
	// this connection changes them. A read before each write would help only if the own
	// user ceased to be a super administrator within that time.
	rolesKept = 5 * time.Minute
	// targetRolesKept is how long the roles of any other user are trusted: for the
	// writes of one containment.
	targetRolesKept = 2 * time.Second
	// refusalKept is shorter, so that the connection works soon after an admin granted
	// the missing permission.
	refusalKept = time.Minute
)

// An identity is the connection's own user, or Okta's rejection of that question.
type identity struct {
	user    string // ID, "" if Okta does not say
	refusal *sdk.Error
}

// Self returns the ID of the connection's own user, "" for a service app, or if Okta does
// not say.
func (g *Guard) Self(ctx context.Context) (string, error) {
	if g.principal.ClientID != "" {
		return "", nil
	}
	self, err := g.identity(ctx)
	return self.user, err
}

// identity asks Okta once for the user of the API token.
func (g *Guard) identity(ctx context.Context) (identity, error) {
	return g.self.Get(ctx, g.Now(), func() (identity, time.Duration, error) {
		u, _, err := g.org.Self(ctx)
		if e := sdk.AsError(err); e != nil {
			if e.Code == sdk.NotFound || e.Code == sdk.Forbidden {
				return identity{refusal: e}, refusalKept, nil
			}
			return identity{}, 0, e
		}
		return identity{user: u.ID}, selfKept, nil
	})
}

// SetSelf records the connection's own user and reads their admin roles, which every
// write depends on. It returns notes for an operator.
func (g *Guard) SetSelf(ctx context.Context, id string) (notes []string) {
	if g.principal.ClientID != "" {
		return nil
	}
	g.self.Set(g.Now(), selfKept, identity{user: id})
	roles, err := g.rolesOf(ctx, id)
	if err == nil && roles.refusal != nil && !g.ReadOnly && !g.AllowUnknownAdmins {
		notes = append(notes, "the credentials may not read admin roles, so every write to a user is rejected: the user might be the last super administrator. "+
			"Grant a role that may read them, or set allow_unknown_admins")
	}
	return notes
}

// ExpectWrites prepares for writes to many users. Once the own user is known, the guard
// reads the own roles instead of the roles of each user.
func (g *Guard) ExpectWrites(ctx context.Context, users int) {
	if users <= 2 || g.ReadOnly { // two requests suffice for that many
		return
	}
	_, _ = g.Self(ctx) // on failure, a write that needs the own user asks again
}

// adminRoles are the admin roles of a user, by groups too.
type adminRoles struct {
	types   []string
	refusal *sdk.Error // not nil if Okta does not let the connection read them
}

func (r adminRoles) super() bool { return slices.Contains(r.types, SuperAdmin) }

// none reports whether the user certainly has no role.
func (r adminRoles) none() bool { return len(r.types) == 0 && r.refusal == nil }

// checkAdmin rejects a write to the connection's own user, and to a user who may be the
// last super administrator if the roles cannot be read. A write to a device leaves its
// user the role. super reports whether the user may be the last, which checkLast decides.
// Okta itself lets even lesser administrators suspend a super administrator
// (https://help.okta.com/en-us/content/topics/security/administrators-admin-comparison.htm).
//
// It sends as few requests as possible. A user without an admin role is neither: the own
// user has one, or Okta would not show the roles of others. If the own user is a super
// administrator, nobody else is the last.
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
	if roles.refusal != nil && !g.AllowUnknownAdmins && !device {
		e := Reject(ruleLast, "the credentials may not read admin roles, so user %s may be the last super administrator. "+
			"Grant a role and scope that may read them, or set allow_unknown_admins (%s)", id, roles.refusal.Message)
		e.Upstream = roles.refusal.Upstream
		return false, e
	}
	return roles.super(), nil
}

// check rejects a user who is or may be the connection's own.
func (i identity) check(id string) error {
	switch {
	case i.user == "":
		e := Reject(ruleSelf, "Okta does not say whose credentials these are, so user %s might be their owner (%s)", id, i.refusal.Message)
		e.Upstream = i.refusal.Upstream
		return e
	case strings.EqualFold(id, i.user):
		return Reject(ruleSelf, "user %s owns the credentials of this connection", id)
	}
	return nil
}

// checkLast rejects a write to super administrators unless there is another active one:
// only Okta's support can repair an org without any. Okta's list lacks those who have the
// role by a group only; they do not count. The roles of the other are read again, since
// the previous write may have been to them.
func (g *Guard) checkLast(ctx context.Context, supers []string) error {
	begun := g.Now()
	admins, err := g.admins.Get(ctx, begun, func() ([]string, time.Duration, error) {
		ids, err := g.org.Admins(ctx)
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

// lockSupers waits until no other write to a super administrator is under way: of two at
// once, each would find the other's user still active.
func (g *Guard) lockSupers(ctx context.Context) (unlock func(), err error) {
	select {
	case g.supers <- struct{}{}:
		return func() { <-g.supers }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// rolesOf reads the admin roles of a user. A user who does not exist has none.
func (g *Guard) rolesOf(ctx context.Context, id string) (adminRoles, error) {
	if rest.CheckSegment(id) != nil {
		return adminRoles{}, nil
	}
	now := g.Now()
	m := g.roles.Of(id)
	if roles, known := m.Peek(now); known {
		return roles, nil
	}
	if refusal, known := g.unread.Peek(now); known {
		return adminRoles{refusal: refusal}, nil
	}
	return m.Get(ctx, now, func() (adminRoles, time.Duration, error) {
		types, err := g.org.RolesOf(ctx, id)
		if e := sdk.AsError(err); e != nil && e.Upstream != nil {
			switch e.Code {
			case sdk.Forbidden:
				// If Okta has shown the roles of others, this is about the one user.
				if !g.reads.Load() {
					g.unread.Set(now, refusalKept, e)
				}
				return adminRoles{refusal: e}, 0, nil
			case sdk.NotFound:
				// If the user exists, the roles are unknown.
				_, err := g.org.User(ctx, id)
				switch {
				case err == nil:
					return adminRoles{refusal: e}, 0, nil
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
			return adminRoles{types: types}, targetRolesKept, nil
		}
		return adminRoles{types: types}, rolesKept, nil
	})
}

// forgetRoles forgets the roles that a write to these users may have changed.
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
