package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCollect checks which comments become descriptions: those above or behind a
// field with a json tag, joined into one line, of exported and unexported types alike.
func TestCollect(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.go", "package p\n\ntype A[T any] struct {\n\t// Two\n\t// lines.\n\tX, Y T `json:\"x\"`\n"+
		"\t// No tag.\n\tZ int\n\t// Other tag.\n\tV int `yaml:\"v\"`\n\tW int `json:\"w\"` // behind\n\t// Embedded.\n\tB `json:\"b\"`\n}\n"+
		"\ntype (\n\tb struct {\n\t\t// \"Quoted\" `code`.\n\t\tX int `json:\"x\"`\n\t}\n\tc int\n)\n")
	write("a_test.go", "package p\n\ntype T struct {\n\t// Test.\n\tX int `json:\"x\"`\n}\n")
	write(output, "package p\n\ntype G struct {\n\t// Generated.\n\tX int `json:\"x\"`\n}\n")
	name, got, err := collect(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"A.X": "Two lines.", "A.Y": "Two lines.", "A.W": "behind", "b.X": "\"Quoted\" `code`."}
	if diff := cmp.Diff(want, got); name != "p" || diff != "" {
		t.Errorf("package %s: %s", name, diff)
	}
	source, err := render(name, "example.com/p", got)
	if err != nil {
		t.Fatal(err)
	}
	write("rendered_gen.go", string(source))
	if _, again, err := collect(dir); err != nil || len(again) != len(want) {
		t.Errorf("a second run finds %v, %v", again, err)
	}
}
