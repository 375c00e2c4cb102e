package actions

import (
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// DeleteUser takes one of the two steps that delete a user. Okta has one call for
// both, which deletes if somebody else deactivated the user a moment before, and so
// does a step that is tried twice; here the first step is a deactivation and nothing
// but, and the second is taken only where it is asked for by name.
var DeleteUser = action[DeleteUserInput, DeleteUserOutput]{
	Name:    "delete_user",
	Summary: "Takes one of the two steps that delete a user, and reports which: it deactivates the user, or with step delete deletes a deactivated user for good.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/deleteUser",
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.users.manage"},
	Example: sdk.Example[DeleteUserInput, DeleteUserOutput]{
		Input: DeleteUserInput{User: exampleUser.ID, Step: stepDelete},
		Output: DeleteUserOutput{User: exampleUser, Step: stepDeleted, Change: reconcile.Changed(
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

// DeleteUserInput is the input of delete_user.
type DeleteUserInput struct {
	// ID, login or email address of the user. Only an ID distinguishes a deleted user from one that never existed.
	User string `json:"user" jsonschema:"example=00u1a2b3c4d5e6f7g8h9,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_users"`
	// deactivate: take only the first step, also if called again. delete: delete a deactivated user for good. next:
	// take the step that is due, so that the same call again deletes.
	Step string `json:"step,omitempty" jsonschema:"enum=deactivate,enum=delete,enum=next,default=deactivate"`
	reconcile.Write
}

func (in DeleteUserInput) mayDelete() bool { return in.Step == stepDelete || in.Step == stepNext }

// DeleteUserOutput is the output of delete_user.
type DeleteUserOutput struct {
	User UserRef `json:"user"` // The user. Only the ID is known of a user who was deleted before.
	// Step that was taken, or would be in a dry run; none if nothing was to do or the step is not due.
	Step string `json:"step" jsonschema:"enum=deactivated,enum=deleted,enum=none"`
	Next string `json:"next,omitempty"` // Remaining steps until the user is deleted; absent if there are none.
	reconcile.Change[UserPresence]
}

// UserPresence is whether a user is there.
type UserPresence struct {
	Exists bool   `json:"exists"`           // Whether the user exists.
	Status string `json:"status,omitempty"` // Status of the user.
}

func deleteUser(ctx context.Context, c *okta.Client, in DeleteUserInput) (DeleteUserOutput, error) {
	u, err := c.FindUser(ctx, "/user", in.User)
	if e := sdk.AsError(err); e != nil {
		if e.Code != sdk.NotFound || !okta.IsUserID(in.User) || !in.mayDelete() {
			return DeleteUserOutput{}, err
		}
		if err := reconcile.Expected(ctx, UserPresence{}); err != nil {
			return DeleteUserOutput{}, err
		}
		return DeleteUserOutput{User: UserRef{ID: in.User}, Step: stepNone, Change: reconcile.Change[UserPresence]{Outcome: sdk.Unchanged}}, nil
	}
	var last UserState
	a := reconcile.Goal[UserPresence]{
		Name: "user is deactivated",
		Done: func(s UserPresence) bool { return !s.Exists || s.Status == okta.StatusDeprovisioned },
		Act:  func(ctx context.Context) error { return c.DeactivateUser(ctx, u.ID, false) },
		Read: func(ctx context.Context) (UserPresence, error) {
			return stateOrNone(func(u *okta.User) UserPresence {
				last = stateOf(u)
				return UserPresence{Exists: true, Status: u.Status}
			})(c.User(ctx, u.ID))
		},
	}
	out := DeleteUserOutput{User: refOf(u), Step: stepDeactivated}
	if in.Step == stepDelete || in.Step == stepNext && u.Status == okta.StatusDeprovisioned {
		out.Step = stepDeleted
		a.Name = "user is deleted"
		a.Done = func(s UserPresence) bool { return !s.Exists }
		a.Act = func(ctx context.Context) error { return c.DeleteUser(ctx, u.ID) }
		a.Bar = func(s UserPresence) string {
			if s.Status == okta.StatusDeprovisioned {
				return ""
			}
			return "Okta deletes only a DEPROVISIONED user, and this user is " + s.Status
		}
	}
	out.Change, err = a.From(ctx, UserPresence{Exists: true, Status: u.Status})
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
