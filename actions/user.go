package actions

import (
	"context"
	"time"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// OneUser names the user of an action.
type OneUser struct {
	// ID, login or email address of the user.
	User string `json:"user" jsonschema:"example=alice.moreau@corp.example,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_users"`
}

// UserWrite is the input of a write to one user that needs nothing else.
type UserWrite struct {
	OneUser
	reconcile.Write
}

// UserList is the input of a list that belongs to one user. Okta returns these lists
// whole, or in pages of its own choice.
type UserList struct {
	OneUser
	reconcile.Bounded
}

// UserRef identifies the user of an output.
type UserRef struct {
	ID    string `json:"id"`              // ID of the user.
	Login string `json:"login"`           // Login of the user.
	Email string `json:"email,omitempty"` // Email address of the user.
}

// UserState is the part of a user that a lifecycle action changes.
type UserState struct {
	// STAGED, PROVISIONED, ACTIVE, RECOVERY, LOCKED_OUT, PASSWORD_EXPIRED, SUSPENDED or DEPROVISIONED.
	Status          string     `json:"status"`
	StatusChanged   *time.Time `json:"status_changed,omitempty"`   // Time of the last change of status, if Okta has it.
	TransitioningTo string     `json:"transitioning_to,omitempty"` // Status that Okta is still bringing the user to; absent if none.
}

// UserChange is the output of a write to one user.
type UserChange[S any] struct {
	User UserRef `json:"user"` // The user.
	reconcile.Change[S]
}

// UserItem is a user in a list.
type UserItem struct {
	ID    string `json:"id"`              // ID of the user.
	Login string `json:"login"`           // Login of the user.
	Email string `json:"email,omitempty"` // Email address of the user.
	// STAGED, PROVISIONED, ACTIVE, RECOVERY, LOCKED_OUT, PASSWORD_EXPIRED, SUSPENDED or DEPROVISIONED.
	Status    string `json:"status"`
	LastLogin string `json:"last_login,omitempty"` // Time of the last sign-in; absent if the user never signed in.
	Raw       Object `json:"raw"`                  // The user as Okta sent it, with the whole profile.
}

func refOf(u *okta.User) UserRef { return UserRef{ID: u.ID, Login: u.Login, Email: u.Email} }

func stateOf(u *okta.User) UserState {
	return UserState{Status: u.Status, StatusChanged: u.StatusChanged, TransitioningTo: u.Transitioning}
}

func readState(c *okta.Client, id string) func(context.Context) (UserState, error) {
	return func(ctx context.Context) (UserState, error) {
		u, err := c.User(ctx, id)
		if err != nil {
			return UserState{}, err
		}
		return stateOf(u), nil
	}
}

func userItem(o okta.Object) UserItem {
	var u struct {
		ID        string
		Status    string
		LastLogin string
		Profile   struct{ Login, Email string }
	}
	o.Read(&u)
	return UserItem{ID: u.ID, Login: u.Profile.Login, Email: u.Profile.Email, Status: u.Status, LastLogin: u.LastLogin, Raw: raw(o)}
}

func (u OneUser) name() string { return u.User }

// onUser makes a function on a user the function of an action: it finds the user that
// the input names.
func onUser[In interface{ name() string }, Out any](
	run func(context.Context, *okta.Client, *okta.User, In) (Out, error),
) func(context.Context, *okta.Client, In) (Out, error) {
	return func(ctx context.Context, c *okta.Client, in In) (none Out, _ error) {
		u, err := c.FindUser(ctx, "/user", in.name())
		if err != nil {
			return none, err
		}
		return run(ctx, c, u, in)
	}
}

// changeUser reconciles a state that belongs to a user.
func changeUser[S any](ctx context.Context, u *okta.User, r reconcile.Goal[S]) (UserChange[S], error) {
	change, err := r.Run(ctx)
	return UserChange[S]{User: refOf(u), Change: change}, err
}

// acceptedOf runs a write to a user whose state Okta cannot report.
func acceptedOf[S any](
	ctx context.Context, u *okta.User, before, after S, act func(ctx context.Context, userID string) error,
) (UserChange[S], error) {
	change, err := reconcile.Accept(ctx, before, after, func(ctx context.Context) error { return act(ctx, u.ID) })
	return UserChange[S]{User: refOf(u), Change: change}, err
}

// A statusChange is a lifecycle call that brings a user from one status to another.
type statusChange struct {
	from, to string
	goal     string
	verb     string // "suspends": what Okta does to a user
	act      func(c *okta.Client, ctx context.Context, userID string) error
}

func (s statusChange) run(ctx context.Context, c *okta.Client, u *okta.User, _ UserWrite) (UserChange[UserState], error) {
	change, err := reconcile.Goal[UserState]{
		Name: s.goal,
		Done: func(now UserState) bool { return now.Status == s.to },
		Act:  func(ctx context.Context) error { return s.act(c, ctx, u.ID) },
		Read: readState(c, u.ID),
		Precondition: func(now UserState) string {
			if now.Status == s.from {
				return ""
			}
			return "Okta " + s.verb + " only users who are " + s.from + ", and this user is " + now.Status
		},
	}.From(ctx, stateOf(u))
	return UserChange[UserState]{User: refOf(u), Change: change}, err
}

var (
	exampleUser     = UserRef{ID: "00u1a2b3c4d5e6f7g8h9", Login: "alice.moreau@corp.example", Email: "alice.moreau@corp.example"}
	exampleTarget   = OneUser{User: exampleUser.Login}
	exampleUserItem = UserItem{
		ID: exampleUser.ID, Login: exampleUser.Login, Email: exampleUser.Email, Status: okta.StatusActive, LastLogin: "2026-03-14T02:38:51.000Z",
		Raw: Object(`{"id":"00u1a2b3c4d5e6f7g8h9","status":"ACTIVE","lastLogin":"2026-03-14T02:38:51.000Z","profile":` +
			`{"login":"alice.moreau@corp.example","email":"alice.moreau@corp.example","firstName":"Alice","lastName":"Moreau"}}`),
	}
)

// exampleUserWrite is an example of a write to one user.
func exampleUserWrite[S any](before, after S) sdk.Example[UserWrite, UserChange[S]] {
	return sdk.Example[UserWrite, UserChange[S]]{
		Input:  UserWrite{OneUser: exampleTarget},
		Output: UserChange[S]{User: exampleUser, Change: reconcile.Changed(before, after)},
	}
}

// exampleStatus is the state of a user in examples.
func exampleStatus(status, changed string) UserState {
	return UserState{Status: status, StatusChanged: exampleTime(changed)}
}

func exampleTime(s string) *time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return &t
}
