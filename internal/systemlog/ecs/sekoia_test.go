package ecs

import (
	"bytes"
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

// TestSekoiaSamples checks that the documents equal Sekoia.io's published samples.
func TestSekoiaSamples(t *testing.T) {
	for name, s := range samples(t) {
		t.Run(name, func(t *testing.T) { sameAsSample(t, s.Input, s.Expected, Sekoia202307) })
	}
}

func TestCurrentSekoiaSamples(t *testing.T) {
	for name, b := range files(t, "cases/sekoia-current/*.json") {
		t.Run(name, func(t *testing.T) {
			var s struct {
				Input    struct{ Message string }
				Expected map[string]any
			}
			if err := json.Unmarshal(b, &s); err != nil {
				t.Fatal(err)
			}
			delete(s.Expected, "message")
			want, err := json.Marshal(s.Expected)
			if err != nil {
				t.Fatal(err)
			}
			sameAsSample(t, []byte(s.Input.Message), want, Sekoia)
		})
	}
}

func sameAsSample(t *testing.T, raw, want []byte, profile Profile) {
	t.Helper()
	doc, err := AppendRaw(nil, raw, Options{Profile: profile})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(decode(t, want), decode(t, doc)); diff != "" {
		t.Errorf("the document differs from Sekoia.io's (-theirs +ours):\n%s", diff)
	}
}

// TestSekoiaFields checks that the profile has every field that Sekoia.io documents, with the same
// type. The intake reads is_proxy and isp from a member that Okta does not send.
func TestSekoiaFields(t *testing.T) {
	types := sekoiaTypes()
	all := files(t, "seeds/sekoia/fields.csv")
	rows := strings.Fields(string(all["fields.csv"]))[1:]
	if len(rows) != 42 {
		t.Errorf("%d fields, want 42", len(rows))
	}
	for _, row := range rows {
		name, typ, _ := strings.Cut(row, ",")
		if types[name] != typ && !strings.HasPrefix(name, "okta.system.security_context.") {
			t.Errorf("%s is %q, want %q", name, types[name], typ)
		}
	}
}

// TestGolden compares the documents of the test events, in all profiles, with golden files.
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
		for profile, o := range map[string]Options{"full": {}, "sekoia": {Profile: Sekoia}, "sekoia 2023-07": {Profile: Sekoia202307}} {
			doc, err := AppendRaw(nil, raw, o)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			var b bytes.Buffer
			if err := json.Indent(&b, doc, "", "  "); err != nil {
				t.Fatal(err)
			}
			got := b.Bytes()
			golden := filepath.Join("testdata", strings.ReplaceAll(profile, " ", "-"), filepath.Base(path))
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
				t.Errorf("%s (run with -update to accept the change):\n%s", golden, diff)
			}
			if wrong := conform(profile, got); wrong != nil {
				t.Errorf("%s: %v", path, wrong)
			}
		}
	}
}
