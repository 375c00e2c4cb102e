package emm_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/systemlog/catalogue"
	"soar.example/okta/internal/systemlog/emm"
	"soar.example/okta/schema"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const shared = "../../../../shared/seeds/emm"

// samples returns the matrix's example events for Okta by name.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(shared, "events", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("../shared with the matrix's example events is missing")
	}
	events := map[string][]byte{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		events[strings.TrimSuffix(filepath.Base(file), ".json")] = b
	}
	return events
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got; -update rewrites it):\n%s", path, diff)
	}
}

// TestSamples compares the rows of the matrix's examples with golden files.
func TestSamples(t *testing.T) {
	s, err := schema.Output[emm.Row]()
	if err != nil {
		t.Fatal(err)
	}
	events := samples(t)
	var out bytes.Buffer
	for _, name := range sorted(events) {
		row, err := emm.Normalize(events[name])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		// The name of an example contains its category and event type.
		if want := row.Category.Key + "_" + row.EventType.Key; !strings.HasPrefix(name, strings.TrimSuffix(want, "_security_configuration")) {
			t.Errorf("%s is classified as %s", name, want)
		}
		doc, err := json.MarshalIndent(row, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range s.Check(doc) {
			t.Errorf("%s: %s", name, v)
		}
		fmt.Fprintf(&out, "%s\n%s\n", name, doc)
	}
	golden(t, "rows.golden", out.Bytes())
}

// TestClasses compares the class of every documented event type with a golden file.
func TestClasses(t *testing.T) {
	var out bytes.Buffer
	for _, name := range catalogue.Names() {
		c := emm.Classify(name)
		fmt.Fprintf(&out, "%s %s %s %s\n", name, c.EventType.Code, c.EventType.Key, c.Basis)
		if c.Category.Code == "" || c.EventType.Code == "" || c.Basis == "" {
			t.Errorf("%s: %+v", name, c)
		}
		row, err := emm.Normalize(fmt.Appendf(nil, `{"eventType":%q}`, name))
		if err != nil || row.Class != c || row.Result != emm.Unknown {
			t.Errorf("%s: %+v, %v", name, row, err)
		}
	}
	golden(t, "classes.golden", out.Bytes())
}
