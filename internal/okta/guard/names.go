package guard

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/okta/cache"
	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

const (
	// namesTTL is the time for which the resolved names of the settings are cached. Resolving them before each write
	// would cost one request per name. If another user takes a protected login within that time, the action detects
	// it when it reads the user. The name of a group is in the groups of the user.
	namesTTL = 10 * time.Minute
	// absentTTL is zero: a name without an owner is looked up before each write. Therefore its first owner is
	// protected immediately.
	absentTTL = 0
)

// A setting is a list of names that protects users or groups.
type setting struct {
	rule string
	refs []string
	// find returns all names by which a request may identify the object of ref.
	find  func(ctx context.Context, pointer, ref string) (names []string, err error)
	cache cache.Value[protected]
}

// protected contains the objects that a setting protects.
type protected struct {
	names     map[string]string  // maps names in requests, in lower case, to the name in the setting
	wrong     []schema.Violation // names without an owner, or with several
	ambiguity error              // error of the first name with several owners
}

// RememberNames records the login and the email address of a user from the latest response of Okta.
func (g *Guard) RememberNames(id string, names ...string) {
	g.names.Of(id).Set(g.Now(), namesTTL, names)
}

// names returns the protected objects by their names in requests, or the error of the lookup.
func (s *setting) names(ctx context.Context, now time.Time) (map[string]string, error) {
	p, err := s.resolve(ctx, now)
	if err == nil {
		err = p.ambiguity
	}
	return p.names, err
}

func (s *setting) resolve(ctx context.Context, now time.Time) (protected, error) {
	return s.cache.Get(ctx, now, func() (protected, time.Duration, error) { return s.look(ctx) })
}

// look resolves the names of the setting, and returns how long to cache the result. A name without an owner protects
// nobody, and is logged. Any other failure rejects the write, because its target might be protected.
func (s *setting) look(ctx context.Context) (protected, time.Duration, error) {
	p, keep := protected{names: map[string]string{}}, time.Duration(namesTTL)
	for i, ref := range s.refs {
		pointer := fmt.Sprintf("/%s/%d", s.rule, i)
		names, err := s.find(ctx, pointer, ref)
		for _, name := range names {
			if name != "" && err == nil {
				p.names[strings.ToLower(name)] = ref
			}
		}
		e := sdk.AsError(err)
		if e == nil {
			continue
		}
		wrapped := *e
		wrapped.Message = fmt.Sprintf("cannot determine the owner of the protected name %q, so nothing is written: %s", ref, e.Message)
		reason := e.Message
		switch e.Code {
		case sdk.NotFound:
			hclog.FromContext(ctx).Warn("a protected name does not exist", "name", ref)
		case sdk.InvalidInput:
			if len(e.Violations) > 0 {
				reason = e.Violations[0].Message
			}
			reason = fmt.Sprintf("%q %s", ref, reason)
			p.ambiguity = cmp.Or[error](p.ambiguity, &wrapped)
		default:
			return protected{}, 0, &wrapped
		}
		p.wrong = append(p.wrong, schema.Violation{Pointer: pointer, Message: reason})
		keep = absentTTL
	}
	return p, keep, nil
}

// CheckSettings resolves all names of protected_users and protected_groups. The error lists each name without an
// owner, or with several. An unreachable org is also an error. If the connection may not resolve names, CheckSettings
// returns a note, because the guard then rejects all writes.
func (g *Guard) CheckSettings(ctx context.Context) (note string, fault error) {
	if !g.Protects() {
		return "", nil
	}
	var wrong []schema.Violation
	var unknown []*sdk.Error
	for _, s := range []*setting{&g.users, &g.groups} {
		p, err := s.resolve(ctx, g.Now())
		wrong = append(wrong, p.wrong...)
		if e := sdk.AsError(err); e != nil {
			unknown = append(unknown, e)
		}
	}
	if len(wrong) > 0 {
		return "", sdk.Invalid("the settings protect users or groups that do not exist in "+g.principal.Host+
			", or names that several have. Correct or remove these names", wrong...)
	}
	for _, e := range unknown {
		if e.Code != sdk.Forbidden && !g.ReadOnly {
			return "", e
		}
		note = e.Message
	}
	return note, nil
}

// ProtectsNames reports whether the settings protect users by names other than IDs.
func (g *Guard) ProtectsNames() bool {
	return slices.ContainsFunc(g.ProtectedUsers, func(ref string) bool { return !rest.IsUserID(ref) })
}

// checkNames rejects a body that contains the login or address of a protected user. Some endpoints accept these.
func (g *Guard) checkNames(ctx context.Context, names []string) error {
	isName := func(text string) bool {
		return strings.Contains(text, "@") || slices.ContainsFunc(g.ProtectedUsers, func(ref string) bool { return strings.EqualFold(ref, text) })
	}
	if len(g.ProtectedUsers) == 0 || !slices.ContainsFunc(names, isName) {
		return nil
	}
	protected, err := g.users.names(ctx, g.Now())
	if err != nil {
		return err
	}
	for _, text := range names {
		if name, ok := protected[strings.ToLower(strings.TrimSpace(text))]; ok {
			return Reject(ruleUsers, "user %s is protected", name)
		}
	}
	return nil
}

// userIDs returns the IDs of the users that ref may identify in a request. Okta also accepts logins, "me", and in
// some bodies email addresses.
func (g *Guard) userIDs(ctx context.Context, ref string) ([]string, error) {
	if rest.IsUserID(ref) || rest.CheckSegment(ref) != nil {
		return []string{ref}, nil // Okta itself rejects other forms
	}
	u, err := g.org.User(ctx, ref)
	if err == nil {
		return []string{u.ID}, nil
	}
	if !rest.IsNotFound(err) {
		return nil, err
	}
	if !strings.Contains(ref, "@") {
		return []string{ref}, nil
	}
	ids, err := g.org.UsersByEmail(ctx, ref)
	return append([]string{ref}, ids...), err
}
