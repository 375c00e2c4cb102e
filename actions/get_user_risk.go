package actions

import (
	"context"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// GetUserRisk reads Okta's judgement of a user.
var GetUserRisk = action[OneUser, GetUserRiskOutput]{
	Name:    "get_user_risk",
	Summary: "Reads the risk level of a user and its reason; needs Identity Threat Protection.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserRisk/#tag/UserRisk/operation/getUserRisk",
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.users.read", "okta.userRisk.read"},
	Example: sdk.Example[OneUser, GetUserRiskOutput]{
		Input:  exampleTarget,
		Output: GetUserRiskOutput{User: exampleUser, RiskState: RiskState{Level: "HIGH", Why: "Session hijacking suspected"}},
	},
	Run: onUser(func(ctx context.Context, c *okta.Client, u *okta.User, _ OneUser) (GetUserRiskOutput, error) {
		state, err := readRisk(c, u.ID)(ctx)
		return GetUserRiskOutput{User: refOf(u), RiskState: state}, err
	}),
}

// GetUserRiskOutput is the output of get_user_risk.
type GetUserRiskOutput struct {
	User UserRef `json:"user"` // The user.
	RiskState
}

// RiskState is the risk that an account is in wrong hands, as Okta judges it.
type RiskState struct {
	Level string `json:"risk_level"`            // HIGH, MEDIUM, LOW, or NONE if there is no sign of risk.
	Why   string `json:"risk_reason,omitempty"` // Reason of the level, by Okta or an administrator.
}

func readRisk(c *okta.Client, userID string) func(context.Context) (RiskState, error) {
	return func(ctx context.Context) (RiskState, error) {
		risk, err := c.RiskOf(ctx, userID)
		return RiskState{Level: risk.Level, Why: risk.Reason}, err
	}
}
