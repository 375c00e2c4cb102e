package actions

import (
	"context"

	"soar.example/okta/sdk/reconcile"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// ListApplications lists applications.
var ListApplications = action[ListApplicationsInput, ListApplicationsOutput]{
	Name:    "list_applications",
	Summary: "Lists the apps of the Okta org, optionally by a filter or a name.",
	Docs:    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Application/#tag/Application/operation/listApplications",
	Effect:  sdk.Reads,
	Scopes:  []string{"okta.apps.read"},
	Example: sdk.Example[ListApplicationsInput, ListApplicationsOutput]{
		Input:  ListApplicationsInput{Q: "Expense", Paging: reconcile.Paging{Limit: 200, Bounded: defaultMax}},
		Output: ListApplicationsOutput{Applications: []AppItem{exampleAppItem}, Paged: onePage},
	},
	Options: listed(sdk.OptionList{Items: "applications", Value: "id", Label: "label", Description: "name", Typed: true, Search: "q"}),
	Run:     listApplications,
}

// ListApplicationsInput is the input of list_applications.
type ListApplicationsInput struct {
	// Beginning of the label, or of Okta's key of the kind of app.
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

func listApplications(ctx context.Context, c *okta.Client, in ListApplicationsInput) (ListApplicationsOutput, error) {
	query := map[string]string{"q": in.Q, "filter": in.Filter}
	if in.IncludeInactive {
		query["includeNonDeleted"] = "true"
	}
	apps, n, err := list(ctx, c, []string{"apps"}, query, in.Paging, appItem)
	return ListApplicationsOutput{Applications: apps, Paged: n}, err
}
