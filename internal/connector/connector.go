// Package connector puts the Okta connector together.
package connector

import (
	"context"
	"sync"

	"soar.example/okta/actions"
	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
	"soar.example/okta/triggers"
)

// Okta is the connector: everything the plugin serves.
var Okta = offer(open)

// Backend is the compiled connector, compiled once: that takes a while, and gives
// the same each time.
var Backend = sync.OnceValues(func() (sdk.Backend, error) { return Okta.Compile() })

func offer(open func(context.Context, okta.Settings) (*okta.Client, error)) sdk.Connector[okta.Settings, *okta.Client] {
	return sdk.Connector[okta.Settings, *okta.Client]{
		Name:     "okta",
		Title:    "Okta",
		Summary:  "Finds and contains compromised accounts in an Okta org, and starts workflows on System Log events.",
		Docs:     "https://developer.okta.com/docs/api/",
		Version:  okta.Version,
		Open:     open,
		Check:    okta.Check,
		Actions:  actions.All,
		Triggers: triggers.All,
	}
}
