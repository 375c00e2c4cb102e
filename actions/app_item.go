package actions

import "soar.example/okta/internal/okta"

// AppItem is an application in a list.
type AppItem struct {
	ID         string `json:"id"`                     // Id of the application.
	Label      string `json:"label"`                  // Label of the application, which people see.
	Name       string `json:"name,omitempty"`         // Okta's key of the kind of application, such as salesforce.
	Status     string `json:"status"`                 // ACTIVE or INACTIVE.
	SignOnMode string `json:"sign_on_mode,omitempty"` // How users sign in: SAML_2_0, OPENID_CONNECT, BOOKMARK and others.
	Raw        Object `json:"raw"`                    // The application as Okta sent it.
}

func appItem(o okta.Object) AppItem {
	var a okta.App
	o.Read(&a)
	return AppItem{ID: a.ID, Label: a.Label, Name: a.Name, Status: a.Status, SignOnMode: a.SignOnMode, Raw: raw(o)}
}

var exampleAppItem = AppItem{
	ID: exampleApp.ID, Label: exampleApp.Label, Name: exampleApp.Name, Status: okta.StatusActive, SignOnMode: "OPENID_CONNECT",
	Raw: Object(`{"id":"0oa1a2b3c4d5e6f7g8h9","name":"oidc_client","label":"Expense Reports","status":"ACTIVE","signOnMode":"OPENID_CONNECT"}`),
}
