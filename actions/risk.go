package actions

import (
	"context"
	"strings"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

// GetUserRisk reads the risk level of a user.
var GetUserRisk = action[OneUser, GetUserRiskOutput]{
	Name:     "get_user_risk",
	Summary:  "Reads the risk level of a user and the reason for it. Requires Identity Threat Protection.",
	Docs:     apiDocs("UserRisk", "getUserRisk"),
	Effect:   sdk.Reads,
	Editions: identityOnly,
	Scopes:   []string{"okta.users.read", "okta.userRisk.read"},
	Example: sdk.Example[OneUser, GetUserRiskOutput]{
		Input:  exampleTarget,
		Output: GetUserRiskOutput{User: ExampleUser, RiskState: RiskState{Level: "HIGH", Why: "Session hijacking suspected"}},
	},
	Run: onUser(func(ctx context.Context, c *okta.Client, u *okta.User, _ OneUser) (GetUserRiskOutput, error) {
		state, err := readRisk(c, u.ID)(ctx)
		return GetUserRiskOutput{User: UserRefOf(u), RiskState: state}, err
	}),
}

// GetUserRiskOutput is the output of get_user_risk.
type GetUserRiskOutput struct {
	User UserRef `json:"user"` // The user.
	RiskState
}

// RiskState is the risk level of a user, as Okta assesses it.
type RiskState struct {
	Level string `json:"risk_level"`            // HIGH, MEDIUM, LOW, or NONE.
	Why   string `json:"risk_reason,omitempty"` // Reason for the level, from Okta or an administrator.
}

func readRisk(c *okta.Client, userID string) func(context.Context) (RiskState, error) {
	return func(ctx context.Context) (RiskState, error) {
		risk, err := c.RiskOf(ctx, userID)
		return RiskState{Level: risk.Level, Why: risk.Reason}, err
	}
}

// SetUserRisk sets the risk level of a user.
var SetUserRisk = action[SetUserRiskInput, UserChange[RiskState]]{
	Name:     "set_user_risk",
	Summary:  "Sets the risk level of a user, which triggers the entity risk policy. Requires Identity Threat Protection.",
	Docs:     apiDocs("UserRisk", "upsertUserRisk"),
	Effect:   sdk.Writes,
	Editions: identityOnly,
	Undo:     "set_user_risk",
	Scopes:   []string{"okta.users.read", "okta.userRisk.manage"},
	Example: exampleChange(SetUserRiskInput{OneUser: exampleTarget, Level: "HIGH", Why: "Session hijacking suspected"},
		RiskState{Level: "NONE"},
		RiskState{Level: "HIGH", Why: "Session hijacking suspected"},
	),
	Run: onUser(func(ctx context.Context, c *okta.Client, u *okta.User, in SetUserRiskInput) (UserChange[RiskState], error) {
		in.Why = shownRisk(in.Why)
		out, err := changeUser(ctx, u, reconcile.Goal[RiskState]{
			Name: "user's risk is " + in.Level,
			Done: func(s RiskState) bool { return s.Level == in.Level && (in.Why == "" || s.Why == in.Why) },
			Act:  func(ctx context.Context) error { return c.SetRisk(ctx, u.ID, in.Level, in.Why) },
			Read: readRisk(c, u.ID),
		})
		if before := out.Before; before.Level != "NONE" { // Okta cannot set NONE
			out.UndoneBy("set_user_risk", u.ID, map[string]string{"user": u.ID, "risk_level": before.Level, "risk_reason": shownRisk(before.Why)})
		}
		return out, err
	}),
}

// SetUserRiskInput is the input of set_user_risk.
type SetUserRiskInput struct {
	OneUser
	// Risk level of the user. Okta cannot set it back to NONE.
	Level string `json:"risk_level" jsonschema:"title=Risk,enum=HIGH,enum=MEDIUM,enum=LOW"`
	// Reason that Okta shows. Okta accepts letters, digits, spaces, hyphens, commas and full stops; any other
	// character becomes a hyphen. A text of more than 500 characters is cut.
	Why string `json:"risk_reason,omitempty" jsonschema:"example=Session hijacking suspected" jsonschema_extras:"x-truncate=500"`
	reconcile.Write
}

// shownRisk replaces the characters that Okta rejects in a reason. The length stays the same.
func shownRisk(why string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune(" \t\n-,.", r):
			return r
		case r == '…':
			return '.'
		}
		return '-'
	}, why)
}
