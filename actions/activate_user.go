package actions

import (
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// ActivateUser activates a user who is not yet, or no longer, active.
var ActivateUser = action[ActivateUserInput, ActivateUserOutput]{
	Name:    "activate_user",
	Summary: "Activates a staged or deactivated user. A user without a password then sets one through a link.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/#tag/UserLifecycle/operation/activateUser",
	Effect:  sdk.Writes,
	Undo:    "deactivate_user",
	Scopes:  []string{"okta.users.manage"},
	Example: sdk.Example[ActivateUserInput, ActivateUserOutput]{
		Input: ActivateUserInput{OneUser: exampleTarget, SendEmail: true},
		Output: ActivateUserOutput{User: exampleUser, Change: reconcile.Changed(
			UserState{Status: okta.StatusStaged},
			UserState{Status: okta.StatusProvisioned, StatusChanged: exampleTime("2026-03-14T10:05:31Z")},
		)},
	},
	Run: onUser(activateUser),
}

// ActivateUserInput is the input of activate_user.
type ActivateUserInput struct {
	OneUser
	// Email the user the sign-in link. Otherwise the output holds the link.
	SendEmail bool `json:"send_email,omitempty" jsonschema:"default=true"`
	reconcile.Write
}

// ActivateUserOutput is the output of activate_user.
type ActivateUserOutput struct {
	User UserRef `json:"user"` // The user.
	// Link to set a password and sign in. Absent if Okta emailed it or nothing changed. Anyone with this link can
	// take over the account.
	ActivationURL   SecretText `json:"activation_url,omitempty"`
	ActivationToken SecretText `json:"activation_token,omitempty"` // Token of that link.
	reconcile.Change[UserState]
}

func activateUser(ctx context.Context, c *okta.Client, u *okta.User, in ActivateUserInput) (ActivateUserOutput, error) {
	out := ActivateUserOutput{User: refOf(u)}
	var err error
	out.Change, err = reconcile.Goal[UserState]{
		Name: "user is activated",
		Done: activated,
		Act: func(ctx context.Context) error {
			a, err := c.ActivateUser(ctx, u.ID, in.SendEmail)
			out.ActivationURL, out.ActivationToken = SecretText(a.URL), SecretText(a.Token)
			return err
		},
		Read: readState(c, u.ID),
		Precondition: func(s UserState) string {
			switch s.Status {
			case okta.StatusStaged, okta.StatusDeprovisioned:
				return ""
			case okta.StatusSuspended:
				return "the user is SUSPENDED: unsuspend_user makes such a one active"
			case okta.StatusLockedOut:
				return "the user is LOCKED_OUT: unlock_user makes such a one active"
			}
			return "Okta activates only a STAGED or DEPROVISIONED user, and this one is " + s.Status
		},
	}.From(ctx, stateOf(u))
	return out, err
}

// activated reports whether a user has been activated and nothing keeps them from
// signing in but a password of theirs to be set. Okta may still be at it.
func activated(s UserState) bool {
	switch s.Status {
	case okta.StatusActive, okta.StatusProvisioned, okta.StatusRecovery, okta.StatusPasswordExpired:
		return true
	}
	return s.TransitioningTo == okta.StatusActive || s.TransitioningTo == okta.StatusProvisioned
}
