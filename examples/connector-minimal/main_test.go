package main

import (
	"encoding/json"
	"testing"

	"badges.example/connector/badges"

	"soar.example/okta/sdk/sdktest"
)

func TestConnector(t *testing.T) {
	backend, err := connector.Compile()
	if err != nil {
		t.Fatal(err)
	}
	sdktest.Run(t, sdktest.Suite{
		Backend: backend,
		Service: func(t *testing.T) sdktest.Service {
			return sdktest.Serve(t, sdktest.Fake{
				Handler:  badges.New("secret"),
				Settings: func(url string) any { return map[string]string{"url": url, "token": "secret"} },
			})
		},
		Actions:  map[string]sdktest.Case{"set_badge": {Input: sdktest.Input(setBadgeInput{Badge: "b-1"})}},
		Triggers: map[string]json.RawMessage{"denied_entries": json.RawMessage(`{"door":"vault"}`)},
	})
}
