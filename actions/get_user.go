package actions

import (
	"context"
	"encoding/json"
	"time"

	"github.com/invopop/jsonschema"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// GetUser reads one user.
var GetUser = action[GetUserInput, GetUserOutput]{
	Name:    "get_user",
	Title:   "Get User",
	Summary: "Reads a user: status, dates and the whole profile.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/getUser",
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.users.read"},
	Example: sdk.Example[GetUserInput, GetUserOutput]{
		Input: GetUserInput{User: exampleUser.Email},
		Output: GetUserOutput{
			ID: exampleUser.ID, Login: exampleUser.Login, Email: exampleUser.Email, Status: okta.StatusActive,
			Created: exampleTime("2024-05-02T08:00:00Z"), LastLogin: exampleTime("2026-03-14T02:38:51Z"),
			Profile: Profile(`{"login":"alice.moreau@corp.example","email":"alice.moreau@corp.example","firstName":"Alice","lastName":"Moreau","department":"Finance","mobilePhone":null}`),
		},
	},
	Run: getUser,
}

// GetUserInput is what get_user takes.
type GetUserInput struct {
	// Id, login or email address of the user.
	User string `json:"user" jsonschema:"example=alice.moreau@corp.example,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_users"`
}

// GetUserOutput is what get_user answers.
type GetUserOutput struct {
	ID    string `json:"id"`    // Id of the user.
	Login string `json:"login"` // Login of the user.
	Email string `json:"email"` // Email address of the user.
	// STAGED, PROVISIONED, ACTIVE, RECOVERY, LOCKED_OUT, PASSWORD_EXPIRED, SUSPENDED or DEPROVISIONED.
	Status string `json:"status"`
	// Status that the user is being brought to; absent if none.
	TransitioningToStatus string     `json:"transitioning_to_status,omitempty"`
	Created               *time.Time `json:"created,omitempty"`          // When the user was made.
	Activated             *time.Time `json:"activated,omitempty"`        // When the user was activated.
	StatusChanged         *time.Time `json:"status_changed,omitempty"`   // When the status changed last.
	LastLogin             *time.Time `json:"last_login,omitempty"`       // When the user signed in last.
	LastUpdated           *time.Time `json:"last_updated,omitempty"`     // When the user was changed last.
	PasswordChanged       *time.Time `json:"password_changed,omitempty"` // When the password changed last.
	// The whole profile with the org's own attributes, nulls kept.
	Profile Profile `json:"profile"`
}

// Profile is a user's profile as Okta keeps it: every org defines attributes of
// its own.
type Profile json.RawMessage

// MarshalJSON returns the profile's own bytes.
func (p Profile) MarshalJSON() ([]byte, error) { return json.RawMessage(p).MarshalJSON() }

// UnmarshalJSON keeps a copy of b.
func (p *Profile) UnmarshalJSON(b []byte) error { return (*json.RawMessage)(p).UnmarshalJSON(b) }

// JSONSchema says that it is an object.
func (Profile) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "object"} }

func getUser(ctx context.Context, c *okta.Client, in GetUserInput) (GetUserOutput, error) {
	u, err := c.FindUser(ctx, "/user", in.User)
	if err != nil {
		return GetUserOutput{}, err
	}
	return describe(u), nil
}

func describe(u *okta.User) GetUserOutput {
	return GetUserOutput{
		ID: u.ID, Login: u.Login, Email: u.Email, Status: u.Status, TransitioningToStatus: u.Transitioning,
		Created: u.Created, Activated: u.Activated, StatusChanged: u.StatusChanged,
		LastLogin: u.LastLogin, LastUpdated: u.LastUpdated, PasswordChanged: u.PasswordChanged,
		Profile: Profile(u.Profile.JSON()),
	}
}
