package oktasim

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"soar.example/okta/internal/oktasim/filter"
	"soar.example/okta/internal/oktasim/wire"
)

var userFilter = filter.Table{
	"id": filter.Equal, "status": filter.Equal, "lastUpdated": filter.Ordered, "profile.login": filter.Equal,
	"profile.email": filter.Equal, "profile.firstName": filter.Equal, "profile.lastName": filter.Equal,
}

var userSearch = filter.Table{
	"id": filter.Compare, "status": filter.Compare, "created": filter.Compare, "activated": filter.Compare,
	"statusChanged": filter.Compare, "lastUpdated": filter.Compare, "type.id": filter.Compare, "profile.login": filter.Contain,
	"profile.email": filter.Contain, "profile.firstName": filter.Contain, "profile.lastName": filter.Contain,
}

// searchesUsers also allows the other attributes that the profile defines.
func (o *Org) searchesUsers(attribute, operator string) bool {
	name, isProfile := strings.CutPrefix(attribute, "profile.")
	other := filter.Table{attribute: filter.Compare}
	return userSearch.Allows(attribute, operator) || isProfile && o.definesAttribute(name) && other.Allows(attribute, operator)
}

func (o *Org) listUsers(c *call) (any, error) {
	l := listing[*user]{
		size: pageSize{200, 1, 1_000_000, 200}, write: (*call).userDoc, search: o.searchesUsers, filter: userFilter.Allows, sorts: true, usualWithQ: 10,
		texts: func(u *user) []string {
			return []string{text(u.profile, "firstName"), text(u.profile, "lastName"), text(u.profile, "email")}
		},
	}
	hasExpression := c.Query.Get("search")+c.Query.Get("filter") != ""
	return list(o, c, where(o.users, func(u *user) bool { return hasExpression || u.status != StatusDeprovisioned }), l)
}

// userBody is the body of a request that creates or updates a user.
type userBody struct {
	Profile     doc `json:"profile"`
	Credentials struct {
		Password *struct {
			Value *string `json:"value"`
			Hash  doc     `json:"hash"`
		} `json:"password"`
		RecoveryQuestion *struct {
			Question string `json:"question"`
			Answer   string `json:"answer"`
		} `json:"recovery_question"`
		Provider *struct {
			Type string `json:"type"`
			Name string `json:"name"`
		} `json:"provider"`
	} `json:"credentials"`
	GroupIDs []string `json:"groupIds"`
}

// check returns the faults of a profile, and of the password in the body.
func (b *userBody) check(o *Org, id string, profile doc) []string {
	causes, p := o.checkProfile(id, profile), b.Credentials.Password
	if p != nil && p.Value != nil && utf8.RuneCountInString(*p.Value) < 8 {
		causes = append(causes, "password: Password requirements were not met. Password requirements: at least 8 characters.")
	}
	return causes
}

func (b *userBody) setsPassword() bool {
	p := b.Credentials.Password
	return p != nil && (p.Value != nil || p.Hash != nil)
}

// applyCredentials records that there is a password or a question, without the text.
func (b *userBody) applyCredentials(u *user, c *call) {
	if b.setsPassword() {
		u.setPassword(c.Now)
		if b.Credentials.Password.Hash != nil {
			u.provider = "IMPORT"
		}
	}
	if q := b.Credentials.RecoveryQuestion; q != nil {
		u.question = q.Question
	}
	if p := b.Credentials.Provider; p != nil && p.Type != "" {
		u.provider = p.Type
	}
}

func (o *Org) createUser(c *call) (any, error) {
	activate, err := c.Flag("activate", true)
	if err != nil {
		return nil, err
	}
	var body userBody
	if err := c.Decode(&body); err != nil {
		return nil, err
	}
	if causes := body.check(o, "", body.Profile); len(causes) > 0 {
		return nil, wire.Invalid("newUser", causes...)
	}
	var groups []*group
	for _, id := range body.GroupIDs {
		g, err := find(o.groups, id, "UserGroup")
		if err != nil {
			return nil, err
		}
		if err := g.takesMembers(); err != nil {
			return nil, err
		}
		groups = append(groups, g)
	}

	u := o.newUser("", body.Profile, StatusStaged, c.Now)
	body.applyCredentials(u, c)
	o.logEvent(c, "user.lifecycle.create", u.target())
	if activate {
		u.activate(c.Query.Get("nextLogin"), c.Now)
		o.logEvent(c, "user.lifecycle.activate", u.target())
	}
	for _, g := range groups {
		if g.set(u, true, c.Now) {
			o.logEvent(c, "group.user_membership.add", u.target(), g.target())
		}
	}
	return c.fullUserDoc(u), nil
}

// activate sets the status after an activation. A user without a password must first complete the welcome flow.
func (u *user) activate(nextLogin string, now time.Time) {
	u.activated = now
	status := StatusActive
	switch {
	case u.provider == "FEDERATION" || u.provider == "SOCIAL":
	case !u.hasPassword:
		status = StatusProvisioned
	case nextLogin == "changePassword":
		status = StatusPasswordExpired
	}
	u.setStatus(status, now)
}

// updateUser changes the attributes in the body. A null removes an attribute.
func (o *Org) updateUser(c *call, u *user) (any, error) { return o.changeUser(c, u, u.profile) }

// replaceUser removes every attribute that is not in the profile. A body without a profile keeps the profile.
func (o *Org) replaceUser(c *call, u *user) (any, error) { return o.changeUser(c, u, doc{}) }

// changeUser merges the profile of the body into the kept attributes.
func (o *Org) changeUser(c *call, u *user, kept doc) (any, error) {
	if u.status == StatusDeprovisioned {
		return nil, wire.NotFound(c.Params[0], "User")
	}
	var body userBody
	if err := c.Decode(&body); err != nil {
		return nil, err
	}
	next := u.profile
	if body.Profile != nil {
		next = merge(kept, body.Profile).(doc)
	}
	if causes := body.check(o, u.id, next); len(causes) > 0 {
		return nil, wire.Invalid("user", causes...)
	}
	u.profile, u.lastUpdated = withoutNulls(next), c.Now
	body.applyCredentials(u, c)
	if body.setsPassword() {
		o.logEvent(c, "user.account.update_password", u.target())
	}
	if body.Profile != nil || !body.setsPassword() {
		o.logEvent(c, "user.account.update_profile", u.target())
	}
	return c.fullUserDoc(u), nil
}

// deleteUser needs two calls. The first deactivates the user, and the second deletes the user.
func (o *Org) deleteUser(c *call, u *user) (any, error) {
	if u.status != StatusDeprovisioned {
		o.deprovision(c, u)
		return nil, nil
	}
	o.logEvent(c, "user.lifecycle.delete.initiated", u.target())
	o.logEvent(c, "user.lifecycle.delete.completed", u.target())
	o.users = without(o.users, u)
	for _, g := range o.groups {
		g.set(u, false, c.Now)
	}
	o.endSessionsOf(u)
	o.factors.remove(func(f *factor) bool { return f.user == u })
	for _, d := range o.devices {
		d.links = slices.DeleteFunc(d.links, func(l deviceLink) bool { return l.user == u })
	}
	for _, a := range o.apps {
		a.remove(u)
	}
	o.roles = where(o.roles, func(r *role) bool { return r.user != u })
	o.revokeConsents(u)
	o.revokeTokens(u)
	return nil, nil
}

func (o *Org) deprovision(c *call, u *user) {
	u.setStatus(StatusDeprovisioned, c.Now)
	u.hasPassword = false
	o.revokeTokens(u)
	o.endSessionsOf(u)
	o.logEvent(c, "user.lifecycle.deactivate", u.target())
	for _, a := range o.apps {
		if au := a.userOf(u); au != nil {
			o.unassign(c, au)
		}
	}
	for _, r := range o.rolesHeldBy(assignee{user: u}) {
		o.revokeRole(c, r)
	}
}

// userStep is a lifecycle operation on a user: the accepted statuses, Okta's error for all others, the effect, and
// the logged event. A step without statuses accepts all.
type userStep struct {
	operation string
	from      []string
	refusal   *wire.Error
	flags     flags
	// to is the new status. effect may do more. If to is empty, effect sets the status.
	to     string
	effect func(*Org, *call, *user)
	event  string
	// result returns the body of the response, by default an empty object. With sendEmail only the user receives
	// it.
	result func(*Org, *call, *user) doc
}

// withPassword are the statuses of a user with a password who can sign in, or can do so again after an
// operation.
var withPassword = []string{StatusActive, StatusRecovery, StatusLockedOut, StatusPasswordExpired}

var userSteps = []userStep{
	{
		operation: "activate", from: []string{StatusStaged, StatusDeprovisioned}, refusal: wire.Code("E0000016"), flags: flags{"sendEmail": true},
		effect: func(_ *Org, c *call, u *user) { u.activate("", c.Now) },
		event:  "user.lifecycle.activate", result: (*Org).activationLink,
	},
	{
		operation: "reactivate", from: []string{StatusProvisioned, StatusRecovery}, refusal: wire.Code("E0000038"), flags: flags{"sendEmail": false},
		to: StatusProvisioned, event: "user.lifecycle.reactivate", result: (*Org).activationLink,
	},
	{
		// Okta does not find a user who is deactivated already.
		operation: "deactivate", from: append(withPassword[:4:4], StatusStaged, StatusProvisioned, StatusSuspended), effect: (*Org).deprovision,
	},
	{
		operation: "suspend", from: []string{StatusActive}, refusal: wire.Invalid("user", "Cannot suspend a user that is not active"),
		to: StatusSuspended, effect: func(o *Org, _ *call, u *user) { o.endSessionsOf(u) }, event: "user.lifecycle.suspend",
	},
	{
		operation: "unsuspend", from: []string{StatusSuspended}, refusal: wire.Invalid("user", "Cannot unsuspend a user that is not suspended"),
		to: StatusActive, event: "user.lifecycle.unsuspend",
	},
	{
		operation: "unlock", from: []string{StatusLockedOut}, refusal: wire.Code("E0000032"), to: StatusActive, event: "user.account.unlock_by_admin",
	},
	{
		operation: "expire_password", from: withPassword, refusal: wire.Code("E0000038"), to: StatusPasswordExpired,
		event: "user.account.expire_password", result: func(_ *Org, c *call, u *user) doc { return c.fullUserDoc(u) },
	},
	{
		// Every call creates a new password. Only the response contains it.
		operation: "expire_password_with_temp_password", from: withPassword, refusal: wire.Code("E0000038"), flags: flags{"revokeSessions": false},
		to: StatusPasswordExpired, event: "user.account.expire_password",
		effect: func(_ *Org, c *call, u *user) { u.setPassword(c.Now) },
		result: func(o *Org, _ *call, _ *user) doc { return doc{"tempPassword": o.fresh.Text("password", 10)} },
	},
	{
		// Every call creates a new link.
		operation: "reset_password", from: append(withPassword[:4:4], StatusProvisioned), refusal: wire.Code("E0000017"),
		flags: flags{"sendEmail": true, "revokeSessions": false}, to: StatusRecovery,
		event: "user.account.reset_password",
		result: func(o *Org, c *call, _ *user) doc {
			return doc{"resetPasswordUrl": c.URL("/signin/reset-password/" + o.fresh.OneTimeToken())}
		},
	},
	{
		operation: "reset_factors", event: "user.mfa.factor.reset_all",
		effect: func(o *Org, _ *call, u *user) { o.factors.remove(func(f *factor) bool { return f.user == u }) },
	},
}

func (s userStep) handle(o *Org, c *call, u *user) (any, error) {
	switch {
	case s.operation == "reset_password" && !c.Query.Has("sendEmail"):
		return nil, wire.Code("E0000028")
	case s.from != nil && !slices.Contains(s.from, u.status):
		if s.refusal == nil {
			return nil, wire.NotFound(c.Params[0], "User")
		}
		return nil, s.refusal
	}
	if s.to != "" {
		u.setStatus(s.to, c.Now)
	}
	if s.effect != nil {
		s.effect(o, c, u)
	}
	if c.flags["revokeSessions"] {
		o.endSessionsOf(u)
	}
	if s.event != "" {
		o.logEvent(c, s.event, u.target())
	}
	if s.result == nil || c.flags["sendEmail"] {
		return doc{}, nil
	}
	return s.result(o, c, u), nil
}

// activationLink returns the link that starts the activation.
func (o *Org) activationLink(c *call, _ *user) doc {
	token := o.fresh.OneTimeToken()
	return doc{"activationUrl": c.URL("/welcome/" + token), "activationToken": token}
}
