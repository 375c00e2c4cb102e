package actions

import (
	"context"
	"strings"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// SetUserRisk sets the risk that an account is in wrong hands.
var SetUserRisk = action[SetUserRiskInput, UserChange[RiskState]]{
	Name:    "set_user_risk",
	Summary: "Sets the risk level of a user, which triggers the entity risk policy; needs Identity Threat Protection.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserRisk/#tag/UserRisk/operation/upsertUserRisk",
	Effect:  sdk.Writes,
	Undo:    "set_user_risk",
	Scopes:  []string{"okta.users.read", "okta.userRisk.manage"},
	Example: sdk.Example[SetUserRiskInput, UserChange[RiskState]]{
		Input: SetUserRiskInput{OneUser: exampleTarget, Level: "HIGH", Why: "Session hijacking suspected"},
		Output: UserChange[RiskState]{User: exampleUser, Change: reconcile.Changed(
			RiskState{Level: "NONE"},
			RiskState{Level: "HIGH", Why: "Session hijacking suspected"},
		)},
	},
	Run: onUser(setUserRisk),
}

// SetUserRiskInput is the input of set_user_risk.
type SetUserRiskInput struct {
	OneUser
	// Risk level of the user. Okta cannot set it back to NONE.
	Level string `json:"risk_level" jsonschema:"title=Risk,enum=HIGH,enum=MEDIUM,enum=LOW"`
	// Reason that Okta shows. Okta takes letters, digits, spaces, hyphens, commas and full stops; any other
	// character becomes a hyphen. A text of more than 500 characters is cut.
	Why string `json:"risk_reason,omitempty" jsonschema:"example=Session hijacking suspected" jsonschema_extras:"x-truncate=500"`
	reconcile.Write
}

func setUserRisk(ctx context.Context, c *okta.Client, u *okta.User, in SetUserRiskInput) (UserChange[RiskState], error) {
	in.Why = shownRisk(in.Why)
	return changeUser(ctx, u, reconcile.Goal[RiskState]{
		Name: "user's risk is " + in.Level,
		Done: func(s RiskState) bool { return s.Level == in.Level && (in.Why == "" || s.Why == in.Why) },
		Act:  func(ctx context.Context) error { return c.SetRisk(ctx, u.ID, in.Level, in.Why) },
		Read: readRisk(c, u.ID),
	})
}

// shownRisk returns the reason in the characters that Okta takes, at the same length.
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
