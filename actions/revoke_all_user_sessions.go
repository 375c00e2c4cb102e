package actions

import (
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// RevokeAllUserSessions ends every Okta session of a user.
var RevokeAllUserSessions = action[RevokeAllUserSessionsInput, UserChange[SessionsState]]{
	Name:    "revoke_all_user_sessions",
	Summary: "Ends every Okta session of a user, and on request revokes OAuth tokens and remembered devices. Apps keep their own sessions.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserSessions/#tag/UserSessions/operation/revokeUserSessions",
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.users.manage"},
	Example: sdk.Example[RevokeAllUserSessionsInput, UserChange[SessionsState]]{
		Input: RevokeAllUserSessionsInput{OneUser: exampleTarget, OAuthTokens: true, ForgetDevices: true},
		Output: UserChange[SessionsState]{User: exampleUser, Change: reconcile.Changed(
			SessionsState{Sessions: sessionsUnknown},
			SessionsState{Sessions: sessionsRevoked, OAuthTokens: sessionsRevoked, RememberedDevices: sessionsRevoked},
		)},
	},
	Run: onUser(revokeAllUserSessions),
}

// RevokeAllUserSessionsInput is the input of revoke_all_user_sessions.
type RevokeAllUserSessionsInput struct {
	OneUser
	// Revoke the OpenID Connect and OAuth refresh and access tokens of the user as well.
	OAuthTokens bool `json:"oauth_tokens,omitempty" jsonschema:"default=true"`
	// Forget the devices that remember the user, so that the next sign-in asks for every factor.
	ForgetDevices bool `json:"forget_devices,omitempty" jsonschema:"default=true" jsonschema_extras:"x-group=advanced"`
	reconcile.Write
}

// SessionsState is as much as can be known of a user's sessions: Okta has no call
// that lists them, so that they are revoked rests on Okta having accepted it.
type SessionsState struct {
	// unknown: Okta has no call that lists sessions; revoked: Okta accepted their revocation, which cannot be
	// verified.
	Sessions string `json:"sessions" jsonschema:"enum=unknown,enum=revoked"`
	// As for sessions; absent if the tokens were left alone.
	OAuthTokens string `json:"oauth_tokens,omitempty" jsonschema:"enum=unknown,enum=revoked"`
	// As for sessions; absent if the devices were left alone.
	RememberedDevices string `json:"remembered_devices,omitempty" jsonschema:"enum=unknown,enum=revoked"`
}

const (
	sessionsUnknown = "unknown"
	sessionsRevoked = "revoked"
)

func revokeAllUserSessions(ctx context.Context, c *okta.Client, u *okta.User, in RevokeAllUserSessionsInput) (UserChange[SessionsState], error) {
	state := func(s string) SessionsState {
		state := SessionsState{Sessions: s}
		if in.OAuthTokens {
			state.OAuthTokens = s
		}
		if in.ForgetDevices {
			state.RememberedDevices = s
		}
		return state
	}
	return acceptedOf(ctx, u, state(sessionsUnknown), state(sessionsRevoked), func(ctx context.Context, id string) error {
		return c.RevokeSessions(ctx, id, in.OAuthTokens, in.ForgetDevices)
	})
}
