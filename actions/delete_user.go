package actions

import (
	"context"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// DeleteUser takes one of the two steps that delete a user. Okta has one call for
// both, which deletes if somebody else deactivated the user a moment before, and so
// does a step that is tried twice; here the first step is a deactivation and nothing
// but, and the second is taken only where it is asked for by name.
var DeleteUser = action[DeleteUserInput, DeleteUserOutput]{
	Name:    "delete_user",
	Title:   "Delete User",
	Summary: "Takes one of the two steps that delete a user for good, and says which: it deactivates; asked for step delete, it deletes a deactivated user.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/deleteUser",
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.users.manage"},
	Example: sdk.Example[DeleteUserInput, DeleteUserOutput]{
		Input: DeleteUserInput{User: exampleUser.ID, Step: stepDelete},
		Output: DeleteUserOutput{User: exampleUser, Step: stepDeleted, Change: exampleChange(
			UserPresence{Exists: true, Status: okta.StatusDeprovisioned},
			UserPresence{Exists: false},
		)},
	},
	Run: deleteUser,
}

const (
	stepNext       = "next"
	stepDeactivate = "deactivate"
	stepDelete     = "delete"

	stepDeactivated = "deactivated"
	stepDeleted     = "deleted"
	stepNone        = "none"
)

// DeleteUserInput is what delete_user takes.
type DeleteUserInput struct {
	// Id, login or email address of the user. Only by the id can a user who was deleted be told from one who never
	// was.
	User string `json:"user" jsonschema:"example=00u1a2b3c4d5e6f7g8h9,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_users"`
	// deactivate: take the first step and never more, however often it is called. delete: delete a user who is
	// deactivated already, for good. next: whichever of the two is due, so that the same call once more deletes.
	Step string `json:"step,omitempty" jsonschema:"enum=deactivate,enum=delete,enum=next,default=deactivate"`
	Write
}

func (in DeleteUserInput) mayDelete() bool { return in.Step == stepDelete || in.Step == stepNext }

// DeleteUserOutput is what delete_user answers.
type DeleteUserOutput struct {
	User UserRef `json:"user"` // The user. Of one who was deleted before, only the id is known.
	// The step that was taken, or in a dry run would be; none if the user was as asked before, or this step is not
	// due.
	Step string `json:"step" jsonschema:"enum=deactivated,enum=deleted,enum=none"`
	Next string `json:"next,omitempty"` // What is left to be done until the user is deleted; absent if nothing.
	Change[UserPresence]
}

// UserPresence is whether a user is there.
type UserPresence struct {
	Exists bool   `json:"exists"`           // Whether the user is there.
	Status string `json:"status,omitempty"` // Status of the user.
}

func deleteUser(ctx context.Context, c *okta.Client, in DeleteUserInput) (DeleteUserOutput, error) {
	u, err := c.FindUser(ctx, "/user", in.User)
	if e := sdk.AsError(err); e != nil {
		if e.Code != sdk.NotFound || !okta.IsUserID(in.User) || !in.mayDelete() {
			return DeleteUserOutput{}, err
		}
		return DeleteUserOutput{User: UserRef{ID: in.User}, Step: stepNone, Change: Change[UserPresence]{Outcome: sdk.Unchanged}}, nil
	}
	var last UserState
	a := reconcile[UserPresence]{
		goal: "user is deactivated",
		done: func(s UserPresence) bool { return !s.Exists || s.Status == okta.StatusDeprovisioned },
		act:  func(ctx context.Context) error { return c.DeactivateUser(ctx, u.ID, false) },
		read: func(ctx context.Context) (UserPresence, error) {
			return stateOrNone(func(u *okta.User) UserPresence {
				last = stateOf(u)
				return UserPresence{Exists: true, Status: u.Status}
			})(c.User(ctx, u.ID))
		},
	}
	before := UserPresence{Exists: true, Status: u.Status}
	out := DeleteUserOutput{User: refOf(u), Step: stepDeactivated}
	deactivated := u.Status == okta.StatusDeprovisioned
	switch {
	case in.Step == stepDelete && !deactivated:
		out.Step = stepNone
		out.Change = Change[UserPresence]{
			Outcome: sdk.NotApplicable, Before: before, After: before,
			Reason: "Okta deletes only a DEPROVISIONED user, and this one is " + u.Status,
		}
	case in.mayDelete() && deactivated:
		out.Step = stepDeleted
		a.goal = "user is deleted"
		a.done = func(s UserPresence) bool { return !s.Exists }
		a.act = func(ctx context.Context) error { return c.DeleteUser(ctx, u.ID) }
		fallthrough
	default:
		out.Change, err = a.from(ctx, before)
	}
	if err != nil {
		return DeleteUserOutput{}, stillDeactivating(err, last)
	}
	if out.Outcome == sdk.Unchanged || out.Outcome == sdk.NotApplicable {
		out.Step = stepNone
	}
	switch after := out.After; {
	case after.Exists && after.Status == okta.StatusDeprovisioned:
		out.Next = "delete_user with step delete deletes the user for good"
	case after.Exists:
		out.Next = "delete_user deactivates the user, and with step delete then deletes the user for good"
	}
	return out, nil
}
