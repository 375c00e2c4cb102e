package okta

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"soar.example/okta/internal/okta/guard"
	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/httpclient"
)

var _ sdk.Authorizer = (*Client)(nil)

// checkWrite applies the guard to a write of the transport.
func (c *Client) checkWrite(req *http.Request, body []byte) (done func(), err error) {
	custom, _ := req.Context().Value(customKey{}).(bool)
	if custom {
		c.plans.ForgetAll() // the path can identify a user in several ways
	}
	for segment := range strings.SplitSeq(req.URL.Path, "/") {
		if IsUserID(segment) && !sdk.IsDryRun(req.Context()) {
			c.written.Of(segment).Set(time.Now(), 0, struct{}{})
		}
	}
	if custom && !c.Guard.AllowCustomWrites {
		return nil, guard.Reject("allow_custom_writes", "custom requests of this connection may only read")
	}
	return c.Guard.Check(req.Context(), guard.Write{Method: req.Method, Path: req.URL.EscapedPath(), Body: body})
}

// GuardScopes lists the OAuth scopes with which the guard reads the targets of a write and the remaining
// administrators.
func (s Settings) GuardScopes() []string {
	if s.ReadOnly {
		return nil
	}
	scopes := []string{"okta.roles.read", "okta.users.read"}
	if len(s.ProtectedGroups) > 0 {
		scopes = append(scopes, "okta.groups.read")
	}
	return scopes
}

// A plan contains the user and the groups that the dry run of a containment read.
type plan struct {
	user   *User
	groups []*Group
	read   time.Time
}

// planTTL is the lifetime of a plan: at most the time between the read of the groups and the last write of a
// containment.
const planTTL = 2 * time.Second

// RememberPlan stores the user and the groups that a dry run read. Hosts repeat the call immediately without dry run
// and with the same reference to the user. That call uses the plan.
func (c *Client) RememberPlan(ref string, u *User, groups []*Group, begun time.Time) {
	c.plans.Of(ref).Set(time.Now(), planTTL, plan{u, groups, begun})
}

// TakePlan returns and removes the user and the groups of a dry run. It returns nil if the client has written to the
// user since, or if the plan has expired.
func (c *Client) TakePlan(ref string) (*User, []*Group) {
	p, ok := c.plans.Of(ref).Peek(time.Now())
	c.plans.Forget(ref)
	if !ok {
		return nil, nil
	}
	if _, wrote := c.written.Of(p.user.ID).After(p.read); wrote {
		return nil, nil
	}
	return p.user, p.groups
}

type sameChangeKey struct{}

// WithSameChange returns a context for a write that belongs to a change, which started at begun. All writes of the
// change to the same user share the groups that the guard read for the first of them.
func WithSameChange(ctx context.Context, begun time.Time) context.Context {
	return context.WithValue(ctx, sameChangeKey{}, begun)
}

// A guardedOrg sends the reads of the guard and of the permission survey.
type guardedOrg struct{ c *Client }

// fieldOf adapts a call: it returns one field of the object that the call returned.
func fieldOf[T, F any](field func(*T) F) func(*T, error) (F, error) {
	return func(o *T, err error) (f F, _ error) {
		if err == nil {
			f = field(o)
		}
		return f, err
	}
}

var guardUser = fieldOf(func(u *User) guard.User {
	return guard.User{ID: u.ID, Login: u.Login, Email: u.Email, Active: u.Status == StatusActive}
})

func (o guardedOrg) Self(ctx context.Context) (guard.User, time.Duration, error) {
	r, err := o.c.get(ctx, "/api/v1/users/me", nil)
	if err != nil {
		return guard.User{}, 0, err
	}
	u, err := guardUser(decodeUser(r))
	return u, r.Skew(), err
}

func (o guardedOrg) Get(ctx context.Context, path string, query url.Values) (*rest.Response, error) {
	return o.c.get(ctx, path, query)
}

func (o guardedOrg) User(ctx context.Context, ref string) (guard.User, error) {
	return guardUser(o.c.User(ctx, ref))
}

func (o guardedOrg) FindUser(ctx context.Context, pointer, ref string) (guard.User, error) {
	return guardUser(o.c.FindUser(ctx, pointer, ref))
}

func (o guardedOrg) UsersByEmail(ctx context.Context, email string) (ids []string, err error) {
	users, err := o.c.searchUsers(ctx, equals("profile.email", email))
	for _, u := range users {
		ids = append(ids, u.ID)
	}
	return ids, err
}

func (o guardedOrg) FindGroup(ctx context.Context, pointer, ref string) (string, error) {
	return fieldOf(func(g *Group) string { return g.ID })(o.c.FindGroup(ctx, pointer, ref))
}

func (o guardedOrg) SessionUser(ctx context.Context, sessionID string) (string, error) {
	return fieldOf(func(s *Session) string { return s.UserID })(o.c.Session(ctx, sessionID))
}

func (o guardedOrg) GroupsOf(ctx context.Context, userID string) ([]guard.Group, error) {
	cached := o.c.memberships.Of(userID)
	var groups []*Group
	known := false
	if begun, ok := ctx.Value(sameChangeKey{}).(time.Time); ok {
		groups, known = cached.After(begun)
	}
	if !known {
		var err error
		groups, err = o.c.UserGroups(ctx, userID)
		if e := sdk.AsError(err); e != nil && e.Code != sdk.NotFound {
			return nil, err
		}
		cached.Set(o.c.Guard.Now(), 0, groups)
	}
	out := make([]guard.Group, len(groups))
	for i, g := range groups {
		out[i] = guard.Group{ID: g.ID, Name: g.Profile.Name}
	}
	return out, nil
}

func (o guardedOrg) RolesOf(ctx context.Context, userID string) (types []string, err error) {
	roles, err := o.c.RolesOf(ctx, userID)
	for _, role := range roles {
		if role.Type == "" {
			request := httpclient.RequestTo(http.MethodGet, "/api/v1/users/"+userID+"/roles")
			return nil, sdk.Errorf(sdk.Unavailable, "%s: the response is a role without a type", request)
		}
		if role.Status != "INACTIVE" {
			types = append(types, role.Type)
		}
	}
	return types, err
}

func (o guardedOrg) Admins(ctx context.Context) (ids []string, err error) {
	err = o.c.iamPages(ctx, "/api/v1/iam/assignees/users", url.Values{"limit": {"200"}}, func(r *rest.Response) error {
		var page struct{ Value []struct{ ID string } }
		err := r.Decode(&page)
		for _, u := range page.Value {
			ids = append(ids, u.ID)
		}
		return err
	})
	return ids, err
}

func (o guardedOrg) UsersOn(ctx context.Context, deviceID string) ([]string, error) {
	type deviceUser struct {
		User struct {
			ID string `json:"id"`
		} `json:"user"`
	}
	id := func(u deviceUser) string { return u.User.ID }
	users, err := listAll(ctx, o.c, nil, id, "devices", deviceID, "users")
	ids := make([]string, len(users))
	for i, u := range users {
		ids[i] = id(u)
	}
	return ids, err
}
