package input

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
)

var update = flag.Bool("update", false, "write the golden files")

// describe returns the items of a stream, one per line.
func describe(t *testing.T, text string) string {
	t.Helper()
	var b strings.Builder
	err := Read(t.Context(), strings.NewReader(text), func(batch []Item) bool {
		for _, i := range batch {
			if i.Err != nil {
				fmt.Fprintf(&b, "line %d: %v\n", i.Line, i.Err)
				continue
			}
			var line bytes.Buffer
			if err := json.Compact(&line, i.Raw); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "line %d: event %s\n", i.Line, line.Bytes())
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestGolden reads one file per layout and envelope, uncompressed and compressed.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.in")
	if err != nil || len(files) < 10 {
		t.Fatal(err, files)
	}
	for _, file := range files {
		in, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, golden := describe(t, string(in)), strings.TrimSuffix(file, ".in")+".golden"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got; -update writes it):\n%s", file, diff)
		}
		half := len(in) / 2
		if again := describe(t, zipped(string(in[:half]))+zipped(string(in[half:]))); again != got {
			t.Errorf("%s, compressed:\n%s", file, cmp.Diff(got, again))
		}
	}
}

// TestSharedCases reads the inputs in ../shared, if it exists.
func TestSharedCases(t *testing.T) {
	const cases = "../../../../shared/cases"
	if _, err := os.Stat(cases); errors.Is(err, fs.ErrNotExist) {
		t.Skip("no ../shared beside the project: the inputs are not available")
	}
	for name, want := range map[string][2]int{ // events, errors
		"event-hook.json": {2, 0}, "okta-error-body.json": {0, 1}, "own-get_logs-output.json": {1, 0}, "mixed-layout.json": {2, 0},
		"firehose-concatenated.json": {2, 0}, "eventbridge.jsonl": {1, 0}, "splunk-hec.jsonl": {1, 0}, "actor-and-target.jsonl": {1, 0}, "debug-data.jsonl": {1, 0},
	} {
		in, err := os.ReadFile(filepath.Join(cases, name))
		if err != nil {
			t.Fatal(err)
		}
		got := describe(t, string(in))
		if events, failures := strings.Count(got, ": event {"), strings.Count(got, "\n")-strings.Count(got, ": event {"); events != want[0] || failures != want[1] {
			t.Errorf("%s: %d events, %d errors, want %v:\n%s", name, events, failures, want, got)
		}
	}
}

// BenchmarkRead reads 10,000 events of about 1.8 kB each.
func BenchmarkRead(b *testing.B) {
	one := strings.Replace(event("a"), "}", `,"debugContext":{"debugData":{"requestUri":"`+strings.Repeat("/api/v1/x", 160)+`"}}}`, 1) + "\n"
	in := strings.Repeat(one, 10_000)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		n := 0
		if err := Read(b.Context(), strings.NewReader(in), func(batch []Item) bool { n += len(batch); return true }); err != nil || n != 10_000 {
			b.Fatal(err, n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10_000, "ns/event")
}
