package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFresh checks that the committed Go source matches its source table.
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
		t.Error("types_gen.go differs from its source table: run go generate ./internal/systemlog/catalogue")
	}
}

func TestGenerate(t *testing.T) {
	head := strings.Join(columns, ",") + "\n"
	for name, c := range map[string]struct{ table, want, err string }{
		"sorted": {head + "b.x,c,2026.41.0,true,false,true,false,t;u\na.x,c,2026.08.1,false,false,false,false,\n",
			"{\"a.x\", \"c\", \"2026.08.1\", 0, \"\"},\n\t{\"b.x\", \"c\", \"2026.41.0\", hook | internal, \"t;u\"},", ""},
		"newest":          {head + "b.x,c,2026.41.0,true,false,true,false,\na.x,c,2026.09.3,false,false,false,false,\n", "const Release = \"2026.41.0\"\n", ""},
		"invalid release": {head + "a,c,2026-41,true,false,false,false,\n", "", "must have the form year.week or year.month"},
		"empty":           {"", "", "columns"},
		"header only":     {head, "", "columns"},
		"other columns":   {"a,b\nc,d\n", "", "columns"},
		"listed twice":    {head + strings.Repeat("a,c,2026.32,true,false,false,false,\n", 2), "", "listed twice"},
		"no name":         {head + ",c,1,true,false,false,false,\n", "", "empty"},
		"invalid boolean": {head + "a,c,2026.32,perhaps,false,false,false,\n", "", "event_hook_eligible"},
		"missing cells":   {head + "a,c\n", "", "read table"},
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
		t.Errorf("missing table: %v", err)
	}
	if err := os.WriteFile(from, []byte("invalid"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(from, to); err == nil {
		t.Error("an invalid table was accepted")
	}
}

// TestParseRelease checks every form that Okta has used, and the order by date.
func TestParseRelease(t *testing.T) {
	ordered := []string{"2011.01", "2014.18", "2018.47", "2019.01.1", "2019.01.2", "2025.10.0", "2025.12.2", "2026.01.0",
		"2026.32", "2026.08.1", "2026.09.0", "2026.40.0", "2026.41.0", "2026.41.1", "2026.52.0", "2027.01.0", "2027.05.0", "2027.12.0", "2027.13.0", "2027.53.0"}
	last := 0
	for _, text := range ordered {
		got, err := parseRelease(text)
		if err != nil || got.text != text || got.day <= last {
			t.Errorf("%s: %+v after %d, %v", text, got, last, err)
		}
		last = got.day
	}
	for _, text := range []string{
		"", "1", "2026", "2026.", "2026.0", "2026.00", "2026.00.1", "2025.13.0", "2026.54.0", "2027.54.0",
		"2026.41.0.1", "2026.41.", " 2026.41.0", "2026.4x.0", "1999.01.0",
	} {
		if got, err := parseRelease(text); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}
