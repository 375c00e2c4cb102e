package actions

import (
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// ListApplicationUsers lists the users of an application.
var ListApplicationUsers = action[ListApplicationUsersInput, ListApplicationUsersOutput]{
	Name:    "list_application_users",
	Title:   "List Application Users By ID",
	Summary: "Lists the users of an app, assigned directly or by a group.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationUsers/#tag/ApplicationUsers/operation/listApplicationUsers",
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.apps.read"},
	Example: sdk.Example[ListApplicationUsersInput, ListApplicationUsersOutput]{
		Input: ListApplicationUsersInput{App: exampleApp.ID, Paging: reconcile.Paging{ReturnAll: true, Limit: 200, Bounded: defaultMax}},
		Output: ListApplicationUsersOutput{App: exampleApp, Paged: onePage, Users: []AppUserItem{{
			ID: exampleUser.ID, UserName: exampleUser.Login, Scope: "USER", Status: "PROVISIONED",
			Raw: Object(`{"id":"00u1a2b3c4d5e6f7g8h9","scope":"USER","status":"PROVISIONED","credentials":{"userName":"alice.moreau@corp.example"},"profile":{}}`),
		}}},
	},
	Run: listApplicationUsers,
}

// ListApplicationUsersInput is the input of list_application_users.
type ListApplicationUsersInput struct {
	// ID or exact label of the app.
	App string `json:"app" jsonschema:"title=Application,example=0oa1a2b3c4d5e6f7g8h9,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_applications"`
	// Beginning of a user name, first name, last name or email address in the app.
	Q string `json:"q,omitempty" jsonschema:"title=Name begins with,example=alice,maxLength=200"`
	reconcile.Paging
}

// ListApplicationUsersOutput is the output of list_application_users.
type ListApplicationUsersOutput struct {
	App   AppRef        `json:"app"`   // The app.
	Users []AppUserItem `json:"users"` // Users of the app.
	reconcile.Paged
}

// AppUserItem is a user of an application.
type AppUserItem struct {
	ID       string `json:"id"`                  // ID of the user.
	UserName string `json:"user_name,omitempty"` // User name in the app.
	Scope    string `json:"scope,omitempty"`     // USER: assigned to the user; GROUP: by a group.
	Status   string `json:"status,omitempty"`    // Status of the assignment, such as ACTIVE or PROVISIONED.
	// The assignment as Okta sent it, with the user's profile in the app.
	Raw Object `json:"raw"`
}

func appUserItem(o okta.Object) AppUserItem {
	var u okta.AppUser
	o.Read(&u)
	return AppUserItem{ID: u.ID, UserName: u.Credentials.UserName, Scope: u.Scope, Status: u.Status, Raw: raw(o)}
}

func listApplicationUsers(ctx context.Context, c *okta.Client, in ListApplicationUsersInput) (ListApplicationUsersOutput, error) {
	a, err := c.FindApp(ctx, "/app", in.App)
	if err != nil {
		return ListApplicationUsersOutput{}, err
	}
	users, n, err := list(ctx, c, []string{"apps", a.ID, "users"}, map[string]string{"q": in.Q}, in.Paging, appUserItem)
	return ListApplicationUsersOutput{App: appRef(a), Users: users, Paged: n}, err
}
