//go:build linux

package reliability

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	root = "../.."
	page = "docs/reliability.md"
)

const heading = `# Reliability

This page lists the faults that the tests inject, and the results. ` + "`go test ./internal/reliability -run TestFaults -update`" + ` writes it.

The tests use real processes: the ` + "`soar watch`" + ` binary, its plugin process, an embedded Okta org over HTTP, and toxiproxy for
network faults. Each ` + "`TestFaults`" + ` row ends with the same check. It reads the org's log and the runs of the store. Every matching event
must have started its playbook exactly once, and each run must have succeeded. No user may have been suspended twice. Rows of other
tests state their own check. P1 to P24 number the promises.

| | Fault | How it is provoked | Outcome | Test |
|---|---|---|---|---|
`

// comparePage compares docs/reliability.md with the results.
func comparePage(t *testing.T, results []string) {
	t.Helper()
	for i, r := range table {
		if r.try != nil && results[i] == "" {
			return // some rows were not run
		}
	}
	var b bytes.Buffer
	b.WriteString(heading)
	for i, r := range table {
		outcome, test := results[i], "`TestFaults/row/"+r.name+"`"
		if r.try == nil {
			outcome, test = proof(t, r), "none"
			if r.proved != "" {
				folder, name, _ := strings.Cut(r.proved, " ")
				test = "`" + name + "` in " + folder
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.promise, r.fault, r.how, outcome, test)
	}
	full := filepath.Join(root, page)
	if *update {
		if err := os.WriteFile(full, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, err := os.ReadFile(full); err != nil || !bytes.Equal(got, b.Bytes()) {
		t.Errorf("%s differs from the results (%v). Run go test ./internal/reliability -run TestFaults -update", page, err)
	}
}

// proof returns the outcome of a row that another test proves. That test must exist. With -update, proof runs
// it.
func proof(t *testing.T, r row) string {
	t.Helper()
	if r.proved == "" {
		return r.outcome
	}
	folder, name, _ := strings.Cut(r.proved, " ")
	if !slices.Contains(tests(t, folder), name) {
		t.Errorf("row %q: there is no %s in %s", r.fault, name, folder)
	}
	if *update {
		cmd := exec.CommandContext(t.Context(), "go", "test", "-timeout", "120s", "-run", "^"+name+"$", "./"+folder)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s in %s: %v\n%s", name, folder, err, out)
			return notKept
		}
	}
	return r.outcome
}

// tests returns the names of the functions in a folder's test files.
func tests(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names
}
