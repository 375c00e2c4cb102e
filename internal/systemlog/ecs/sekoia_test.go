package ecs

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func decode(t *testing.T, b []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return v
}

// What Sekoia.io publishes of its own intake's work is what ours must be equal to.
func TestSekoiaSamples(t *testing.T) {
	for name, s := range samples(t) {
		t.Run(name, func(t *testing.T) {
			doc, err := AppendRaw(nil, s.Input, Options{Profile: Sekoia})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(decode(t, s.Expected), decode(t, doc)); diff != "" {
				t.Errorf("not what Sekoia.io makes of it (-theirs +ours):\n%s", diff)
			}
		})
	}
}

// The full profile has every field of Sekoia's with the same value, for their
// samples, and more.
func TestFullHasAllOfSekoia(t *testing.T) {
	for name, s := range samples(t) {
		doc, err := AppendRaw(nil, s.Input, Options{})
		if err != nil {
			t.Fatal(err)
		}
		theirs, ours := decode(t, s.Expected), decode(t, doc)
		if diff := cmp.Diff(theirs, common(theirs, ours)); diff != "" {
			t.Errorf("%s: the full profile differs:\n%s", name, diff)
		}
	}
}

// common is what of b stands at places that a has too.
func common(a, b any) any {
	x, ok := a.(map[string]any)
	y, both := b.(map[string]any)
	if !ok || !both {
		return b
	}
	cut := map[string]any{}
	for name, v := range x {
		if inner, ok := y[name]; ok {
			cut[name] = common(v, inner)
		}
	}
	return cut
}

// Every field that Sekoia.io says it extracts is one of ours, of the same type.
func TestSekoiaFields(t *testing.T) {
	types := fieldTypes()
	all := files(t, "seeds/sekoia/fields.csv")
	rows := strings.Fields(string(all["fields.csv"]))[1:]
	if len(rows) != 42 {
		t.Errorf("%d fields, want 42", len(rows))
	}
	for _, row := range rows {
		name, typ, _ := strings.Cut(row, ",")
		if types[name] != typ {
			t.Errorf("%s is %q, want %q", name, types[name], typ)
		}
	}
}

// Our own events, one for each thing worth keeping as it is, in both profiles.
func TestGolden(t *testing.T) {
	inputs, err := filepath.Glob("testdata/events/*.json")
	if err != nil || len(inputs) == 0 {
		t.Fatalf("no events: %v", err)
	}
	for _, path := range inputs {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for profile, o := range map[string]Options{"full": {}, "sekoia": {Profile: Sekoia}} {
			d, err := FromRaw(raw, o)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			got, err := json.MarshalIndent(d, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", profile, filepath.Base(path))
			if *update {
				if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
				t.Errorf("%s (run with -update if this is meant):\n%s", golden, diff)
			}
			if wrong := conform(got); profile == "full" && wrong != nil {
				t.Errorf("%s: %v", path, wrong)
			}
		}
	}
}
