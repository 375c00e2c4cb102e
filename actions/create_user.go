package actions

import (
	"context"
	"encoding/json"
	"strings"

	"soar.example/okta/sdk/reconcile"

	"github.com/invopop/jsonschema"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// CreateUser creates a user. One who is there already, and as asked, is left alone;
// so is one who differs, which the answer says.
var CreateUser = action[CreateUserInput, CreateUserOutput]{
	Name:    "create_user",
	Summary: "Creates a user, activated or staged, with a password or with an emailed link to set one.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/createUser",
	Effect:  sdk.Writes,
	Undo:    "delete_user",
	Scopes:  []string{"okta.users.manage"},
	Example: sdk.Example[CreateUserInput, CreateUserOutput]{
		Input: CreateUserInput{Profile: exampleProfile, Activate: true},
		Output: CreateUserOutput{User: &exampleUser, Change: reconcile.Changed(
			CreatedUser{},
			CreatedUser{Exists: true, ID: exampleUser.ID, Status: okta.StatusProvisioned, Profile: Attributes(exampleProfile)},
		)},
	},
	Run: createUser,
}

// CreateUserInput is the input of create_user.
type CreateUserInput struct {
	// Attributes of the user, by their variable names in Okta's profile editor.
	Profile NewProfile `json:"profile"`
	// Activate the user. Otherwise the user is staged, for activate_user. Without a password Okta emails the user a
	// link to set one.
	Activate bool `json:"activate,omitempty" jsonschema:"default=true"`
	// Password of the user. The password of an existing user is unknown, and not changed.
	Password sdk.Secret `json:"password,omitzero" jsonschema:"minLength=1,maxLength=72,example=a-long-first-password" jsonschema_extras:"x-group=advanced"`
	// Require a new password at the first sign-in.
	ChangePassword bool `json:"change_password,omitempty" jsonschema:"default=false" jsonschema_extras:"x-group=advanced"`
	reconcile.Write
}

// Validate refuses what Okta does not combine, and a login that is none.
func (in CreateUserInput) Validate() error {
	if in.ChangePassword && (in.Password.IsZero() || !in.Activate) {
		return sdk.InvalidField("/change_password", "needs a password, and activate")
	}
	return okta.CheckName("/profile/login", in.login())
}

func (in CreateUserInput) login() string {
	var login string
	_ = json.Unmarshal(in.Profile["login"], &login) // the schema has it that it is a string
	return login
}

// NewProfile is the profile of a user to be created.
type NewProfile Attributes

// JSONSchema says that it is an object with a login and an address.
func (NewProfile) JSONSchema() *jsonschema.Schema {
	properties := jsonschema.NewProperties()
	for _, p := range []struct{ name, what string }{
		{"login", "Login of the user, most often the email address."},
		{"email", "Email address of the user."},
		{"firstName", "First name; most orgs require it."},
		{"lastName", "Last name; most orgs require it."},
	} {
		properties.Set(p.name, &jsonschema.Schema{Type: "string", Description: p.what})
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

// CreatedUser is whether there is a user with a login, and how much of what was
// asked for that user has.
type CreatedUser struct {
	Exists bool   `json:"exists"`           // Whether a user with this login exists.
	ID     string `json:"id,omitempty"`     // ID of the user.
	Status string `json:"status,omitempty"` // Status of the user.
	// Status that Okta is still bringing the user to, as during an activation; absent if none.
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
		return CreatedUser{Exists: true, ID: u.ID, Status: u.Status, TransitioningTo: u.Transitioning, Profile: want.of(u), ref: refOf(u)}, nil
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
		Name: "user is there as asked",
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
			return "there is a user with this login, who differs in " + strings.Join(differs(s), ", ") + "; update_user and activate_user change users"
		},
	}.From(ctx, before)
	out := CreateUserOutput{Change: change}
	if err == nil && change.After.Exists {
		out.User = &change.After.ref
	}
	return out, err
}

var exampleProfile = NewProfile{
	"login": []byte(`"alice.moreau@corp.example"`), "email": []byte(`"alice.moreau@corp.example"`),
	"firstName": []byte(`"Alice"`), "lastName": []byte(`"Moreau"`),
}
