// Package okta is the compiled Okta connector, which soar-plugin-okta serves. Hosts can
// embed the package instead of launching a process.
package okta

import (
	"context"
	"slices"
	"sync"

	"soar.example/okta/actions"
	"soar.example/okta/actions/containment"
	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
	"soar.example/okta/triggers"
)

// Connector declares all actions and triggers for Okta.
var Connector = offer(open)

// Backend returns the compiled connector. It compiles the connector once, because that
// takes time and the result is always the same.
var Backend = sync.OnceValues(func() (sdk.Backend, error) { return Connector.Compile() })

func offer(open func(context.Context, okta.Settings) (*okta.Client, error)) sdk.Connector[okta.Settings, *okta.Client] {
	return sdk.Connector[okta.Settings, *okta.Client]{
		Name:     "okta",
		Title:    "Okta",
		Summary:  "Finds and contains compromised accounts in an Okta org, and starts workflows on System Log events.",
		Docs:     "https://developer.okta.com/docs/api/",
		Version:  okta.Version,
		Editions: []string{"Classic Engine", actions.IdentityEngine},
		Open:     open,
		Check:    okta.Check,
		Actions:  slices.Concat(actions.All, containment.Actions),
		Triggers: triggers.All,
	}
}
