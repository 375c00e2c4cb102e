package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// results are the metrics of benchmarks, by the benchmark's name and the unit: all
// that the rounds brought, in order.
type results map[string]map[string][]float64

// goBench runs benchmarks of a package, rounds times, and keeps what they report.
// Going through all of them in each round, and not round after round of each, lets
// a machine whose speed drifts be as slow for the one as for the other.
func (b *bench) goBench(ctx context.Context, dir, pattern, time string, rounds int) error {
	binary := filepath.Join(b.bin, filepath.Base(dir)+".test")
	if err := command(ctx, dir, "go", "test", "-c", "-o", binary, "."); err != nil {
		return err
	}
	for range rounds {
		cmd := exec.CommandContext(ctx, binary, "-test.run", "^$", "-test.bench", pattern, "-test.benchtime", time, "-test.benchmem")
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("benchmarks of %s: %w\n%s", dir, err, out)
		}
		b.all.read(string(out))
	}
	return nil
}

// benchLine is a line that a benchmark prints: its name, with the number of
// processors behind it, how often it ran, and its metrics, each with its unit.
var benchLine = regexp.MustCompile(`^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+(.*)$`)

func (r results) read(output string) {
	for line := range strings.Lines(output) {
		parts := benchLine.FindStringSubmatch(strings.TrimSpace(line))
		if parts == nil {
			continue
		}
		fields := strings.Fields(parts[2])
		for i := 0; i+1 < len(fields); i += 2 {
			value, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				continue
			}
			if r[parts[1]] == nil {
				r[parts[1]] = map[string][]float64{}
			}
			r[parts[1]][fields[i+1]] = append(r[parts[1]][fields[i+1]], value)
		}
	}
}

// most and least are the best of what the rounds brought, where more is better or
// less is: what else the machine does only ever makes a figure worse.
func (r results) most(name, unit string) (float64, error) {
	return r.best(name, unit, func(a, b float64) float64 { return max(a, b) })
}

func (r results) least(name, unit string) (float64, error) {
	return r.best(name, unit, func(a, b float64) float64 { return min(a, b) })
}

func (r results) best(name, unit string, better func(a, b float64) float64) (float64, error) {
	all := r[name][unit]
	if len(all) == 0 {
		return 0, fmt.Errorf("the benchmark %s reported no %s", name, unit)
	}
	best := all[0]
	for _, v := range all[1:] {
		best = better(best, v)
	}
	return best, nil
}
