package oktatest

import "strings"

type userDoc struct {
	ID              string         `json:"id"`
	Status          string         `json:"status"`
	Created         *string        `json:"created"`
	Activated       *string        `json:"activated"`
	StatusChanged   *string        `json:"statusChanged"`
	LastLogin       *string        `json:"lastLogin"`
	LastUpdated     *string        `json:"lastUpdated"`
	PasswordChanged *string        `json:"passwordChanged"`
	RealmID         string         `json:"realmId"`
	Type            idDoc          `json:"type"`
	Profile         map[string]any `json:"profile"`
	Credentials     map[string]any `json:"credentials"`
	Links           map[string]any `json:"_links"`
}

type idDoc struct {
	ID string `json:"id"`
}

const (
	userTypeID   = "oty2k9m4x7Qw1Zr85d7"
	userSchemaID = "osc2k9m4x7Qw1Zr85d7"
	realmID      = "guo2k9m4x7Qw1Zr8A5d7"
)

// userDoc writes a user as in a list, where its only link is to itself.
func (c *call) userDoc(u *user) userDoc {
	credentials := map[string]any{"provider": map[string]any{"type": u.provider, "name": u.provider}}
	if u.hasPassword {
		credentials["password"] = map[string]any{}
	}
	if u.question != "" {
		credentials["recovery_question"] = map[string]any{"question": u.question}
	}
	return userDoc{
		ID: u.id, Status: u.status,
		Created: stampOrNull(u.created), Activated: stampOrNull(u.activated), StatusChanged: stampOrNull(u.statusChanged),
		LastLogin: stampOrNull(u.lastLogin), LastUpdated: stampOrNull(u.lastUpdated), PasswordChanged: stampOrNull(u.passwordChanged),
		RealmID: realmID, Type: idDoc{userTypeID}, Profile: shownProfile(u.profile), Credentials: credentials,
		Links: map[string]any{"self": map[string]any{"href": c.url("/api/v1/users/" + u.id)}},
	}
}

// operationsIn are the links that Okta offers on a user in each status.
var operationsIn = map[string][]string{
	StatusStaged:          {"activate", "resetFactors"},
	StatusProvisioned:     {"suspend", "reactivate", "resetPassword", "resetFactors", "deactivate"},
	StatusActive:          {"suspend", "resetPassword", "expirePassword", "forgotPassword", "changePassword", "changeRecoveryQuestion", "resetFactors", "deactivate"},
	StatusRecovery:        {"resetPassword", "expirePassword", "forgotPassword", "resetFactors", "deactivate"},
	StatusLockedOut:       {"unlock", "resetPassword", "expirePassword", "resetFactors", "deactivate"},
	StatusPasswordExpired: {"resetPassword", "expirePassword", "changePassword", "resetFactors", "deactivate"},
	StatusSuspended:       {"unsuspend", "resetFactors", "deactivate"},
	StatusDeprovisioned:   {"activate", "delete", "resetFactors"},
}

// pathOf is where an operation is found below the user.
var pathOf = map[string]string{
	"activate": "lifecycle/activate", "deactivate": "lifecycle/deactivate", "reactivate": "lifecycle/reactivate",
	"suspend": "lifecycle/suspend", "unsuspend": "lifecycle/unsuspend", "unlock": "lifecycle/unlock",
	"resetPassword": "lifecycle/reset_password", "expirePassword": "lifecycle/expire_password",
	"resetFactors": "lifecycle/reset_factors", "forgotPassword": "credentials/forgot_password",
	"changePassword": "credentials/change_password", "changeRecoveryQuestion": "credentials/change_recovery_question",
}

// fullUserDoc writes a user as on its own, with links to what can be done to it.
func (c *call) fullUserDoc(u *user) userDoc {
	doc := c.userDoc(u)
	doc.Links["schema"] = map[string]any{"href": c.url("/api/v1/meta/schemas/user/" + userSchemaID)}
	doc.Links["type"] = map[string]any{"href": c.url("/api/v1/meta/types/user/" + userTypeID)}
	self := c.url("/api/v1/users/" + u.id)
	for _, op := range operationsIn[u.status] {
		if op == "delete" {
			doc.Links[op] = map[string]any{"href": self, "method": "DELETE"}
			continue
		}
		doc.Links[op] = map[string]any{"href": self + "/" + pathOf[op], "method": "POST"}
	}
	return doc
}

// values gives filters the attributes of a user.
func (u *user) values(attribute string) []any {
	if name, ok := strings.CutPrefix(attribute, "profile."); ok {
		return valuesAt(u.profile[name], nil)
	}
	switch attribute {
	case "id":
		return []any{u.id}
	case "status":
		return []any{u.status}
	case "type.id":
		return []any{userTypeID}
	case "created":
		return timeValue(stampOrNull(u.created))
	case "activated":
		return timeValue(stampOrNull(u.activated))
	case "statusChanged":
		return timeValue(stampOrNull(u.statusChanged))
	case "lastUpdated":
		return timeValue(stampOrNull(u.lastUpdated))
	}
	return nil
}

func timeValue(s *string) []any {
	if s == nil {
		return nil
	}
	return []any{*s}
}
