package actions

import (
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// UnassignApplication takes an app from a user.
var UnassignApplication = action[UnassignApplicationInput, UnassignApplicationOutput]{
	Name:    "unassign_application",
	Summary: "Unassigns an app from a user, whose account in the app may be closed with it. An app assigned by a group stays until the user leaves the group.",
	Docs: "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationUsers/" +
		"#tag/ApplicationUsers/operation/unassignUserFromApplication",
	Effect: sdk.Destroys,
	Scopes: []string{"okta.users.read", "okta.apps.manage"},
	Example: sdk.Example[UnassignApplicationInput, UnassignApplicationOutput]{
		Input: UnassignApplicationInput{OneUser: exampleTarget, App: exampleApp.Label},
		Output: UnassignApplicationOutput{User: exampleUser, App: exampleApp, Change: reconcile.Changed(
			AssignmentState{Assigned: true, Through: throughUser, UserName: exampleUser.Login},
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

// AssignmentState is whether a user has an app.
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
		Name: "app is not assigned to the user (a group may have assigned it again)",
		Done: func(s AssignmentState) bool { return !s.Assigned },
		Act:  func(ctx context.Context) error { return c.UnassignApp(ctx, app.ID, u.ID) },
		Read: func(ctx context.Context) (AssignmentState, error) {
			return stateOrNone(func(a *okta.AppUser) AssignmentState {
				return AssignmentState{Assigned: true, Through: through(a.Scope), UserName: a.Credentials.UserName}
			})(c.AppUser(ctx, app.ID, u.ID))
		},
		Bar: func(s AssignmentState) string {
			if s.Through != throughGroup {
				return ""
			}
			// Okta would assign the app again when it evaluates the group.
			return "the app is assigned by a group of the user: remove the user from the group"
		},
	}.Run(ctx)
	return UnassignApplicationOutput{User: refOf(u), App: appRef(app), Change: change}, err
}
