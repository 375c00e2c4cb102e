package actions

import (
	"context"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// UniversalLogout logs a user out of Okta and of the apps that obey it.
var UniversalLogout = action[UserWrite, UserChange[LogoutState]]{
	Name:    "universal_logout",
	Summary: "Ends a user's Okta sessions and tokens, and tells every app that supports it to end its own; needs Identity Threat Protection.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-oauth/oauth/tag/GlobalTokenRevocation/#tag/GlobalTokenRevocation/operation/globalTokenRevocation",
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.users.read", "okta.universalLogout.manage"},
	Example: exampleUserWrite(
		LogoutState{Sessions: sessionsUnknown, Apps: sessionsUnknown},
		LogoutState{Sessions: sessionsRevoked, Apps: appsAsked},
	),
	Run: onUser(universalLogout),
}

// LogoutState is as much as can be known of a logout: Okta has no call that lists a
// user's sessions, and does not tell what the apps made of it.
type LogoutState struct {
	// unknown: Okta has no call that lists sessions and tokens; revoked: Okta accepted their revocation, which
	// cannot be verified.
	Sessions string `json:"sessions" jsonschema:"enum=unknown,enum=revoked"`
	// asked: Okta notifies the apps that support it. The System Log has the result of each app
	// (user.authentication.universal_logout and similar).
	Apps string `json:"apps" jsonschema:"enum=unknown,enum=asked"`
}

// appsAsked is as much as is known of the apps.
const appsAsked = "asked"

func universalLogout(ctx context.Context, c *okta.Client, u *okta.User, in UserWrite) (UserChange[LogoutState], error) {
	return acceptedOf(ctx, u, LogoutState{Sessions: sessionsUnknown, Apps: sessionsUnknown},
		LogoutState{Sessions: sessionsRevoked, Apps: appsAsked}, c.UniversalLogout)
}
