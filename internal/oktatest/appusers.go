package oktatest

import (
	"net/http"
	"slices"
	"strings"
)

const (
	usualAppUsers = 50
	maxAppUsers   = 500
)

func (c *call) appUserDoc(a *app, au *appUser) map[string]any {
	return map[string]any{
		"id": au.user.id, "externalId": nil, "created": stamp(au.created), "lastUpdated": stamp(au.created), "scope": au.scope,
		"status": "ACTIVE", "statusChanged": stamp(au.created), "passwordChanged": nil, "syncState": "DISABLED",
		"credentials": map[string]any{"userName": au.user.login()}, "profile": au.profile,
		"_links": map[string]any{
			"app":  map[string]any{"href": c.url("/api/v1/apps/" + a.id)},
			"user": map[string]any{"href": c.url("/api/v1/users/" + au.user.id)},
		},
	}
}

// expandedAppUser adds the whole user where the call asks for it.
func (c *call) expandedAppUser(a *app, au *appUser) map[string]any {
	doc := c.appUserDoc(a, au)
	if c.query.Get("expand") == "user" {
		doc["_embedded"] = map[string]any{"user": c.fullUserDoc(au.user)}
	}
	return doc
}

func (o *Org) listAppUsers(c *call) (*reply, error) {
	a, err := o.findApp(c.params[0])
	if err != nil {
		return nil, err
	}
	limit, err := c.number("limit", usualAppUsers, 1, maxAppUsers)
	if err != nil {
		return nil, err
	}
	q := strings.ToLower(c.query.Get("q"))
	var found []listed[*appUser]
	for _, au := range a.users {
		if au.startsWith(q) {
			found = append(found, listed[*appUser]{au, "", au.order})
		}
	}
	page, next, err := takePage(o, c, found, limit)
	if err != nil {
		return nil, err
	}
	docs := make([]any, len(page))
	for i, au := range page {
		docs[i] = c.expandedAppUser(a, au)
	}
	return listReply(c, docs, next), nil
}

// startsWith is what q asks for, of the user's attributes in the application; an empty q is always true.
func (au *appUser) startsWith(q string) bool {
	values := []string{au.user.login(), text(au.profile, "firstName"), text(au.profile, "lastName"), text(au.profile, "email")}
	return slices.ContainsFunc(values, func(v string) bool { return strings.HasPrefix(strings.ToLower(v), q) })
}

// namedAppUser is the assignment that the call's path names. Like a membership it takes no login.
func (o *Org) namedAppUser(c *call) (*app, *appUser, error) {
	a, err := o.findApp(c.params[0])
	if err != nil {
		return nil, nil, err
	}
	u := o.userByID(c.params[1])
	if u == nil {
		return nil, nil, notFound(c.params[1], "AppUser")
	}
	au := a.has(u)
	if au == nil {
		return nil, nil, notFound(c.params[1], "AppUser")
	}
	return a, au, nil
}

func (o *Org) getAppUser(c *call) (*reply, error) {
	a, au, err := o.namedAppUser(c)
	if err != nil {
		return nil, err
	}
	return jsonReply(http.StatusOK, c.expandedAppUser(a, au)), nil
}

func (o *Org) removeAppUser(c *call) (*reply, error) {
	a, au, err := o.namedAppUser(c)
	if err != nil {
		return nil, err
	}
	if _, err := c.flag("sendEmail", false); err != nil {
		return nil, err
	}
	o.unassign(c, a, au)
	return noContent(), nil
}

func (o *Org) unassign(c *call, a *app, au *appUser) {
	if a.remove(au.user) {
		o.record(c, "application.user_membership.remove", appUserTarget(au), appTarget(a), userTarget(au.user))
	}
}
