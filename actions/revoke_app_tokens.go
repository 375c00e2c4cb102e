package actions

import (
	"context"
	"regexp"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// RevokeAppTokens revokes the refresh tokens of one app.
var RevokeAppTokens = action[RevokeAppTokensInput, RevokeAppTokensOutput]{
	Name:    "revoke_app_tokens",
	Summary: "Revokes the refresh tokens that one OAuth app holds for a user. Access tokens stay valid until they expire, usually for an hour.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserOAuth/#tag/UserOAuth/operation/revokeTokensForUserAndClient",
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.users.manage", "okta.apps.read"},
	Example: sdk.Example[RevokeAppTokensInput, RevokeAppTokensOutput]{
		Input: RevokeAppTokensInput{OneUser: exampleTarget, App: exampleApp.Label},
		Output: RevokeAppTokensOutput{User: exampleUser, ClientID: exampleApp.ID, Change: reconcile.Changed(
			TokensState{RefreshTokens: sessionsUnknown},
			TokensState{RefreshTokens: sessionsRevoked},
		)},
	},
	Run: onUser(revokeAppTokens),
}

// RevokeAppTokensInput is the input of revoke_app_tokens.
type RevokeAppTokensInput struct {
	OneUser
	// ID or exact label of the app, or its OAuth client ID as an event or a grant names it.
	App string `json:"app" jsonschema:"example=Expense Reports,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_applications"`
	reconcile.Write
}

// RevokeAppTokensOutput is the output of revoke_app_tokens.
type RevokeAppTokensOutput struct {
	User     UserRef `json:"user"`      // The user.
	ClientID string  `json:"client_id"` // OAuth client ID of the app.
	reconcile.Change[TokensState]
}

// TokensState is what is known of an app's tokens.
type TokensState struct {
	// unknown: not read, or there are none; revoked: Okta accepted their revocation.
	RefreshTokens string `json:"refresh_tokens" jsonschema:"enum=unknown,enum=revoked"`
}

// clientID is the form of an OAuth client's id: an app's, or one that Okta or an
// administrator chose.
var clientID = regexp.MustCompile(`^[0-9A-Za-z._-]{6,100}$`)

func revokeAppTokens(ctx context.Context, c *okta.Client, u *okta.User, in RevokeAppTokensInput) (RevokeAppTokensOutput, error) {
	out := RevokeAppTokensOutput{User: refOf(u)}
	unknown := "" // why it is not an app's
	app, err := c.FindApp(ctx, "/app", in.App)
	switch e := sdk.AsError(err); {
	case e == nil:
		out.ClientID = app.OAuthClientID()
	case (e.Code == sdk.NotFound || e.Code == sdk.Forbidden) && clientID.MatchString(in.App):
		// Okta has clients of its own that are no apps of the org.
		out.ClientID, unknown = in.App, ", and "+e.Message
	default:
		return RevokeAppTokensOutput{}, e
	}
	out.Change, err = reconcile.Accept(ctx, TokensState{RefreshTokens: sessionsUnknown}, TokensState{RefreshTokens: sessionsRevoked},
		func(ctx context.Context) error { return c.RevokeAppTokens(ctx, u.ID, out.ClientID) })
	if e := sdk.AsError(err); e != nil && e.Code == sdk.NotFound {
		err = noneHere(e, "/app", "Okta has no OAuth client with the id %s%s", out.ClientID, unknown)
	}
	return out, err
}
