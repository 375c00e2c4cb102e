package actions

import (
	"context"
	"net/url"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

// AppRef identifies the app of an output.
type AppRef struct {
	ID    string `json:"id"`             // ID of the app.
	Label string `json:"label"`          // Label of the app that users see.
	Name  string `json:"name,omitempty"` // Okta's key for the app type, such as salesforce.
}

// AppItem is an app in a list.
type AppItem struct {
	AppRef
	Status     string `json:"status"`                 // ACTIVE or INACTIVE.
	SignOnMode string `json:"sign_on_mode,omitempty"` // Mode of sign-in: SAML_2_0, OPENID_CONNECT, BOOKMARK and others.
	Raw        Object `json:"raw"`                    // The app as Okta sent it.
}

func appRef(a *okta.App) AppRef { return AppRef{ID: a.ID, Label: a.Label, Name: a.Name} }

func appItem(o okta.Object) AppItem {
	var a okta.App
	o.Read(&a)
	return AppItem{AppRef: appRef(&a), Status: a.Status, SignOnMode: a.SignOnMode, Raw: raw(o)}
}

// through converts Okta's scope of an assignment into the term of the output.
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

var (
	exampleApp     = AppRef{ID: "0oa1a2b3c4d5e6f7g8h9", Label: "Expense Reports", Name: "oidc_client"}
	exampleAppItem = appItem(okta.Object(
		`{"id":"0oa1a2b3c4d5e6f7g8h9","name":"oidc_client","label":"Expense Reports","status":"ACTIVE","signOnMode":"OPENID_CONNECT"}`))
)

// ListApplications lists applications.
var ListApplications = action[ListApplicationsInput, ListApplicationsOutput]{
	Name:    "list_applications",
	Summary: "Lists the apps of the Okta org, optionally by a filter or a name.",
	Docs:    apiDocs("Application", "listApplications"),
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.apps.read"},
	Example: sdk.Example[ListApplicationsInput, ListApplicationsOutput]{
		Input:  ListApplicationsInput{Q: "Expense", Paging: firstPage},
		Output: ListApplicationsOutput{Applications: []AppItem{exampleAppItem}, Paged: onePage},
	},
	Options: listed(sdk.OptionList{Items: "applications", Value: "id", Label: "label", Description: "name", Typed: true, Search: "q"}),
	Run: func(ctx context.Context, c *okta.Client, in ListApplicationsInput) (ListApplicationsOutput, error) {
		query := url.Values{"q": {in.Q}, "filter": {in.Filter}}
		if in.IncludeInactive {
			query.Set("includeNonDeleted", "true")
		}
		apps, n, err := list(ctx, c, []string{"apps"}, query, pages(in.Paging), appItem)
		return ListApplicationsOutput{Applications: apps, Paged: n}, err
	},
}

// ListApplicationsInput is the input of list_applications.
type ListApplicationsInput struct {
	// Beginning of the label, or of Okta's key for the app type, such as salesforce.
	Q string `json:"q,omitempty" jsonschema:"title=Name begins with,example=Expense,maxLength=200"`
	// Expression of Okta's filter over id, status, name and user.id.
	Filter string `json:"filter,omitempty" jsonschema:"example=status eq \"ACTIVE\",maxLength=6000" jsonschema_extras:"x-language=scim_filter,x-group=advanced"`
	// Include apps that are not active.
	IncludeInactive bool `json:"include_inactive,omitempty" jsonschema:"default=false" jsonschema_extras:"x-group=advanced"`
	reconcile.Paging
}

// ListApplicationsOutput is the output of list_applications.
type ListApplicationsOutput struct {
	Applications []AppItem `json:"applications"` // The apps.
	reconcile.Paged
}

// ListApplicationUsers lists the users of an application.
var ListApplicationUsers = action[ListApplicationUsersInput, ListApplicationUsersOutput]{
	Name:    "list_application_users",
	Title:   "List Application Users By ID",
	Summary: "Lists the users of an app, assigned directly or by a group.",
	Docs:    apiDocs("ApplicationUsers", "listApplicationUsers"),
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.apps.read"},
	Example: sdk.Example[ListApplicationUsersInput, ListApplicationUsersOutput]{
		Input: ListApplicationUsersInput{App: exampleApp.ID, Paging: allPages},
		Output: ListApplicationUsersOutput{App: exampleApp, Paged: onePage, Users: []AppUserItem{appUserItem(okta.Object(
			`{"id":"00u1a2b3c4d5e6f7g8h9","scope":"USER","status":"PROVISIONED","credentials":{"userName":"alice.moreau@corp.example"},"profile":{}}`))}},
	},
	Run: func(ctx context.Context, c *okta.Client, in ListApplicationUsersInput) (ListApplicationUsersOutput, error) {
		a, err := c.FindApp(ctx, "/app", in.App)
		if err != nil {
			return ListApplicationUsersOutput{}, err
		}
		users, n, err := list(ctx, c, []string{"apps", a.ID, "users"}, url.Values{"q": {in.Q}}, pages(in.Paging), appUserItem)
		return ListApplicationUsersOutput{App: appRef(a), Users: users, Paged: n}, err
	},
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

// ListUserApplications lists a user's apps.
var ListUserApplications = action[UserList, ListUserApplicationsOutput]{
	Name:    "list_user_applications",
	Summary: "Lists the apps of a user, including hidden apps and apps assigned by a group.",
	Docs:    apiDocs("Application", "listApplications"),
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.users.read", "okta.apps.read"},
	Example: sdk.Example[UserList, ListUserApplicationsOutput]{
		Input: UserList{OneUser: exampleTarget, Bounded: defaultMax},
		Output: ListUserApplicationsOutput{User: ExampleUser, Counted: oneItem, Applications: []UserAppItem{
			{AppItem: exampleAppItem, Through: throughGroup, UserName: ExampleUser.Login},
		}},
	},
	Options: &sdk.OptionList{Items: "applications", Value: "id", Label: "label", Description: "name", Typed: true},
	Run: onUser(func(ctx context.Context, c *okta.Client, u *okta.User, in UserList) (ListUserApplicationsOutput, error) {
		applications, n, err := list(ctx, c, []string{"apps"}, okta.AppsOfQuery(u.ID), whole(in.Bounded), userAppItem)
		return ListUserApplicationsOutput{User: UserRefOf(u), Applications: applications, Counted: n.Counted}, err
	}),
}

// ListUserApplicationsOutput is the output of list_user_applications.
type ListUserApplicationsOutput struct {
	User         UserRef       `json:"user"`         // The user.
	Applications []UserAppItem `json:"applications"` // The apps.
	reconcile.Counted
}

// UserAppItem is an app that is assigned to a user.
type UserAppItem struct {
	AppItem
	// user: assigned to the user; group: assigned by a group; absent if Okta does not report it.
	Through  string `json:"through,omitempty" jsonschema:"enum=user,enum=group"`
	UserName string `json:"user_name,omitempty"` // User name in the app.
}

func userAppItem(o okta.Object) UserAppItem {
	var a okta.App
	o.Read(&a)
	assignment := a.Embedded.User
	return UserAppItem{AppItem: appItem(o), Through: through(assignment.Scope), UserName: assignment.Credentials.UserName}
}

// UnassignApplication unassigns an app from a user.
var UnassignApplication = action[UnassignApplicationInput, UnassignApplicationOutput]{
	Name:    "unassign_application",
	Summary: "Unassigns an app from a user, which may also close the account in the app. An assignment through a group remains until the user leaves the group.",
	Docs:    apiDocs("ApplicationUsers", "unassignUserFromApplication"),
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.users.read", "okta.apps.manage"},
	Example: sdk.Example[UnassignApplicationInput, UnassignApplicationOutput]{
		Input: UnassignApplicationInput{OneUser: exampleTarget, App: exampleApp.Label},
		Output: UnassignApplicationOutput{User: ExampleUser, App: exampleApp, Change: reconcile.Changed(
			AssignmentState{Assigned: true, Through: throughUser, UserName: ExampleUser.Login},
			AssignmentState{},
		)},
	},
	Run: onUser(unassignApplication),
}

// UnassignApplicationInput is the input of unassign_application.
type UnassignApplicationInput struct {
	OneUser
	// ID or exact label of the app.
	App string `json:"app" jsonschema:"example=Expense Reports,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_user_applications user=$user"`
	reconcile.Write
}

// UnassignApplicationOutput is the output of unassign_application.
type UnassignApplicationOutput struct {
	User UserRef `json:"user"` // The user.
	App  AppRef  `json:"app"`  // The app.
	reconcile.Change[AssignmentState]
}

// AssignmentState reports whether an app is assigned to a user.
type AssignmentState struct {
	Assigned bool `json:"assigned"` // Whether the app is assigned to the user.
	// user: assigned to the user; group: assigned by a group.
	Through  string `json:"through,omitempty" jsonschema:"enum=user,enum=group"`
	UserName string `json:"user_name,omitempty"` // User name in the app.
}

func unassignApplication(ctx context.Context, c *okta.Client, u *okta.User, in UnassignApplicationInput) (UnassignApplicationOutput, error) {
	app, err := c.FindApp(ctx, "/app", in.App)
	if err != nil {
		return UnassignApplicationOutput{}, err
	}
	change, err := reconcile.Goal[AssignmentState]{
		Name: "app is unassigned from the user (a group may have assigned the app again)",
		Done: func(s AssignmentState) bool { return !s.Assigned },
		Act:  func(ctx context.Context) error { return c.UnassignApp(ctx, app.ID, u.ID) },
		Read: func(ctx context.Context) (AssignmentState, error) {
			return stateOrNone(func(a *okta.AppUser) AssignmentState {
				return AssignmentState{Assigned: true, Through: through(a.Scope), UserName: a.Credentials.UserName}
			})(c.AppUser(ctx, app.ID, u.ID))
		},
		Blocked: func(s AssignmentState) string {
			if s.Through != throughGroup {
				return ""
			}
			// Okta would assign the app again when it evaluates the group.
			return "a group of the user assigns the app. Remove the user from that group with remove_user_from_group"
		},
	}.Run(ctx)
	return UnassignApplicationOutput{User: UserRefOf(u), App: appRef(app), Change: change}, err
}

// DeactivateApplication deactivates an app for all users.
var DeactivateApplication = action[DeactivateApplicationInput, DeactivateApplicationOutput]{
	Name:    "deactivate_application",
	Summary: "Deactivates an app for all of its users, such as a planted or compromised app. Okta also reviews every assignment by a group.",
	Docs:    apiDocs("Application", "deactivateApplication"),
	Effect:  sdk.Destroys,
	Scopes:  []string{"okta.apps.manage"},
	Example: sdk.Example[DeactivateApplicationInput, DeactivateApplicationOutput]{
		Input: DeactivateApplicationInput{App: exampleApp.ID},
		Output: DeactivateApplicationOutput{App: exampleApp, Change: reconcile.Changed(
			AppState{Status: okta.StatusActive},
			AppState{Status: okta.AppInactive},
		)},
	},
	Run: deactivateApplication,
}

// DeactivateApplicationInput is the input of deactivate_application.
type DeactivateApplicationInput struct {
	// ID or exact label of the app.
	App string `json:"app" jsonschema:"example=Expense Reports,minLength=1,maxLength=500" jsonschema_extras:"x-options=list_applications"`
	reconcile.Write
}

// DeactivateApplicationOutput is the output of deactivate_application.
type DeactivateApplicationOutput struct {
	App AppRef `json:"app"` // The app.
	reconcile.Change[AppState]
}

// AppState is the part of an app that a lifecycle action changes.
type AppState struct {
	Status string `json:"status"` // ACTIVE or INACTIVE.
}

func deactivateApplication(ctx context.Context, c *okta.Client, in DeactivateApplicationInput) (DeactivateApplicationOutput, error) {
	app, err := c.FindApp(ctx, "/app", in.App)
	if err != nil {
		return DeactivateApplicationOutput{}, err
	}
	change, err := reconcile.Goal[AppState]{
		Name: "app is inactive",
		Done: func(s AppState) bool { return s.Status == okta.AppInactive },
		Act:  func(ctx context.Context) error { return c.DeactivateApp(ctx, app.ID) },
		Read: func(ctx context.Context) (AppState, error) {
			a, err := c.App(ctx, app.ID)
			if err != nil {
				return AppState{}, err
			}
			return AppState{Status: a.Status}, nil
		},
	}.From(ctx, AppState{Status: app.Status})
	err = Explained(ctx, c, err, app.ID)
	change.About(sdk.Subject{Type: "app", ID: app.ID, Name: app.Label})
	return DeactivateApplicationOutput{App: appRef(app), Change: change}, err
}
