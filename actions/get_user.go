package actions

import (
	"context"
	"time"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// GetUser reads one user.
var GetUser = action[OneUser, GetUserOutput]{
	Name:    "get_user",
	Summary: "Reads a user: status, dates and the whole profile.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/getUser",
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.users.read"},
	Example: sdk.Example[OneUser, GetUserOutput]{
		Input: exampleTarget,
		Output: GetUserOutput{
			ID: exampleUser.ID, Login: exampleUser.Login, Email: exampleUser.Email, Status: okta.StatusActive,
			Created: exampleTime("2024-05-02T08:00:00Z"), LastLogin: exampleTime("2026-03-14T02:38:51Z"),
			Profile: Object(`{"login":"alice.moreau@corp.example","email":"alice.moreau@corp.example","firstName":"Alice","lastName":"Moreau",` +
				`"department":"Finance","mobilePhone":null}`),
		},
	},
	Run: onUser(func(_ context.Context, _ *okta.Client, u *okta.User, _ OneUser) (GetUserOutput, error) {
		return describe(u), nil
	}),
}

// GetUserOutput is the output of get_user.
type GetUserOutput struct {
	ID    string `json:"id"`    // ID of the user.
	Login string `json:"login"` // Login of the user.
	Email string `json:"email"` // Email address of the user.
	// STAGED, PROVISIONED, ACTIVE, RECOVERY, LOCKED_OUT, PASSWORD_EXPIRED, SUSPENDED or DEPROVISIONED.
	Status string `json:"status"`
	// Status that the user is being brought to; absent if none.
	TransitioningToStatus string     `json:"transitioning_to_status,omitempty"`
	Created               *time.Time `json:"created,omitempty"`          // Time when the user was created.
	Activated             *time.Time `json:"activated,omitempty"`        // Time of the activation.
	StatusChanged         *time.Time `json:"status_changed,omitempty"`   // Time of the last change of the status.
	LastLogin             *time.Time `json:"last_login,omitempty"`       // Time of the last sign-in.
	LastUpdated           *time.Time `json:"last_updated,omitempty"`     // Time of the last change of the user.
	PasswordChanged       *time.Time `json:"password_changed,omitempty"` // Time of the last change of the password.
	// The whole profile with custom attributes and nulls.
	Profile Object `json:"profile"`
}

func describe(u *okta.User) GetUserOutput {
	return GetUserOutput{
		ID: u.ID, Login: u.Login, Email: u.Email, Status: u.Status, TransitioningToStatus: u.Transitioning,
		Created: u.Created, Activated: u.Activated, StatusChanged: u.StatusChanged,
		LastLogin: u.LastLogin, LastUpdated: u.LastUpdated, PasswordChanged: u.PasswordChanged,
		Profile: Object(u.Profile.JSON()),
	}
}
