package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/inputfile"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

func (a *app) playbookCommand() *cobra.Command {
	c := &cobra.Command{Use: "playbook", Short: "Check playbook files, or print the schema that editors complete them with", Args: none,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(&cobra.Command{
		Use: "check FILE...", Short: "Check playbook files against what the connector offers; nothing is run",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{fmt.Errorf("%s needs at least one playbook file", c.CommandPath())}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return a.checkPlaybooks(c, args) },
	}, &cobra.Command{
		Use: "schema", Args: none, Short: "Print the JSON Schema of playbook files",
		RunE: func(*cobra.Command, []string) error {
			a.out.indented(playbook.JSONSchema())
			return nil
		},
	})
	return c
}

func (a *app) checkPlaybooks(c *cobra.Command, files []string) error {
	backend, end, err := a.offered(c.Context())
	if err != nil {
		return err
	}
	defer end()
	m, err := backend.Manifest(c.Context())
	if err != nil {
		return err
	}
	bad := false
	for _, file := range files {
		source, err := a.readPlaybook(file)
		if err != nil {
			return err
		}
		b, problems, err := checkedPlaybook(c.Context(), backend, file, source, m)
		if err != nil {
			return err
		}
		bad = bad || len(problems) > 0
		switch {
		case a.json:
			if problems == nil {
				problems = playbook.Problems{}
			}
			a.out.line(map[string]any{"kind": "playbook", "file": file, "problems": problems})
		case len(problems) > 0:
			fmt.Fprintln(a.err, problems.Error())
		default:
			fmt.Fprintf(a.out, "%s  %s: %s, %s%s\n", a.out.green("✓"), file, b.Name, count(len(b.Steps), "step"), groupingText(b))
		}
	}
	if bad {
		return failedError{exitUsage}
	}
	return nil
}

// readPlaybook reads a playbook file. It warns of one that others can change, since
// they could then have the playbook's actions done.
func (a *app) readPlaybook(file string) ([]byte, error) {
	source, err := inputfile.Read(file, playbook.MaxFile)
	if err != nil {
		return nil, sdk.Invalid("cannot read the playbook: " + err.Error())
	}
	e, err := inputfile.Exposed(file)
	if err != nil {
		return nil, sdk.Invalid("cannot read the playbook: " + err.Error())
	}
	if e.Others || e.Group {
		a.logger.Warn("other users of this machine can change the playbook: run chmod go-w", "file", file, "mode", e.Mode.Perm().String())
	}
	if e.Folder != "" {
		a.logger.Warn("every user of this machine can replace the playbook: run chmod o-w on its folder", "file", file, "folder", e.Folder)
	}
	return source, nil
}

// checkedPlaybook loads a playbook, and has the connector check its trigger's
// parameters. The error is that of a connector that cannot be reached.
func checkedPlaybook(ctx context.Context, backend sdk.Backend, file string, source []byte, m *sdk.Manifest) (*playbook.Playbook, playbook.Problems, error) {
	b, problems := loadPlaybook(file, source, m)
	if b == nil {
		return nil, problems, nil
	}
	err := backend.Validate(ctx, b.Trigger, b.Params)
	if err == nil {
		return b, nil, nil
	}
	if errors.As(b.ParamProblems(err), &problems) {
		return nil, problems, nil
	}
	return nil, nil, err
}

func loadPlaybook(file string, source []byte, m *sdk.Manifest) (*playbook.Playbook, playbook.Problems) {
	b, err := playbook.Load(file, source, m)
	var problems playbook.Problems
	if errors.As(err, &problems) {
		return nil, problems
	}
	if err != nil {
		return nil, playbook.Problems{{File: file, Line: 1, Column: 1, Message: err.Error()}}
	}
	return b, nil
}
