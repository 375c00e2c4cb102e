package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/inputfile"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/internal/settings"
	"soar.example/okta/internal/terminal"
	"soar.example/okta/sdk"
)

func (a *app) playbookCommand() *cobra.Command {
	c := group("playbook", "Check playbook files, or print their JSON Schema for editors")
	c.AddCommand(&cobra.Command{
		Use: "check [FILE...]", Args: cobra.ArbitraryArgs, Short: "Check playbook files against the connectors, without running them",
		Long: "Check playbook files against the connectors, without running them. Without files, the command checks the playbooks of the settings.",
		RunE: func(c *cobra.Command, args []string) error { return a.checkPlaybooks(c.Context(), args) },
	}, &cobra.Command{
		Use: "schema", Args: none, Short: "Print the JSON Schema of playbook files",
		RunE: func(*cobra.Command, []string) error {
			a.out.IndentedJSON(playbook.JSONSchema())
			return nil
		},
	})
	return c
}

func (a *app) checkPlaybooks(ctx context.Context, files []string) error {
	invalid := false
	err := a.eachPlaybook(ctx, files, func(file string, b *playbook.Playbook, problems playbook.Problems) {
		invalid = invalid || len(problems) > 0
		switch {
		case a.json:
			a.out.JSON(map[string]any{"kind": "playbook", "file": file, "problems": append(playbook.Problems{}, problems...), "warnings": warningsOf(b)})
		case len(problems) > 0:
			fmt.Fprintln(a.err, problems.Error())
		default:
			fmt.Fprintf(a.out, "%s  %s: %s, %s%s\n", a.out.Green("✓"), file, b.Name, count(len(b.Steps), "step"), limitsOf(b))
			for _, w := range warningsOf(b) {
				fmt.Fprintf(a.out, "%s  %s\n", a.out.Yellow("!"), terminal.OneLine(w.String()))
			}
		}
	})
	if err == nil && invalid {
		return failedError{exitUsage}
	}
	return err
}

// warningsOf returns the likely mistakes of a playbook, none for a playbook that could not be loaded.
func warningsOf(b *playbook.Playbook) playbook.Problems {
	if b == nil {
		return playbook.Problems{}
	}
	return append(playbook.Problems{}, b.Warnings...)
}

// limitsOf describes the grouping and the throttling of the playbook.
func limitsOf(b *playbook.Playbook) string {
	text := ""
	if b.Grouping.Window > 0 {
		text += ", events grouped over " + b.Grouping.Window.String()
	}
	if b.MaxRunsPerMinute > 0 {
		text += ", at most " + count(b.MaxRunsPerMinute, "run") + " a minute"
	}
	return text
}

// loadPlaybooks loads the files. It fails if any file has a problem.
func (a *app) loadPlaybooks(ctx context.Context, files []string) ([]*playbook.Playbook, error) {
	var playbooks []*playbook.Playbook
	var all playbook.Problems
	fileOf := map[string]string{}
	err := a.eachPlaybook(ctx, files, func(file string, b *playbook.Playbook, problems playbook.Problems) {
		all = append(all, problems...)
		if b == nil {
			return
		}
		if other, double := fileOf[b.Name]; double {
			all = append(all, playbook.Problem{File: file, Line: 1, Column: 1,
				Message: fmt.Sprintf("the name %s is also that of the playbook in %s, and run IDs contain the name. Rename one of the two", b.Name, other)})
		}
		fileOf[b.Name] = file
		for _, w := range b.Warnings {
			a.logger.Warn("likely mistake in a playbook", "at", w.String())
		}
		playbooks = append(playbooks, b)
	})
	if err == nil && len(all) > 0 {
		err = rejected(all)
	}
	return playbooks, err
}

// playbookFiles returns files, or the playbook files of the settings if there are none.
func (a *app) playbookFiles(files []string) ([]string, error) {
	if len(files) > 0 {
		return files, nil
	}
	s, err := a.settings()
	if err != nil {
		return nil, err
	}
	if files, err = s.PlaybookFiles(); err == nil && len(files) == 0 {
		err = usagef("there is no playbook: name a file, or list files and folders under playbooks in %s", settings.DefaultFile)
	}
	return files, err
}

// nothingStarted begins the error of playbooks that a command cannot use.
const nothingStarted = "nothing was started; "

// rejected returns one error for all problems of playbook files.
func rejected(problems playbook.Problems) error {
	return sdk.Invalid(nothingStarted + "the playbook has " + count(len(problems), "problem") + "\n" + problems.Error())
}

// eachPlaybook loads each file and calls use with the playbook, or with its problems.
func (a *app) eachPlaybook(ctx context.Context, files []string, use func(string, *playbook.Playbook, playbook.Problems)) error {
	files, err := a.playbookFiles(files)
	if err != nil {
		return err
	}
	selected, err := a.selected()
	if err != nil {
		return err
	}
	return a.withBackends(ctx, selected, func(all backends) (err error) {
		if a.alert, err = a.loadAlert(all.manifests()); err != nil {
			return err
		}
		for _, file := range files {
			source, err := a.readPlaybook(file)
			if err != nil {
				return err
			}
			b, err := playbook.Load(file, source, all.manifests())
			if err == nil {
				// Only the connector can check the parameters of its trigger.
				err = b.ParamProblems(all[b.Connection].Validate(ctx, b.Trigger, b.Params))
			}
			var problems playbook.Problems
			switch {
			case errors.As(err, &problems):
				use(file, nil, problems)
			case err != nil:
				return err
			default:
				use(file, b, nil)
			}
		}
		return nil
	})
}

// loadAlert returns the alert of the settings, nil if there is none.
func (a *app) loadAlert(all playbook.Connections) (*playbook.Alert, error) {
	if a.file.OnFailure == nil {
		return nil, nil
	}
	alert, err := playbook.LoadAlert(a.file.OnFailure, all)
	var problems playbook.Problems
	if errors.As(err, &problems) {
		texts := namesOf(problems, func(p playbook.Problem) string { return p.Message })
		return nil, sdk.InvalidField("/on_failure", "%s", strings.Join(texts, "; "))
	}
	return alert, err
}

// readPlaybook reads a playbook file. It warns if other users can change the file, because
// they could run actions with it.
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
