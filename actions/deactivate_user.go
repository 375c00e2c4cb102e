package actions

import (
	"context"
	"time"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// DeactivateUser deactivates a user. activate_user brings the account back, but
// neither the password nor what apps had deleted, so it is no undo.
var DeactivateUser = action[DeactivateUserInput, UserChange[UserState]]{
	Name:    "deactivate_user",
	Summary: "Deactivates a user: the user loses all apps, and the account can be activated again or deleted. To contain a user, suspend instead.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/#tag/UserLifecycle/operation/deactivateUser",
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.users.manage"},
	Example: sdk.Example[DeactivateUserInput, UserChange[UserState]]{
		Input: DeactivateUserInput{OneUser: exampleTarget},
		Output: UserChange[UserState]{User: exampleUser, Change: reconcile.Changed(
			UserState{Status: okta.StatusActive, StatusChanged: exampleTime("2025-01-07T09:12:44Z")},
			UserState{Status: okta.StatusDeprovisioned, StatusChanged: exampleTime("2026-03-14T10:05:31Z")},
		)},
	},
	Run: onUser(deactivateUser),
}

// DeactivateUserInput is the input of deactivate_user.
type DeactivateUserInput struct {
	OneUser
	// Email the administrators.
	SendEmail bool `json:"send_email,omitempty" jsonschema:"default=false" jsonschema_extras:"x-group=advanced"`
	reconcile.Write
}

func deactivateUser(ctx context.Context, c *okta.Client, u *okta.User, in DeactivateUserInput) (UserChange[UserState], error) {
	var last UserState
	change, err := reconcile.Goal[UserState]{
		Name: "user is deactivated",
		Done: func(s UserState) bool { return s.Status == okta.StatusDeprovisioned },
		Act:  func(ctx context.Context) error { return c.DeactivateUser(ctx, u.ID, in.SendEmail) },
		Read: func(ctx context.Context) (s UserState, err error) {
			s, err = readState(c, u.ID)(ctx)
			last = s
			return s, err
		},
	}.From(ctx, stateOf(u))
	return UserChange[UserState]{User: refOf(u), Change: change}, stillDeactivating(err, last)
}

// stillDeactivating is err, of a deactivation, for who asks again later, if Okta has not
// come to its end: the user has the old status meanwhile, and may be able to sign in.
func stillDeactivating(err error, last UserState) error {
	if err == nil || last.TransitioningTo != okta.StatusDeprovisioned {
		return err
	}
	return &sdk.Error{
		Code: sdk.Unavailable, RetryAfter: 10 * time.Second, Err: err,
		Message: "Okta is still deactivating the user, who is " + last.Status + " until that is done",
	}
}
