package actions

import (
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// GetUserFactors lists what a user proves to be themselves with.
var GetUserFactors = action[UserList, GetUserFactorsOutput]{
	Name:    "get_user_factors",
	Title:   "Get A User's Factors",
	Summary: "Lists the factors of a user, such as Okta Verify, phones and security keys.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/listFactors",
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.users.read"},
	Example: sdk.Example[UserList, GetUserFactorsOutput]{
		Input: UserList{OneUser: exampleTarget, Bounded: defaultMax},
		Output: GetUserFactorsOutput{User: exampleUser, Counted: reconcile.Counted{Count: 1}, Factors: []FactorItem{{
			FactorRef: examplePush,
			Raw: Object(`{"id":"opf1a2b3c4d5e6f7g8h9","factorType":"push","provider":"OKTA","status":"ACTIVE","created":"2025-11-02T10:15:00.000Z",` +
				`"profile":{"name":"Alice's phone"}}`),
		}}},
	},
	Options: &sdk.OptionList{Items: "factors", Value: "id", Label: "name", Description: "type"},
	Run:     onUser(getUserFactors),
}

// GetUserFactorsOutput is the output of get_user_factors.
type GetUserFactorsOutput struct {
	User UserRef `json:"user"` // The user.
	// Factors of the user. Okta omits factors that the enrolment policy of the connection's principal does not
	// allow.
	Factors []FactorItem `json:"factors"`
	reconcile.Counted
}

// FactorItem is a factor in a list.
type FactorItem struct {
	FactorRef
	Raw Object `json:"raw"` // The factor as Okta sent it.
}

func factorItem(o okta.Object) FactorItem {
	var f okta.Factor
	o.Read(&f)
	return FactorItem{FactorRef: factorRef(f), Raw: raw(o)}
}

func getUserFactors(ctx context.Context, c *okta.Client, u *okta.User, in UserList) (GetUserFactorsOutput, error) {
	factors, n, err := listOfUser(ctx, c, u.ID, in.MaxItems, factorItem, below("factors"))
	return GetUserFactorsOutput{User: refOf(u), Factors: factors, Counted: n}, err
}
