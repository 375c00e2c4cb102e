package actions

import (
	"context"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// UpdateUser changes some attributes of a user's profile. What it answers as
// "before" is the profile that takes it back.
var UpdateUser = action[UpdateUserInput, UpdateUserOutput]{
	Name:    "update_user",
	Title:   "Update User",
	Summary: "Changes the given attributes of a user's profile and leaves the others alone; null clears one.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/updateUser",
	Effect:  sdk.Writes,
	Undo:    "update_user",
	Scopes:  []string{"okta.users.manage"},
	Example: sdk.Example[UpdateUserInput, UpdateUserOutput]{
		Input: UpdateUserInput{OneUser: exampleTarget, Profile: Attributes{"department": []byte(`"Finance"`), "mobilePhone": unset}},
		Output: UpdateUserOutput{User: exampleUser, Change: Change[Attributes]{
			Outcome: sdk.Changed,
			Before:  Attributes{"department": []byte(`"Sales"`), "mobilePhone": []byte(`"+33 6 00 00 00 00"`)},
			After:   Attributes{"department": []byte(`"Finance"`), "mobilePhone": unset},
		}},
	},
	Run: updateUser,
}

// UpdateUserInput is what update_user takes.
type UpdateUserInput struct {
	OneUser
	// Attributes to change, by the names that Okta's profile editor gives as variable names; null clears one.
	Profile Attributes `json:"profile"`
	Write
}

// UpdateUserOutput is what update_user answers.
type UpdateUserOutput struct {
	User UserRef `json:"user"` // The user, as named before the change.
	Change[Attributes]
}

func updateUser(ctx context.Context, c *okta.Client, in UpdateUserInput) (UpdateUserOutput, error) {
	u, err := c.FindUser(ctx, "/user", in.User)
	if err != nil {
		return UpdateUserOutput{}, err
	}
	before := in.Profile.of(u)
	taken := in.Profile.clearsOnlyOf(u)
	change, err := reconcile[Attributes]{
		goal: "attributes are as asked",
		done: func(now Attributes) bool { return taken && len(in.Profile.differs(now)) == 0 },
		act: func(ctx context.Context) error {
			err := c.UpdateProfile(ctx, u.ID, in.Profile)
			taken = taken || err == nil
			return err
		},
		read: func(ctx context.Context) (Attributes, error) {
			u, err := c.User(ctx, u.ID)
			if err != nil {
				return nil, err
			}
			return in.Profile.of(u), nil
		},
		precondition: func(Attributes) string {
			if u.Status == okta.StatusDeprovisioned {
				return "the user is DEPROVISIONED, and Okta does not change the profile of such a one"
			}
			return ""
		},
	}.from(ctx, before)
	if change.Outcome == sdk.Changed && len(in.Profile.differs(before)) == 0 {
		change.Outcome = sdk.Unchanged
	}
	return UpdateUserOutput{User: refOf(u), Change: change}, err
}
