package actions

import (
	"context"
	"net/url"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// ListUserApplications lists a user's apps.
var ListUserApplications = action[UserList, ListUserApplicationsOutput]{
	Name:    "list_user_applications",
	Summary: "Lists the apps of a user, including hidden apps and apps assigned by a group.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Application/#tag/Application/operation/listApplications",
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.users.read", "okta.apps.read"},
	Example: sdk.Example[UserList, ListUserApplicationsOutput]{
		Input: UserList{OneUser: exampleTarget, Bounded: defaultMax},
		Output: ListUserApplicationsOutput{User: exampleUser, Counted: reconcile.Counted{Count: 1}, Applications: []UserAppItem{{
			ID: exampleApp.ID, Label: exampleApp.Label, Name: exampleApp.Name, Status: okta.StatusActive, SignOnMode: "SAML_2_0",
			Through: throughGroup, UserName: exampleUser.Login,
			Raw: exampleAppItem.Raw,
		}}},
	},
	Options: &sdk.OptionList{Items: "applications", Value: "id", Label: "label", Description: "name", Typed: true},
	Run:     onUser(listUserApplications),
}

// ListUserApplicationsOutput is the output of list_user_applications.
type ListUserApplicationsOutput struct {
	User         UserRef       `json:"user"`         // The user.
	Applications []UserAppItem `json:"applications"` // The apps.
	reconcile.Counted
}

// UserAppItem is an app that is assigned to a user.
type UserAppItem struct {
	ID         string `json:"id"`                     // ID of the app.
	Label      string `json:"label"`                  // Label of the app, which people see.
	Name       string `json:"name,omitempty"`         // Okta's key of the kind of app, such as salesforce.
	Status     string `json:"status"`                 // ACTIVE or INACTIVE.
	SignOnMode string `json:"sign_on_mode,omitempty"` // Mode of sign-in: SAML_2_0, OPENID_CONNECT and others.
	// user: assigned to the user; group: assigned by a group; absent if Okta does not tell.
	Through  string `json:"through,omitempty" jsonschema:"enum=user,enum=group"`
	UserName string `json:"user_name,omitempty"` // User name in the app.
	Raw      Object `json:"raw"`                 // The app as Okta sent it.
}

func userAppItem(o okta.Object) UserAppItem {
	var a okta.App
	o.Read(&a)
	item := UserAppItem{ID: a.ID, Label: a.Label, Name: a.Name, Status: a.Status, SignOnMode: a.SignOnMode,
		UserName: a.Embedded.User.Credentials.UserName, Raw: raw(o)}
	item.Through = through(a.Embedded.User.Scope)
	return item
}

func listUserApplications(ctx context.Context, c *okta.Client, u *okta.User, in UserList) (ListUserApplicationsOutput, error) {
	applications, n, err := listOfUser(ctx, c, u.ID, in.MaxItems, userAppItem, func(userID string) ([]string, url.Values) {
		return []string{"apps"}, okta.AppsOfQuery(userID)
	})
	return ListUserApplicationsOutput{User: refOf(u), Applications: applications, Counted: n}, err
}
