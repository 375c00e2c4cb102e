package actions

import (
	"context"
	"slices"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// ResetFactors unenrols all of a user's factors.
var ResetFactors = action[UserWrite, UserChange[FactorsState]]{
	Name:    "reset_factors",
	Summary: "Unenrols every factor of a user, who must enrol again. Change the password first: until then the password alone may be enough to enrol.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/#tag/UserLifecycle/operation/resetFactors",
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.users.manage"},
	Example: exampleUserWrite(
		FactorsState{Factors: []FactorRef{examplePush, exampleSMS}},
		FactorsState{Factors: []FactorRef{}},
	),
	Run: onUser(resetFactors),
}

func resetFactors(ctx context.Context, c *okta.Client, u *okta.User, in UserWrite) (UserChange[FactorsState], error) {
	return changeUser(ctx, u, reconcile.Goal[FactorsState]{
		Name: "user has no factors",
		Done: func(s FactorsState) bool {
			// Okta enrols the email address by itself, and again after a reset.
			return !slices.ContainsFunc(s.Factors, func(f FactorRef) bool { return f.Type != okta.FactorEmail })
		},
		Act:          func(ctx context.Context) error { return c.ResetFactors(ctx, u.ID) },
		Read:         readFactors(c, u.ID),
		Precondition: factorsFixed(u),
	})
}
