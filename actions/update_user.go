package actions

import (
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// UpdateUser changes some attributes of a user's profile. What it answers as
// "before" is the profile that takes it back.
var UpdateUser = action[UpdateUserInput, UserChange[Attributes]]{
	Name:    "update_user",
	Summary: "Changes the given attributes of a user's profile and keeps the others; null clears an attribute.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/updateUser",
	Effect:  sdk.Writes,
	Undo:    "update_user",
	Scopes:  []string{"okta.users.manage"},
	Example: sdk.Example[UpdateUserInput, UserChange[Attributes]]{
		Input: UpdateUserInput{OneUser: exampleTarget, Profile: Attributes{"department": []byte(`"Finance"`), "mobilePhone": unset}},
		Output: UserChange[Attributes]{User: exampleUser, Change: reconcile.Changed(
			Attributes{"department": []byte(`"Sales"`), "mobilePhone": []byte(`"+33 6 00 00 00 00"`)},
			Attributes{"department": []byte(`"Finance"`), "mobilePhone": unset},
		)},
	},
	Run: onUser(updateUser),
}

// UpdateUserInput is the input of update_user.
type UpdateUserInput struct {
	OneUser
	// Attributes to change, by their variable names in Okta's profile editor; null clears an attribute.
	Profile Attributes `json:"profile"`
	reconcile.Write
}

func updateUser(ctx context.Context, c *okta.Client, u *okta.User, in UpdateUserInput) (UserChange[Attributes], error) {
	before := in.Profile.of(u)
	taken := in.Profile.clearsOnlyOf(u)
	change, err := reconcile.Goal[Attributes]{
		Name: "attributes are as asked",
		Done: func(now Attributes) bool { return taken && len(in.Profile.differs(now)) == 0 },
		Act: func(ctx context.Context) error {
			err := c.UpdateProfile(ctx, u.ID, in.Profile)
			taken = taken || err == nil
			return err
		},
		Read: func(ctx context.Context) (Attributes, error) {
			u, err := c.User(ctx, u.ID)
			if err != nil {
				return nil, err
			}
			return in.Profile.of(u), nil
		},
		Precondition: func(Attributes) string {
			if u.Status == okta.StatusDeprovisioned {
				return "the user is DEPROVISIONED, and Okta does not change the profile of such a one"
			}
			return ""
		},
	}.From(ctx, before)
	if change.Outcome == sdk.Changed && len(in.Profile.differs(before)) == 0 {
		change.Outcome = sdk.Unchanged
	}
	return UserChange[Attributes]{User: refOf(u), Change: change}, err
}
