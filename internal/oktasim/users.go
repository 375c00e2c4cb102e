package oktasim

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"soar.example/okta/internal/oktasim/wire"
)

// NewUser describes a user. Only Login is required. Email defaults to the login, the names are derived from the
// login, and Status defaults to ACTIVE.
type NewUser struct {
	ID        string         `json:"id,omitempty"`
	Login     string         `json:"login"`
	Email     string         `json:"email,omitempty"`
	FirstName string         `json:"first_name,omitempty"`
	LastName  string         `json:"last_name,omitempty"`
	Status    string         `json:"status,omitempty"`
	Profile   map[string]any `json:"profile,omitempty"`
	// Provider is the type of the directory that manages the user. The default is OKTA.
	Provider string `json:"provider,omitempty"`
	// Groups are IDs or names of existing groups. Every user is also in Everyone.
	Groups []string `json:"groups,omitempty"`
	// Sessions is the number of the user's initial identity provider sessions.
	Sessions int `json:"sessions,omitempty"`
	// OAuthTokens and RememberedDevices are numbers. A call that clears the sessions may remove these objects.
	OAuthTokens       int `json:"oauth_tokens,omitempty"`
	RememberedDevices int `json:"remembered_devices,omitempty"`
}

// User is a user of the org at the time of the call.
type User struct {
	ID        string         `json:"id"`
	Login     string         `json:"login"`
	Email     string         `json:"email"`
	FirstName string         `json:"first_name"`
	LastName  string         `json:"last_name"`
	Status    string         `json:"status"`
	Profile   map[string]any `json:"profile"`
}

// These are the statuses of a user.
const (
	StatusStaged          = "STAGED"
	StatusProvisioned     = "PROVISIONED"
	StatusActive          = "ACTIVE"
	StatusRecovery        = "RECOVERY"
	StatusLockedOut       = "LOCKED_OUT"
	StatusPasswordExpired = "PASSWORD_EXPIRED"
	StatusSuspended       = "SUSPENDED"
	StatusDeprovisioned   = "DEPROVISIONED"
)

// user is a person of the org.
type user struct {
	object

	activated, statusChanged, lastLogin, passwordChanged time.Time

	profile     doc
	hasPassword bool
	question    string // text of the recovery question
	provider    string

	oauthTokens int
	devices     int // number of remembered devices
	risk        *risk
}

func (u *user) login() string { return text(u.profile, "login") }

func (u *user) name() string {
	return strings.TrimSpace(text(u.profile, "firstName") + " " + text(u.profile, "lastName"))
}

func (u *user) setStatus(status string, now time.Time) {
	u.object.setStatus(status, now)
	u.statusChanged = now
}

func (u *user) setPassword(now time.Time) { u.hasPassword, u.passwordChanged = true, now }

func (u *user) target() doc { return target(u.id, "User", u.login(), u.name()) }

// AddUser adds a user to the org. It defines each unknown profile attribute for the whole org.
func (o *Org) AddUser(n NewUser) User { return add(o, n, (*Org).insertUser) }

func (o *Org) insertUser(n NewUser, now time.Time) (User, error) {
	n.Status = cmp.Or(n.Status, StatusActive)
	n.Email = cmp.Or(n.Email, n.Login)
	if n.FirstName == "" && n.LastName == "" {
		n.FirstName, n.LastName = namesFrom(n.Login)
	}
	extra, err := wire.Plain(n.Profile)
	groups := each(n.Groups, o.groupNamed)
	if err := invalid("user "+n.Login,
		err, missing("login", n.Login), unknown("status", n.Status, slices.Collect(maps.Keys(operationLinks))...), taken(o.users, n.ID),
		wrong(o.userByLogin(n.Login) != nil, "the login is taken"), wrong(slices.Contains(groups, nil), "one of the groups does not exist"),
		wrong(n.Sessions < 0 || n.OAuthTokens < 0 || n.RememberedDevices < 0, "counts cannot be negative"),
	); err != nil {
		return User{}, err
	}
	profile := doc{"login": n.Login, "email": n.Email, "firstName": n.FirstName, "lastName": n.LastName}
	for k, v := range extra {
		profile[k] = v
		if !o.definesAttribute(k) {
			o.custom[k] = true
		}
	}
	u := o.newUser(n.ID, profile, n.Status, now)
	if n.Status != StatusStaged && n.Status != StatusProvisioned && n.Status != StatusDeprovisioned {
		u.setPassword(now)
	}
	u.provider = cmp.Or(n.Provider, u.provider)
	u.oauthTokens, u.devices = n.OAuthTokens, n.RememberedDevices
	for _, g := range groups {
		g.set(u, true, now)
	}
	for range n.Sessions {
		o.signIn(u, now)
	}
	return User{
		ID: u.id, Login: u.login(), Email: text(u.profile, "email"), FirstName: text(u.profile, "firstName"),
		LastName: text(u.profile, "lastName"), Status: u.status, Profile: maps.Clone(u.profile),
	}, nil
}

// namesFrom returns the names Alice and Moreau for alice.moreau@corp.example.
func namesFrom(login string) (first, last string) {
	local, _, _ := strings.Cut(login, "@")
	first, last, found := strings.Cut(local, ".")
	if !found {
		last = "User"
	}
	return capital(first), capital(last)
}

// capital returns a text with its first letter as a capital.
func capital(s string) string {
	_, size := utf8.DecodeRuneInString(s)
	return strings.ToTitle(s[:size]) + s[size:]
}

// newUser creates a user who is only in Everyone. The profile must be valid.
func (o *Org) newUser(id string, profile doc, status string, now time.Time) *user {
	u := &user{object: o.newObject(id, "00u", status, now), profile: withoutNulls(profile), provider: "OKTA"}
	if status != StatusStaged {
		u.activated, u.statusChanged = now, now
	}
	o.users = append(o.users, u)
	o.everyone().set(u, true, now)
	return u
}

func (o *Org) pathUser(c *call) (*user, error) { return o.findUser(c.Params[0]) }

// findUser returns the user with an ID, a login, or an unambiguous part of the login before its at sign. "me" is the
// caller.
func (o *Org) findUser(idOrLogin string) (*user, error) {
	if idOrLogin == "me" {
		return o.apiTokens[o.token].owner, nil
	}
	u, err := find(o.users, idOrLogin, "User")
	// A login in a path cannot contain a slash, even if it is escaped.
	if err == nil || strings.Contains(idOrLogin, "/") {
		return u, err
	}
	if u := o.userByLogin(idOrLogin); u != nil {
		return u, nil
	}
	named := where(o.users, func(u *user) bool {
		local, _, _ := strings.Cut(u.login(), "@")
		return strings.EqualFold(local, idOrLogin)
	})
	if len(named) == 1 {
		return named[0], nil
	}
	return nil, err
}

// findUsers returns several users.
func (o *Org) findUsers(idsOrLogins []string) (users []*user, err error) {
	for _, id := range idsOrLogins {
		u, errUser := o.findUser(id)
		users, err = append(users, u), cmp.Or(err, errUser)
	}
	return users, err
}

func (o *Org) userByLogin(login string) *user {
	return first(o.users, func(u *user) bool { return login != "" && strings.EqualFold(u.login(), login) })
}

// baseAttributes are the attributes of Okta's default user profile.
var baseAttributes = strings.Fields(`login email secondEmail firstName lastName middleName honorificPrefix honorificSuffix title
	displayName nickName profileUrl primaryPhone mobilePhone streetAddress city state zipCode countryCode postalAddress
	preferredLanguage locale timezone userType employeeNumber costCenter organization division department managerId manager`)

var requiredAttributes = []string{"login", "email", "firstName", "lastName"}

func (o *Org) definesAttribute(name string) bool {
	return slices.Contains(baseAttributes, name) || o.custom[name]
}

// checkProfile returns the faults of a profile. The ID is empty for a new user.
func (o *Org) checkProfile(id string, profile doc) []string {
	var causes []string
	for _, name := range slices.Sorted(maps.Keys(profile)) {
		if !o.definesAttribute(name) {
			causes = append(causes, fmt.Sprintf("Property name '%s' is not defined in profile", name))
		} else if cause := checkAttribute(name, profile[name]); cause != "" && !o.custom[name] {
			causes = append(causes, cause)
		}
	}
	for _, name := range requiredAttributes {
		if text(profile, name) == "" {
			causes = append(causes, blank(name, ""))
		}
	}
	if other := o.userByLogin(text(profile, "login")); other != nil && other.id != id {
		causes = append(causes, exists("login", true))
	}
	return causes
}

func checkAttribute(name string, v any) string {
	s, ok := v.(string)
	switch {
	case v == nil:
		return ""
	case !ok:
		return name + ": The value must be a string"
	case (name == "login" || name == "email") && s != "" && !isEmail(s):
		return name + ": Does not match required pattern"
	}
	return tooLong(name, s, 255)
}

// isEmail reports whether a text has the form that Okta's default policy requires of a login: text, an at sign,
// text.
func isEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && domain != "" && !strings.ContainsAny(s, " \t\r\n") && !strings.Contains(domain, "@")
}

// text returns a string attribute, or "" for any other type.
func text(profile doc, name string) string {
	s, _ := profile[name].(string)
	return s
}

// withoutNulls returns a profile without its nulls. A null means that an attribute is absent.
func withoutNulls(profile doc) doc {
	out := maps.Clone(profile)
	maps.DeleteFunc(out, func(_ string, v any) bool { return v == nil })
	return out
}

// userDoc returns the document of a user in a list. Its only link is the self link.
func (c *call) userDoc(u *user) doc {
	credentials := doc{"provider": doc{"type": u.provider, "name": u.provider}}
	if u.hasPassword {
		credentials["password"] = doc{}
	}
	if u.question != "" {
		credentials["recovery_question"] = doc{"question": u.question}
	}
	// Okta returns two attributes even if they are null.
	profile := doc{"mobilePhone": nil, "secondEmail": nil}
	maps.Copy(profile, u.profile)
	return c.shape("user", &u.object, doc{
		"activated": wire.StampOrNull(u.activated), "statusChanged": wire.StampOrNull(u.statusChanged),
		"lastLogin": wire.StampOrNull(u.lastLogin), "passwordChanged": wire.StampOrNull(u.passwordChanged),
		"profile": profile, "credentials": credentials,
	})
}

// fullUserDoc returns the document of a single user, with links to operations.
func (c *call) fullUserDoc(u *user) doc {
	full, links, self := c.userDoc(u), c.shape("user links", &u.object, nil), c.URL("/api/v1/users/"+u.id)
	full["_links"] = links
	for operation, path := range operationLinks[u.status] {
		links[operation] = doc{"href": self + path, "method": "POST"}
	}
	if u.status == StatusDeprovisioned {
		links["delete"] = doc{"href": self, "method": "DELETE"}
	}
	return full
}
