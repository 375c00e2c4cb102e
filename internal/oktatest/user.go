package oktatest

import (
	"strings"
	"time"
)

// user is a person of the org.
type user struct {
	id     string
	order  int
	status string

	created, activated, statusChanged, lastLogin, lastUpdated, passwordChanged time.Time

	profile     map[string]any
	hasPassword bool
	question    string // of the recovery question
	provider    string

	oauthTokens int
	devices     int // remembered ones
	risk        *risk
}

func (u *user) login() string { return text(u.profile, "login") }

func (u *user) name() string {
	return strings.TrimSpace(text(u.profile, "firstName") + " " + text(u.profile, "lastName"))
}

func (u *user) become(status string, now time.Time) {
	u.status = status
	u.statusChanged = now
	u.lastUpdated = now
}

// findUser finds a user by id, login, unambiguous part of the login before its at sign, or "me".
func (o *Org) findUser(idOrLogin string) (*user, error) {
	if idOrLogin == "me" {
		return o.owner, nil
	}
	if u := o.userByID(idOrLogin); u != nil {
		return u, nil
	}
	// A slash cannot be part of a login in a path, however it is escaped.
	if !strings.Contains(idOrLogin, "/") {
		if u := o.userByLogin(idOrLogin); u != nil {
			return u, nil
		}
		if u := o.userByShortName(idOrLogin); u != nil {
			return u, nil
		}
	}
	return nil, notFound(idOrLogin, "User")
}

func (o *Org) userByID(id string) *user {
	for _, u := range o.users {
		if u.id == id {
			return u
		}
	}
	return nil
}

func (o *Org) userByLogin(login string) *user {
	if login == "" {
		return nil
	}
	for _, u := range o.users {
		if strings.EqualFold(u.login(), login) {
			return u
		}
	}
	return nil
}

// userByShortName returns nil also where several users share the name.
func (o *Org) userByShortName(name string) *user {
	var found *user
	for _, u := range o.users {
		local, _, _ := strings.Cut(u.login(), "@")
		if !strings.EqualFold(local, name) {
			continue
		}
		if found != nil {
			return nil
		}
		found = u
	}
	return found
}

// newUser makes a user who is in Everyone and nowhere else. The profile has been checked.
func (o *Org) newUser(id string, profile map[string]any, status string, now time.Time) *user {
	if id == "" {
		id = o.stable.object("00u")
	}
	o.created++
	u := &user{
		id: id, order: o.created, status: status, created: now, lastUpdated: now,
		profile: setProfile(profile), provider: "OKTA",
	}
	if status != StatusStaged {
		u.activated, u.statusChanged = now, now
	}
	o.users = append(o.users, u)
	o.everyone().add(u, now)
	return u
}
