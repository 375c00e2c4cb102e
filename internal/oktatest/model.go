package oktatest

import (
	"net/http"
	"time"
)

// NewUser describes a user to put into the org. Only Login is required: Email defaults to it, names are made
// from it, and Status defaults to ACTIVE.
type NewUser struct {
	ID        string         `json:"id,omitempty"`
	Login     string         `json:"login"`
	Email     string         `json:"email,omitempty"`
	FirstName string         `json:"first_name,omitempty"`
	LastName  string         `json:"last_name,omitempty"`
	Status    string         `json:"status,omitempty"`
	Profile   map[string]any `json:"profile,omitempty"`
	// Groups are ids or names of groups that exist; the user joins them in addition to Everyone.
	Groups []string `json:"groups,omitempty"`
	// Sessions is how many identity provider sessions the user starts with.
	Sessions int `json:"sessions,omitempty"`
	// OAuthTokens and RememberedDevices are what a clearing of sessions may take away.
	OAuthTokens       int `json:"oauth_tokens,omitempty"`
	RememberedDevices int `json:"remembered_devices,omitempty"`
}

// User is a user of the org at the moment of the call.
type User struct {
	ID        string         `json:"id"`
	Login     string         `json:"login"`
	Email     string         `json:"email"`
	FirstName string         `json:"first_name"`
	LastName  string         `json:"last_name"`
	Status    string         `json:"status"`
	Profile   map[string]any `json:"profile"`
}

// NewGroup describes a group to put into the org. Type is OKTA_GROUP (default), APP_GROUP or BUILT_IN.
type NewGroup struct {
	ID          string `json:"id,omitempty"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Type        string `json:"type,omitempty"`
	// Members are ids or logins of users that exist.
	Members []string `json:"members,omitempty"`
}

// Group is a group of the org at the moment of the call.
type Group struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Type        string `json:"type"`
}

// Event is a System Log event or a part of one: Append fills what is missing. The extra key "persisted"
// (ISO 8601) says when the log is to have stored it; without it that is now, so that an event with an older
// "published" is a late one. A key present with nil stays null.
type Event map[string]any

// Request is one request that the org met outside /_org/.
type Request struct {
	Method string `json:"method"`
	// Path is the escaped path as it was sent.
	Path string `json:"path"`
	// Query is the raw query without its question mark.
	Query string `json:"query"`
	// Header holds the request's header; of Authorization only the scheme is kept. At the token endpoint, Query and Body
	// show that there was an assertion and not what it was.
	Header http.Header `json:"header"`
	Body   string      `json:"body"`
	// Status is the status of the answer, 0 where a fault kept the org from answering.
	Status    int       `json:"status"`
	RequestID string    `json:"request_id"`
	At        time.Time `json:"at"`
}

// State is what the org holds.
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

// User returns the state of the user with that id or login, and whether there is one.
func (s State) User(idOrLogin string) (UserState, bool) {
	for _, u := range s.Users {
		if u.ID == idOrLogin || u.Login == idOrLogin {
			return u, true
		}
	}
	return UserState{}, false
}

// UserState is one user with all that hangs on it.
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

// GroupState is one group with the ids of its members.
type GroupState struct {
	ID      string      `json:"id"`
	Name    string      `json:"name"`
	Type    string      `json:"type"`
	Members []string    `json:"members"`
	Roles   []RoleState `json:"roles"`
}

// The statuses of a user.
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

// The types of a group.
const (
	TypeOkta    = "OKTA_GROUP"
	TypeApp     = "APP_GROUP"
	TypeBuiltIn = "BUILT_IN"
)
