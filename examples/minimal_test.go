package examples

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/archive"
)

var update = flag.Bool("update", false, "write go.mod and go.sum of the minimal connector")

const minimal = "connector-minimal"

// TestMinimalConnector builds and tests the minimal connector with an archive of this module. The go.mod and go.sum
// of the connector must list every other module that it needs.
func TestMinimalConnector(t *testing.T) {
	c := archive.New(t, "..", minimal)
	if *update {
		run(t, c, "mod", "tidy")
	}
	run(t, c, "vet", "./...")
	run(t, c, "test", "./...")
	listed := run(t, c, "list", "-m", "-f", "{{.Version}}{{with .Replace}} replaced{{end}}", archive.Module)
	if strings.TrimSpace(listed) != c.Version {
		t.Errorf("the connector was built with %s, not with the archive %s", listed, c.Version)
	}
	ours := regexp.MustCompile(`(?m)^` + archive.Module + ` .*\n`)
	for _, name := range []string{"go.mod", "go.sum"} {
		now := strings.ReplaceAll(ours.ReplaceAllString(read(t, filepath.Join(c.Dir, name)), ""), c.Version, "v0.0.0")
		if *update {
			if err := os.WriteFile(filepath.Join(minimal, name), []byte(now), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(read(t, filepath.Join(minimal, name)), now); diff != "" {
			t.Errorf("%s is not complete. Run go test ./examples -update: %s", name, diff)
		}
	}
}

// TestWriteThatIgnoresDryRun checks that a connector's tests fail if a write ignores the dry run or a lost
// response, and that the message explains why.
func TestWriteThatIgnoresDryRun(t *testing.T) {
	c := archive.New(t, "..", minimal)
	source := read(t, filepath.Join(minimal, "main.go"))
	for name, v := range map[string]struct{ old, now, want string }{
		"no parameter": {
			"	reconcile.Write\n", "",
			`action "set_badge": it writes, so its input must be able to ask for a dry run`,
		},
		"parameter that is ignored": {
			"	reconcile.Write\n}\n", "	reconcile.Write\n}\n\nfunc (setBadgeInput) IsDryRun() bool { return false }\n",
			`set_badge broke its dry run: its outcome is "changed"`,
		},
		"context that is ignored": {
			`t.JSON(ctx, "PUT"`, `t.JSON(context.Background(), "PUT"`,
			`set_badge broke its dry run: its outcome is "changed"`,
		},
		"write before the plan": {
			"		change, err := reconcile", "		_ = t.JSON(context.Background(), \"PUT\", path, map[string]string{}, nil)\n		change, err := reconcile",
			"a dry run of set_badge sent 2 writes: send every request through the transport of package httpclient, with the context of the call",
		},
		"transport that is bypassed": {
			`return t.JSON(ctx, "PUT", path, map[string]bool{"active": in.Active}, nil)`,
			`other := httpclient.New(t.Origin)
				other.Begin, other.IsWrite = t.Begin, func(*http.Request) bool { return false }
				return other.JSON(ctx, "PUT", path, map[string]bool{"active": in.Active}, nil)`,
			`set_badge broke its dry run: its outcome is "changed"`,
		},
		"lost response that is not settled": {
			`return t.JSON(ctx, "PUT", path, map[string]bool{"active": in.Active}, nil)`,
			`if err := t.JSON(ctx, "PUT", path, map[string]bool{"active": in.Active}, nil); sdk.AsError(err) != nil && !sdk.IsDryRun(ctx) {
					return sdk.Errorf(sdk.Internal, "it failed")
				} else {
					return err
				}`,
			"its response was lost: the action must read the state",
		},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(source, v.old, v.now, 1)
			if changed == source {
				t.Fatalf("main.go has no %q", v.old)
			}
			if strings.Contains(v.now, "http.Request") {
				changed = strings.Replace(changed, "	\"net/url\"\n", "	\"net/http\"\n	\"net/url\"\n", 1)
			}
			if err := os.WriteFile(filepath.Join(c.Dir, "main.go"), []byte(changed), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := c.Go(t, "test", "-run", "/set_badge/(dry_run|lost_response)", "."); err == nil || !strings.Contains(out, v.want) {
				t.Errorf("the connector's tests must fail with %q: %v\n%s", v.want, err, out)
			}
		})
	}
}

// TestGuide checks that the code blocks of the guide are parts of the example's files.
func TestGuide(t *testing.T) {
	files := map[string]string{
		"go":   read(t, filepath.Join(minimal, "main.go")) + read(t, filepath.Join(minimal, "main_test.go")),
		"yaml": read(t, filepath.Join(minimal, "block-badge.yaml")),
	}
	blocks := regexp.MustCompile("(?ms)^```(go|yaml)\n(.*?)^```$").FindAllStringSubmatch(read(t, "../docs/extending/connector.md"), -1)
	if len(blocks) < 9 {
		t.Fatalf("the guide has only %d code blocks", len(blocks))
	}
	for _, block := range blocks {
		if !strings.Contains(files[block[1]], block[2]) {
			t.Errorf("the example has no such part:\n%s", block[2])
		}
	}
}

func run(t *testing.T, c *archive.Copy, args ...string) string {
	t.Helper()
	out, err := c.Go(t, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
