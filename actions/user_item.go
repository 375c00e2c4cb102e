package actions

import (
	"soar.example/okta/internal/okta"
)

// UserItem is a user in a list.
type UserItem struct {
	ID    string `json:"id"`              // Id of the user.
	Login string `json:"login"`           // Login of the user.
	Email string `json:"email,omitempty"` // Email address of the user.
	// STAGED, PROVISIONED, ACTIVE, RECOVERY, LOCKED_OUT, PASSWORD_EXPIRED, SUSPENDED or DEPROVISIONED.
	Status    string `json:"status"`
	LastLogin string `json:"last_login,omitempty"` // When the user signed in last; absent if never.
	Raw       Object `json:"raw"`                  // The user as Okta sent it, with the whole profile.
}

func userItem(o okta.Object) UserItem {
	var u struct {
		ID        string
		Status    string
		LastLogin string
		Profile   struct{ Login, Email string }
	}
	o.Read(&u)
	return UserItem{ID: u.ID, Login: u.Profile.Login, Email: u.Profile.Email, Status: u.Status, LastLogin: u.LastLogin, Raw: raw(o)}
}

var exampleUserItem = UserItem{
	ID: exampleUser.ID, Login: exampleUser.Login, Email: exampleUser.Email, Status: okta.StatusActive, LastLogin: "2026-03-14T02:38:51.000Z",
	Raw: Object(`{"id":"00u1a2b3c4d5e6f7g8h9","status":"ACTIVE","lastLogin":"2026-03-14T02:38:51.000Z","profile":{"login":"alice.moreau@corp.example","email":"alice.moreau@corp.example","firstName":"Alice","lastName":"Moreau"}}`),
}
