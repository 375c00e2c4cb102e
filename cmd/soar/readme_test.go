package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"soar.example/okta/internal/playbook"
	oktaconnector "soar.example/okta/plugin/okta"
)

// Guards the README: its playbook loads, and every command it names is there.
func TestReadme(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(b)
	backend, err := oktaconnector.Backend()
	if err != nil {
		t.Fatal(err)
	}
	m, err := backend.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	playbooks := 0
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(readme, -1) {
		if !strings.Contains(block[1], "steps:") {
			continue
		}
		playbooks++
		if _, err := playbook.Load("README.md", []byte(block[1]), m); err != nil {
			t.Error(err)
		}
	}
	if playbooks == 0 {
		t.Error("no playbook was found")
	}
	root := newApp(os.Stdout, os.Stderr).command()
	commands := regexp.MustCompile("(?m)(?:^|`)(?:soar|go run \\./cmd/soar) ([a-z-]+(?: [a-z_]+)?)").FindAllStringSubmatch(readme, -1)
	if len(commands) < 8 {
		t.Errorf("only %d commands were found", len(commands))
	}
	for _, c := range commands {
		words := strings.Fields(c[1])
		found, rest, err := root.Find(words)
		if err != nil || found == root {
			t.Errorf("there is no command soar %s: %v", c[1], err)
			continue
		}
		if found.Name() == "run" && len(rest) > 0 && m.Action(rest[0]) == nil {
			t.Errorf("there is no action %s", rest[0])
		}
	}
	for _, link := range regexp.MustCompile(`\]\(([^)#]+)\)`).FindAllStringSubmatch(readme, -1) {
		if strings.HasPrefix(link[1], "https://") {
			continue
		}
		if _, err := os.Stat("../../" + link[1]); err != nil {
			t.Errorf("a link leads nowhere: %v", err)
		}
	}
}
