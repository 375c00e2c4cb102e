package layers

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// host lists the folders of the host, which works with any connector, and of the HTTP connector, which works with any
// service.
var host = []string{
	"cmd/soar", "cmd/soar-plugin-http", "internal/alert", "internal/httpconnector", "plugin/host", "internal/docs", "internal/engine",
	"internal/inputfile", "internal/monitor", "internal/nearest", "internal/origin",
	"internal/playbook", "internal/rotation", "internal/settings", "internal/terminal", "internal/watch",
}

// mayNameVendor lists the files of the host that may name Okta: the list of built-in
// connectors, the commands that only Okta has, and the printer of Okta's pages.
var mayNameVendor = []string{
	"cmd/soar/builtin.go",
	"cmd/soar/okta_demo.go",
	"cmd/soar/okta_event_stream.go",
	"cmd/soar/okta_events.go",
	"cmd/soar/okta_org.go",
	"internal/docs/action.go",
	"internal/docs/docs.go",
	"internal/docs/pages.tmpl",
}

// TestHostNamesNoVendor searches code and comments of the host for the name of the vendor. The module path
// contains the name and does not count. Tests may name Okta.
func TestHostNamesNoVendor(t *testing.T) {
	for _, file := range mayNameVendor {
		if source, err := os.ReadFile("../../" + file); err != nil || !namesVendor(string(source)) {
			t.Errorf("%s does not name the vendor: remove it from the list (%v)", file, err)
		}
	}
	checked := 0
	for _, folder := range host {
		err := filepath.WalkDir("../../"+folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !slices.Contains([]string{".go", ".tmpl", ".proto", ".sql"}, filepath.Ext(path)) || strings.HasSuffix(path, "_test.go") {
				return err
			}
			name := filepath.ToSlash(strings.TrimPrefix(path, "../../"))
			if slices.Contains(mayNameVendor, name) {
				return nil
			}
			checked++
			source, err := os.ReadFile(path)
			for i, line := range strings.Split(string(source), "\n") {
				if namesVendor(line) {
					t.Errorf("%s:%d names the vendor: %s", name, i+1, strings.TrimSpace(line))
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if checked < 60 {
		t.Errorf("only %d files were searched", checked)
	}
}

// namesVendor reports whether text contains the name in any case and spelling, outside the
// path of the module.
func namesVendor(text string) bool {
	return strings.Contains(strings.ToLower(strings.ReplaceAll(text, module, "")), "okta")
}

func TestNamesVendor(t *testing.T) {
	for text, want := range map[string]bool{
		"Okta's clock":                            true,
		`os.Getenv("OKTA_ORG_URL")`:               true,
		"oktaRequest":                             true,
		`"` + module + `internal/okta"`:           true,
		`"` + module + `plugin/host"`:             false,
		"the service's clock":                     false,
		"// see " + module + "plugin: not Okta's": true,
	} {
		if got := namesVendor(text); got != want {
			t.Errorf("%q: got %t", text, got)
		}
	}
}
