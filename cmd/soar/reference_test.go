package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/language"
)

var update = flag.Bool("update", false, "write docs/reference/cli.md")

// Checks the English of every help page: of each command, and of soar run for each action.
func TestHelpLanguage(t *testing.T) {
	out := new(bytes.Buffer)
	a := newApp(out, out)
	root := a.command()
	root.SetOut(out)
	root.InitDefaultHelpCmd()
	root.InitDefaultHelpFlag()
	var checker language.Checker
	pages := 0
	add := func(name string, c *cobra.Command) {
		out.Reset()
		if err := c.Help(); err != nil {
			t.Fatal(err)
		}
		pages++
		// Flags and the lines of tables are sentences of their own.
		checker.Text(name, columns2.ReplaceAllString(out.String(), ".\n\n"))
	}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		add(c.CommandPath(), c)
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
	run, _, err := root.Find([]string{"run"})
	if err != nil {
		t.Fatal(err)
	}
	run.SetContext(t.Context())
	m, err := a.manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range m.ActionNames() {
		action, _, err := a.actionCommand(run, []string{name})
		if err != nil {
			t.Fatal(err)
		}
		add("soar run "+name, action)
	}
	if pages < 80 {
		t.Errorf("only %d pages were found", pages)
	}
	for _, problem := range checker.Finish() {
		t.Error(problem)
	}
}

var columns2 = regexp.MustCompile(`  +|\n( +|-)|\n\n`)

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
