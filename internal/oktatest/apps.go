package oktatest

import (
	"net/http"
	"slices"
	"strings"
)

// maxApps is the default and the greatest size of a page of applications.
const maxApps = 200

func appFilter(attribute, operator string) bool {
	return operator == "eq" && slices.Contains([]string{"id", "status", "name", "user.id", "credentials.signing.kid"}, attribute)
}

func (o *Org) listApps(c *call) (*reply, error) {
	var expr filterExpr
	if filter := c.query.Get("filter"); filter != "" {
		var err error
		if expr, err = (searchRules{"filter", false, appFilter}).parse(filter); err != nil {
			return nil, err
		}
	}
	limit, err := c.number("limit", maxApps, -1, maxApps)
	if err != nil {
		return nil, err
	}
	if limit <= 0 {
		limit = maxApps
	}
	embedded, err := o.embeddedUser(c)
	if err != nil {
		return nil, err
	}
	if embedded != nil && !filtersByUser(expr, embedded) {
		return nil, invalid("expand", "expand: It needs a filter by user.id for the same user")
	}
	q := strings.ToLower(c.query.Get("q"))
	var found []listed[*app]
	for _, a := range o.apps {
		if (expr == nil || expr.match(a.values)) && a.startsWith(q) {
			found = append(found, listed[*app]{a, "", a.order})
		}
	}
	page, next, err := takePage(o, c, found, limit)
	if err != nil {
		return nil, err
	}
	docs := make([]any, len(page))
	for i, a := range page {
		docs[i] = c.appDoc(a, embedded)
	}
	return listReply(c, docs, next), nil
}

// filtersByUser tells whether an expression asks for the applications of that user.
func filtersByUser(expr filterExpr, u *user) bool {
	found := false
	if expr == nil {
		return false
	}
	_ = expr.visit(func(c *comparison) error {
		found = found || c.attribute == "user.id" && c.value == u.id
		return nil
	})
	return found
}

// embeddedUser is whom expand=user/{id} names, nil where there is no expand.
func (o *Org) embeddedUser(c *call) (*user, error) {
	expand := c.query.Get("expand")
	if expand == "" {
		return nil, nil
	}
	id, ok := strings.CutPrefix(expand, "user/")
	u := o.userByID(id)
	if !ok || u == nil {
		return nil, invalid("expand", "expand: The value must be user/ and the id of a user")
	}
	return u, nil
}

func (c *call) appDoc(a *app, embedded *user) map[string]any {
	doc := a.doc(c)
	if embedded == nil {
		return doc
	}
	if au := a.has(embedded); au != nil {
		doc["_embedded"] = map[string]any{"user": c.appUserDoc(a, au)}
	}
	return doc
}

func (o *Org) getApp(c *call) (*reply, error) {
	a, err := o.findApp(c.params[0])
	if err != nil {
		return nil, err
	}
	embedded, err := o.embeddedUser(c)
	if err != nil {
		return nil, err
	}
	return jsonReply(http.StatusOK, c.appDoc(a, embedded)), nil
}

// appStep sets an application's status, and succeeds also where it has that already.
func appStep(operation, status string) handler {
	return func(o *Org, c *call) (*reply, error) {
		a, err := o.findApp(c.params[0])
		if err != nil {
			return nil, err
		}
		if a.status != status {
			a.status, a.lastUpdated = status, c.now
			o.record(c, "application.lifecycle."+operation, appTarget(a))
		}
		return jsonReply(http.StatusOK, empty), nil
	}
}

var (
	activateApp   = appStep("activate", "ACTIVE")
	deactivateApp = appStep("deactivate", "INACTIVE")
)

// listAppLinks are what a user finds on their dashboard.
func (o *Org) listAppLinks(c *call) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	links := []any{}
	for _, a := range o.apps {
		au := a.has(u)
		if au == nil || !a.visible() {
			continue
		}
		links = append(links, map[string]any{
			"id": u.id, "label": a.label, "linkUrl": a.link(c), "logoUrl": a.logo(c), "appName": a.name,
			"appInstanceId": a.id, "appAssignmentId": au.id, "credentialsSetup": false, "hidden": false, "sortOrder": len(links),
		})
	}
	return jsonReply(http.StatusOK, links), nil
}
