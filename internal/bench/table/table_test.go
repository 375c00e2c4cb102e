package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadOutputOfBenchmarks(t *testing.T) {
	r := results{metrics: map[string]map[string][]float64{}}
	for range 2 {
		r.read("goos: linux\nBenchmarkRead/sonic,_three_fields-2   \t 74\t 7596005 ns/op\t 320.37 MB/s\t    131648 events/s\t 12 allocs/op\nPASS\n")
	}
	r.read("BenchmarkRead/sonic,_three_fields-2 10 5 ns/op 200000 events/s\nBenchmarkRead/okta-sdk\n--- SKIP: BenchmarkRead/okta-sdk-2\nBenchmarkBroken-2 x\n")
	r.read("BenchmarkRead/encoding/json,_all_fields-2 10 5 ns/op 300000 events/s\nBenchmarkRead/ours-2 10 5 ns/op 900000 events/s\n")
	if most := r.best("Read/sonic,_three_fields", "events/s"); most != 200000 {
		t.Errorf("most: %v", most)
	}
	if least := r.best("Read/sonic,_three_fields", "ns/op"); least != 5 {
		t.Errorf("least: %v", least)
	}
	var others []string
	for _, o := range r.others("Read/") {
		others = append(others, o.text())
	}
	if got := strings.Join(others, "; "); got != "encoding/json, all fields: 300,000 events/s; sonic, three fields: 200,000 events/s" {
		t.Error(got)
	}
	if r.missing != nil {
		t.Errorf("missing: %q", r.missing)
	}
	for _, name := range []string{"Read/okta-sdk", "Broken", "Read/sonic"} {
		if v := r.best(name, "events/s"); v != 0 {
			t.Errorf("%s has %v", name, v)
		}
	}
	if len(r.missing) != 3 {
		t.Errorf("missing: %q", r.missing)
	}
}

func TestTableIsWrittenBetweenMarks(t *testing.T) {
	rows := []row{
		row{What: "a", Figure: 1234567.8, Unit: "events/s"}.atLeast(50_000),
		row{What: "b", Figure: 25.04, Unit: "µs", Reference: "c: 0.5"}.atMost(25),
		{What: "d", Figure: 11},
	}
	const want = `| measurement | figure | limit | comparison |
|---|---|---|---|
| a | 1,234,568 events/s | at least 50,000 |  |
| b | 25.0 µs | at most 25 (missed) | c: 0.5 |
| d | 11 |  |  |
`
	path := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(path, []byte("before\n"+beginMark+"old\n"+endMark+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := writeInto(path, rows); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != "before\n"+beginMark+want+endMark+"after\n" {
		t.Errorf("got %s, %v", got, err)
	}
	if err := os.WriteFile(path, []byte("no marks"), 0o600); err != nil {
		t.Fatal(err)
	}
	if writeInto(path, rows) == nil {
		t.Error("a page without marks was written into")
	}
}

// TestDocsHaveMarks checks that the page with the table has the marks.
func TestDocsHaveMarks(t *testing.T) {
	page, err := os.ReadFile("../../../docs/benchmarks.md")
	if err != nil || !strings.Contains(string(page), beginMark) || !strings.Contains(string(page), endMark) {
		t.Errorf("docs/benchmarks.md has no marks, %v", err)
	}
}
