package actions

import (
	"context"
	"time"

	"soar.example/okta/internal/okta"
)

// UserRef says which user an answer is about.
type UserRef struct {
	ID    string `json:"id"`              // Id of the user.
	Login string `json:"login"`           // Login of the user.
	Email string `json:"email,omitempty"` // Email address of the user.
}

// UserState is what a lifecycle action changes about a user.
type UserState struct {
	// STAGED, PROVISIONED, ACTIVE, RECOVERY, LOCKED_OUT, PASSWORD_EXPIRED, SUSPENDED or DEPROVISIONED.
	Status          string     `json:"status"`
	StatusChanged   *time.Time `json:"status_changed,omitempty"`   // Since when, as far as Okta tells.
	TransitioningTo string     `json:"transitioning_to,omitempty"` // Status that Okta is still bringing the user to; absent if none.
}

func refOf(u *okta.User) UserRef { return UserRef{ID: u.ID, Login: u.Login, Email: u.Email} }

func stateOf(u *okta.User) UserState {
	return UserState{Status: u.Status, StatusChanged: u.StatusChanged, TransitioningTo: u.Transitioning}
}

func readState(c *okta.Client, id string) func(context.Context) (UserState, error) {
	return func(ctx context.Context) (UserState, error) {
		u, err := c.User(ctx, id)
		if err != nil {
			return UserState{}, err
		}
		return stateOf(u), nil
	}
}

var exampleUser = UserRef{ID: "00u1a2b3c4d5e6f7g8h9", Login: "alice.moreau@corp.example", Email: "alice.moreau@corp.example"}

func exampleTime(s string) *time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return &t
}
