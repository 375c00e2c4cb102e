// Package triggers holds the triggers of the Okta connector.
package triggers

//go:generate go run soar.example/okta/schema/describe

import (
	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// All lists the triggers in the order builders show them.
var All = []sdk.AnyTrigger[*okta.Client]{
	SystemLog,
}
