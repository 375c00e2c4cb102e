package oktatest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// AddUser puts a user into the org without a trace in the log. Profile may name attributes that Okta's default
// profile does not have: they are then defined for the whole org. AddUser panics when the login or id is taken or the
// status does not exist.
func (o *Org) AddUser(n NewUser) User {
	o.mu.Lock()
	defer o.mu.Unlock()
	return must(o.placeUser(n, o.clock()))
}

// AddGroup puts a group into the org without a trace in the log. It panics when an id is taken, the type does not
// exist, a member is unknown, or the name is taken, which it is not between two groups of apps.
func (o *Org) AddGroup(n NewGroup) Group {
	o.mu.Lock()
	defer o.mu.Unlock()
	return must(o.placeGroup(n, o.clock()))
}

// AddMember puts a user into a group of any type, as the app or the rule behind it would. It panics on unknown ids.
func (o *Org) AddMember(groupID, userID string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	must(struct{}{}, o.placeMember(groupID, userID, o.clock()))
}

// AddSession signs a user in, named by id or login, without a trace in the log, and returns the session's id. It
// panics when there is no such user.
func (o *Org) AddSession(userID string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.signIn(must(o.findUser(userID)), o.clock()).id
}

func must[T any](v T, err error) T {
	if err != nil {
		panic("oktatest: " + err.Error())
	}
	return v
}

var statuses = []string{
	StatusStaged, StatusProvisioned, StatusActive, StatusRecovery, StatusLockedOut, StatusPasswordExpired,
	StatusSuspended, StatusDeprovisioned,
}

func (o *Org) placeUser(n NewUser, now time.Time) (User, error) {
	n.Status = orElse(n.Status, StatusActive)
	n.Email = orElse(n.Email, n.Login)
	if n.FirstName == "" && n.LastName == "" {
		n.FirstName, n.LastName = namesFrom(n.Login)
	}
	extra, err := plainProfile(n.Profile)
	switch {
	case err != nil:
		return User{}, err
	case n.Login == "":
		return User{}, fmt.Errorf("user: login is missing")
	case !slices.Contains(statuses, n.Status):
		return User{}, fmt.Errorf("user %s: there is no status %q", n.Login, n.Status)
	case o.userByLogin(n.Login) != nil:
		return User{}, fmt.Errorf("user %s: the login is taken", n.Login)
	case n.ID != "" && o.userByID(n.ID) != nil:
		return User{}, fmt.Errorf("user %s: the id %s is taken", n.Login, n.ID)
	case n.Sessions < 0 || n.OAuthTokens < 0 || n.RememberedDevices < 0:
		return User{}, fmt.Errorf("user %s: counts cannot be negative", n.Login)
	}
	var groups []*group
	for _, name := range n.Groups {
		g := o.groupNamed(name)
		if g == nil {
			return User{}, fmt.Errorf("user %s: there is no group %q", n.Login, name)
		}
		groups = append(groups, g)
	}
	profile := map[string]any{"login": n.Login, "email": n.Email, "firstName": n.FirstName, "lastName": n.LastName}
	for k, v := range extra {
		profile[k] = v
		if !o.definesAttribute(k) {
			o.custom[k] = true
		}
	}
	u := o.newUser(n.ID, profile, n.Status, now)
	if n.Status != StatusStaged && n.Status != StatusProvisioned && n.Status != StatusDeprovisioned {
		u.hasPassword, u.passwordChanged = true, now
	}
	u.oauthTokens, u.devices = n.OAuthTokens, n.RememberedDevices
	for _, g := range groups {
		g.add(u, now)
	}
	for range n.Sessions {
		o.signIn(u, now)
	}
	return User{
		ID: u.id, Login: u.login(), Email: text(u.profile, "email"), FirstName: text(u.profile, "firstName"),
		LastName: text(u.profile, "lastName"), Status: u.status, Profile: maps.Clone(u.profile),
	}, nil
}

// namesFrom makes alice.moreau@corp.example into Alice Moreau.
func namesFrom(login string) (first, last string) {
	local, _, _ := strings.Cut(login, "@")
	first, last, found := strings.Cut(local, ".")
	if !found {
		last = "User"
	}
	return capital(first), capital(last)
}

// capital makes the first letter of a text a capital.
func capital(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToTitle(first)) + s[size:]
}

func (o *Org) placeGroup(n NewGroup, now time.Time) (Group, error) {
	n.Type = orElse(n.Type, TypeOkta)
	switch {
	case strings.TrimSpace(n.Name) == "":
		return Group{}, fmt.Errorf("group: name is missing")
	case !slices.Contains([]string{TypeOkta, TypeApp, TypeBuiltIn}, n.Type):
		return Group{}, fmt.Errorf("group %s: there is no type %q", n.Name, n.Type)
	case n.Type != TypeApp && o.nameTaken(n.Name, nil):
		return Group{}, fmt.Errorf("group %s: the name is taken", n.Name)
	}
	if _, err := o.findGroup(n.ID); err == nil {
		return Group{}, fmt.Errorf("group %s: the id %s is taken", n.Name, n.ID)
	}
	var members []*user
	for _, id := range n.Members {
		u, err := o.findUser(id)
		if err != nil {
			return Group{}, fmt.Errorf("group %s: %w", n.Name, err)
		}
		members = append(members, u)
	}
	g := o.newGroup(n.ID, n.Name, n.Description, n.Type, now)
	for _, u := range members {
		g.add(u, now)
	}
	return Group{ID: g.id, Name: g.name, Description: g.description, Type: g.kind}, nil
}

func (o *Org) placeMember(groupID, userID string, now time.Time) error {
	g, err := o.findGroup(groupID)
	if err != nil {
		return err
	}
	u, err := o.findUser(userID)
	if err != nil {
		return err
	}
	g.add(u, now)
	return nil
}

// groupNamed finds a group by id or name, the oldest where several share a name.
func (o *Org) groupNamed(idOrName string) *group {
	for _, g := range o.groups {
		if g.id == idOrName || g.name == idOrName {
			return g
		}
	}
	return nil
}
