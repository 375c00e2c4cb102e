package oktatest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxUsers is the default and the greatest size of a page of users, and pickerUsers the default with q.
const (
	maxUsers    = 200
	pickerUsers = 10
)

func (o *Org) listUsers(c *call) (*reply, error) {
	q := strings.ToLower(c.query.Get("q"))
	expr, err := c.expression(o.userSearch, userFilter)
	if err != nil {
		return nil, err
	}
	size := maxUsers
	if q != "" {
		size = pickerUsers
	}
	limit, err := c.number("limit", size, 1, 1_000_000)
	if err != nil {
		return nil, err
	}
	sortBy := c.query.Get("sortBy")
	if sortBy != "" && !o.userSearch(sortBy, "eq") {
		return nil, invalid("sortBy", "sortBy: Unknown property "+sortBy)
	}
	var found []listed[*user]
	for _, u := range o.users {
		if expr == nil && u.status == StatusDeprovisioned || expr != nil && !expr.match(u.values) || !u.startsWith(q) {
			continue
		}
		found = append(found, listed[*user]{u, sortKey(u.values, sortBy), u.order})
	}
	page, next, err := takePage(o, c, found, min(limit, maxUsers))
	if err != nil {
		return nil, err
	}
	if q != "" {
		// Okta does not page a q.
		next = ""
	}
	return listReply(c, c.userDocs(page), next), nil
}

// startsWith is what q asks for; an empty q is always true.
func (u *user) startsWith(q string) bool {
	return q == "" || slices.ContainsFunc([]string{"firstName", "lastName", "email"}, func(name string) bool {
		return strings.HasPrefix(strings.ToLower(text(u.profile, name)), q)
	})
}

func sortKey(values func(string) []any, sortBy string) string {
	if sortBy == "" {
		return ""
	}
	for _, v := range values(sortBy) {
		if s, ok := v.(string); ok {
			return strings.ToLower(s)
		}
	}
	return ""
}

func (c *call) userDocs(users []*user) []userDoc {
	docs := make([]userDoc, len(users))
	for i, u := range users {
		docs[i] = c.userDoc(u)
	}
	return docs
}

func (o *Org) getUser(c *call) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	return jsonReply(http.StatusOK, c.fullUserDoc(u)), nil
}

// userBody is what creating and updating take.
type userBody struct {
	Profile     map[string]any `json:"profile"`
	Credentials struct {
		Password *struct {
			Value *string        `json:"value"`
			Hash  map[string]any `json:"hash"`
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

// passwordRule is Okta's default minimum.
const passwordRule = 8

func (b *userBody) passwordCauses() []string {
	p := b.Credentials.Password
	if p == nil || p.Value == nil || utf8.RuneCountInString(*p.Value) >= passwordRule {
		return nil
	}
	return []string{"password: Password requirements were not met. Password requirements: at least 8 characters."}
}

func (b *userBody) setsPassword() bool {
	p := b.Credentials.Password
	return p != nil && (p.Value != nil || p.Hash != nil)
}

// applyCredentials stores that there is a password or a question, not what they are.
func (b *userBody) applyCredentials(u *user, c *call) {
	cred := b.Credentials
	if b.setsPassword() {
		u.hasPassword = true
		u.passwordChanged = c.now
		if cred.Password.Hash != nil {
			u.provider = "IMPORT"
		}
	}
	if q := cred.RecoveryQuestion; q != nil {
		u.question = q.Question
	}
	if p := cred.Provider; p != nil && p.Type != "" {
		u.provider = p.Type
	}
}

func (o *Org) createUser(c *call) (*reply, error) {
	activate, err := c.flag("activate", true)
	if err != nil {
		return nil, err
	}
	var body userBody
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	if causes := append(o.checkProfile("", body.Profile), body.passwordCauses()...); len(causes) > 0 {
		return nil, invalid("newUser", causes...)
	}
	var groups []*group
	for _, id := range body.GroupIDs {
		g, err := o.findGroup(id)
		if err != nil {
			return nil, err
		}
		if err := g.takesMembers(); err != nil {
			return nil, err
		}
		groups = append(groups, g)
	}

	u := o.newUser("", body.Profile, StatusStaged, c.now)
	body.applyCredentials(u, c)
	o.record(c, "user.lifecycle.create", userTarget(u))
	if activate {
		u.activated = c.now
		u.become(firstStatus(u, c.query.Get("nextLogin")), c.now)
		o.record(c, "user.lifecycle.activate", userTarget(u))
	}
	for _, g := range groups {
		if g.add(u, c.now) {
			o.record(c, "group.user_membership.add", userTarget(u), groupTarget(g))
		}
	}
	return jsonReply(http.StatusOK, c.fullUserDoc(u)), nil
}

// firstStatus is what an activation leads to: without a password the user has a welcome flow before them.
func firstStatus(u *user, nextLogin string) string {
	switch {
	case u.provider == "FEDERATION" || u.provider == "SOCIAL":
		return StatusActive
	case !u.hasPassword:
		return StatusProvisioned
	case nextLogin == "changePassword":
		return StatusPasswordExpired
	}
	return StatusActive
}

// updateUser changes the attributes that the body names; null takes one away.
func (o *Org) updateUser(c *call) (*reply, error) {
	return o.changeUser(c, func(u *user, body userBody) map[string]any {
		merged := maps.Clone(u.profile)
		maps.Copy(merged, body.Profile)
		return merged
	})
}

// replaceUser takes away every attribute that the profile does not name. A body without a profile keeps the profile.
func (o *Org) replaceUser(c *call) (*reply, error) {
	return o.changeUser(c, func(u *user, body userBody) map[string]any {
		if body.Profile == nil {
			return u.profile
		}
		return body.Profile
	})
}

func (o *Org) changeUser(c *call, profile func(*user, userBody) map[string]any) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	if u.status == StatusDeprovisioned {
		return nil, notFound(c.params[0], "User")
	}
	var body userBody
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	next := profile(u, body)
	if causes := append(o.checkProfile(u.id, next), body.passwordCauses()...); len(causes) > 0 {
		return nil, invalid("user", causes...)
	}
	u.profile = setProfile(next)
	body.applyCredentials(u, c)
	u.lastUpdated = c.now
	if body.setsPassword() {
		o.record(c, "user.account.update_password", userTarget(u))
	}
	if body.Profile != nil || !body.setsPassword() {
		o.record(c, "user.account.update_profile", userTarget(u))
	}
	return jsonReply(http.StatusOK, c.fullUserDoc(u)), nil
}

// deleteUser takes two calls: the first deactivates, the second deletes.
func (o *Org) deleteUser(c *call) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	if u.status != StatusDeprovisioned {
		o.deprovision(c, u)
		return noContent(), nil
	}
	o.record(c, "user.lifecycle.delete.initiated", userTarget(u))
	o.record(c, "user.lifecycle.delete.completed", userTarget(u))
	o.users = slices.DeleteFunc(o.users, func(other *user) bool { return other == u })
	for _, g := range o.groups {
		g.remove(u, c.now)
	}
	o.endSessionsOf(u)
	o.forgetUser(u)
	return noContent(), nil
}

// forgetUser takes a user who is deleted out of everything that still knows them.
func (o *Org) forgetUser(u *user) {
	o.factors.remove(func(f *factor) bool { return f.user == u })
	for _, d := range o.devices {
		d.forgetUser(u)
	}
	for _, a := range o.apps {
		a.remove(u)
	}
	o.dropRoles(func(r *role) bool { return r.user == u })
	o.grants.revokeGrants(u)
	o.revokeTokens(u)
}
