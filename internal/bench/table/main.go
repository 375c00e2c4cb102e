// Command table runs the benchmarks and prints their figures as one table. Each figure has its bound and a reference
// of the same run:
//
//	go run ./internal/bench/table
//
// It needs Linux and runs in the project's root folder.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func main() {
	log.SetFlags(0)
	million := flag.Bool("million", false, "read a backlog of a million events as well, which takes minutes")
	rounds := flag.Int("rounds", 5, "how often each benchmark runs; the best figure counts")
	only := flag.String("only", "", "measure only this: reading, way, ecs, requests, latency, engine or plugin")
	write := flag.String("write", "", "file to write the table into, between its two marks")
	asJSON := flag.Bool("json", false, "print one JSON object a row")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	rows, err := measure(ctx, *only, *rounds, *million)
	switch {
	case err != nil:
	case *write != "":
		err = writeInto(*write, rows)
	case *asJSON:
		for _, r := range rows {
			err = errors.Join(err, json.NewEncoder(os.Stdout).Encode(r))
		}
	default:
		fmt.Print(markdown(rows))
	}
	if err != nil {
		log.Fatal("table: ", err)
	}
}

// measure runs the benchmarks of the named part, or of all parts, and returns their rows.
func measure(ctx context.Context, only string, rounds int, million bool) ([]row, error) {
	bin, err := os.MkdirTemp("", "soar-table-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(bin)
	var rows []row
	for _, p := range parts {
		if only != "" && only != p.name || p.million && !million {
			continue
		}
		log.Print("measuring: ", p.name)
		r := results{metrics: map[string]map[string][]float64{}}
		if err := r.run(ctx, bin, p, rounds); err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		rows = append(rows, p.rows(&r)...)
		if r.missing != nil {
			return nil, fmt.Errorf("%s: the benchmarks did not report %s", p.name, strings.Join(r.missing, ", "))
		}
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("there is no part named %q", only)
	}
	return rows, nil
}

// run runs all benchmarks of the part in each round. Changes of the machine's speed then affect all of them.
func (r *results) run(ctx context.Context, bin string, p part, rounds int) error {
	binary := filepath.Join(bin, strings.ReplaceAll(p.dir, "/", "-")+".test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-o", binary, ".")
	build.Dir = p.dir
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the benchmarks of %s: %w\n%s", p.dir, err, out)
	}
	for range max(1, min(rounds, p.most)) {
		cmd := exec.CommandContext(ctx, binary, "-test.run", "^$", "-test.bench", p.pattern, "-test.benchtime", p.time, "-test.benchmem", "-test.timeout", "1h")
		cmd.Dir = p.dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("benchmarks of %s: %w\n%s", p.dir, err, out)
		}
		r.read(string(out))
	}
	return nil
}

// results contains the metrics of all rounds by the name of the benchmark and the unit of the metric.
type results struct {
	metrics map[string]map[string][]float64
	missing []string // metrics that a row needs and no benchmark reported
}

// benchLine is a line that a benchmark prints: its name with the number of processors, the number of
// iterations, and its metrics, each with its unit.
var benchLine = regexp.MustCompile(`^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+(.*)$`)

func (r *results) read(output string) {
	for line := range strings.Lines(output) {
		parts := benchLine.FindStringSubmatch(strings.TrimSpace(line))
		if parts == nil {
			continue
		}
		metrics := r.metrics[parts[1]]
		if metrics == nil {
			metrics = map[string][]float64{}
			r.metrics[parts[1]] = metrics
		}
		fields := strings.Fields(parts[2])
		for i := 0; i+1 < len(fields); i += 2 {
			if value, err := strconv.ParseFloat(fields[i], 64); err == nil {
				metrics[fields[i+1]] = append(metrics[fields[i+1]], value)
			}
		}
	}
}

// best returns the best figure of all rounds: the highest rate or the lowest cost. Other work of the
// machine only makes a figure worse.
func (r *results) best(bench, metric string) float64 {
	all := r.metrics[bench][metric]
	switch {
	case len(all) == 0:
		r.missing = append(r.missing, bench+" "+metric)
		return 0
	case strings.HasSuffix(metric, "/s"):
		return slices.Max(all)
	}
	return slices.Min(all)
}

// A row is one figure of the table.
type row struct {
	What      string  `json:"what"`
	Figure    float64 `json:"figure"`
	Unit      string  `json:"unit"`
	Bound     string  `json:"bound,omitempty"`
	Kept      *bool   `json:"kept,omitempty"`      // the figure is within the bound
	Reference string  `json:"reference,omitempty"` // figure of the same run
}

// atMost and atLeast add a bound.
func (r row) atMost(bound float64) row  { return r.bounded("at most", bound, r.Figure <= bound) }
func (r row) atLeast(bound float64) row { return r.bounded("at least", bound, r.Figure >= bound) }

func (r row) bounded(word string, bound float64, kept bool) row {
	r.Bound, r.Kept = word+" "+number(bound), &kept
	return r
}

// text returns the row as a reference.
func (r row) text() string { return r.What + ": " + number(r.Figure) + " " + r.Unit }

// number writes a figure with its significant digits.
func number(v float64) string {
	switch {
	case v >= 1000:
		digits := fmt.Sprintf("%.0f", v)
		for i := len(digits) - 3; i > 0; i -= 3 {
			digits = digits[:i] + "," + digits[i:]
		}
		return digits
	case v == float64(int(v)), v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

func markdown(rows []row) string {
	var b strings.Builder
	b.WriteString("| measurement | figure | limit | comparison |\n|---|---|---|---|\n")
	for _, r := range rows {
		bound := r.Bound
		if r.Kept != nil && !*r.Kept {
			bound += " (missed)"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.What, strings.TrimSpace(number(r.Figure)+" "+r.Unit), bound, r.Reference)
	}
	return b.String()
}

// These marks surround the table in a file.
const (
	beginMark = "<!-- table -->\n"
	endMark   = "<!-- end of table -->\n"
)

// writeInto writes the table between the marks of a file.
func writeInto(path string, rows []row) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, found := bytes.Cut(old, []byte(beginMark))
	_, after, ended := bytes.Cut(rest, []byte(endMark))
	if !found || !ended {
		return errors.New(path + " has no marks for a table")
	}
	text := string(before) + beginMark + markdown(rows) + endMark + string(after)
	return os.WriteFile(path, []byte(text), 0o644)
}
