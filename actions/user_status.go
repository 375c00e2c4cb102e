package actions

import (
	"context"
	"time"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

// userLifecycle declares an action that changes the status of a user.
func userLifecycle(l lifecycle) action[UserWrite, UserChange[UserState]] {
	return action[UserWrite, UserChange[UserState]]{
		Name: l.name, Summary: l.summary, Docs: apiDocs("UserLifecycle", l.operation),
		Effect: l.effect(), Undo: l.undo, Contains: l.contains, Scopes: []string{"okta.users.manage"},
		Example: exampleChange(exampleWrite,
			UserState{Status: l.from[0], StatusChanged: exampleTime("2025-01-07T09:12:44Z")},
			UserState{Status: l.to, StatusChanged: exampleTime("2026-03-14T02:41:09Z")},
		),
		Run: onUser(func(ctx context.Context, c *okta.Client, u *okta.User, _ UserWrite) (UserChange[UserState], error) {
			change, err := changeStatus(ctx, c, l, "user", u.ID, UserStateOf(u), readState(c, u.ID))
			if l.undo != "" {
				change.UndoneBy(l.undo, u.ID, OneUser{u.ID})
			}
			return UserChange[UserState]{User: UserRefOf(u), Change: change}, err
		}),
	}
}

var (
	// SuspendUser suspends a user.
	SuspendUser = userLifecycle(lifecycle{
		name: "suspend_user", undo: "unsuspend_user", operation: "suspendUser", contains: true,
		summary: "Suspends a user and blocks sign-in. Groups and apps are kept.",
		from:    []string{okta.StatusActive}, to: okta.StatusSuspended, verb: "suspends", act: (*okta.Client).SuspendUser,
	})
	// UnsuspendUser reverts the suspension of a user.
	UnsuspendUser = userLifecycle(lifecycle{
		name: "unsuspend_user", undo: "suspend_user", operation: "unsuspendUser",
		summary: "Unsuspends a user. The status becomes ACTIVE.",
		from:    []string{okta.StatusSuspended}, to: okta.StatusActive, verb: "unsuspends", act: (*okta.Client).UnsuspendUser,
	})
	// UnlockUser unlocks a user who is locked out.
	UnlockUser = userLifecycle(lifecycle{
		name: "unlock_user", operation: "unlockUser",
		summary: "Unlocks a user after too many failed sign-ins. Password and factors stay the same.",
		from:    []string{okta.StatusLockedOut}, to: okta.StatusActive, verb: "unlocks", act: (*okta.Client).UnlockUser,
	})
)

// ActivateUser activates a user who is not yet, or no longer, active.
var ActivateUser = action[ActivateUserInput, ActivateUserOutput]{
	Name:    "activate_user",
	Summary: "Activates a staged or deactivated user. A user without a password then sets one through a link.",
	Docs:    apiDocs("UserLifecycle", "activateUser"),
	Effect:  sdk.Writes,
	Undo:    "deactivate_user",
	Scopes:  []string{"okta.users.manage"},
	Example: sdk.Example[ActivateUserInput, ActivateUserOutput]{
		Input: ActivateUserInput{OneUser: exampleTarget, SendEmail: true},
		Output: ActivateUserOutput{User: ExampleUser, Change: reconcile.Changed(
			UserState{Status: okta.StatusStaged},
			UserState{Status: okta.StatusProvisioned, StatusChanged: exampleTime("2026-03-14T10:05:31Z")},
		)},
	},
	Run: onUser(activateUser),
}

// ActivateUserInput is the input of activate_user.
type ActivateUserInput struct {
	OneUser
	// Email the user the sign-in link. Otherwise the output holds the link.
	SendEmail bool `json:"send_email,omitempty" jsonschema:"default=true"`
	reconcile.Write
}

// ActivateUserOutput is the output of activate_user.
type ActivateUserOutput struct {
	User UserRef `json:"user"` // The user.
	// Link to set a password and sign in. Absent if Okta emailed it or nothing changed. Anyone with this link can
	// take over the account.
	ActivationURL   SecretText `json:"activation_url,omitempty"`
	ActivationToken SecretText `json:"activation_token,omitempty"` // Token of that link.
	reconcile.Change[UserState]
}

func activateUser(ctx context.Context, c *okta.Client, u *okta.User, in ActivateUserInput) (ActivateUserOutput, error) {
	out := ActivateUserOutput{User: UserRefOf(u)}
	var err error
	out.Change, err = reconcile.Goal[UserState]{
		Name: "user is activated",
		Done: activated,
		Act: func(ctx context.Context) error {
			a, err := c.ActivateUser(ctx, u.ID, in.SendEmail)
			out.ActivationURL, out.ActivationToken = SecretText(a.URL), SecretText(a.Token)
			return err
		},
		Read: readState(c, u.ID),
		Precondition: func(s UserState) string {
			switch s.Status {
			case okta.StatusStaged, okta.StatusDeprovisioned:
				return ""
			case okta.StatusSuspended:
				return "the user is SUSPENDED. Activate the user with unsuspend_user"
			case okta.StatusLockedOut:
				return "the user is LOCKED_OUT. Activate the user with unlock_user"
			}
			return "the user is " + s.Status + ", and Okta activates only STAGED or DEPROVISIONED users"
		},
	}.From(ctx, UserStateOf(u))
	if u.Status == okta.StatusDeprovisioned { // no action makes a user STAGED again
		out.UndoneBy("deactivate_user", u.ID, OneUser{u.ID})
	}
	return out, err
}

// activated reports whether a user is active or becoming active. The user may have to
// set a password before the next sign-in.
func activated(s UserState) bool {
	switch s.Status {
	case okta.StatusActive, okta.StatusProvisioned, okta.StatusRecovery, okta.StatusPasswordExpired:
		return true
	}
	return s.TransitioningTo == okta.StatusActive || s.TransitioningTo == okta.StatusProvisioned
}

// DeactivateUser deactivates a user. It has no undo: activate_user restores neither the
// password nor the data that apps deleted.
var DeactivateUser = action[DeactivateUserInput, UserChange[UserState]]{
	Name:     "deactivate_user",
	Summary:  "Deactivates a user: the user loses all apps, and the account can be activated again or deleted. To contain a user, suspend instead.",
	Docs:     apiDocs("UserLifecycle", "deactivateUser"),
	Effect:   sdk.Destroys,
	Contains: true,
	Scopes:   []string{"okta.users.manage"},
	Example: exampleChange(DeactivateUserInput{OneUser: exampleTarget},
		UserState{Status: okta.StatusActive, StatusChanged: exampleTime("2025-01-07T09:12:44Z")},
		UserState{Status: okta.StatusDeprovisioned, StatusChanged: exampleTime("2026-03-14T10:05:31Z")},
	),
	Run: onUser(func(ctx context.Context, c *okta.Client, u *okta.User, in DeactivateUserInput) (UserChange[UserState], error) {
		var last UserState
		change, err := reconcile.Goal[UserState]{
			Name: "user is deactivated",
			Done: func(s UserState) bool { return s.Status == okta.StatusDeprovisioned },
			Act:  func(ctx context.Context) error { return c.DeactivateUser(ctx, u.ID, in.SendEmail) },
			Read: func(ctx context.Context) (s UserState, err error) {
				s, err = readState(c, u.ID)(ctx)
				last = s
				return s, err
			},
		}.From(ctx, UserStateOf(u))
		return UserChange[UserState]{User: UserRefOf(u), Change: change}, stillDeactivating(err, last)
	}),
}

// DeactivateUserInput is the input of deactivate_user.
type DeactivateUserInput struct {
	OneUser
	// Email the administrators of the Okta org.
	SendEmail bool `json:"send_email,omitempty" jsonschema:"default=false" jsonschema_extras:"x-group=advanced"`
	reconcile.Write
}

// stillDeactivating returns a transient error instead of err while Okta is deactivating
// the user. Until Okta has finished, the user has the old status, and may be able to sign in.
func stillDeactivating(err error, last UserState) error {
	if err == nil || last.TransitioningTo != okta.StatusDeprovisioned {
		return err
	}
	return &sdk.Error{
		Code: sdk.Unavailable, RetryAfter: 10 * time.Second, Err: err,
		Message: "Okta is still deactivating the user, who is " + last.Status + " until Okta has finished. Run the action again later",
	}
}

// DeleteUser takes one of the two steps that delete a user. Okta's call for both steps
// deletes a user that another client, or a repeated request, deactivated before. Therefore
// the first step is only a deactivation, and the input must request the second step.
var DeleteUser = action[DeleteUserInput, DeleteUserOutput]{
	Name:    "delete_user",
	Summary: "Deactivates a user or, with step delete, permanently deletes a deactivated user. Reports which step was taken.",
	Docs:    apiDocs("User", "deleteUser"),
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.users.manage"},
	Example: sdk.Example[DeleteUserInput, DeleteUserOutput]{
		Input: DeleteUserInput{User: ExampleUser.ID, Step: stepDelete},
		Output: DeleteUserOutput{User: ExampleUser, Step: stepDeleted, Change: reconcile.Changed(
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
	// deactivate: only deactivate the user. delete: delete a deactivated user permanently. next: deactivate an active
	// user, or delete a deactivated user.
	Step string `json:"step,omitempty" jsonschema:"enum=deactivate,enum=delete,enum=next,default=deactivate"`
	reconcile.Write
}

func (in DeleteUserInput) mayDelete() bool { return in.Step == stepDelete || in.Step == stepNext }

// DeleteUserOutput is the output of delete_user.
type DeleteUserOutput struct {
	User UserRef `json:"user"` // The user. If the user was already deleted, only the ID.
	// Step that was taken, or would be taken in a dry run; none if no step was needed, or if the user's status does not allow the step.
	Step string `json:"step" jsonschema:"enum=deactivated,enum=deleted,enum=none"`
	Next string `json:"next,omitempty"` // Remaining steps until the user is deleted; absent if there are none.
	reconcile.Change[UserPresence]
}

// UserPresence reports whether a user exists.
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
		out := DeleteUserOutput{User: UserRef{ID: in.User}, Step: stepNone, Change: reconcile.Change[UserPresence]{Outcome: sdk.Unchanged}}
		out.About(sdk.Subject{Type: "user", ID: in.User})
		return out, nil
	}
	var last UserState
	a := reconcile.Goal[UserPresence]{
		Name: "user is deactivated",
		Done: func(s UserPresence) bool { return !s.Exists || s.Status == okta.StatusDeprovisioned },
		Act:  func(ctx context.Context) error { return c.DeactivateUser(ctx, u.ID, false) },
		Read: func(ctx context.Context) (UserPresence, error) {
			return stateOrNone(func(u *okta.User) UserPresence {
				last = UserStateOf(u)
				return UserPresence{Exists: true, Status: u.Status}
			})(c.User(ctx, u.ID))
		},
	}
	out := DeleteUserOutput{User: UserRefOf(u), Step: stepDeactivated}
	if in.Step == stepDelete || in.Step == stepNext && u.Status == okta.StatusDeprovisioned {
		out.Step = stepDeleted
		a.Name = "user is deleted"
		a.Done = func(s UserPresence) bool { return !s.Exists }
		a.Act = func(ctx context.Context) error { return c.DeleteUser(ctx, u.ID) }
		a.Blocked = func(s UserPresence) string {
			if s.Status == okta.StatusDeprovisioned {
				return ""
			}
			return "the user is " + s.Status + ", and Okta deletes only DEPROVISIONED users. Deactivate the user first with deactivate_user"
		}
	}
	out.Change, err = a.From(ctx, UserPresence{Exists: true, Status: u.Status})
	if err != nil {
		return DeleteUserOutput{}, Explained(ctx, c, stillDeactivating(err, last), u.ID)
	}
	if out.Outcome == sdk.Unchanged || out.Outcome == sdk.NotApplicable {
		out.Step = stepNone
	}
	out.About(subjectOf(u))
	switch after := out.After; {
	case after.Exists && after.Status == okta.StatusDeprovisioned:
		out.Next = "delete the user for good: run delete_user with step delete"
	case after.Exists:
		out.Next = "deactivate the user with delete_user, then delete the user for good with delete_user and step delete"
	}
	return out, nil
}
