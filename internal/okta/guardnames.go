package okta

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// protected are the users, or the groups, that a setting names.
type protected struct {
	// names are the names by which a request may mean one of them, in small letters,
	// and how the setting names it.
	names map[string]string
	// absent are the names that nobody has, and doubtful those that several have.
	absent, doubtful []schema.Violation
	doubt            error // of the first doubtful name
}

const (
	// namesKept is how long it is known who has the settings' names. To resolve them
	// before each write would cost a request for each name. A login that became another
	// user's within that time shows wherever an action reads the user first, and a
	// group's name shows in the groups of the user.
	namesKept = 10 * time.Minute
	// absentKept is zero: a name that nobody has is looked up before each write, so
	// that its owner is protected from the first moment.
	absentKept = 0
)

// protectedUsers are the protected users by id, login and email address.
func (g *guard) protectedUsers(ctx context.Context) (map[string]string, error) {
	return g.knownUsers(ctx).orDoubt()
}

func (g *guard) protectedGroups(ctx context.Context) (map[string]string, error) {
	return g.knownGroups(ctx).orDoubt()
}

// A resolution is what became of a setting's names.
type resolution struct {
	protected
	err error
}

// orDoubt returns the names, or why it cannot be told whom they protect.
func (r resolution) orDoubt() (map[string]string, error) {
	if r.err != nil {
		return nil, r.err
	}
	return r.names, r.doubt
}

func (g *guard) knownUsers(ctx context.Context) resolution {
	p, err := g.users.get(ctx, g.now(), func() (protected, time.Duration, error) {
		return resolve(ctx, ruleUsers, g.ProtectedUsers, func(pointer, ref string) ([]string, error) {
			u, err := g.client.FindUser(ctx, pointer, ref)
			if err != nil {
				return nil, err
			}
			return []string{u.ID, u.Login, u.Email, ref}, nil
		})
	})
	return resolution{p, err}
}

func (g *guard) knownGroups(ctx context.Context) resolution {
	p, err := g.groups.get(ctx, g.now(), func() (protected, time.Duration, error) {
		return resolve(ctx, ruleGroups, g.ProtectedGroups, func(pointer, ref string) ([]string, error) {
			group, err := g.client.FindGroup(ctx, pointer, ref)
			if err != nil {
				return nil, err
			}
			return []string{group.ID}, nil
		})
	})
	return resolution{p, err}
}

// resolve looks up a setting's names, and says for how long the result holds. A name
// that nobody has protects nobody, and is logged; any other failure stops the write,
// which might be to somebody who is protected.
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
				p.doubtful = append(p.doubtful, schema.Violation{Pointer: pointer, Message: fmt.Sprintf("%q %s", ref, violationOf(e))})
				if p.doubt == nil {
					p.doubt = &wrapped
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

// violationOf is what an error says of the one name that it is about.
func violationOf(e *sdk.Error) string {
	if len(e.Violations) > 0 {
		return e.Violations[0].Message
	}
	return e.Message
}

// checkSettings looks up all names of protected_users and protected_groups. A name that
// nobody has, or several have, is an error, which lists each. So is an org that does
// not answer. A login that may not look them up is worth a note, since nothing is
// written then.
func (g *guard) checkSettings(ctx context.Context) (note string, fault error) {
	if !g.protects() {
		return "", nil
	}
	users, groups := g.knownUsers(ctx), g.knownGroups(ctx)
	wrong := slices.Concat(users.absent, users.doubtful, groups.absent, groups.doubtful)
	if len(wrong) > 0 {
		return "", sdk.Invalid("the settings protect users or groups that do not exist in "+g.client.origin.Host+
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

// ProtectsNames reports whether the settings protect users by other names than their
// ids.
func (c *Client) ProtectsNames() bool {
	return slices.ContainsFunc(c.guard.ProtectedUsers, func(ref string) bool { return !userID.MatchString(ref) })
}
