package actions

import "soar.example/okta/internal/okta"

// AppRef says which application an answer is about.
type AppRef struct {
	ID    string `json:"id"`             // Id of the application.
	Label string `json:"label"`          // Label of the application, which people see.
	Name  string `json:"name,omitempty"` // Okta's key of the kind of application, such as salesforce.
}

func appRef(a *okta.App) AppRef { return AppRef{ID: a.ID, Label: a.Label, Name: a.Name} }

var exampleApp = AppRef{ID: "0oa1a2b3c4d5e6f7g8h9", Label: "Expense Reports", Name: "oidc_client"}
