package actions

import (
	"context"
	"slices"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// ResetFactors unenrols all of a user's factors.
var ResetFactors = action[ResetFactorsInput, ResetFactorsOutput]{
	Name:    "reset_factors",
	Title:   "Reset Factors",
	Summary: "Unenrols every factor of a user, who has to enrol anew; until then the password alone may be enough to do so, so change that first.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/#tag/UserLifecycle/operation/resetFactors",
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.users.manage"},
	Example: sdk.Example[ResetFactorsInput, ResetFactorsOutput]{
		Input: ResetFactorsInput{User: exampleUser.Login},
		Output: ResetFactorsOutput{User: exampleUser, Change: Change[FactorsState]{
			Outcome: sdk.Changed,
			Before:  FactorsState{Factors: []FactorRef{examplePush, exampleSMS}},
			After:   FactorsState{Factors: []FactorRef{}},
		}},
	},
	Run: resetFactors,
}

// ResetFactorsInput is what reset_factors takes.
type ResetFactorsInput struct {
	// Id, login or email address of the user.
	User string `json:"user" jsonschema:"example=alice.moreau@corp.example,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_users"`
	Write
}

// ResetFactorsOutput is what reset_factors answers.
type ResetFactorsOutput struct {
	User UserRef `json:"user"` // The user.
	Change[FactorsState]
}

func resetFactors(ctx context.Context, c *okta.Client, in ResetFactorsInput) (ResetFactorsOutput, error) {
	u, err := c.FindUser(ctx, "/user", in.User)
	if err != nil {
		return ResetFactorsOutput{}, err
	}
	read := readFactors(c, u.ID)
	before, err := read(ctx)
	if err != nil {
		return ResetFactorsOutput{}, err
	}
	change, err := attempt[FactorsState]{
		goal: "user has no factors",
		done: func(s FactorsState) bool {
			// Okta enrols the email address by itself, and again after a reset.
			return !slices.ContainsFunc(s.Factors, func(f FactorRef) bool { return f.Type != okta.FactorEmail })
		},
		act:  func(ctx context.Context) error { return c.ResetFactors(ctx, u.ID) },
		read: read,
		bars: func(FactorsState) string { return barsFactors(u) },
	}.from(ctx, before)
	return ResetFactorsOutput{User: refOf(u), Change: change}, err
}

func barsFactors(u *okta.User) string {
	if u.Status == okta.StatusDeprovisioned {
		return "Okta does not change the factors of a deactivated user"
	}
	return ""
}
