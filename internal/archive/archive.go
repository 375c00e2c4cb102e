// Package archive builds an example module as its author would. The example then uses this module from an archive, as
// from a module proxy, instead of from the source tree.
package archive

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// Module is the path of this module.
const Module = "soar.example/okta"

// A Copy is a copy of a module that requires this module from an archive.
type Copy struct {
	Dir     string
	Version string // version of the archive
	env     []string
}

// New copies the module in the folder dir and writes an archive of the source tree at root.
func New(t testing.TB, root, dir string) *Copy {
	t.Helper()
	// Each archive has a unique version, because the module cache keeps every version that it has read.
	random := make([]byte, 6)
	_, _ = rand.Read(random) // never fails
	c := &Copy{Dir: t.TempDir(), Version: "v0.0.0-" + time.Now().UTC().Format("20060102150405") + "-" + hex.EncodeToString(random)}
	proxy := t.TempDir()
	must(t, c.write(root, filepath.Join(proxy, filepath.FromSlash(Module), "@v")))
	must(t, os.CopyFS(c.Dir, os.DirFS(dir)))
	c.env = append(os.Environ(), "GOWORK=off", "GONOSUMDB="+Module, "GOFLAGS=-mod=mod -modcacherw -buildvcs=false")
	public, err := c.Go(t, "env", "GOPROXY")
	must(t, err)
	c.env = append(c.env, "GOPROXY=file://"+filepath.ToSlash(proxy)+","+strings.TrimSpace(public))
	cache, err := c.Go(t, "env", "GOMODCACHE")
	must(t, err)
	t.Cleanup(func() { c.forget(strings.TrimSpace(cache)) })
	_, err = c.Go(t, "mod", "edit", "-require="+Module+"@"+c.Version)
	must(t, err)
	return c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// write writes the files of a module proxy.
func (c *Copy) write(root, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	var archive bytes.Buffer
	if err := zip.CreateFromDir(&archive, module.Version{Path: Module, Version: c.Version}, root); err != nil {
		return err
	}
	for ext, content := range map[string][]byte{"mod": mod, "zip": archive.Bytes(), "info": fmt.Appendf(nil, `{"Version":%q}`, c.Version)} {
		if err := os.WriteFile(filepath.Join(dir, c.Version+"."+ext), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// forget removes the version from the module cache.
func (c *Copy) forget(cache string) {
	_ = os.RemoveAll(filepath.Join(cache, filepath.FromSlash(Module)+"@"+c.Version))
	files, _ := filepath.Glob(filepath.Join(cache, "cache", "download", filepath.FromSlash(Module), "@v", c.Version+".*"))
	for _, file := range files {
		_ = os.Remove(file)
	}
}

// Go runs the go command in the copy, and returns its output.
func (c *Copy) Go(t testing.TB, args ...string) (string, error) {
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir, cmd.Env = c.Dir, c.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), err
}
