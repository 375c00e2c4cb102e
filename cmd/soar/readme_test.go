package main

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"soar.example/okta/internal/playbook"
	oktaconnector "soar.example/okta/plugin/okta"
)

var (
	yamlBlock  = regexp.MustCompile("(?s)```yaml\n(.*?)```")
	shellLine  = regexp.MustCompile("(?m)^(?:soar|go run \\./cmd/soar) ([a-z][^#|<\n]*)")
	codeSpan   = regexp.MustCompile("`soar ([a-z][^`\n]*)`")
	pageLink   = regexp.MustCompile(`\]\(([^)#]*)(#[^)]*)?\)`)
	flagInLine = regexp.MustCompile(`(?:^| )--([a-z-]+)`)
)

// Checks the pages that a newcomer follows: their playbooks load, their commands and flags
// exist, and their links resolve.
func TestReadme(t *testing.T) {
	backend, err := oktaconnector.Backend()
	if err != nil {
		t.Fatal(err)
	}
	m, err := backend.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	top, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	root := os.DirFS(top)
	guides, err := fs.Glob(root, "docs/guides/*.md")
	if err != nil {
		t.Fatal(err)
	}
	playbooks, commands := 0, 0
	for _, name := range append(guides, "README.md", "docs/quickstart.md") {
		b, err := fs.ReadFile(root, name)
		if err != nil {
			t.Fatal(err)
		}
		page := string(b)
		t.Chdir(t.TempDir()) // with the settings of the page
		for _, block := range yamlBlock.FindAllStringSubmatch(page, -1) {
			if strings.HasPrefix(block[1], "connections:") {
				if err := os.WriteFile("soar.yaml", []byte(block[1]), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if strings.Contains(block[1], "steps:") {
				playbooks++
				if _, err := playbook.Load(name, []byte(block[1]), playbook.Connections{"okta": m}); err != nil {
					t.Error(err)
				}
			}
		}
		for _, line := range append(shellLine.FindAllStringSubmatch(page, -1), codeSpan.FindAllStringSubmatch(page, -1)...) {
			commands++
			checkCommand(t, name, line[1])
		}
		for _, link := range pageLink.FindAllStringSubmatch(page, -1) {
			if link[1] == "" || strings.HasPrefix(link[1], "https://") {
				continue
			}
			if _, err := fs.Stat(root, path.Join(path.Dir(name), link[1])); err != nil {
				t.Errorf("%s: a link does not resolve: %v", name, err)
			}
		}
	}
	if playbooks < 2 || commands < 40 {
		t.Errorf("only %d playbooks and %d commands were found", playbooks, commands)
	}
}

// checkCommand checks that a command of a page and its flags exist.
func checkCommand(t *testing.T, page, line string) {
	t.Helper()
	a := newApp(os.Stdout, os.Stderr)
	a.conn = early(strings.Fields(line), "--connection")
	root := a.command()
	found, _, err := root.Find(strings.Fields(line))
	if err != nil || found == root {
		t.Errorf("%s: there is no command soar %s: %v", page, line, err)
		return
	}
	if found.Name() == "run" {
		found.SetContext(t.Context())
		if action, _, err := a.actionCommand(found, strings.Fields(line)[1:]); err != nil {
			t.Errorf("%s: soar %s: %v", page, line, err)
			return
		} else if action != nil {
			found = action
		}
	}
	found.InitDefaultHelpFlag()
	for _, flag := range flagInLine.FindAllStringSubmatch(line, -1) {
		if found.Flags().Lookup(flag[1]) == nil && found.InheritedFlags().Lookup(flag[1]) == nil {
			t.Errorf("%s: soar %s has no flag --%s", page, strings.TrimSpace(line), flag[1])
		}
	}
}
