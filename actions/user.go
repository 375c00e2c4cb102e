package actions

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
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
// whole, or chooses the page size.
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
	// Status of the user.
	Status          string     `json:"status" jsonschema_extras:"x-known=STAGED|PROVISIONED|ACTIVE|RECOVERY|LOCKED_OUT|PASSWORD_EXPIRED|SUSPENDED|DEPROVISIONED"`
	StatusChanged   *time.Time `json:"status_changed,omitempty"`   // Time of the last change of status, if Okta has it.
	TransitioningTo string     `json:"transitioning_to,omitempty"` // Target status while Okta is still changing the status; absent otherwise.
}

// UserChange is the output of a write to one user.
type UserChange[S any] struct {
	User UserRef `json:"user"` // The user.
	reconcile.Change[S]
}

// UserItem is a user in a list.
type UserItem struct {
	UserRef
	// Status of the user.
	Status    string `json:"status" jsonschema_extras:"x-known=STAGED|PROVISIONED|ACTIVE|RECOVERY|LOCKED_OUT|PASSWORD_EXPIRED|SUSPENDED|DEPROVISIONED"`
	LastLogin string `json:"last_login,omitempty"` // Time of the last sign-in; absent if the user never signed in.
	Raw       Object `json:"raw"`                  // The user as Okta sent it, with the whole profile.
}

// UserRefOf returns the reference to a user.
func UserRefOf(u *okta.User) UserRef { return UserRef{ID: u.ID, Login: u.Login, Email: u.Email} }

func (s UserState) status() string { return s.Status }

// UserStateOf returns the state of a user.
func UserStateOf(u *okta.User) UserState {
	return UserState{Status: u.Status, StatusChanged: u.StatusChanged, TransitioningTo: u.Transitioning}
}

func readState(c *okta.Client, id string) func(context.Context) (UserState, error) {
	return func(ctx context.Context) (UserState, error) {
		u, err := c.User(ctx, id)
		if err != nil {
			return UserState{}, err
		}
		return UserStateOf(u), nil
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
	return UserItem{UserRef: UserRef{ID: u.ID, Login: u.Profile.Login, Email: u.Profile.Email}, Status: u.Status, LastLogin: u.LastLogin, Raw: raw(o)}
}

func (u OneUser) name() string { return u.User }

// onUser returns the function of an action on one user. It finds the user that the input
// names, and passes the user to run.
func onUser[In interface{ name() string }, Out any](
	run func(context.Context, *okta.Client, *okta.User, In) (Out, error),
) func(context.Context, *okta.Client, In) (Out, error) {
	return func(ctx context.Context, c *okta.Client, in In) (none Out, _ error) {
		u, err := c.FindUser(ctx, "/user", in.name())
		if err != nil {
			return none, err
		}
		out, err := run(ctx, c, u, in)
		if write, ok := any(&out).(interface{ About(subjects ...sdk.Subject) }); ok && err == nil {
			write.About(subjectOf(u))
		}
		return out, Explained(ctx, c, err, u.ID)
	}
}

// Explained adds the last change of the object, and its actor, to an error of expected_before.
func Explained(ctx context.Context, c *okta.Client, err error, id string) error {
	if !reconcile.Unexpected(err) {
		return err
	}
	e := *sdk.AsError(err)
	if change := c.LastChange(ctx, id, time.Time{}); change != "" {
		e.Message += ". " + change
	}
	return &e
}

func subjectOf(u *okta.User) sdk.Subject { return sdk.Subject{Type: "user", ID: u.ID, Name: u.Login} }

// changeUser reaches a goal for one user.
func changeUser[S any](ctx context.Context, u *okta.User, r reconcile.Goal[S]) (UserChange[S], error) {
	change, err := r.Run(ctx)
	return UserChange[S]{User: UserRefOf(u), Change: change}, err
}

// acceptedOf sends a write to a user whose state Okta cannot report.
func acceptedOf[S any](
	ctx context.Context, u *okta.User, before, after S, act func(ctx context.Context, userID string) error,
) (UserChange[S], error) {
	change, err := reconcile.Accept(ctx, before, after, func(ctx context.Context) error { return act(ctx, u.ID) })
	return UserChange[S]{User: UserRefOf(u), Change: change}, err
}

// A lifecycle is a call of Okta that brings a user or a device from one status to another.
type lifecycle struct {
	name, summary string
	operation     string // name of the call in Okta's documentation
	undo          string // name of the action that reverts the change, "" if there is none
	contains      bool
	destroys      bool
	from          []string
	to            string
	verb          string // action of Okta in the third person, such as "suspends"
	act           func(c *okta.Client, ctx context.Context, id string) error
}

func (l lifecycle) effect() sdk.Effect {
	if l.destroys {
		return sdk.Destroys
	}
	return sdk.Writes
}

// changeStatus runs the call l for one object. Kind is the type of the object.
func changeStatus[S interface{ status() string }](
	ctx context.Context, c *okta.Client, l lifecycle, kind, id string, before S, read func(context.Context) (S, error),
) (reconcile.Change[S], error) {
	return reconcile.Goal[S]{
		Name: kind + " is " + l.to,
		Done: func(s S) bool { return s.status() == l.to },
		Act:  func(ctx context.Context) error { return l.act(c, ctx, id) },
		Read: read,
		Precondition: func(s S) string {
			if slices.Contains(l.from, s.status()) {
				return ""
			}
			return "the " + kind + " is " + s.status() + ", and Okta " + l.verb + " only a " + kind + " with the status " + strings.Join(l.from, " or ")
		},
	}.From(ctx, before)
}

var (
	// ExampleUser is the user of the examples.
	ExampleUser     = UserRef{ID: "00u1a2b3c4d5e6f7g8h9", Login: "alice.moreau@corp.example", Email: "alice.moreau@corp.example"}
	exampleTarget   = OneUser{User: ExampleUser.Login}
	exampleWrite    = UserWrite{OneUser: exampleTarget}
	exampleUserItem = userItem(okta.Object(`{"id":"00u1a2b3c4d5e6f7g8h9","status":"ACTIVE","lastLogin":"2026-03-14T02:38:51.000Z","profile":` +
		`{"login":"alice.moreau@corp.example","email":"alice.moreau@corp.example","firstName":"Alice","lastName":"Moreau"}}`))
)

// exampleChange returns an example of a write to one user.
func exampleChange[In, S any](in In, before, after S) sdk.Example[In, UserChange[S]] {
	return sdk.Example[In, UserChange[S]]{Input: in, Output: UserChange[S]{User: ExampleUser, Change: reconcile.Changed(before, after)}}
}

// exampleAccepted is the example of a write that Okta accepts and that cannot be verified.
func exampleAccepted[In, S any](in In, before, after S) sdk.Example[In, UserChange[S]] {
	example := exampleChange(in, before, after)
	example.Output.Outcome = sdk.Accepted
	return example
}

func exampleTime(s string) *time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return &t
}

// GetUser reads one user.
var GetUser = action[OneUser, GetUserOutput]{
	Name:    "get_user",
	Summary: "Reads a user: status, dates and the whole profile.",
	Docs:    apiDocs("User", "getUser"),
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.users.read"},
	Example: sdk.Example[OneUser, GetUserOutput]{
		Input: exampleTarget,
		Output: GetUserOutput{
			ID: ExampleUser.ID, Login: ExampleUser.Login, Email: ExampleUser.Email, Status: okta.StatusActive,
			Created: exampleTime("2024-05-02T08:00:00Z"), LastLogin: exampleTime("2026-03-14T02:38:51Z"),
			Credentials: Credentials{Provider{Type: "OKTA", Name: "OKTA"}}, Type: "oty1a2b3c4d5e6f7g8h9",
			Profile: Object(`{"login":"alice.moreau@corp.example","email":"alice.moreau@corp.example","firstName":"Alice","lastName":"Moreau",` +
				`"department":"Finance","mobilePhone":null}`),
		},
	},
	Run: onUser(func(_ context.Context, _ *okta.Client, u *okta.User, _ OneUser) (GetUserOutput, error) {
		return describe(u), nil
	}),
}

// GetUserOutput is the output of get_user.
type GetUserOutput struct {
	ID    string `json:"id"`    // ID of the user.
	Login string `json:"login"` // Login of the user.
	Email string `json:"email"` // Email address of the user.
	// Status of the user.
	Status string `json:"status" jsonschema_extras:"x-known=STAGED|PROVISIONED|ACTIVE|RECOVERY|LOCKED_OUT|PASSWORD_EXPIRED|SUSPENDED|DEPROVISIONED"`
	// Target status while Okta is still changing the status; absent otherwise.
	TransitioningToStatus string     `json:"transitioning_to_status,omitempty"`
	Created               *time.Time `json:"created,omitempty"`          // Time when the user was created.
	Activated             *time.Time `json:"activated,omitempty"`        // Time of the activation.
	StatusChanged         *time.Time `json:"status_changed,omitempty"`   // Time of the last change of the status.
	LastLogin             *time.Time `json:"last_login,omitempty"`       // Time of the last sign-in.
	LastUpdated           *time.Time `json:"last_updated,omitempty"`     // Time of the last change of the user.
	PasswordChanged       *time.Time `json:"password_changed,omitempty"` // Time of the last change of the password.
	// Provider of the user's credentials: the directory that manages the account.
	Credentials Credentials `json:"credentials"`
	Type        string      `json:"type,omitempty"`     // ID of the user type.
	RealmID     string      `json:"realm_id,omitempty"` // ID of the realm.
	Raw         Object      `json:"raw,omitempty"`      // The user as Okta sent it; absent if a search found the user.
	// The whole profile with custom attributes and nulls.
	Profile Object `json:"profile"`
}

// Credentials names the provider of the credentials of a user.
type Credentials struct {
	Provider Provider `json:"provider"` // Provider of the credentials.
}

// Provider is the directory that manages an account.
type Provider struct {
	Type string `json:"type,omitempty"` // OKTA, ACTIVE_DIRECTORY, LDAP, FEDERATION, SOCIAL or IMPORT.
	Name string `json:"name,omitempty"` // Name of the directory.
}

func describe(u *okta.User) GetUserOutput {
	return GetUserOutput{
		ID: u.ID, Login: u.Login, Email: u.Email, Status: u.Status, TransitioningToStatus: u.Transitioning,
		Created: u.Created, Activated: u.Activated, StatusChanged: u.StatusChanged,
		LastLogin: u.LastLogin, LastUpdated: u.LastUpdated, PasswordChanged: u.PasswordChanged,
		Credentials: Credentials{Provider(u.Provider)}, Type: u.TypeID, RealmID: u.RealmID, Raw: Object(u.Raw),
		Profile: Object(u.Profile.JSON()),
	}
}

// GetUserByEmail reads the user with an email address.
var GetUserByEmail = action[GetUserByEmailInput, GetUserOutput]{
	Name:    "get_user_by_email",
	Summary: "Finds the one user with an email address, and reads status, dates and the whole profile.",
	Docs:    apiDocs("User", "listUsers"),
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.users.read"},
	Example: sdk.Example[GetUserByEmailInput, GetUserOutput]{
		Input:  GetUserByEmailInput{Email: ExampleUser.Email},
		Output: GetUser.Example.Output,
	},
	Run: func(ctx context.Context, c *okta.Client, in GetUserByEmailInput) (GetUserOutput, error) {
		u, err := c.UserByEmail(ctx, "/email", in.Email)
		if err != nil {
			return GetUserOutput{}, err
		}
		return describe(u), nil
	},
}

// GetUserByEmailInput is the input of get_user_by_email.
type GetUserByEmailInput struct {
	// Email address of the user. An address that several users share is rejected; the error lists the matches.
	Email string `json:"email" jsonschema:"example=alice.moreau@corp.example,minLength=1,maxLength=500"`
}

// ListUsers lists users.
var ListUsers = action[ListUsersInput, ListUsersOutput]{
	Name:    "list_users",
	Summary: "Lists the users of the Okta org, optionally by a search, a filter or a name.",
	Docs:    apiDocs("User", "listUsers"),
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.users.read"},
	Example: sdk.Example[ListUsersInput, ListUsersOutput]{
		Input:  ListUsersInput{Search: `profile.department eq "Finance"`, Paging: firstPage},
		Output: ListUsersOutput{Users: []UserItem{exampleUserItem}, Paged: onePage},
	},
	Options: listed(sdk.OptionList{Items: "users", Value: "id", Label: "login", Description: "status", Typed: true, Search: "q"}),
	Run: func(ctx context.Context, c *okta.Client, in ListUsersInput) (ListUsersOutput, error) {
		users, n, err := list(ctx, c, []string{"users"}, url.Values{"search": {in.Search}, "filter": {in.Filter}, "q": {in.Q}}, pages(in.Paging), userItem)
		return ListUsersOutput{Users: users, Paged: n}, err
	},
}

// ListUsersInput is the input of list_users.
type ListUsersInput struct {
	// Expression of Okta's search over any attribute. The search finds deactivated users too, and lags behind
	// changes by a moment.
	Search string `json:"search,omitempty" jsonschema:"example=profile.department eq \"Finance\",maxLength=6000" jsonschema_extras:"x-language=scim_filter"`
	// Beginning of a first name, last name or email address. Okta returns only one page for it.
	Q string `json:"q,omitempty" jsonschema:"title=Name begins with,example=alice,maxLength=200"`
	// Expression of Okta's filter over status, lastUpdated, id, login, email and names.
	Filter string `json:"filter,omitempty" jsonschema:"example=status eq \"ACTIVE\",maxLength=6000" jsonschema_extras:"x-language=scim_filter,x-group=advanced"`
	reconcile.Paging
}

// Validate rejects parameters that Okta does not combine.
func (in ListUsersInput) Validate() error { return oneOf(in.Search, in.Filter, in.Q) }

// ListUsersOutput is the output of list_users.
type ListUsersOutput struct {
	// The users. Without a search or filter Okta omits deactivated users.
	Users []UserItem `json:"users"`
	reconcile.Paged
}
