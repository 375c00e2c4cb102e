package guard

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// protected are the users, or the groups, that a setting names.
type protected struct {
	// names maps the names by which a request may mean one of them, in lower case, to
	// the name in the setting.
	names map[string]string
	// absent are names that nobody has, ambiguous those that several have.
	absent, ambiguous []schema.Violation
	ambiguity         error // of the first ambiguous name
}

const (
	// namesKept is how long the owners of the settings' names are known: reading them
	// before each write would cost a request for each name. If another user takes a
	// protected login within that time, the action that reads the user reveals it; a
	// group's name is in the groups of the user.
	namesKept = 10 * time.Minute
	// absentKept is zero: a name that nobody has is looked up before each write, so that
	// its future owner is protected from the first moment.
	absentKept = 0
)

// RememberNames records the login and the email address of a user, as Okta just gave
// them.
func (g *Guard) RememberNames(id string, names ...string) {
	g.names.Of(id).Set(g.Now(), namesKept, names)
}

// protectedUsers returns the protected users by ID, login and email address.
func (g *Guard) protectedUsers(ctx context.Context) (map[string]string, error) {
	return g.resolveUsers(ctx).unambiguous()
}

func (g *Guard) protectedGroups(ctx context.Context) (map[string]string, error) {
	return g.resolveGroups(ctx).unambiguous()
}

// A resolution is the result of looking up the names of a setting.
type resolution struct {
	protected
	err error
}

// unambiguous returns the names, or why it is unknown which objects they protect.
func (r resolution) unambiguous() (map[string]string, error) {
	if r.err != nil {
		return nil, r.err
	}
	return r.names, r.ambiguity
}

func (g *Guard) resolveUsers(ctx context.Context) resolution {
	p, err := g.users.Get(ctx, g.Now(), func() (protected, time.Duration, error) {
		return resolve(ctx, ruleUsers, g.ProtectedUsers, func(pointer, ref string) ([]string, error) {
			u, err := g.org.FindUser(ctx, pointer, ref)
			return []string{u.ID, u.Login, u.Email, ref}, err
		})
	})
	return resolution{p, err}
}

func (g *Guard) resolveGroups(ctx context.Context) resolution {
	p, err := g.groups.Get(ctx, g.Now(), func() (protected, time.Duration, error) {
		return resolve(ctx, ruleGroups, g.ProtectedGroups, func(pointer, ref string) ([]string, error) {
			id, err := g.org.FindGroup(ctx, pointer, ref)
			return []string{id}, err
		})
	})
	return resolution{p, err}
}

// resolve looks up the names of a setting, and says how long to keep the result. A name
// that nobody has protects nobody, and is logged. Any other failure stops the write,
// which might be to a protected object.
func resolve(ctx context.Context, setting string, refs []string, find func(pointer, ref string) ([]string, error)) (protected, time.Duration, error) {
	p, keep := protected{names: map[string]string{}}, time.Duration(namesKept)
	for i, ref := range refs {
		pointer := fmt.Sprintf("/%s/%d", setting, i)
		all, err := find(pointer, ref)
		if e := sdk.AsError(err); e != nil {
			wrapped := *e
			wrapped.Message = fmt.Sprintf("cannot tell whom %q protects, so nothing is written: %s", ref, e.Message)
			switch e.Code {
			case sdk.NotFound:
				hclog.FromContext(ctx).Warn("the settings protect somebody who does not exist", "name", ref)
				p.absent = append(p.absent, schema.Violation{Pointer: pointer, Message: e.Message})
				keep = absentKept
			case sdk.InvalidInput:
				p.ambiguous = append(p.ambiguous, schema.Violation{Pointer: pointer, Message: fmt.Sprintf("%q %s", ref, firstViolation(e))})
				if p.ambiguity == nil {
					p.ambiguity = &wrapped
				}
				keep = absentKept
			default:
				return protected{}, 0, &wrapped
			}
			continue
		}
		for _, name := range all {
			if name != "" {
				p.names[strings.ToLower(name)] = ref
			}
		}
	}
	return p, keep, nil
}

// firstViolation returns what an error says about the one name that it concerns.
func firstViolation(e *sdk.Error) string {
	if len(e.Violations) > 0 {
		return e.Violations[0].Message
	}
	return e.Message
}

// CheckSettings looks up all names of protected_users and protected_groups. The error
// lists each name that nobody has or that several have. An org that does not respond is
// an error too. If the connection may not look them up, it returns a note, since it then
// writes nothing.
func (g *Guard) CheckSettings(ctx context.Context) (note string, fault error) {
	if !g.Protects() {
		return "", nil
	}
	users, groups := g.resolveUsers(ctx), g.resolveGroups(ctx)
	wrong := slices.Concat(users.absent, users.ambiguous, groups.absent, groups.ambiguous)
	if len(wrong) > 0 {
		return "", sdk.Invalid("the settings protect users or groups that do not exist in "+g.principal.Host+
			", or names that several have. Correct or remove these names", wrong...)
	}
	for _, r := range []resolution{users, groups} {
		e := sdk.AsError(r.err)
		switch {
		case e == nil:
		case e.Code == sdk.Forbidden || g.ReadOnly:
			note = e.Message
		default:
			return "", e
		}
	}
	return note, nil
}

// ProtectsNames reports whether the settings protect users by other names than IDs.
func (g *Guard) ProtectsNames() bool {
	return slices.ContainsFunc(g.ProtectedUsers, func(ref string) bool { return !rest.IsUserID(ref) })
}

// checkNames rejects a body that names a protected user by login or address, which some
// of Okta's calls accept.
func (g *Guard) checkNames(ctx context.Context, names []string) error {
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
			return Reject(ruleUsers, "user %s is protected", name)
		}
	}
	return nil
}

// userIDs returns the IDs of the users that a request may mean by ref. Okta also accepts
// logins, "me", and in some bodies addresses.
func (g *Guard) userIDs(ctx context.Context, ref string) ([]string, error) {
	if rest.IsUserID(ref) || rest.CheckSegment(ref) != nil {
		return []string{ref}, nil // Okta rejects a text of another form itself
	}
	u, err := g.org.User(ctx, ref)
	if err == nil {
		return []string{u.ID}, nil
	}
	if !isNotFound(err) {
		return nil, err
	}
	if !strings.Contains(ref, "@") {
		return []string{ref}, nil
	}
	ids, err := g.org.UsersByEmail(ctx, ref)
	return append([]string{ref}, ids...), err
}
