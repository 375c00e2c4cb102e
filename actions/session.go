package actions

import (
	"context"
	"regexp"
	"time"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

// EndCurrentUserSessions ends the session that an event names.
//
// Okta's call of that name (POST /users/me/lifecycle/delete_sessions) needs the cookie of
// the session and rejects API tokens. Therefore the action ends a session by its ID
// (DELETE /sessions/{id}).
var EndCurrentUserSessions = action[EndCurrentUserSessionsInput, EndCurrentUserSessionsOutput]{
	Name:    "end_current_user_sessions",
	Summary: "Ends one session, identified by its ID in an event. The user's other sessions continue.",
	Docs:    apiDocs("Session", "revokeSession"),
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.sessions.manage"},
	Example: sdk.Example[EndCurrentUserSessionsInput, EndCurrentUserSessionsOutput]{
		Input: EndCurrentUserSessionsInput{SessionID: "102nQZr7v9yT5mPq3sWx"},
		Output: EndCurrentUserSessionsOutput{SessionID: "102nQZr7v9yT5mPq3sWx", Change: reconcile.Changed(
			SessionState{Live: true, UserID: ExampleUser.ID, Login: ExampleUser.Login, ExpiresAt: exampleTime("2026-03-14T04:38:51Z")},
			SessionState{Live: false},
		)},
	},
	Run: endCurrentUserSessions,
}

// EndCurrentUserSessionsInput is the input of end_current_user_sessions.
type EndCurrentUserSessionsInput struct {
	// ID of the session: authenticationContext.externalSessionId of an event.
	SessionID string `json:"session_id" jsonschema:"example=102nQZr7v9yT5mPq3sWx,minLength=1,maxLength=200"`
	reconcile.Write
}

// EndCurrentUserSessionsOutput is the output of end_current_user_sessions.
type EndCurrentUserSessionsOutput struct {
	SessionID string `json:"session_id"` // ID of the session.
	reconcile.Change[SessionState]
}

// SessionState is the state of a session as Okta reports it.
type SessionState struct {
	// Whether the session is active. False if the session ended, expired or never existed.
	Live      bool       `json:"live"`
	UserID    string     `json:"user_id,omitempty"`    // ID of the session's user.
	Login     string     `json:"login,omitempty"`      // Login of the session's user.
	ExpiresAt *time.Time `json:"expires_at,omitempty"` // Expiry of the session.
}

// Compares excludes the expiry, which moves while the session is in use.
func (SessionState) Compares(member string) bool { return member != "expires_at" }

func endCurrentUserSessions(ctx context.Context, c *okta.Client, in EndCurrentUserSessionsInput) (EndCurrentUserSessionsOutput, error) {
	if err := okta.CheckSessionID("/session_id", in.SessionID); err != nil {
		return EndCurrentUserSessionsOutput{}, err
	}
	change, err := reconcile.Goal[SessionState]{
		Name: "session has ended",
		Done: func(s SessionState) bool { return !s.Live },
		Act:  func(ctx context.Context) error { return c.EndSession(ctx, in.SessionID) },
		Read: func(ctx context.Context) (SessionState, error) {
			return stateOrNone(func(s *okta.Session) SessionState {
				return SessionState{Live: true, UserID: s.UserID, Login: s.Login, ExpiresAt: s.ExpiresAt}
			})(c.Session(ctx, in.SessionID))
		},
	}.Run(ctx)
	change.About(sdk.Subject{Type: "session", ID: in.SessionID, Name: change.Before.Login})
	return EndCurrentUserSessionsOutput{SessionID: in.SessionID, Change: change}, err
}

// RevokeAllUserSessions ends every Okta session of a user.
var RevokeAllUserSessions = action[RevokeAllUserSessionsInput, UserChange[SessionsState]]{
	Name:    "revoke_all_user_sessions",
	Summary: "Ends every Okta session of a user. By default, also revokes OAuth tokens and forgets remembered devices. Apps keep their own sessions.",
	Docs:    apiDocs("UserSessions", "revokeUserSessions"),
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.users.manage"},
	Example: exampleAccepted(RevokeAllUserSessionsInput{OneUser: exampleTarget, OAuthTokens: true, ForgetDevices: true},
		SessionsState{Sessions: sessionsUnknown},
		SessionsState{Sessions: sessionsRevoked, OAuthTokens: sessionsRevoked, RememberedDevices: sessionsRevoked},
	),
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

// SessionsState is the known state of a user's sessions. Okta has no call that lists
// sessions, so only Okta's response shows a revocation.
type SessionsState struct {
	// unknown: Okta has no call that lists sessions. revoked: Okta accepted the revocation, which cannot be
	// verified.
	Sessions string `json:"sessions" jsonschema:"enum=unknown,enum=revoked"`
	// State of the OAuth tokens, with the same values as sessions. Absent if their revocation was not requested.
	OAuthTokens string `json:"oauth_tokens,omitempty" jsonschema:"enum=unknown,enum=revoked"`
	// State of the remembered devices, with the same values as sessions. Absent if the input keeps the devices.
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

// RevokeAppTokens revokes the refresh tokens of one app.
var RevokeAppTokens = action[RevokeAppTokensInput, RevokeAppTokensOutput]{
	Name:    "revoke_app_tokens",
	Summary: "Revokes the refresh tokens that one OAuth app holds for a user. Access tokens stay valid until they expire, usually for an hour.",
	Docs:    apiDocs("UserOAuth", "revokeTokensForUserAndClient"),
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.users.manage", "okta.apps.read"},
	Example: sdk.Example[RevokeAppTokensInput, RevokeAppTokensOutput]{
		Input: RevokeAppTokensInput{OneUser: exampleTarget, App: exampleApp.Label},
		Output: RevokeAppTokensOutput{User: ExampleUser, ClientID: exampleApp.ID, Change: reconcile.Change[TokensState]{
			Outcome: sdk.Accepted, Before: TokensState{RefreshTokens: sessionsUnknown}, After: TokensState{RefreshTokens: sessionsRevoked},
		}},
	},
	Run: onUser(revokeAppTokens),
}

// RevokeAppTokensInput is the input of revoke_app_tokens.
type RevokeAppTokensInput struct {
	OneUser
	// ID, exact label or OAuth client ID of the app. An app in a System Log event or an OAuth consent has a client ID.
	App string `json:"app" jsonschema:"example=Expense Reports,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_applications"`
	reconcile.Write
}

// RevokeAppTokensOutput is the output of revoke_app_tokens.
type RevokeAppTokensOutput struct {
	User     UserRef `json:"user"`      // The user.
	ClientID string  `json:"client_id"` // OAuth client ID of the app.
	reconcile.Change[TokensState]
}

// TokensState is the known state of the tokens of an app.
type TokensState struct {
	// unknown: Okta has no call that shows whether there are any. revoked: Okta accepted the revocation.
	RefreshTokens string `json:"refresh_tokens" jsonschema:"enum=unknown,enum=revoked"`
}

// clientID is the form of the ID of an OAuth client, which is an ID of an app or a custom ID.
var clientID = regexp.MustCompile(`^[0-9A-Za-z._-]{6,100}$`)

func revokeAppTokens(ctx context.Context, c *okta.Client, u *okta.User, in RevokeAppTokensInput) (RevokeAppTokensOutput, error) {
	out := RevokeAppTokensOutput{User: UserRefOf(u)}
	noApp := "" // why no app was found
	app, err := c.FindApp(ctx, "/app", in.App)
	switch e := sdk.AsError(err); {
	case e == nil:
		out.ClientID = app.OAuthClientID()
	case (e.Code == sdk.NotFound || e.Code == sdk.Forbidden) && clientID.MatchString(in.App):
		// Some OAuth clients of Okta are not apps of the Okta org.
		out.ClientID, noApp = in.App, ", and "+e.Message
	default:
		return RevokeAppTokensOutput{}, e
	}
	out.Change, err = reconcile.Accept(ctx, TokensState{RefreshTokens: sessionsUnknown}, TokensState{RefreshTokens: sessionsRevoked},
		func(ctx context.Context) error { return c.RevokeAppTokens(ctx, u.ID, out.ClientID) })
	if e := sdk.AsError(err); e != nil && e.Code == sdk.NotFound {
		err = noneHere(e, "/app", "Okta has no OAuth client with the ID %s%s", out.ClientID, noApp)
	}
	return out, err
}

// RevokeUserGrants revokes the consents of a user to apps.
var RevokeUserGrants = action[UserWrite, UserChange[GrantsState]]{
	Name:    "revoke_user_grants",
	Summary: "Revokes every consent of a user to any app, as after consent phishing. Issued tokens stay valid: revoke them too.",
	Docs:    apiDocs("UserGrant", "revokeUserGrants"),
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.users.manage"},
	Example: exampleChange(exampleWrite,
		GrantsState{Grants: []GrantItem{{ID: "oag1a2b3c4d5e6f7g8h9", ClientID: "0oa1a2b3c4d5e6f7g8h9", Scope: "okta.users.read"}}},
		GrantsState{Grants: []GrantItem{}},
	),
	Run: onUser(func(ctx context.Context, c *okta.Client, u *okta.User, in UserWrite) (UserChange[GrantsState], error) {
		return changeUser(ctx, u, reconcile.Goal[GrantsState]{
			Name: "user has no consents to apps",
			Done: func(s GrantsState) bool { return len(s.Grants) == 0 },
			Act:  func(ctx context.Context) error { return c.RevokeGrants(ctx, u.ID) },
			Read: func(ctx context.Context) (GrantsState, error) {
				grants, err := c.GrantsOf(ctx, u.ID)
				return GrantsState{Grants: reconcile.Convert(grants, func(g okta.Grant) GrantItem {
					return GrantItem{ID: g.ID, ClientID: g.ClientID, Scope: g.ScopeID}
				})}, err
			},
		})
	}),
}

// GrantsState lists the consents of a user.
type GrantsState struct {
	Grants []GrantItem `json:"grants"` // Consents of the user.
}

// GrantItem is a consent of a user.
type GrantItem struct {
	ID       string `json:"id"`        // ID of the consent.
	ClientID string `json:"client_id"` // OAuth client ID of the app.
	Scope    string `json:"scope"`     // Granted scope.
}

// UniversalLogout logs a user out of Okta and of the apps that support it.
var UniversalLogout = action[UserWrite, UserChange[LogoutState]]{
	Name:     "universal_logout",
	Summary:  "Revokes a user's Okta sessions and tokens, and asks supporting apps to end their sessions. Requires Identity Threat Protection.",
	Docs:     "https://developer.okta.com/docs/api/openapi/okta-oauth/oauth/tag/GlobalTokenRevocation/#tag/GlobalTokenRevocation/operation/globalTokenRevocation",
	Effect:   sdk.Destroys,
	Editions: identityOnly,
	Scopes:   []string{"okta.users.read", "okta.universalLogout.manage"},
	Example: exampleAccepted(exampleWrite,
		LogoutState{Sessions: sessionsUnknown, Apps: sessionsUnknown},
		LogoutState{Sessions: sessionsRevoked, Apps: appsAsked},
	),
	Run: onUser(universalLogout),
}

// LogoutState is the known state of a logout. Okta has no call that lists sessions, and
// the response does not contain the results of the apps.
type LogoutState struct {
	// unknown: Okta has no call that lists sessions and tokens. revoked: Okta accepted the revocation, which
	// cannot be verified.
	Sessions string `json:"sessions" jsonschema:"enum=unknown,enum=revoked"`
	// unknown: no app was notified yet. asked: Okta notifies the apps that support Universal Logout. The System Log
	// has the result of each app, as user.authentication.universal_logout and similar types.
	Apps string `json:"apps" jsonschema:"enum=unknown,enum=asked"`
}

// appsAsked means that Okta accepted to notify the apps.
const appsAsked = "asked"

func universalLogout(ctx context.Context, c *okta.Client, u *okta.User, in UserWrite) (UserChange[LogoutState], error) {
	return acceptedOf(ctx, u, LogoutState{Sessions: sessionsUnknown, Apps: sessionsUnknown},
		LogoutState{Sessions: sessionsRevoked, Apps: appsAsked}, c.UniversalLogout)
}
