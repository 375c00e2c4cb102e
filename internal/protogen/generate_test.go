package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCommittedCodeIsCurrent checks that the committed code matches the .proto file.
func TestCommittedCodeIsCurrent(t *testing.T) {
	const source, committed = "../../plugin/proto/connector.proto", "../../plugin/internal/pb"
	dir := t.TempDir()
	if err := generate(t.Context(), source, dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"connector.pb.go", "connector_grpc.pb.go"} {
		want, err := os.ReadFile(filepath.Join(committed, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s is out of date: run go generate in the folder plugin", name)
		}
		if wd, err := os.Getwd(); err != nil || strings.Contains(string(got), filepath.Dir(wd)) {
			t.Errorf("%s contains a path of this machine", name)
		}
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	if err := generate(t.Context(), filepath.Join(dir, "none.proto"), dir); err == nil {
		t.Error("generated code from a missing file")
	}
	bad := filepath.Join(dir, "bad.proto")
	if err := os.WriteFile(bad, []byte("syntax = \"proto3\";\nmessage {"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := generate(t.Context(), bad, dir); err == nil {
		t.Error("generated code from an invalid file")
	}
}
