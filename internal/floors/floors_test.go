// Package floors keeps the house's floors apart: which package may stand on which.
package floors

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "soar.example/okta/"

type pkg struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
	Deps         []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports,Deps", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func within(path string, roots ...string) bool {
	return slices.ContainsFunc(roots, func(root string) bool {
		return path == module+root || strings.HasPrefix(path, module+root+"/")
	})
}

func TestFloors(t *testing.T) {
	const oktaSDK = "github.com/okta/okta-sdk-golang"
	knowsOkta := func(dep string) bool {
		return strings.HasPrefix(dep, oktaSDK) ||
			within(dep, "internal/okta", "internal/oktasim", "internal/systemlog", "internal/connector", "actions", "triggers")
	}
	all := packages(t)
	if len(all) < 10 {
		t.Fatalf("only %d packages were listed", len(all))
	}
	for _, p := range all {
		direct := slices.Concat(p.Imports, p.TestImports, p.XTestImports)
		for _, dep := range p.Deps {
			if within(p.ImportPath, "sdk", "schema") && (knowsOkta(dep) || strings.HasPrefix(dep, "google.golang.org/grpc") || strings.HasPrefix(dep, "github.com/hashicorp/go-plugin")) {
				t.Errorf("%s stands on %s", p.ImportPath, dep)
			}
			if within(p.ImportPath, "plugin", "internal/playbook", "internal/runner", "internal/monitor") && knowsOkta(dep) {
				t.Errorf("%s stands on %s: hosts know no Okta", p.ImportPath, dep)
			}
		}
		for _, dep := range direct {
			if strings.HasPrefix(dep, oktaSDK) && p.ImportPath != module+"internal/okta" {
				t.Errorf("%s imports the Okta SDK; only internal/okta may", p.ImportPath)
			}
		}
		for _, dep := range p.Imports {
			if within(dep, "internal/oktasim") && !within(p.ImportPath, "cmd", "examples", "internal/oktasim", "internal/oktaspec") {
				t.Errorf("%s imports the embedded org outside of tests", p.ImportPath)
			}
			if within(dep, "internal/oktaspec") {
				t.Errorf("%s imports Okta's description outside of tests", p.ImportPath)
			}
			if within(dep, "cmd", "examples") && !within(p.ImportPath, "cmd", "examples") {
				t.Errorf("%s imports %s: doors stand on the house", p.ImportPath, dep)
			}
		}
	}
}
