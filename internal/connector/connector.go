// Package connector puts the Okta connector together.
package connector

import (
	"soar.example/okta/actions"
	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
	"soar.example/okta/triggers"
)

// Okta is the connector: everything the plugin serves.
var Okta = sdk.Connector[okta.Settings, *okta.Client]{
	Name:     "okta",
	Title:    "Okta",
	Summary:  "Finds and contains compromised accounts in an Okta org, and starts workflows on System Log events.",
	Docs:     "https://developer.okta.com/docs/api/",
	Version:  okta.Version,
	Open:     okta.Open,
	Check:    okta.Check,
	Actions:  actions.All,
	Triggers: triggers.All,
}
