package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadsWhatBenchmarksPrint(t *testing.T) {
	r := results{}
	for range 2 {
		r.read("goos: linux\nBenchmarkRead/sonic-three-2   \t 74\t 7596005 ns/op\t 320.37 MB/s\t    131648 events/s\t 12 allocs/op\nPASS\n")
	}
	r.read("BenchmarkRead/sonic-three-2 10 5 ns/op 200000 events/s\nBenchmarkRead/okta-sdk\n--- SKIP: BenchmarkRead/okta-sdk-2\nBenchmarkBroken-2 x\n")
	if most, err := r.most("Read/sonic-three", "events/s"); err != nil || most != 200000 {
		t.Errorf("most: %v, %v", most, err)
	}
	if least, err := r.least("Read/sonic-three", "ns/op"); err != nil || least != 5 {
		t.Errorf("least: %v, %v", least, err)
	}
	for _, name := range []string{"Read/okta-sdk", "Broken", "Read/sonic"} {
		if v, err := r.most(name, "events/s"); err == nil {
			t.Errorf("%s has %v", name, v)
		}
	}
}

func TestTableStandsBetweenItsMarks(t *testing.T) {
	rows := []row{
		row{What: "a", Figure: 1234567.8, Unit: "events/s"}.atLeast(50_000),
		row{What: "b", Figure: 25.04, Unit: "µs", Reference: "c: 0.5"}.atMost(25),
		{What: "d", Figure: 11},
	}
	const want = `| what | figure | bound | beside it |
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

// The page that the table is for has a place for it.
func TestDocsHaveMarks(t *testing.T) {
	page, err := os.ReadFile("../../../docs/benchmarks.md")
	if err != nil || !strings.Contains(string(page), beginMark) || !strings.Contains(string(page), endMark) {
		t.Errorf("docs/benchmarks.md has no marks, %v", err)
	}
}

// A backlog comes out of the two processes whole and in order, or the measurement
// fails.
func TestWholeWay(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds two programs")
	}
	if _, err := os.Stat("/proc/self/smaps_rollup"); err != nil {
		t.Skip("what a process costs can be read on Linux only")
	}
	bin := t.TempDir()
	for _, path := range []string{"cmd/soar", "internal/bench/logserver"} {
		out, err := exec.Command("go", "build", "-o", filepath.Join(bin, filepath.Base(path)), "../../../"+path).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	const events = 5000
	w, err := measureWay(t.Context(), bin, t.TempDir(), "ecs", events)
	if err != nil {
		t.Fatal(err)
	}
	if w.cpu(events) <= 0 || w.most <= 0 || w.host.peak <= 0 || w.plugin.peak <= 0 || w.took <= 0 {
		t.Errorf("measured nothing: %+v", w)
	}
	if _, err := measureWay(context.Background(), filepath.Join(bin, "nowhere"), t.TempDir(), "ecs", events); err == nil {
		t.Error("what is not there was measured")
	}
}
