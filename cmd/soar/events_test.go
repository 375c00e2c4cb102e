package main

import (
	"testing"

	"soar.example/okta/internal/systemlog/catalogue"
	oktaconnector "soar.example/okta/plugin/okta"
)

// Guards against a suggestion that nobody can follow.
func TestSuggestedActionsAreThere(t *testing.T) {
	backend, err := oktaconnector.Backend()
	if err != nil {
		t.Fatal(err)
	}
	m, err := backend.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	missing := map[string]string{}
	for e := range catalogue.All() {
		for _, name := range e.Actions {
			if m.Action(name) == nil {
				missing[name] = e.Name
			}
		}
	}
	for name, eventType := range missing {
		t.Errorf("%s suggests %s, which is no action", eventType, name)
	}
}
