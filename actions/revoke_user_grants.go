package actions

import (
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// RevokeUserGrants revokes what a user has granted to apps.
var RevokeUserGrants = action[UserWrite, UserChange[GrantsState]]{
	Name:    "revoke_user_grants",
	Summary: "Revokes every consent of a user to any app, as after consent phishing. Issued tokens stay valid: revoke them too.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserGrant/#tag/UserGrant/operation/revokeUserGrants",
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.users.manage"},
	Example: exampleUserWrite(
		GrantsState{Grants: []GrantItem{{ID: "oag1a2b3c4d5e6f7g8h9", ClientID: "0oa1a2b3c4d5e6f7g8h9", Scope: "okta.users.read"}}},
		GrantsState{Grants: []GrantItem{}},
	),
	Run: onUser(revokeUserGrants),
}

// GrantsState is what a user has granted.
type GrantsState struct {
	Grants []GrantItem `json:"grants"` // Consents of the user.
}

// GrantItem is one consent of a user's.
type GrantItem struct {
	ID       string `json:"id"`        // ID of the consent.
	ClientID string `json:"client_id"` // OAuth client ID of the app.
	Scope    string `json:"scope"`     // Granted scope.
}

func revokeUserGrants(ctx context.Context, c *okta.Client, u *okta.User, in UserWrite) (UserChange[GrantsState], error) {
	return changeUser(ctx, u, reconcile.Goal[GrantsState]{
		Name: "user has granted nothing",
		Done: func(s GrantsState) bool { return len(s.Grants) == 0 },
		Act:  func(ctx context.Context) error { return c.RevokeGrants(ctx, u.ID) },
		Read: func(ctx context.Context) (GrantsState, error) {
			grants, err := c.GrantsOf(ctx, u.ID)
			return GrantsState{Grants: reconcile.Convert(grants, func(g okta.Grant) GrantItem {
				return GrantItem{ID: g.ID, ClientID: g.ClientID, Scope: g.ScopeID}
			})}, err
		},
	})
}
