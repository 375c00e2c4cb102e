package oktasim

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"soar.example/okta/internal/oktasim/filter"
	"soar.example/okta/internal/oktasim/wire"
)

// NewApp describes an application of the org. Only Label is required.
type NewApp struct {
	ID    string `json:"id,omitempty"`
	Label string `json:"label"`
	// Name is Okta's key for the kind of application. The default depends on SignOnMode or the label.
	Name string `json:"name,omitempty"`
	// SignOnMode defaults to SAML_2_0.
	SignOnMode string `json:"sign_on_mode,omitempty"`
	// Status is ACTIVE (the default) or INACTIVE.
	Status string `json:"status,omitempty"`
	// Hidden omits the application from the dashboards and the appLinks of its users.
	Hidden bool `json:"hidden,omitempty"`
	// Document contains fields that replace those of the application's document.
	Document map[string]any `json:"document,omitempty"`
}

// NewAssignment describes the assignment of an application to a user. App is an ID or label, User an ID or
// login.
type NewAssignment struct {
	App  string `json:"app"`
	User string `json:"user"`
	// Scope is USER (the default) or GROUP. It appears in documents and has no other effect.
	Scope string `json:"scope,omitempty"`
	// Profile contains the user's attributes in the application.
	Profile map[string]any `json:"profile,omitempty"`
}

// AppState is one application with the IDs of its users.
type AppState struct {
	ID     string   `json:"id"`
	Label  string   `json:"label"`
	Status string   `json:"status"`
	Users  []string `json:"users"`
}

// AppRef identifies an application of a user.
type AppRef struct {
	ID     string `json:"id"`
	Label  string `json:"label"`
	Status string `json:"status"`
}

// app is one application. Its status is in object.
type app struct {
	object
	NewApp
	users []*appUser // in the order of assignment
}

// appUser is a user in an application. Its ID is the ID of the assignment.
type appUser struct {
	object
	app     *app
	user    *user
	scope   string
	profile doc
}

// AddApp adds an application to the org.
func (o *Org) AddApp(n NewApp) AppState { return add(o, n, (*Org).insertApp) }

func (o *Org) insertApp(n NewApp, now time.Time) (AppState, error) {
	n.Status = cmp.Or(n.Status, statusActive)
	n.SignOnMode = cmp.Or(n.SignOnMode, "SAML_2_0")
	document, err := wire.Plain(n.Document)
	n.Document = document
	if err := invalid("app "+n.Label, err, missing("label", n.Label), unknown("status", n.Status, onOff...), taken(o.apps, n.ID)); err != nil {
		return AppState{}, err
	}
	names := map[string]string{"OPENID_CONNECT": "oidc_client", "BOOKMARK": "bookmark", "BROWSER_PLUGIN": "template_swa"}
	n.Name = cmp.Or(n.Name, names[n.SignOnMode], strings.ToLower(strings.Join(strings.Fields(n.Label), "_")))
	a := &app{object: o.newObject(n.ID, "0oa", n.Status, now), NewApp: n}
	o.apps = append(o.apps, a)
	return a.state(), nil
}

// AssignApp assigns an application to a user.
func (o *Org) AssignApp(n NewAssignment) { add(o, n, (*Org).insertAssignment) }

func (o *Org) insertAssignment(n NewAssignment, now time.Time) (doc, error) {
	a := o.appNamed(n.App)
	u, errUser := o.findUser(n.User)
	profile, err := wire.Plain(n.Profile)
	n.Scope = cmp.Or(n.Scope, "USER")
	if err := invalid("assignment",
		errUser, err, wrong(a == nil, "there is no app "+n.App), unknown("scope", n.Scope, "USER", "GROUP"),
		wrong(a != nil && u != nil && a.userOf(u) != nil, "the user has the app already"),
	); err != nil {
		return nil, err
	}
	if n.Profile == nil {
		for _, name := range []string{"email", "firstName", "lastName"} {
			profile[name] = u.profile[name]
		}
	}
	a.users = append(a.users, &appUser{o.newObject("", "0ua", statusActive, now), a, u, n.Scope, profile})
	return doc{}, nil
}

// appNamed returns the application with an ID or label. If several have the label, it returns the oldest.
func (o *Org) appNamed(idOrLabel string) *app {
	return first(o.apps, func(a *app) bool { return a.id == idOrLabel || a.Label == idOrLabel })
}

func (o *Org) pathApp(c *call) (*app, error) { return find(o.apps, c.Params[0], "AppInstance") }

// userOf returns the user's assignment, or nil.
func (a *app) userOf(u *user) *appUser {
	return first(a.users, func(au *appUser) bool { return au.user == u })
}

// remove removes the assignment of a user.
func (a *app) remove(u *user) {
	a.users = slices.DeleteFunc(a.users, func(au *appUser) bool { return au.user == u })
}

func (a *app) state() AppState {
	return AppState{ID: a.id, Label: a.Label, Status: a.status, Users: each(a.users, func(au *appUser) string { return au.user.id })}
}

func (a *app) target() doc { return target(a.id, "AppInstance", a.Label, a.Label) }

func (au *appUser) target() doc { return target(au.id, "AppUser", au.user.login(), au.user.name()) }

// appDoc returns the document of an application. The org's own fields replace those of Document, which replace the
// default fields.
func (c *call) appDoc(a *app) doc {
	own := c.shape("app", &a.object, doc{
		"name": a.Name, "label": a.Label, "mode": a.SignOnMode, "hidden": a.Hidden, "appLinks": doc{a.Name + "_link": true},
	})
	d := merge(own, a.Document).(doc)
	for _, name := range []string{"id", "name", "label", "status", "signOnMode", "created", "lastUpdated"} {
		d[name] = own[name]
	}
	links, _ := merge(doc{}, d["_links"]).(doc)
	if links == nil {
		links = doc{}
	}
	delete(links, "activate")
	delete(links, "deactivate")
	operation := nextOperation(a.status)
	links[operation] = wire.Link(c.URL("/api/v1/apps/" + a.id + "/lifecycle/" + operation))
	d["_links"] = links
	return d
}

var appFilter = filter.Table{
	"id": filter.Equal, "status": filter.Equal, "name": filter.Equal, "user.id": filter.Equal, "credentials.signing.kid": filter.Equal,
}

func (o *Org) listApps(c *call) (any, error) {
	embedded, err := o.embeddedUser(c)
	if err != nil {
		return nil, err
	}
	if e, err := c.expression(nil, appFilter.Allows); embedded != nil && err == nil &&
		!slices.ContainsFunc(e.Comparisons(), func(e *filter.Expression) bool { return e.Attribute == "user.id" && e.Value == embedded.id }) {
		return nil, wire.Invalid("expand", "expand: It needs a filter by user.id for the same user")
	}
	return list(o, c, o.apps, listing[*app]{
		size: pageSize{200, -1, 200, 200}, filter: appFilter.Allows, write: func(c *call, a *app) doc { return c.embeddingAppDoc(a, embedded) },
		texts: func(a *app) []string { return []string{a.Name, a.Label} },
		matched: func(c *call, a *app) doc {
			d := c.appDoc(a)
			d["user"] = each(a.users, func(au *appUser) any { return doc{"id": au.user.id} })
			return d
		},
	})
}

// embeddedUser returns the user of expand=user/{id}, or nil without expand.
func (o *Org) embeddedUser(c *call) (*user, error) {
	expand := c.Query.Get("expand")
	if expand == "" {
		return nil, nil
	}
	id, ok := strings.CutPrefix(expand, "user/")
	u, err := find(o.users, id, "User")
	if !ok || err != nil {
		return nil, wire.Invalid("expand", "expand: The value must be user/ and the id of a user")
	}
	return u, nil
}

// embeddingAppDoc returns the document of an application with the assignment of a user.
func (c *call) embeddingAppDoc(a *app, embedded *user) doc {
	d := c.appDoc(a)
	if au := a.userOf(embedded); embedded != nil && au != nil {
		d["_embedded"] = doc{"user": c.appUserDoc(au)}
	}
	return d
}

func (o *Org) getApp(c *call, a *app) (any, error) {
	embedded, err := o.embeddedUser(c)
	if err != nil {
		return nil, err
	}
	return c.embeddingAppDoc(a, embedded), nil
}

// appsOf returns the assignments of a user in the order of the applications.
func (o *Org) appsOf(u *user) []*appUser {
	var out []*appUser
	for _, a := range o.apps {
		if au := a.userOf(u); au != nil {
			out = append(out, au)
		}
	}
	return out
}

// listAppLinks lists the applications on a user's dashboard.
func (o *Org) listAppLinks(c *call, u *user) (any, error) {
	visible := where(o.appsOf(u), func(au *appUser) bool { return au.app.status == statusActive && !au.app.Hidden })
	links := each(visible, func(au *appUser) doc {
		return c.shape("app link", &au.object, doc{"user": u.id, "label": au.app.Label, "name": au.app.Name, "app": au.app.id})
	})
	for i := range links {
		links[i]["sortOrder"] = i
	}
	return links, nil
}

func (c *call) appUserDoc(au *appUser) doc {
	return c.shape("app user", &au.object, doc{
		"user": au.user.id, "app": au.app.id, "login": au.user.login(), "scope": au.scope, "profile": au.profile,
	})
}

// expandedAppUser adds the whole user if the call requests it.
func (c *call) expandedAppUser(au *appUser) doc {
	d := c.appUserDoc(au)
	if c.Query.Get("expand") == "user" {
		d["_embedded"] = doc{"user": c.fullUserDoc(au.user)}
	}
	return d
}

// pathAppUser returns the assignment in the call's path. Like a membership, it accepts no login.
func (o *Org) pathAppUser(c *call) (*appUser, error) {
	a, err := o.pathApp(c)
	if err != nil {
		return nil, err
	}
	au := first(a.users, func(au *appUser) bool { return au.user.id == c.Params[1] })
	if au == nil {
		return nil, wire.NotFound(c.Params[1], "AppUser")
	}
	return au, nil
}

func (o *Org) unassign(c *call, au *appUser) {
	au.app.remove(au.user)
	o.logEvent(c, "application.user_membership.remove", au.target(), au.app.target(), au.user.target())
}

var appUserListing = listing[*appUser]{size: upTo(50, 500), write: (*call).expandedAppUser, texts: func(au *appUser) []string {
	return []string{au.user.login(), text(au.profile, "firstName"), text(au.profile, "lastName"), text(au.profile, "email")}
}}
