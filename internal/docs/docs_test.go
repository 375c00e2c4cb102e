package docs

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/plugin/okta"
	"soar.example/okta/schema"
)

//go:generate go test -run TestPrintedFilesAreCurrent -update .

var update = flag.Bool("update", false, "write the printed files")

const root = "../.."

// Checks that the manifest, the schemas and the pages are as current as the code.
func TestPrintedFilesAreCurrent(t *testing.T) {
	files, err := Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range files {
		full := filepath.Join(root, path)
		if *update {
			if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(full, want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(full)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is out of date (%v); run: go generate ./internal/docs", path, err)
		}
	}
	for _, folder := range []string{"docs/reference/actions", "docs/reference/triggers"} {
		entries, err := os.ReadDir(filepath.Join(root, folder))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if files[folder+"/"+e.Name()] == nil {
				t.Errorf("%s/%s describes an action or a trigger that does not exist", folder, e.Name())
			}
		}
	}
}

// Checks that the step on each action's page loads in a playbook.
func TestStepsLoad(t *testing.T) {
	backend, err := okta.Backend()
	if err != nil {
		t.Fatal(err)
	}
	m, err := backend.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range m.Actions {
		text, err := step(a)
		if err != nil {
			t.Fatal(err)
		}
		const head = "name: example\ntitle: Example\ntrigger: system_log\nevent_types: [user.session.start]\nsteps:\n"
		if _, err := playbook.Load(a.Name, []byte(head+text+"\n"), playbook.Connections{"okta": m}); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
}

// Checks that the manifest follows its schema and has the texts that a builder needs.
func TestManifestFollowsItsSchema(t *testing.T) {
	files, err := Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	form, err := schema.Parse(files["docs/reference/manifest.schema.json"])
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range form.Check(files["manifest.json"]) {
		t.Error(v)
	}
	var m struct {
		Settings struct {
			Properties map[string]struct {
				WriteOnly bool `json:"writeOnly"`
			}
		}
		Actions []struct {
			Name  string
			Input struct {
				Properties map[string]struct {
					Title, Description string
					Group              string `json:"x-group"`
					Type               any
					Default            any
					Examples           []any
					Enum               []any
					Items              struct{ Examples, Enum []any }
				}
			}
		}
	}
	if err := json.Unmarshal(files["manifest.json"], &m); err != nil {
		t.Fatal(err)
	}
	if !m.Settings.Properties["token"].WriteOnly || m.Settings.Properties["org_url"].WriteOnly {
		t.Error("the settings do not mark the token, and only the token, as a secret")
	}
	for _, a := range m.Actions {
		for name, p := range a.Input.Properties {
			if p.Title == "" || p.Description == "" || !slices.Contains([]string{"basic", "advanced"}, p.Group) {
				t.Errorf("%s.%s: title %q, description %q, group %q", a.Name, name, p.Title, p.Description, p.Group)
			}
			if name == "expected_before" {
				continue // its value is a part of another output
			}
			if p.Type != "boolean" && p.Type != "object" && len(p.Examples)+len(p.Items.Examples)+len(p.Enum)+len(p.Items.Enum) == 0 {
				t.Errorf("%s.%s has neither an example nor a list of values", a.Name, name)
			}
		}
	}
}
