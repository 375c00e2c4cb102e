package actions

import "soar.example/okta/internal/okta"

// AppRef identifies the app of an output.
type AppRef struct {
	ID    string `json:"id"`             // ID of the app.
	Label string `json:"label"`          // Label of the app, which people see.
	Name  string `json:"name,omitempty"` // Okta's key of the kind of app, such as salesforce.
}

// AppItem is an app in a list.
type AppItem struct {
	ID         string `json:"id"`                     // ID of the app.
	Label      string `json:"label"`                  // Label of the app, which people see.
	Name       string `json:"name,omitempty"`         // Okta's key of the kind of app, such as salesforce.
	Status     string `json:"status"`                 // ACTIVE or INACTIVE.
	SignOnMode string `json:"sign_on_mode,omitempty"` // Mode of sign-in: SAML_2_0, OPENID_CONNECT, BOOKMARK and others.
	Raw        Object `json:"raw"`                    // The app as Okta sent it.
}

func appRef(a *okta.App) AppRef { return AppRef{ID: a.ID, Label: a.Label, Name: a.Name} }

func appItem(o okta.Object) AppItem {
	var a okta.App
	o.Read(&a)
	return AppItem{ID: a.ID, Label: a.Label, Name: a.Name, Status: a.Status, SignOnMode: a.SignOnMode, Raw: raw(o)}
}

// through reports in output terms how an app is assigned to a user.
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
	exampleAppItem = AppItem{
		ID: exampleApp.ID, Label: exampleApp.Label, Name: exampleApp.Name, Status: okta.StatusActive, SignOnMode: "OPENID_CONNECT",
		Raw: Object(`{"id":"0oa1a2b3c4d5e6f7g8h9","name":"oidc_client","label":"Expense Reports","status":"ACTIVE","signOnMode":"OPENID_CONNECT"}`),
	}
)
