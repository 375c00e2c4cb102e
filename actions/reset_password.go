package actions

import (
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// ResetPassword takes a user's password away.
var ResetPassword = action[ResetPasswordInput, ResetPasswordOutput]{
	Name:    "reset_password",
	Summary: "Removes a user's password and returns a link, valid once, to set a new one. Each call creates a new link.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserCred/#tag/UserCred/operation/resetPassword",
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.users.manage"},
	Example: sdk.Example[ResetPasswordInput, ResetPasswordOutput]{
		Input: ResetPasswordInput{OneUser: exampleTarget, RevokeSessions: true},
		Output: ResetPasswordOutput{
			User: exampleUser, ResetPasswordURL: "https://acme.okta.com/signin/reset-password/XE6wE17zmphl3KqAPFxO",
			Change: reconcile.Changed(
				UserState{Status: okta.StatusActive, StatusChanged: exampleTime("2025-01-07T09:12:44Z")},
				UserState{Status: okta.StatusRecovery, StatusChanged: exampleTime("2026-03-14T02:41:09Z")},
			),
		},
	},
	Run: onUser(resetPassword),
}

// ResetPasswordInput is the input of reset_password.
type ResetPasswordInput struct {
	OneUser
	// Email the user the link. Otherwise the output holds the link. Do not email it if an intruder may read the
	// mailbox.
	SendEmail bool `json:"send_email,omitempty" jsonschema:"default=true"`
	// End the user's Okta sessions as well. Their end cannot be verified.
	RevokeSessions bool `json:"revoke_sessions,omitempty" jsonschema:"default=false"`
	reconcile.Write
}

// ResetPasswordOutput is the output of reset_password.
type ResetPasswordOutput struct {
	User UserRef `json:"user"` // The user.
	// Link to set a new password. Absent if Okta emailed it, if nothing changed, or if the response was lost; call
	// again for a new link. Anyone with this link can take over the account.
	ResetPasswordURL SecretText `json:"reset_password_url,omitempty"`
	reconcile.Change[UserState]
}

func resetPassword(ctx context.Context, c *okta.Client, u *okta.User, in ResetPasswordInput) (ResetPasswordOutput, error) {
	out := ResetPasswordOutput{User: refOf(u)}
	var err error
	out.Change, err = reconcile.Goal[UserState]{
		Name: "user has to set a new password",
		Done: func(s UserState) bool { return s.Status == okta.StatusRecovery },
		// The state does not show a second reset, which makes a new link.
		Repeat: true,
		Act: func(ctx context.Context) error {
			link, err := c.ResetPassword(ctx, u.ID, in.SendEmail, in.RevokeSessions)
			out.ResetPasswordURL = SecretText(link)
			return err
		},
		Read: readState(c, u.ID),
		Precondition: func(s UserState) string {
			switch s.Status {
			case okta.StatusStaged, okta.StatusSuspended, okta.StatusDeprovisioned:
				return "Okta resets no password of a user who is " + s.Status
			}
			return ""
		},
	}.From(ctx, stateOf(u))
	return out, err
}
