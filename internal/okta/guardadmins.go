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
	// rolesKept is for how long it is known which admin roles somebody has.
	rolesKept = 5 * time.Minute
	// ownRolesKept is longer, since every write rests on the login's own.
	ownRolesKept = time.Hour
)

// adminRoles are the admin roles that somebody has, their own and those by a group.
type adminRoles struct {
	types   []string
	refusal *sdk.Upstream // not nil if Okta does not let the login read anybody's
	nobody  bool          // there is no such user
}

func (r adminRoles) super() bool { return slices.Contains(r.types, superAdmin) }

// none reports whether it is certain that there is no role.
func (r adminRoles) none() bool { return len(r.types) == 0 && r.refusal == nil && !r.nobody }

// checkAdmins refuses a write to the login's own user, and to the super administrator
// who is the last: an org without any can be mended by Okta's support alone. Okta
// itself lets even lesser administrators suspend one
// (https://help.okta.com/en-us/content/topics/security/administrators-admin-comparison.htm).
//
// It asks for as little as it can. Who has no admin role is neither of the two: the
// login has one, or it would not be shown the roles of others. And beside a login that
// is a super administrator's, nobody else is the last.
func (g *guard) checkAdmins(ctx context.Context, id string) error {
	if !g.knowsSelf() {
		if roles, err := g.rolesOf(ctx, id, rolesKept); err != nil || roles.none() {
			return err
		}
	}
	self, err := g.own(ctx)
	if err != nil {
		return err
	}
	if self != "" {
		if strings.EqualFold(id, self) {
			return refusedBy(ruleSelf, "user %s is the login's own", id)
		}
		if roles, err := g.rolesOf(ctx, self, ownRolesKept); err != nil || roles.super() {
			return err
		}
	}
	roles, err := g.rolesOf(ctx, id, rolesKept)
	switch {
	case err != nil:
		return err
	case roles.super():
		return g.checkOtherAdmins(ctx, id)
	case roles.refusal != nil && !g.AllowUnknownAdmins:
		e := refusedBy(ruleLast, "this login may not read admin roles, so it cannot be told whether user %s is the last super administrator: give it a role and scope that may, or set allow_unknown_admins", id)
		e.Upstream = roles.refusal
		return e
	}
	return nil
}

// checkOtherAdmins refuses unless there is another super administrator who can act.
// Whose role comes by a group only is not in Okta's list, and does not count.
func (g *guard) checkOtherAdmins(ctx context.Context, id string) error {
	admins, err := g.admins.get(g.now(), rolesKept, func() ([]string, error) { return g.client.adminIDs(ctx) })
	if err != nil {
		return err
	}
	for _, other := range admins {
		if strings.EqualFold(other, id) {
			continue
		}
		roles, err := g.rolesOf(ctx, other, rolesKept)
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
	return refusedBy(ruleLast, "user %s is the last active super administrator, as far as roles of their own tell", id)
}

// rolesOf reads the admin roles of a user.
func (g *guard) rolesOf(ctx context.Context, id string, keep time.Duration) (adminRoles, error) {
	if plain(id) != nil {
		return adminRoles{nobody: true}, nil
	}
	if refusal, ok := g.unread.peek(g.now()); ok {
		return adminRoles{refusal: refusal}, nil
	}
	return g.roles.of(id).get(g.now(), keep, func() (roles adminRoles, err error) {
		all, err := g.client.RolesOf(ctx, id)
		if e := sdk.AsError(err); e != nil && e.Upstream != nil && (e.Code == sdk.Forbidden || e.Code == sdk.NotFound) {
			if roles.nobody = e.Code == sdk.NotFound; !roles.nobody {
				roles.refusal = e.Upstream
				g.unread.set(g.now(), rolesKept, e.Upstream)
			}
			return roles, nil
		}
		for _, role := range all {
			if role.Status != "INACTIVE" {
				roles.types = append(roles.types, role.Type)
			}
		}
		return roles, err
	})
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
