package actions

import (
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// DeactivateApplication closes an app to everybody.
var DeactivateApplication = action[DeactivateApplicationInput, DeactivateApplicationOutput]{
	Name:    "deactivate_application",
	Summary: "Deactivates an app for all of its users, such as a planted or compromised app. Okta also reviews every assignment by a group.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Application/#tag/Application/operation/deactivateApplication",
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

// AppState is what a lifecycle action changes about an app.
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
	return DeactivateApplicationOutput{App: appRef(app), Change: change}, err
}
