package okta

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"soar.example/okta/sdk"
)

// Guards keep a connection from doing harm, whichever action or composite a write
// comes through. They stand in the one way to Okta.
type Guards struct {
	ReadOnly bool `json:"read_only,omitempty" jsonschema:"default=false" jsonschema_extras:"x-group=advanced"` // Refuse every write.
	// The only actions that this connection may run, besides check_permissions. All of them if empty. contain_user
	// takes access away under its own name; its quarantine also needs add_user_to_group. restore_user needs the
	// single action of each part, unless this host signed the record. custom_request sends any request that
	// allow_custom_writes permits.
	AllowedActions []string `json:"allowed_actions,omitempty" jsonschema:"uniqueItems=true,example=get_user" jsonschema_extras:"x-group=advanced"`
	// Ids, logins or email addresses of users that nothing may be written to, such as break-glass and service
	// accounts. The login's own user and the last super administrator always are.
	ProtectedUsers []string `json:"protected_users,omitempty" jsonschema:"uniqueItems=true,example=break.glass@corp.example" jsonschema_extras:"x-group=advanced"`
	// Ids or exact names of groups that nothing may be written to, nor to their members.
	ProtectedGroups []string `json:"protected_groups,omitempty" jsonschema:"uniqueItems=true,example=Break Glass" jsonschema_extras:"x-group=advanced"`
	// The most users that one call of an action may write to.
	MaxUsersPerCall int `json:"max_users_per_call,omitempty" jsonschema:"title=Most users a call,default=10,minimum=1,maximum=1000,example=10" jsonschema_extras:"x-group=advanced"`
	// Let a login that may not read admin roles write to users all the same. Nothing then keeps it from suspending
	// the last super administrator, whom it cannot tell from others.
	AllowUnknownAdmins bool `json:"allow_unknown_admins,omitempty" jsonschema:"default=false" jsonschema_extras:"x-group=advanced"`
	// Let custom_request send other methods than GET. The other rules hold for it as well.
	AllowCustomWrites bool `json:"allow_custom_writes,omitempty" jsonschema:"default=false" jsonschema_extras:"x-group=advanced"`
	// The most writes that this connection sends in a minute. No limit of its own if absent.
	MaxWritesPerMinute int `json:"max_writes_per_minute,omitempty" jsonschema:"title=Most writes a minute,minimum=1,maximum=10000,example=120" jsonschema_extras:"x-group=advanced"`
}

// A guard applies Guards to the writes of one client.
type guard struct {
	Guards
	client *Client
	now    func() time.Time

	mu     sync.Mutex
	writes []time.Time

	self       memo[identity]    // whose login it is
	users      memo[protected]   // protected users
	groups     memo[protected]   // protected groups
	names      memos[[]string]   // of users, as Okta last gave them
	admins     memo[[]string]    // ids of users with an admin role of their own
	roles      memos[adminRoles] // of users
	unread     memo[*sdk.Error]  // how Okta refused to show any roles
	reads      atomic.Bool       // whether Okta has shown somebody's roles
	membership memos[[]*Group]   // of users, as the check of the last write read them

	supers chan struct{} // holds the one write to a super administrator that is under way
}

func newGuard(rules Guards) *guard {
	return &guard{Guards: rules, now: time.Now, supers: make(chan struct{}, 1)}
}

// The rules that protect users and groups, as the settings name them.
const (
	ruleUsers  = "protected_users"
	ruleGroups = "protected_groups"
	ruleSelf   = "own user"
	ruleLast   = "last super administrator"
)

func refusedBy(rule, format string, args ...any) *sdk.Error {
	return &sdk.Error{Code: sdk.Forbidden, Message: fmt.Sprintf(format, args...) + " (rule " + rule + ")", Err: errGuard}
}

// errGuard marks a write that was refused here, before anything was sent.
var errGuard = errors.New("refused by a guard")

// Guarded reports whether err is a refusal of this connection's own guards.
func Guarded(err error) bool { return errors.Is(err, errGuard) }

// checkPermissions is the one action that no settings refuse: it says what they do.
const checkPermissions = "check_permissions"

// Authorize rejects an action that the settings do not list.
func (c *Client) Authorize(action string) error {
	if allowed := c.guard.AllowedActions; len(allowed) > 0 && action != checkPermissions && !slices.Contains(allowed, action) {
		return refusedBy("allowed_actions", "this connection may not run %s", action)
	}
	return nil
}

// AllowAll refuses a part of an action whose single action the settings do not list,
// unless the settings list none. why says why the action's own name does not suffice.
func (c *Client) AllowAll(action string, parts []string, why string) error {
	var missing []string
	for _, part := range parts {
		if c.Authorize(part) != nil && !slices.Contains(missing, part) {
			missing = append(missing, part)
		}
	}
	if missing == nil {
		return nil
	}
	names := strings.Join(missing, ", ")
	return refusedBy("allowed_actions", "cannot run %s: %s, and this connection may not run %s. Add %s to allowed_actions", action, why, names, names)
}

// MaxUsers is how many users one call may write to.
func (c *Client) MaxUsers() int { return max(c.guard.MaxUsersPerCall, 1) }

// check refuses a write that a rule forbids, with the rule's name. It may read
// from Okta to find out; what it learns is kept for a while. A write that it lets
// through, unless it is a dry run's, must be followed by done, once Okta has answered
// or will not.
func (g *guard) check(ctx context.Context, w write) (done func(), err error) {
	if g.ReadOnly {
		return nil, refusedBy("read_only", "this connection only reads")
	}
	users, supers, err := g.checkTargets(ctx, targetsOf(w))
	if err != nil {
		return nil, err
	}
	leave := func() {}
	if len(supers) > 0 {
		if leave, err = g.alone(ctx); err != nil {
			return nil, err
		}
		err = g.checkLast(ctx, supers)
	}
	if err == nil && !sdk.IsDryRun(ctx) {
		err = g.checkPace()
	}
	if err != nil || sdk.IsDryRun(ctx) {
		leave()
		return nil, err
	}
	return func() { g.forgetRoles(w, users); leave() }, nil
}

// checkUser refuses a write to a user whom a rule protects, or with device to a device
// of theirs. Whether the user may be the last super administrator is left to checkLast.
func (g *guard) checkUser(ctx context.Context, id string, device bool) (super bool, err error) {
	protected, err := g.protectedUsers(ctx)
	if err != nil {
		return false, err
	}
	// The login may have become another user's since the settings' names were resolved.
	now, _ := g.names.of(id).peek(g.now())
	for _, name := range append([]string{id}, now...) {
		if ref, ok := protected[strings.ToLower(name)]; ok {
			return false, refusedBy(ruleUsers, "user %s is protected", ref)
		}
	}
	if len(g.ProtectedGroups) > 0 {
		if err := g.checkMembership(ctx, id); err != nil {
			return false, err
		}
	}
	return g.checkAdmins(ctx, id, device)
}

func (g *guard) checkGroup(ctx context.Context, id string) error {
	groups, err := g.protectedGroups(ctx)
	if err != nil {
		return err
	}
	if name, ok := groups[strings.ToLower(id)]; ok {
		return refusedBy(ruleGroups, "group %s is protected", name)
	}
	return nil
}

// checkMembership refuses a write to a member of a protected group. It reads the groups
// before each write: a user who joined a moment ago is protected. A group counts by its
// name too, since the name may have become another group's.
func (g *guard) checkMembership(ctx context.Context, id string) error {
	protected, err := g.protectedGroups(ctx)
	if err != nil {
		return err
	}
	in, known := g.membershipSince(ctx, id)
	if !known {
		in, err = g.client.UserGroups(ctx, id)
		if e := sdk.AsError(err); e != nil && e.Code != sdk.NotFound { // not found: nobody, and in no group
			return err
		}
		g.membership.of(id).set(g.now(), 0, in)
	}
	for _, group := range in {
		name, ok := protected[strings.ToLower(group.ID)]
		if !ok && slices.Contains(g.ProtectedGroups, group.Profile.Name) {
			name, ok = group.Profile.Name, true
		}
		if ok {
			return refusedBy(ruleGroups, "user %s is in the protected group %s", id, name)
		}
	}
	return nil
}

type sameChangeKey struct{}

// WithSameChange returns a context for a write that belongs to a change that began at
// that time, with another write to the same user. The groups that the guards read for
// the first of these writes count for the second.
func WithSameChange(ctx context.Context, begun time.Time) context.Context {
	return context.WithValue(ctx, sameChangeKey{}, begun)
}

func (g *guard) membershipSince(ctx context.Context, id string) ([]*Group, bool) {
	begun, ok := ctx.Value(sameChangeKey{}).(time.Time)
	if !ok {
		return nil, false
	}
	return g.membership.of(id).after(begun)
}

// selfKept is for how long the login's own user is known: an API token stays its
// user's.
const selfKept = time.Duration(math.MaxInt64)

// An identity is whose a login is, or how Okta refused to say.
type identity struct {
	user    string // id, "" if Okta does not say
	refusal *sdk.Error
}

// own is the id of the login's own user, "" for a login that is no user, or where
// Okta does not say whose it is.
func (g *guard) own(ctx context.Context) (string, error) {
	if isApp(g.client.login) {
		return "", nil
	}
	self, err := g.identity(ctx)
	return self.user, err
}

// identity asks Okta whose the API token is, once.
func (g *guard) identity(ctx context.Context) (identity, error) {
	return g.self.get(ctx, g.now(), func() (identity, time.Duration, error) {
		r, err := g.client.send(ctx, http.MethodGet, "/api/v1/users/me", nil, nil)
		if e := sdk.AsError(err); e != nil {
			if e.Code == sdk.NotFound || e.Code == sdk.Forbidden {
				return identity{refusal: e}, refusalKept, nil
			}
			return identity{}, 0, e
		}
		u, err := decodeUser(r)
		if err != nil {
			return identity{}, 0, err
		}
		return identity{user: u.ID}, selfKept, nil
	})
}

// meet notes the login's own user, whom somebody else asked for, and reads the user's
// admin roles, on which every write rests. It returns what an operator should know.
func (g *guard) meet(ctx context.Context, me *reply) (notes []string) {
	u, err := decodeUser(me)
	if err != nil || isApp(g.client.login) {
		return nil
	}
	g.self.set(g.now(), selfKept, identity{user: u.ID})
	roles, err := g.rolesOf(ctx, u.ID)
	if err == nil && roles.refusal != nil && !g.ReadOnly && !g.AllowUnknownAdmins {
		notes = append(notes, "this login may not read admin roles, so no write to a user will be let through, who might be the last super administrator: give it a role that may, or set allow_unknown_admins")
	}
	return notes
}

// ExpectWrites tells the guards that many users are about to be written to. For those
// it costs less to know the login's own roles than each user's.
func (c *Client) ExpectWrites(ctx context.Context, users int) {
	if users <= 2 || c.guard.ReadOnly { // two requests tell all there is to know
		return
	}
	if self, err := c.guard.own(ctx); err == nil && self != "" {
		_, _ = c.guard.rolesOf(ctx, self) // a write that needs them asks again, and fails
	}
}

// checkPace counts the write, and refuses it if there were too many of late.
func (g *guard) checkPace() error {
	if g.MaxWritesPerMinute == 0 {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	g.writes = slices.DeleteFunc(g.writes, func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	if len(g.writes) >= g.MaxWritesPerMinute {
		e := refusedBy("max_writes_per_minute", "this connection has sent %d writes within a minute", len(g.writes))
		e.Code, e.RetryAfter = sdk.RateLimited, time.Minute-now.Sub(g.writes[0])
		return e
	}
	g.writes = append(g.writes, now)
	return nil
}
