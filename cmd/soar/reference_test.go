package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

var update = flag.Bool("update", false, "write docs/reference/cli.md")

// Compares the reference of the command line with the help of each command.
func TestReference(t *testing.T) {
	var page bytes.Buffer
	page.WriteString("<!-- Printed by `go test ./cmd/soar -run TestReference -update`; not to be edited. -->\n\n# Command line\n\n" +
		"This page holds the help of each command. The global flags are listed once, at the start.\n")
	out := new(bytes.Buffer)
	root := newApp(out, out).command()
	root.SetOut(out)
	root.InitDefaultHelpFlag()
	var add func(c *cobra.Command)
	add = func(c *cobra.Command) {
		if c.Hidden || c.Name() == "help" {
			return
		}
		out.Reset()
		if err := c.Help(); err != nil {
			t.Fatal(err)
		}
		help, _, _ := strings.Cut(out.String(), "\nGlobal Flags:")
		if c.Runnable() && !c.HasSubCommands() && jsonForms[strings.TrimPrefix(c.CommandPath(), "soar ")] == "" {
			t.Errorf("%s is not in jsonForms", c.CommandPath())
		}
		fmt.Fprintf(&page, "\n## %s\n\n```\n%s\n```\n", c.CommandPath(), strings.TrimSpace(help))
		for _, sub := range c.Commands() {
			add(sub)
		}
	}
	add(root)
	const file = "../../docs/reference/cli.md"
	if *update {
		if err := os.WriteFile(file, page.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(file); err != nil || !bytes.Equal(have, page.Bytes()) {
		t.Errorf("%s is out of date (%v): run go test ./cmd/soar -run TestReference -update", file, err)
	}
}
