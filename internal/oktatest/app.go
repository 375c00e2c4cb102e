package oktatest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// NewApp describes an application of the org. Only Label is required.
type NewApp struct {
	ID    string `json:"id,omitempty"`
	Label string `json:"label"`
	// Name is Okta's key of the application's kind; by default it is made from the label, or fixed by SignOnMode.
	Name string `json:"name,omitempty"`
	// SignOnMode is SAML_2_0 by default.
	SignOnMode string `json:"sign_on_mode,omitempty"`
	// Status is ACTIVE (the default) or INACTIVE.
	Status string `json:"status,omitempty"`
	// Hidden keeps the application off its users' dashboards, and so out of their appLinks.
	Hidden bool `json:"hidden,omitempty"`
	// Document holds fields of the application's JSON that take the place of the org's own.
	Document map[string]any `json:"document,omitempty"`
}

// NewAssignment gives a user an application. App is an id or label, User an id or login.
type NewAssignment struct {
	App  string `json:"app"`
	User string `json:"user"`
	// Scope is USER (the default) or GROUP, which is shown and has no other effect.
	Scope string `json:"scope,omitempty"`
	// Profile holds the user's attributes in the application.
	Profile map[string]any `json:"profile,omitempty"`
}

// AppState is one application with the ids of its users.
type AppState struct {
	ID     string   `json:"id"`
	Label  string   `json:"label"`
	Status string   `json:"status"`
	Users  []string `json:"users"`
}

// AppRef names an application that a user has.
type AppRef struct {
	ID     string `json:"id"`
	Label  string `json:"label"`
	Status string `json:"status"`
}

// app is one application.
type app struct {
	id, name, label, mode, status string

	order    int
	hidden   bool
	document map[string]any
	users    []*appUser // in order of assignment

	created, lastUpdated time.Time
}

// appUser is a user in an application.
type appUser struct {
	id      string // of the assignment
	user    *user
	order   int
	scope   string
	profile map[string]any
	created time.Time
}

// AddApp puts an application into the org without a trace in the log. It panics when the id is taken or the status
// does not exist.
func (o *Org) AddApp(n NewApp) AppState {
	o.mu.Lock()
	defer o.mu.Unlock()
	return must(o.placeApp(n, o.clock())).state()
}

// AssignApp gives a user an application without a trace in the log. It panics when either is unknown or the user has
// the application already.
func (o *Org) AssignApp(n NewAssignment) {
	o.mu.Lock()
	defer o.mu.Unlock()
	must(struct{}{}, o.placeAssignment(n, o.clock()))
}

func (o *Org) placeApp(n NewApp, now time.Time) (*app, error) {
	n.Status, n.SignOnMode = orElse(n.Status, "ACTIVE"), orElse(n.SignOnMode, "SAML_2_0")
	document, err := plainProfile(n.Document)
	switch {
	case err != nil:
		return nil, err
	case n.Label == "":
		return nil, fmt.Errorf("app: label is missing")
	case n.Status != "ACTIVE" && n.Status != "INACTIVE":
		return nil, fmt.Errorf("app %s: there is no status %q", n.Label, n.Status)
	}
	if _, err := o.findApp(n.ID); err == nil {
		return nil, fmt.Errorf("app %s: the id %s is taken", n.Label, n.ID)
	}
	if n.ID == "" {
		n.ID = o.stable.object("0oa")
	}
	o.created++
	a := &app{
		id: n.ID, name: n.Name, label: n.Label, mode: n.SignOnMode, status: n.Status, order: o.created, hidden: n.Hidden,
		document: document, created: now, lastUpdated: now,
	}
	if a.name == "" {
		a.name = nameOfApp(a)
	}
	o.apps = append(o.apps, a)
	return a, nil
}

func nameOfApp(a *app) string {
	switch a.mode {
	case "OPENID_CONNECT":
		return "oidc_client"
	case "BOOKMARK":
		return "bookmark"
	case "BROWSER_PLUGIN":
		return "template_swa"
	}
	return strings.ToLower(strings.Join(strings.Fields(a.label), "_"))
}

func (o *Org) placeAssignment(n NewAssignment, now time.Time) error {
	a := o.appNamed(n.App)
	if a == nil {
		return fmt.Errorf("assignment: there is no app %q", n.App)
	}
	u, err := o.findUser(n.User)
	if err != nil {
		return fmt.Errorf("assignment: %w", err)
	}
	profile, err := plainProfile(n.Profile)
	n.Scope = orElse(n.Scope, "USER")
	switch {
	case err != nil:
		return err
	case n.Scope != "USER" && n.Scope != "GROUP":
		return fmt.Errorf("assignment: there is no scope %q", n.Scope)
	case a.has(u) != nil:
		return fmt.Errorf("assignment: %s has %s already", u.login(), a.label)
	}
	if n.Profile == nil {
		profile = map[string]any{}
		for _, name := range []string{"email", "firstName", "lastName"} {
			profile[name] = u.profile[name]
		}
	}
	o.created++
	a.users = append(a.users, &appUser{o.stable.object("0ua"), u, o.created, n.Scope, profile, now})
	return nil
}

// appNamed finds an application by id or label, the oldest where several share a label.
func (o *Org) appNamed(idOrLabel string) *app {
	for _, a := range o.apps {
		if a.id == idOrLabel || a.label == idOrLabel {
			return a
		}
	}
	return nil
}

func (o *Org) findApp(id string) (*app, error) {
	for _, a := range o.apps {
		if a.id == id {
			return a, nil
		}
	}
	return nil, notFound(id, "AppInstance")
}

// has returns the user's assignment, or nil.
func (a *app) has(u *user) *appUser {
	for _, au := range a.users {
		if au.user == u {
			return au
		}
	}
	return nil
}

// remove reports whether the user had the application.
func (a *app) remove(u *user) bool {
	before := len(a.users)
	a.users = slices.DeleteFunc(a.users, func(au *appUser) bool { return au.user == u })
	return len(a.users) < before
}

func (a *app) state() AppState {
	s := AppState{ID: a.id, Label: a.label, Status: a.status, Users: []string{}}
	for _, au := range a.users {
		s.Users = append(s.Users, au.user.id)
	}
	return s
}

func appTarget(a *app) map[string]any {
	return map[string]any{"id": a.id, "type": "AppInstance", "alternateId": a.label, "displayName": a.label, "detailEntry": nil}
}

func appUserTarget(au *appUser) map[string]any {
	return map[string]any{
		"id": au.id, "type": "AppUser", "alternateId": au.user.login(), "displayName": au.user.name(), "detailEntry": nil,
	}
}

// values gives filters the attributes of an application.
func (a *app) values(attribute string) []any {
	switch attribute {
	case "id":
		return []any{a.id}
	case "status":
		return []any{a.status}
	case "name":
		return []any{a.name}
	case "user.id":
		ids := make([]any, len(a.users))
		for i, au := range a.users {
			ids[i] = au.user.id
		}
		return ids
	case "credentials.signing.kid":
		return valuesAt(a.document, strings.Split(attribute, "."))
	}
	return nil
}

// doc writes an application: what the org keeps about it, over its document, over what every application has.
func (a *app) doc(c *call) map[string]any {
	self := c.url("/api/v1/apps/" + a.id)
	operation := "deactivate"
	if a.status == "INACTIVE" {
		operation = "activate"
	}
	links := map[string]any{
		"uploadLogo": hinted(self+"/logo", "POST"),
		"appLinks":   []any{map[string]any{"name": a.linkName(), "href": a.link(c), "type": "text/html"}},
		"groups":     map[string]any{"href": self + "/groups"},
		"logo":       []any{map[string]any{"name": "medium", "href": a.logo(c), "type": "image/png"}},
		"users":      map[string]any{"href": self + "/users"},
	}
	doc := map[string]any{
		"orn":           "orn:okta:idp:" + orgID + ":apps:" + a.name + ":" + a.id,
		"accessibility": map[string]any{"selfService": false, "errorRedirectUrl": nil, "loginRedirectUrl": nil},
		"visibility": map[string]any{
			"autoLaunch": false, "autoSubmitToolbar": false, "hide": map[string]any{"iOS": a.hidden, "web": a.hidden},
			"appLinks": map[string]any{a.linkName(): true},
		},
		"features": []any{},
		"credentials": map[string]any{
			"userNameTemplate": map[string]any{"template": "${source.login}", "type": "BUILT_IN"}, "signing": map[string]any{},
		},
		"settings": map[string]any{
			"app": map[string]any{}, "manualProvisioning": false, "implicitAssignment": false,
			"notifications": map[string]any{"vpn": map[string]any{
				"network": map[string]any{"connection": "DISABLED"}, "message": nil, "helpUrl": nil,
			}},
			"notes": map[string]any{"admin": nil, "enduser": nil},
		},
	}
	maps.Copy(doc, a.document)
	if given, ok := a.document["_links"].(map[string]any); ok {
		links = maps.Clone(given)
		delete(links, "activate")
		delete(links, "deactivate")
	}
	links[operation] = map[string]any{"href": self + "/lifecycle/" + operation}
	maps.Copy(doc, map[string]any{
		"id": a.id, "name": a.name, "label": a.label, "status": a.status, "signOnMode": a.mode,
		"created": stamp(a.created), "lastUpdated": stamp(a.lastUpdated), "_links": links,
	})
	return doc
}

func (a *app) linkName() string    { return a.name + "_link" }
func (a *app) link(c *call) string { return c.url("/home/" + a.name + "/" + a.id + "/2357") }
func (a *app) logo(c *call) string { return c.url("/assets/img/logos/" + a.name + ".png") }
func (a *app) visible() bool       { return a.status == "ACTIVE" && !a.hidden }
func (a *app) startsWith(q string) bool {
	return strings.HasPrefix(strings.ToLower(a.name), q) || strings.HasPrefix(strings.ToLower(a.label), q)
}
