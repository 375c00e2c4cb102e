package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The committed table must be what the facts give today.
func TestFresh(t *testing.T) {
	table, err := os.Open("../../../../../shared/okta/event-types.csv")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no ../shared beside the project: cannot compare the table of event types with its source")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	want, err := generate(table)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../types_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("types_gen.go is not what its source gives: run go generate ./internal/systemlog/catalogue")
	}
}

func TestGenerate(t *testing.T) {
	head := strings.Join(columns, ",") + "\n"
	for name, c := range map[string]struct{ table, want, err string }{
		"sorted":        {head + "b.x,c,1,true,false,true,false,t;u\na.x,c,2,false,false,false,false,\n", "{\"a.x\", \"c\", \"2\", 0, \"\"},\n\t{\"b.x\", \"c\", \"1\", hook | internal, \"t;u\"},", ""},
		"empty":         {"", "", "columns"},
		"head only":     {head, "", "columns"},
		"other columns": {"a,b\nc,d\n", "", "columns"},
		"twice":         {head + strings.Repeat("a,c,1,true,false,false,false,\n", 2), "", "twice"},
		"no name":       {head + ",c,1,true,false,false,false,\n", "", "empty"},
		"no boolean":    {head + "a,c,1,perhaps,false,false,false,\n", "", "event_hook_eligible"},
		"cut off":       {head + "a,c\n", "", "read table"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := generate(strings.NewReader(c.table))
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error %v, want one with %q", err, c.err)
				}
				return
			}
			if err != nil || !strings.Contains(string(got), c.want) {
				t.Errorf("got %v\n%s\nwant %s", err, got, c.want)
			}
		})
	}
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "in.csv"), filepath.Join(dir, "out.go")
	if err := run(from, to); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a table: %v", err)
	}
	if err := os.WriteFile(from, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(from, to); err == nil {
		t.Error("a table of nonsense was taken")
	}
}
