package oktasim

import (
	"net/http"
	"time"
)

// Request is one request to the org outside /_org/.
type Request struct {
	Method string `json:"method"`
	// Path is the escaped path as the client sent it.
	Path string `json:"path"`
	// Query is the raw query without its question mark.
	Query string `json:"query"`
	// Header holds the request's header, with only the scheme of Authorization. At the token endpoint, Query and Body hide
	// the assertion.
	Header http.Header `json:"header"`
	Body   string      `json:"body"`
	// Status is the status of the response, 0 if a fault kept the org from responding.
	Status    int       `json:"status"`
	RequestID string    `json:"request_id"`
	At        time.Time `json:"at"`
}

// State is the content of the org.
type State struct {
	Users    []UserState   `json:"users"`
	Groups   []GroupState  `json:"groups"`
	Devices  []DeviceState `json:"devices"`
	Zones    []ZoneState   `json:"zones"`
	Apps     []AppState    `json:"apps"`
	Events   int           `json:"events"`
	Requests int           `json:"requests"`
	Defects  []string      `json:"defects"`
}

// User returns the state of the user with an ID or login, and whether there is one.
func (s State) User(idOrLogin string) (UserState, bool) {
	for _, u := range s.Users {
		if u.ID == idOrLogin || u.Login == idOrLogin {
			return u, true
		}
	}
	return UserState{}, false
}

// UserState is one user with sessions, groups, factors, devices, apps, roles and grants.
type UserState struct {
	ID                string        `json:"id"`
	Login             string        `json:"login"`
	Email             string        `json:"email"`
	Status            string        `json:"status"`
	Sessions          []string      `json:"sessions"`
	OAuthTokens       int           `json:"oauth_tokens"`
	RememberedDevices int           `json:"remembered_devices"`
	Groups            []GroupRef    `json:"groups"`
	Factors           []FactorState `json:"factors"`
	Devices           []DeviceState `json:"devices"`
	Apps              []AppRef      `json:"apps"`
	// Roles are the user's own administrator roles, and then those that come from groups.
	Roles  []RoleState  `json:"roles"`
	Grants []GrantState `json:"grants"`
	// Risk is HIGH, MEDIUM, LOW or NONE.
	Risk string `json:"risk"`
}

// GroupRef names a group.
type GroupRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// GroupState is one group with the IDs of its members.
type GroupState struct {
	ID      string      `json:"id"`
	Name    string      `json:"name"`
	Type    string      `json:"type"`
	Members []string    `json:"members"`
	Roles   []RoleState `json:"roles"`
}

// State returns the content of the org, its objects in order of creation.
func (o *Org) State() State {
	defer o.lock()()
	return State{
		Users: each(o.users, o.userState), Devices: each(o.devices, (*device).state), Zones: each(o.zones, (*zone).state),
		Apps: each(o.apps, (*app).state), Events: o.log.Len(), Requests: len(o.requests), Defects: append([]string{}, o.defects...),
		Groups: each(o.groups, func(g *group) GroupState {
			return GroupState{
				ID: g.id, Name: g.name, Type: g.kind, Members: each(g.sorted(), func(u *user) string { return u.id }),
				Roles: each(o.rolesHeldBy(assignee{group: g}), (*role).state),
			}
		}),
	}
}

func (o *Org) userState(u *user) UserState {
	now := o.clock()
	live := where(o.sessions, func(s *session) bool { return s.user == u && !s.expired(now) })
	return UserState{
		ID: u.id, Login: u.login(), Email: text(u.profile, "email"), Status: u.status,
		Sessions:    each(live, func(s *session) string { return s.id }),
		OAuthTokens: u.oauthTokens, RememberedDevices: u.devices,
		Groups:  each(o.groupsOf(u), func(g *group) GroupRef { return GroupRef{ID: g.id, Name: g.name} }),
		Factors: each(o.factors.of(u), (*factor).state),
		Devices: each(o.devicesOf(u), (*device).state),
		Apps:    each(o.appsOf(u), func(au *appUser) AppRef { return AppRef{au.app.id, au.app.label, au.app.status} }),
		Roles:   each(o.rolesOf(u), (*role).state),
		Grants:  each(o.grants.of(u), (*grant).state),
		Risk:    u.riskLevel(),
	}
}
