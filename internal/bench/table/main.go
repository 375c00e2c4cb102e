// Command table measures what the connector costs and prints it as one table, each
// figure beside the bound that is set for it and a reference of the same run:
//
//	go run ./internal/bench/table
//
// It needs Linux, for what it reads of processes in /proc, and is run in the
// project's own folder.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
)

func main() {
	log.SetFlags(0)
	o := options{}
	flag.BoolVar(&o.json, "json", false, "print one JSON object a row")
	flag.BoolVar(&o.million, "million", false, "read a backlog of a million events as well, which takes minutes")
	flag.IntVar(&o.rounds, "rounds", 5, "how often each is measured; the best counts")
	flag.StringVar(&o.only, "only", "", "measure only this: reading, way, ecs, plugin, requests, latency or engine")
	flag.StringVar(&o.write, "write", "", "file to write the table into, between its two marks")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		log.Fatal("table: ", err)
	}
}

type options struct {
	json, million bool
	rounds        int
	only, write   string
}

// A bench is what a run measures with.
type bench struct {
	options
	bin string // where programs are built to
	all results
}

func run(ctx context.Context, o options) error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("this is %s: what a process costs can be read on Linux only", runtime.GOOS)
	}
	if o.rounds < 1 {
		return fmt.Errorf("--rounds %d leaves nothing to measure", o.rounds)
	}
	bin, err := os.MkdirTemp("", "soar-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(bin)
	b := &bench{options: o, bin: bin, all: results{}}
	var rows []row
	for _, part := range []struct {
		name    string
		measure func(context.Context) ([]row, error)
	}{
		{"reading", b.reading}, {"way", b.wholeWay}, {"ecs", b.ecs}, {"requests", b.requests}, {"latency", b.latency}, {"engine", b.engine}, {"plugin", b.plugin},
	} {
		if o.only != "" && o.only != part.name {
			continue
		}
		log.Print("measuring: ", part.name)
		measured, err := part.measure(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		rows = append(rows, measured...)
	}
	if len(rows) == 0 {
		return fmt.Errorf("there is no part named %q", o.only)
	}
	if o.write != "" {
		return writeInto(o.write, rows)
	}
	if o.json {
		for _, r := range rows {
			if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
				return err
			}
		}
		return nil
	}
	fmt.Print(markdown(rows))
	return nil
}

// build compiles a program of this module.
func (b *bench) build(ctx context.Context, path string) error {
	return command(ctx, ".", "go", "build", "-o", filepath.Join(b.bin, filepath.Base(path)), path)
}

// command runs a program that has nothing to say unless it fails.
func command(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
