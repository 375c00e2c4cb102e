package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"soar.example/okta/internal/systemlog"
)

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
