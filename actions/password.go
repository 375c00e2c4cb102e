package actions

import (
	"context"
	"errors"
	"slices"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

// ExpirePassword requires a user to choose a new password.
var ExpirePassword = action[ExpirePasswordInput, ExpirePasswordOutput]{
	Name:    "expire_password",
	Summary: "Requires a user to choose a new password at the next sign-in. With a temporary password the old one stops working at once.",
	Docs:    apiDocs("UserCred", "expirePassword"),
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.users.manage"},
	Example: sdk.Example[ExpirePasswordInput, ExpirePasswordOutput]{
		Input: ExpirePasswordInput{OneUser: exampleTarget, TemporaryPassword: true, RevokeSessions: true},
		Output: ExpirePasswordOutput{User: ExampleUser, TemporaryPassword: "Xa41-piT9-wq", Sessions: sessionsRevoked, Change: reconcile.Changed(
			UserState{Status: okta.StatusActive, StatusChanged: exampleTime("2025-01-07T09:12:44Z")},
			UserState{Status: okta.StatusPasswordExpired, StatusChanged: exampleTime("2026-03-14T02:41:09Z")},
		)},
	},
	Run: onUser(expirePassword),
}

// ExpirePasswordInput is the input of expire_password.
type ExpirePasswordInput struct {
	OneUser
	// Replace the password by a temporary one, which the output holds. Otherwise anyone who knows the old password
	// can still choose the new one.
	TemporaryPassword bool `json:"temporary_password,omitempty" jsonschema:"default=false"`
	// End the user's Okta sessions as well.
	RevokeSessions bool `json:"revoke_sessions,omitempty" jsonschema:"default=false"`
	reconcile.Write
}

// ExpirePasswordOutput is the output of expire_password.
type ExpirePasswordOutput struct {
	User UserRef `json:"user"` // The user.
	// Temporary password, if requested. Okta shows it only once.
	TemporaryPassword SecretText `json:"temporary_password,omitempty"`
	// revoked: Okta accepted the revocation, which cannot be verified; unknown: a dry run; absent if the
	// revocation was not requested.
	Sessions string `json:"sessions,omitempty" jsonschema:"enum=unknown,enum=revoked"`
	reconcile.Change[UserState]
}

// Expirable lists the statuses in which Okta can expire the password of a user.
var Expirable = []string{okta.StatusActive, okta.StatusRecovery, okta.StatusLockedOut, okta.StatusPasswordExpired}

func expirePassword(ctx context.Context, c *okta.Client, u *okta.User, in ExpirePasswordInput) (ExpirePasswordOutput, error) {
	out := ExpirePasswordOutput{User: UserRefOf(u)}
	var err error
	out.Change, err = reconcile.Goal[UserState]{
		Name: "password has expired",
		Done: func(s UserState) bool {
			return s.Status == okta.StatusPasswordExpired &&
				(!in.TemporaryPassword || out.TemporaryPassword != "" || u.Status == okta.StatusPasswordExpired)
		},
		// The state does not show a new temporary password.
		Repeat: in.TemporaryPassword,
		Act: func(ctx context.Context) error {
			if !in.TemporaryPassword {
				return c.ExpirePassword(ctx, u.ID)
			}
			password, err := c.ExpirePasswordWithTemporary(ctx, u.ID, in.RevokeSessions)
			out.TemporaryPassword = SecretText(password)
			return err
		},
		Read: readState(c, u.ID),
		Precondition: func(s UserState) string {
			if slices.Contains(Expirable, s.Status) {
				return ""
			}
			return "the user is " + s.Status + ", and Okta does not expire passwords in this status"
		},
	}.From(ctx, UserStateOf(u))
	if err != nil || !in.RevokeSessions || out.Outcome == sdk.NotApplicable {
		return out, err
	}
	return out, endSessions(ctx, c, u.ID, in.TemporaryPassword, &out)
}

// endSessions ends the sessions of the user, unless the expiry did, and completes the output.
func endSessions(ctx context.Context, c *okta.Client, userID string, ended bool, out *ExpirePasswordOutput) error {
	out.Sessions = sessionsRevoked
	if !ended {
		err := c.RevokeSessions(ctx, userID, false, false)
		if e := sdk.AsError(err); e != nil && !errors.Is(err, sdk.ErrPlanned) {
			failed := *e
			failed.Message = "the password has expired, but the sessions could not be ended. End them with revoke_all_user_sessions. Cause: " + e.Message
			return &failed
		}
	}
	if sdk.IsDryRun(ctx) {
		out.Outcome, out.Sessions, out.Plan = sdk.Planned, sessionsUnknown, sdk.PlannedRequests(ctx)
	}
	return nil
}

// ResetPassword removes the password of a user.
var ResetPassword = action[ResetPasswordInput, ResetPasswordOutput]{
	Name:    "reset_password",
	Summary: "Removes a user's password and returns a single-use link to set a new one. Each call creates a new link.",
	Docs:    apiDocs("UserCred", "resetPassword"),
	Effect:  sdk.Destroys,
	Once:    true,
	Scopes:  []string{"okta.users.manage"},
	Example: sdk.Example[ResetPasswordInput, ResetPasswordOutput]{
		Input: ResetPasswordInput{OneUser: exampleTarget, RevokeSessions: true},
		Output: ResetPasswordOutput{
			User: ExampleUser, ResetPasswordURL: "https://acme.okta.com/signin/reset-password/XE6wE17zmphl3KqAPFxO",
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
	out := ResetPasswordOutput{User: UserRefOf(u)}
	var err error
	out.Change, err = reconcile.Goal[UserState]{
		Name: "user must set a new password",
		Done: func(s UserState) bool { return s.Status == okta.StatusRecovery },
		// The state does not show a second reset, which creates a new link.
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
				return "the user is " + s.Status + ", and Okta does not reset passwords in this status"
			}
			return ""
		},
	}.From(ctx, UserStateOf(u))
	return out, err
}
