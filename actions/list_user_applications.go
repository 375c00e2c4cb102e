package actions

import (
	"context"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// ListUserApplications lists a user's apps.
var ListUserApplications = action[ListUserApplicationsInput, ListUserApplicationsOutput]{
	Name:    "list_user_applications",
	Title:   "List User Applications",
	Summary: "Lists the apps that are assigned to a user, those that come with a group included, hidden ones too.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Application/#tag/Application/operation/listApplications",
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.users.read", "okta.apps.read"},
	Example: sdk.Example[ListUserApplicationsInput, ListUserApplicationsOutput]{
		Input: ListUserApplicationsInput{User: exampleUser.Login, MaxItems: 10_000},
		Output: ListUserApplicationsOutput{User: exampleUser, Counted: Counted{Count: 1}, Applications: []UserAppItem{{
			ID: exampleApp.ID, Label: exampleApp.Label, Name: exampleApp.Name, Status: okta.StatusActive, SignOnMode: "SAML_2_0", Through: throughGroup, UserName: exampleUser.Login,
			Raw: exampleAppItem.Raw,
		}}},
	},
	Options: &sdk.OptionList{Items: "applications", Value: "id", Label: "label", Description: "name", Typed: true},
	Run:     listUserApplications,
}

// ListUserApplicationsInput is what list_user_applications takes.
type ListUserApplicationsInput struct {
	// Id, login or email address of the user.
	User string `json:"user" jsonschema:"example=alice.moreau@corp.example,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_users"`
	// Stop after so many apps.
	MaxItems int `json:"max_items,omitempty" jsonschema:"title=Most items,default=10000,minimum=1,maximum=50000,example=10000" jsonschema_extras:"x-group=advanced"`
}

// ListUserApplicationsOutput is what list_user_applications answers.
type ListUserApplicationsOutput struct {
	User         UserRef       `json:"user"`         // The user.
	Applications []UserAppItem `json:"applications"` // The apps.
	Counted
}

// UserAppItem is an app that is assigned to a user.
type UserAppItem struct {
	ID         string `json:"id"`                     // Id of the app.
	Label      string `json:"label"`                  // Label of the app, which its users see.
	Name       string `json:"name,omitempty"`         // Okta's name for the kind of app.
	Status     string `json:"status"`                 // ACTIVE or INACTIVE.
	SignOnMode string `json:"sign_on_mode,omitempty"` // How users sign in to it: SAML_2_0, OPENID_CONNECT and others.
	// user: assigned to the user; group: the user has it by being in a group; absent if Okta does not tell.
	Through  string `json:"through,omitempty" jsonschema:"enum=user,enum=group"`
	UserName string `json:"user_name,omitempty"` // Who the user is in the app.
	Raw      Object `json:"raw"`                 // The app as Okta sent it.
}

func userAppItem(o okta.Object) UserAppItem {
	var a okta.App
	o.Read(&a)
	item := UserAppItem{ID: a.ID, Label: a.Label, Name: a.Name, Status: a.Status, SignOnMode: a.SignOnMode, UserName: a.Embedded.User.Credentials.UserName, Raw: raw(o)}
	item.Through = through(a.Embedded.User.Scope)
	return item
}

func through(scope string) string {
	switch scope {
	case "":
		return ""
	case okta.ScopeGroup:
		return throughGroup
	default:
		return throughUser
	}
}

func listUserApplications(ctx context.Context, c *okta.Client, in ListUserApplicationsInput) (ListUserApplicationsOutput, error) {
	u, err := c.FindUser(ctx, "/user", in.User)
	if err != nil {
		return ListUserApplicationsOutput{}, err
	}
	found, rest, err := c.List(ctx, []string{"apps"}, okta.AppsOfQuery(u.ID), okta.Span{Most: in.MaxItems, All: true})
	if err != nil {
		return ListUserApplicationsOutput{}, err
	}
	apps, n := items(found, rest, userAppItem)
	return ListUserApplicationsOutput{User: refOf(u), Applications: apps, Counted: n}, nil
}
