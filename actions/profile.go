package actions

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

// Attributes holds attributes of a user's profile. The value of an unset attribute is null.
type Attributes map[string]json.RawMessage

// JSONSchema returns the schema of an object with at least one attribute. Each Okta org
// defines its own attributes.
func (Attributes) JSONSchema() *jsonschema.Schema {
	least := uint64(1)
	return &jsonschema.Schema{
		Type: "object", MinProperties: &least,
		Examples: []any{map[string]any{"department": "Finance", "mobilePhone": nil}},
	}
}

var unset = json.RawMessage("null")

// of returns the values that these attributes have in the profile of the user.
func (a Attributes) of(u *okta.User) Attributes {
	var profile map[string]json.RawMessage
	_ = json.Unmarshal(u.Profile.JSON(), &profile) // a profile that is not an object has no attributes
	now := Attributes{}
	for name := range a {
		now[name] = unset
		if v, ok := profile[name]; ok {
			now[name] = v
		}
	}
	return now
}

// Compares excludes the attributes that the input does not name. update_user compares
// them before the write.
func (a Attributes) Compares(member string) bool {
	_, ok := a[member]
	return ok
}

// clearsOnlyOf reports whether the user's profile has all attributes that the input
// clears. A missing attribute is unset or misspelled; only Okta can distinguish the two.
func (a Attributes) clearsOnlyOf(u *okta.User) bool {
	var profile map[string]json.RawMessage
	_ = json.Unmarshal(u.Profile.JSON(), &profile)
	for name, value := range a {
		if _, mentioned := profile[name]; !mentioned && sameValue(value, unset) {
			return false
		}
	}
	return true
}

// differs returns the sorted names of the attributes with other values than the user's.
func (a Attributes) differs(users Attributes) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if !sameValue(a[name], users[name]) {
			names = append(names, name)
		}
	}
	return names
}

// sameValue compares two values of an attribute. Okta treats an empty text as unset.
func sameValue(a, b json.RawMessage) bool {
	x, y := attributeValue(a), attributeValue(b)
	return reflect.DeepEqual(x, y)
}

func attributeValue(raw json.RawMessage) any {
	var v any
	dec := json.NewDecoder(bytes.NewReader(raw))
	if dec.Decode(&v) != nil || v == "" {
		return nil
	}
	return v
}

// UpdateUser changes attributes of a user's profile. The state before the change is the
// input of the undo.
var UpdateUser = action[UpdateUserInput, UserChange[Attributes]]{
	Name:    "update_user",
	Summary: "Changes the given attributes of a user's profile and keeps the others; null clears an attribute.",
	Docs:    apiDocs("User", "updateUser"),
	Effect:  sdk.Writes,
	Undo:    "update_user",
	Scopes:  []string{"okta.users.manage"},
	Example: exampleChange(UpdateUserInput{OneUser: exampleTarget, Profile: Attributes{"department": []byte(`"Finance"`), "mobilePhone": unset}},
		Attributes{"department": []byte(`"Sales"`), "mobilePhone": []byte(`"+33 6 00 00 00 00"`)},
		Attributes{"department": []byte(`"Finance"`), "mobilePhone": unset},
	),
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
	// An undo may set only some of the attributes in expected_before. All of them are compared.
	compared := Attributes{}
	_ = json.Unmarshal(sdk.ExpectedBefore(ctx), &compared) // Expected rejects a state that is not an object
	maps.Copy(compared, in.Profile)
	if err := reconcile.Expected(ctx, compared.of(u)); err != nil {
		return UserChange[Attributes]{}, err
	}
	before := in.Profile.of(u)
	taken := in.Profile.clearsOnlyOf(u)
	change, err := reconcile.Goal[Attributes]{
		Name: "attributes have the requested values",
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
				return "the user is DEPROVISIONED, and Okta does not change profiles in this status"
			}
			return ""
		},
	}.From(ctx, before)
	if change.Outcome == sdk.Changed && len(in.Profile.differs(before)) == 0 {
		change.Outcome = sdk.Unchanged
	}
	after := change.After
	if change.Outcome == sdk.Planned {
		after = in.Profile
	}
	if changed := before.differs(after); len(changed) > 0 {
		former := Attributes{}
		for _, name := range changed {
			former[name] = before[name]
		}
		change.UndoneBy("update_user", u.ID+" "+strings.Join(changed, " "), map[string]any{"user": u.ID, "profile": former})
	}
	return UserChange[Attributes]{User: UserRefOf(u), Change: change}, err
}

// CreateUser creates a user. It never changes an existing user: the outcome is unchanged
// if the user is as requested, and not_applicable if not.
var CreateUser = action[CreateUserInput, CreateUserOutput]{
	Name:    "create_user",
	Summary: "Creates a user. Activates the user, or stages it for later. Sets a password, or emails a link to set one.",
	Docs:    apiDocs("User", "createUser"),
	Effect:  sdk.Writes,
	Undo:    "delete_user",
	Scopes:  []string{"okta.users.manage"},
	Example: sdk.Example[CreateUserInput, CreateUserOutput]{
		Input: CreateUserInput{Profile: exampleProfile, Activate: true},
		Output: CreateUserOutput{User: &ExampleUser, Change: reconcile.Changed(
			CreatedUser{},
			CreatedUser{Exists: true, ID: ExampleUser.ID, Status: okta.StatusProvisioned, Profile: Attributes(exampleProfile)},
		)},
	},
	Run: createUser,
}

// CreateUserInput is the input of create_user.
type CreateUserInput struct {
	// Attributes of the user, by their variable names in Okta's profile editor.
	Profile NewProfile `json:"profile"`
	// Activate the user. Otherwise Okta stages the user, and activate_user activates it later. If the input has no
	// password, Okta emails the user a link to set one.
	Activate bool `json:"activate,omitempty" jsonschema:"default=true"`
	// Password of the new user. If the user exists already, the password is not compared or changed.
	Password sdk.Secret `json:"password,omitzero" jsonschema:"minLength=1,maxLength=72,example=a-long-first-password" jsonschema_extras:"x-group=advanced"`
	// Require a new password at the first sign-in.
	ChangePassword bool `json:"change_password,omitempty" jsonschema:"default=false" jsonschema_extras:"x-group=advanced"`
	reconcile.Write
}

// Validate rejects parameters that Okta does not combine, and an invalid login.
func (in CreateUserInput) Validate() error {
	if in.ChangePassword && (in.Password.IsZero() || !in.Activate) {
		return sdk.InvalidField("/change_password", "needs password and activate: set both")
	}
	return okta.CheckName("/profile/login", in.login())
}

func (in CreateUserInput) login() string {
	var login string
	_ = json.Unmarshal(in.Profile["login"], &login) // the schema requires a string
	return login
}

// NewProfile is the profile of a new user.
type NewProfile Attributes

// JSONSchema returns the schema of an object with a login and an email address.
func (NewProfile) JSONSchema() *jsonschema.Schema {
	properties := jsonschema.NewProperties()
	for _, p := range []struct{ name, description string }{
		{"login", "Login of the user, most often the email address."},
		{"email", "Email address of the user."},
		{"firstName", "First name; most orgs require it."},
		{"lastName", "Last name; most orgs require it."},
	} {
		properties.Set(p.name, &jsonschema.Schema{Type: "string", Description: p.description})
	}
	return &jsonschema.Schema{
		Type: "object", Properties: properties, Required: []string{"login", "email"},
		Examples: []any{map[string]any{"login": "new.hire@corp.example", "email": "new.hire@corp.example", "firstName": "New", "lastName": "Hire"}},
	}
}

// CreateUserOutput is the output of create_user.
type CreateUserOutput struct {
	User *UserRef `json:"user,omitempty"` // The user; absent if there is none, as in a dry run.
	reconcile.Change[CreatedUser]
}

// CreatedUser is the state of the user with the requested login.
type CreatedUser struct {
	Exists bool   `json:"exists"`           // Whether a user with this login exists.
	ID     string `json:"id,omitempty"`     // ID of the user.
	Status string `json:"status,omitempty"` // Status of the user.
	// Target status while Okta is still changing the status; absent otherwise.
	TransitioningTo string     `json:"transitioning_to,omitempty"`
	Profile         Attributes `json:"profile,omitempty"` // The requested attributes, as the user has them.

	ref UserRef
}

func createUser(ctx context.Context, c *okta.Client, in CreateUserInput) (CreateUserOutput, error) {
	want := Attributes(in.Profile)
	read := func(ctx context.Context) (CreatedUser, error) {
		u, err := c.UserByLogin(ctx, in.login())
		if err != nil || u == nil {
			return CreatedUser{}, err
		}
		return CreatedUser{Exists: true, ID: u.ID, Status: u.Status, TransitioningTo: u.Transitioning, Profile: want.of(u), ref: UserRefOf(u)}, nil
	}
	before, err := read(ctx)
	if err != nil {
		return CreateUserOutput{}, err
	}
	differs := func(s CreatedUser) []string {
		names := want.differs(s.Profile)
		staged := s.Status == okta.StatusStaged && !activated(UserState{Status: s.Status, TransitioningTo: s.TransitioningTo})
		if s.Status == okta.StatusDeprovisioned || in.Activate && staged {
			names = append(names, "status, which is "+s.Status)
		}
		return names
	}
	change, err := reconcile.Goal[CreatedUser]{
		Name: "user exists as requested",
		Done: func(s CreatedUser) bool { return s.Exists && len(differs(s)) == 0 },
		Act: func(ctx context.Context) error {
			return c.CreateUser(ctx, okta.NewUser{
				Profile: want, Password: in.Password, Activate: in.Activate, ChangePassword: in.ChangePassword,
			})
		},
		Read: read,
		Precondition: func(s CreatedUser) string {
			if !s.Exists {
				return ""
			}
			return "a user with this login exists and differs in " + strings.Join(differs(s), ", ") + ". Change the user with update_user or activate_user"
		},
	}.From(ctx, before)
	out := CreateUserOutput{Change: change}
	id := cmp.Or(change.After.ID, in.login())
	out.About(sdk.Subject{Type: "user", ID: id, Name: in.login()})
	out.UndoneBy("delete_user", id, OneUser{id})
	if err == nil && change.After.Exists {
		out.User = &change.After.ref
	}
	return out, err
}

var exampleProfile = NewProfile{
	"login": []byte(`"alice.moreau@corp.example"`), "email": []byte(`"alice.moreau@corp.example"`),
	"firstName": []byte(`"Alice"`), "lastName": []byte(`"Moreau"`),
}
