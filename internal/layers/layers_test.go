// Package layers tests the structure of the code: which package may import which other package, the length of files
// and lines, and the comments of exported names.
package layers

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

const (
	module  = "soar.example/okta/"
	oktaSDK = "github.com/okta/okta-sdk-golang"
)

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
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 30 {
		t.Fatalf("go list found only %d packages", len(all))
	}
	return all
}

func within(path string, roots ...string) bool {
	return slices.ContainsFunc(roots, func(root string) bool {
		return path == module+root || strings.HasPrefix(path, module+root+"/")
	})
}

// vendor lists the packages that know Okta. All other packages work with any connector.
var vendor = []string{
	"actions", "triggers", "plugin/okta", "internal/okta", "internal/oktasim", "internal/oktaspec", "internal/systemlog",
	"internal/docs", "internal/reliability", "internal/bench", "cmd", "examples",
}

// A rule lists the packages that the packages below some folders must not depend on.
type rule struct {
	of, except []string
	not        func(dep string) bool
	because    string
}

var rules = []rule{
	{
		of:      []string{""},
		except:  vendor,
		not:     func(dep string) bool { return within(dep, vendor...) || strings.HasPrefix(dep, oktaSDK) },
		because: "hosts, engines and the SDK name no vendor",
	},
	{
		of: []string{"sdk", "schema"},
		not: func(dep string) bool {
			return strings.HasPrefix(dep, "google.golang.org/grpc") || strings.HasPrefix(dep, "github.com/hashicorp/go-plugin") ||
				within(dep, "plugin", "internal/playbook", "internal/engine")
		},
		because: "the contract depends on neither the wire nor a host",
	},
	{
		of: []string{"sdk/httpclient"},
		not: func(dep string) bool {
			return strings.HasPrefix(dep, module) && !within(dep, "sdk", "schema", "internal/nearest")
		},
		because: "the transport of connectors depends on the contract only",
	},
	{
		of: []string{"schema", "internal/nearest"},
		not: func(dep string) bool {
			return strings.HasPrefix(dep, module) && !within(dep, "schema", "internal/nearest")
		},
		because: "leaf packages import nothing of ours",
	},
	{
		of: []string{"sdk/reconcile"},
		not: func(dep string) bool {
			return strings.HasPrefix(dep, module) && !within(dep, "sdk", "schema", "internal/nearest")
		},
		because: "the helper of all connectors depends on the contract only",
	},
	{
		of: []string{"internal/httpconnector"},
		not: func(dep string) bool {
			return strings.HasPrefix(dep, module) && !within(dep, "sdk", "schema", "internal/nearest", "internal/httpconnector")
		},
		because: "the HTTP connector is built on the public SDK alone",
	},
	{
		of:      []string{"plugin", "internal/okta", "internal/systemlog", "actions", "triggers"},
		not:     func(dep string) bool { return within(dep, "internal/playbook", "internal/engine", "internal/monitor") },
		because: "connectors and the wire know nothing of playbooks",
	},
	{
		of:      []string{"internal/playbook"},
		not:     func(dep string) bool { return within(dep, "internal/engine", "internal/monitor", "plugin") },
		because: "playbooks are below the engines",
	},
	{
		of:      []string{""},
		except:  []string{"cmd", "examples"},
		not:     func(dep string) bool { return within(dep, "cmd", "examples") },
		because: "programs are the top layer",
	},
	{
		of:      []string{""},
		except:  []string{"cmd", "internal/oktasim", "internal/oktaspec", "internal/bench"},
		not:     func(dep string) bool { return within(dep, "internal/oktasim", "internal/oktaspec") },
		because: "the simulator is for tests, soar demo and soar org",
	},
}

// TestLayers checks the imports of every package, direct and indirect, against the
// rules. Tests may import more, except for the Okta SDK.
func TestLayers(t *testing.T) {
	for _, p := range packages(t) {
		for _, r := range rules {
			if !within(p.ImportPath, r.of...) && !slices.Contains(r.of, "") || within(p.ImportPath, r.except...) {
				continue
			}
			for _, dep := range p.Deps {
				if r.not(dep) {
					t.Errorf("%s depends on %s: %s", p.ImportPath, dep, r.because)
				}
			}
		}
		for _, dep := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if strings.HasPrefix(dep, oktaSDK) && !within(p.ImportPath, "internal/okta") {
				t.Errorf("%s imports the Okta SDK: only internal/okta may", p.ImportPath)
			}
		}
	}
}
