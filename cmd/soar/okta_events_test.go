package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"soar.example/okta/internal/systemlog"
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

// --sekoia is Sekoia.io's current intake, and --sekoia=2023-07 the old one.
func TestNormalizeProfiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.json")
	if err := os.WriteFile(file, systemlog.Example, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		flags       []string
		status      int
		has, hasNot string
	}{
		{[]string{"--to", "ecs"}, exitDone, `"debug_context":`, `"system":`},
		{[]string{"--to", "ecs", "--sekoia"}, exitDone, `"outcome":"`, `"kind":`},
		{[]string{"--to", "ecs", "--sekoia=current"}, exitDone, `"outcome":"`, `"kind":`},
		{[]string{"--to", "ecs", "--sekoia=2023-07"}, exitDone, `"kind":"event"`, `"outcome":"`},
		{[]string{"--to", "ecs", "--sekoia=2022"}, exitUsage, "", "{"},
		{[]string{"--to", "ecs", "--sekoia="}, exitDone, `"debug_context":`, `"system":`},
		{[]string{"--to", "emm", "--sekoia"}, exitUsage, "", "{"},
	} {
		out, complaint, status := soar(append([]string{"events", "normalize", file}, c.flags...)...)
		if status != c.status || !strings.Contains(out, c.has) || strings.Contains(out, c.hasNot) {
			t.Errorf("%v: status %d, %s%s", c.flags, status, out, complaint)
		}
	}
}
