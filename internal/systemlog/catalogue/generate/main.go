// Generate converts a CSV file of Okta's event types to the Go source of the catalogue. Run it with
// go generate in the folder of the catalogue.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	from := flag.String("from", "../../../../shared/okta/event-types.csv", "CSV `file` with the event types")
	to := flag.String("to", "types_gen.go", "Go `file` to write")
	flag.Parse()
	if err := run(*from, *to); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(from, to string) error {
	table, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = table.Close() }()
	source, err := generate(table)
	if err != nil {
		return err
	}
	return os.WriteFile(to, source, 0o644)
}
