// Package guard rejects writes that violate the rules of a connection. It protects users and groups, the connection's
// own user and the last super administrator, and limits the number of writes. Every request to Okta passes the guard.
package guard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"soar.example/okta/internal/okta/cache"
	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/sdk"
)

//go:generate go run soar.example/okta/schema/describe

// Rules limit the writes of a connection, whichever action sends them.
type Rules struct {
	ReadOnly bool `json:"read_only,omitempty" jsonschema:"default=false" jsonschema_extras:"x-group=advanced"` // Reject every write.
	// The only actions that this connection may run, in addition to check_permissions. All of them if empty. contain_user
	// needs only its own name, but its quarantine also needs add_user_to_group. restore_user also needs the action of
	// each reverted change, unless this host signed the record. custom_request sends any request that
	// allow_custom_writes permits.
	AllowedActions []string `json:"allowed_actions,omitempty" jsonschema:"uniqueItems=true,example=get_user" jsonschema_extras:"x-group=advanced"`
	// IDs, logins or email addresses of users that the connection never modifies, such as break-glass and service
	// accounts. The owner of the credentials and the last super administrator are always protected.
	ProtectedUsers []string `json:"protected_users,omitempty" jsonschema:"uniqueItems=true,example=break.glass@corp.example" jsonschema_extras:"x-group=advanced"`
	// IDs or exact names of groups. The connection modifies neither these groups nor their members.
	ProtectedGroups []string `json:"protected_groups,omitempty" jsonschema:"uniqueItems=true,example=Break Glass" jsonschema_extras:"x-group=advanced"`
	// Maximum number of users that one call of an action may modify.
	MaxUsersPerCall int `json:"max_users_per_call,omitempty" jsonschema:"default=10,minimum=1,maximum=1000,example=10" jsonschema_extras:"x-group=advanced"`
	// Modify users even if the credentials may not read admin roles. Nothing then prevents the suspension of the last
	// super administrator.
	AllowUnknownAdmins bool `json:"allow_unknown_admins,omitempty" jsonschema:"default=false" jsonschema_extras:"x-group=advanced"`
	// Allow custom_request to send methods other than GET. All other guards still apply.
	AllowCustomWrites bool `json:"allow_custom_writes,omitempty" jsonschema:"default=false" jsonschema_extras:"x-group=advanced"`
	// Maximum number of accounts that the actions on one store may contain in an hour. If more are contained, all
	// writes of the store pause. Unlimited if absent.
	MaxContainedPerHour int `json:"max_contained_per_hour,omitempty" jsonschema:"minimum=1,maximum=10000,example=30" jsonschema_extras:"x-group=advanced"`
	// Maximum number of writes that this connection sends in a minute, over all processes of one store. Unlimited if
	// absent.
	MaxWritesPerMinute int `json:"max_writes_per_minute,omitempty" jsonschema:"minimum=1,maximum=10000,example=120" jsonschema_extras:"x-group=advanced"`
	// Make every write of this connection a dry run.
	Shadow bool `json:"shadow,omitempty" jsonschema:"default=false" jsonschema_extras:"x-group=advanced"`
}

// An Org sends the guard's reads of an Okta org. Errors are *sdk.Error. The code for a missing object is
// sdk.NotFound.
type Org interface {
	// Self reads the user whose credentials the connection uses.
	Self(ctx context.Context) (user User, skew time.Duration, err error)
	// User reads a user by ID or login.
	User(ctx context.Context, ref string) (User, error)
	// FindUser returns the user of a name in a setting. pointer is the location of the name.
	FindUser(ctx context.Context, pointer, ref string) (User, error)
	// UsersByEmail returns the IDs of the users with an email address.
	UsersByEmail(ctx context.Context, email string) (ids []string, err error)
	// FindGroup returns the ID of the group of a name in a setting.
	FindGroup(ctx context.Context, pointer, ref string) (id string, err error)
	// GroupsOf lists the groups of a user. It returns none if the user does not exist.
	GroupsOf(ctx context.Context, userID string) ([]Group, error)
	// RolesOf lists the types of a user's active admin roles, including those of the user's groups.
	RolesOf(ctx context.Context, userID string) (types []string, err error)
	// Admins lists the IDs of the users with a directly assigned admin role.
	Admins(ctx context.Context) (ids []string, err error)
	// UsersOn lists the IDs of the users of a device.
	UsersOn(ctx context.Context, deviceID string) (ids []string, err error)
	// SessionUser returns the ID of the user of a session.
	SessionUser(ctx context.Context, sessionID string) (userID string, err error)
}

// A User contains the members of a user that the guard needs.
type User struct {
	ID, Login, Email string
	Active           bool
}

// A Group contains the members of a group that the guard needs.
type Group struct{ ID, Name string }

// A Principal is the owner of the connection's credentials.
type Principal struct {
	Host     string // host of the org
	ClientID string // client ID of a service app, "" for a user
}

// A Guard applies rules to the writes of one client. It is safe for concurrent use.
type Guard struct {
	Rules
	Now func() time.Time // clock; tests replace it before the first call

	org       Org
	principal Principal

	mu     sync.Mutex
	writes []time.Time // times of the writes in the last minute

	self   cache.Value[identity]
	users  setting
	groups setting
	names  cache.Map[[]string]     // names of users in the latest responses of Okta
	admins cache.Value[[]string]   // IDs of users with a directly assigned admin role
	roles  cache.Map[adminRoles]   // admin roles by user
	unread cache.Value[*sdk.Error] // rejection of the latest read of roles
	reads  atomic.Bool             // Okta has returned the roles of a user

	supers chan struct{} // lock for the one running write to a super administrator
}

// New returns a guard. It uses org only to check writes.
func New(rules Rules, org Org, principal Principal) *Guard {
	g := &Guard{Rules: rules, Now: time.Now, org: org, principal: principal, supers: make(chan struct{}, 1)}
	g.users.rule, g.users.refs = ruleUsers, rules.ProtectedUsers
	g.users.find = func(ctx context.Context, pointer, ref string) ([]string, error) {
		u, err := org.FindUser(ctx, pointer, ref)
		return []string{u.ID, u.Login, u.Email, ref}, err
	}
	g.groups.rule, g.groups.refs = ruleGroups, rules.ProtectedGroups
	g.groups.find = func(ctx context.Context, pointer, ref string) ([]string, error) {
		id, err := org.FindGroup(ctx, pointer, ref)
		return []string{id}, err
	}
	return g
}

// These are the names of the rules in error messages.
const (
	ruleUsers  = "protected_users"
	ruleGroups = "protected_groups"
	ruleSelf   = "own user"
	ruleLast   = "last super administrator"
)

// Reject returns the error of a write that a rule forbids.
func Reject(rule, format string, args ...any) *sdk.Error {
	return &sdk.Error{Code: sdk.Forbidden, Message: fmt.Sprintf(format, args...) + " (rule " + rule + ")", Err: errors.Join(errRejected, sdk.ErrUnsent)}
}

// errRejected marks a write that the guard rejected.
var errRejected = errors.New("rejected by a guard")

// Rejected reports whether err is a rejection by the connection's own rules.
func Rejected(err error) bool { return errors.Is(err, errRejected) }

// checkPermissions is the only action that every connection may run. It reports the rules.
const checkPermissions = "check_permissions"

// Authorize rejects an action that the settings do not list.
func (g *Guard) Authorize(action string) error {
	if allowed := g.AllowedActions; len(allowed) > 0 && action != checkPermissions && !slices.Contains(allowed, action) {
		return Reject("allowed_actions", "this connection may not run %s", action)
	}
	return nil
}

// AuthorizeAll rejects an action if allowed_actions is set and lacks one of the parts. why explains why the name of
// the action is not sufficient.
func (g *Guard) AuthorizeAll(action string, parts []string, why string) error {
	var missing []string
	for _, part := range parts {
		if g.Authorize(part) != nil {
			missing = add(missing, part)
		}
	}
	if missing == nil {
		return nil
	}
	names := strings.Join(missing, ", ")
	return Reject("allowed_actions", "cannot run %s: %s, and this connection may not run %s. Add %s to allowed_actions", action, why, names, names)
}

// MaxUsers returns the number of users that one call may modify.
func (g *Guard) MaxUsers() int { return max(g.MaxUsersPerCall, 1) }

// Protects reports whether the settings protect users or groups.
func (g *Guard) Protects() bool { return len(g.ProtectedUsers)+len(g.ProtectedGroups) > 0 }

// Check rejects a write that violates a rule. The error names the rule. Check may read from Okta and caches the
// results. After a permitted write, the caller must call done when the request has ended. done is nil for a dry
// run.
func (g *Guard) Check(ctx context.Context, w Write) (done func(), err error) {
	if g.ReadOnly {
		return nil, Reject("read_only", "this connection only reads")
	}
	users, supers, err := g.checkTargets(ctx, targetsOf(w))
	if err != nil {
		return nil, err
	}
	release := func() {}
	if len(supers) > 0 {
		if release, err = g.lockSupers(ctx); err != nil {
			return nil, err
		}
		err = g.checkLast(ctx, supers)
	}
	if err == nil && !sdk.IsDryRun(ctx) {
		err = g.checkRate()
	}
	if err != nil || sdk.IsDryRun(ctx) {
		release()
		return nil, err
	}
	return func() { g.forgetRoles(w, users); release() }, nil
}

// checkTargets rejects a write to a protected user or group. If the settings protect any object, it also rejects a
// write with targets that cannot be determined. It returns the users of the write. supers are the users and device
// owners who may be the last super administrator. checkLast decides about them.
func (g *Guard) checkTargets(ctx context.Context, t targets) (users, supers []string, err error) {
	if t.unclear != "" && g.Protects() {
		rule := ruleUsers
		if len(g.ProtectedUsers) == 0 {
			rule = ruleGroups
		}
		return nil, nil, Reject(rule, "the targets of the write cannot be determined, and the settings protect some: %s", t.unclear)
	}
	for _, id := range t.apps {
		if own := g.principal.ClientID; own != "" && strings.EqualFold(id, own) {
			return nil, nil, Reject("own app", "app %s owns the credentials of this connection", id)
		}
	}
	for _, id := range t.groups {
		groups, err := g.groups.names(ctx, g.Now())
		if err != nil {
			return nil, nil, err
		}
		if name, ok := groups[strings.ToLower(id)]; ok {
			return nil, nil, Reject(ruleGroups, "group %s is protected", name)
		}
	}
	if most := g.MaxUsers(); len(t.users) > most {
		return nil, nil, Reject("max_users_per_call", "the request names %d users; this connection allows %d per call", len(t.users), most)
	}
	users, owners, err := g.usersOf(ctx, t)
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

// usersOf returns the IDs of the users of a write, and of the users of its devices.
func (g *Guard) usersOf(ctx context.Context, t targets) (users, owners []string, err error) {
	each := func(refs []string, to *[]string, read func(ref string) ([]string, error)) {
		for _, ref := range refs {
			var ids []string
			if err == nil {
				ids, err = read(ref)
			}
			for _, id := range ids {
				*to = add(*to, id)
			}
		}
	}
	existing := func(ids []string, err error) ([]string, error) {
		if rest.IsNotFound(err) {
			return nil, nil
		}
		return ids, err
	}
	each(t.users, &users, func(ref string) ([]string, error) { return g.userIDs(ctx, ref) })
	each(t.sessions, &users, func(id string) ([]string, error) {
		user, err := g.org.SessionUser(ctx, id)
		return existing([]string{user}, err)
	})
	each(t.devices, &owners, func(id string) ([]string, error) { return existing(g.org.UsersOn(ctx, id)) })
	if err == nil {
		g.ExpectWrites(ctx, len(owners))
	}
	return users, owners, err
}

// checkUser rejects a write to a protected user, or to a device of a protected user. super reports whether the user
// may be the last super administrator. checkLast decides that.
func (g *Guard) checkUser(ctx context.Context, id string, device bool) (super bool, err error) {
	protected, err := g.users.names(ctx, g.Now())
	if err != nil {
		return false, err
	}
	// The user may have got a protected login after the names in the settings were resolved.
	now, _ := g.names.Of(id).Peek(g.Now())
	for _, name := range append([]string{id}, now...) {
		if ref, ok := protected[strings.ToLower(name)]; ok {
			return false, Reject(ruleUsers, "user %s is protected", ref)
		}
	}
	if len(g.ProtectedGroups) > 0 {
		if err := g.checkMembership(ctx, id); err != nil {
			return false, err
		}
	}
	return g.checkAdmin(ctx, id, device)
}

// checkMembership rejects a write to a member of a protected group. It reads the groups before each write. Therefore
// a user is protected immediately after joining a group. A group also matches by its name, because the name may have
// moved to another group.
func (g *Guard) checkMembership(ctx context.Context, id string) error {
	protected, err := g.groups.names(ctx, g.Now())
	if err != nil {
		return err
	}
	groups, err := g.org.GroupsOf(ctx, id)
	if err != nil {
		return err
	}
	for _, group := range groups {
		name, ok := protected[strings.ToLower(group.ID)]
		if !ok && slices.Contains(g.ProtectedGroups, group.Name) {
			name, ok = group.Name, true
		}
		if ok {
			return Reject(ruleGroups, "user %s is in the protected group %s", id, name)
		}
	}
	return nil
}

// checkRate counts the write, and rejects it if there were too many in the last minute.
func (g *Guard) checkRate() error {
	if g.MaxWritesPerMinute == 0 {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.Now()
	g.writes = slices.DeleteFunc(g.writes, func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	if len(g.writes) >= g.MaxWritesPerMinute {
		e := Reject("max_writes_per_minute", "this connection has sent %d writes within a minute", len(g.writes))
		e.Code, e.RetryAfter = sdk.RateLimited, time.Minute-now.Sub(g.writes[0])
		return e
	}
	g.writes = append(g.writes, now)
	return nil
}

func add(all []string, one string) []string {
	if one == "" || slices.Contains(all, one) {
		return all
	}
	return append(all, one)
}
