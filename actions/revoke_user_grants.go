package actions

import (
	"context"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// RevokeUserGrants revokes what a user has granted to apps.
var RevokeUserGrants = action[RevokeUserGrantsInput, RevokeUserGrantsOutput]{
	Name:    "revoke_user_grants",
	Title:   "Revoke User Grants",
	Summary: "Revokes every consent that a user has given, to whatever app, as after a consent phishing; tokens that were issued before live on, revoke those too.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserGrant/#tag/UserGrant/operation/revokeUserGrants",
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.users.manage"},
	Example: sdk.Example[RevokeUserGrantsInput, RevokeUserGrantsOutput]{
		Input: RevokeUserGrantsInput{User: exampleUser.Login},
		Output: RevokeUserGrantsOutput{User: exampleUser, Change: Change[GrantsState]{
			Outcome: sdk.Changed,
			Before:  GrantsState{Grants: []GrantItem{{ID: "oag1a2b3c4d5e6f7g8h9", ClientID: "0oa1a2b3c4d5e6f7g8h9", Scope: "okta.users.read"}}},
			After:   GrantsState{Grants: []GrantItem{}},
		}},
	},
	Run: revokeUserGrants,
}

// RevokeUserGrantsInput is what revoke_user_grants takes.
type RevokeUserGrantsInput struct {
	// Id, login or email address of the user.
	User string `json:"user" jsonschema:"example=alice.moreau@corp.example,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_users"`
	Write
}

// RevokeUserGrantsOutput is what revoke_user_grants answers.
type RevokeUserGrantsOutput struct {
	User UserRef `json:"user"` // The user.
	Change[GrantsState]
}

// GrantsState is what a user has granted.
type GrantsState struct {
	Grants []GrantItem `json:"grants"` // The consents that the user has given.
}

// GrantItem is one consent of a user's.
type GrantItem struct {
	ID       string `json:"id"`        // Id of the consent.
	ClientID string `json:"client_id"` // OAuth client id of the app.
	Scope    string `json:"scope"`     // The scope that the user has granted.
}

func revokeUserGrants(ctx context.Context, c *okta.Client, in RevokeUserGrantsInput) (RevokeUserGrantsOutput, error) {
	u, err := c.FindUser(ctx, "/user", in.User)
	if err != nil {
		return RevokeUserGrantsOutput{}, err
	}
	read := func(ctx context.Context) (GrantsState, error) {
		grants, err := c.GrantsOf(ctx, u.ID)
		state := GrantsState{Grants: make([]GrantItem, len(grants))}
		for i, g := range grants {
			state.Grants[i] = GrantItem{ID: g.ID, ClientID: g.ClientID, Scope: g.ScopeID}
		}
		return state, err
	}
	before, err := read(ctx)
	if err != nil {
		return RevokeUserGrantsOutput{}, err
	}
	change, err := attempt[GrantsState]{
		goal: "user has granted nothing",
		done: func(s GrantsState) bool { return len(s.Grants) == 0 },
		act:  func(ctx context.Context) error { return c.RevokeGrants(ctx, u.ID) },
		read: read,
		bars: func(GrantsState) string { return "" },
	}.from(ctx, before)
	return RevokeUserGrantsOutput{User: refOf(u), Change: change}, err
}
