package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/terminal"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

func (a *app) runCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "run ACTION [--PARAMETER VALUE ... | --input FILE|-]",
		Short: "Run one action",
		Long: `Run one action. Its parameters are flags (soar run ACTION --help lists them), or one JSON object
from a file or from standard input. Secrets have no flag, since other processes can read flags.

Exit status 0 means that the state is as asked. An action that does not apply, such as suspending a
user whom the service will not suspend, exits with 1.`,
		// The flags are made from the action's schema, once the action is known.
		DisableFlagParsing: true,
		ValidArgsFunction:  a.completeRun,
		RunE: func(c *cobra.Command, args []string) error {
			call, err := a.parseCall(c, args)
			if err != nil || call == nil {
				return err
			}
			return a.call(c.Context(), call)
		},
	}
}

// A call is an action and its input.
type call struct {
	info  *sdk.ActionInfo
	input json.RawMessage
}

// actionFlags returns the global flags of args and the arguments from the action's name on.
func (a *app) actionFlags(args []string) (global *pflag.FlagSet, rest []string, err error) {
	global = pflag.NewFlagSet("run", pflag.ContinueOnError)
	global.SetInterspersed(false)
	global.Usage = func() {}
	a.globalFlags(global)
	err = global.Parse(args)
	return global, global.Args(), err
}

// parseCall reads the command line up to the action's name, and then with the action's own
// flags. It returns nil if it has shown the help.
func (a *app) parseCall(c *cobra.Command, args []string) (*call, error) {
	global, rest, err := a.actionFlags(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return nil, c.Help()
	case err == nil && len(rest) == 0:
		err = errors.New("soar run needs the name of an action")
	}
	if err != nil {
		return nil, usagef("%w (see: soar run --help)", err)
	}
	m, err := a.manifest(c.Context())
	if err != nil {
		return nil, err
	}
	info, err := findAction(m, rest[0])
	if err != nil {
		return nil, err
	}
	s, err := schema.Parse(json.RawMessage(info.Input))
	if err != nil {
		return nil, err
	}
	flags := pflag.NewFlagSet(info.Name, pflag.ContinueOnError)
	flags.Usage = func() {}
	flags.SetNormalizeFunc(dashed)
	params := inputFlags(flags, s.Root())
	file := flags.String("input", "", "JSON object with the parameters: a file, or - for standard input")
	flags.AddFlagSet(global)
	if err := flags.Parse(rest[1:]); errors.Is(err, pflag.ErrHelp) {
		return nil, a.runHelp(info, s.Root(), global)
	} else if err != nil {
		return nil, flagError(err, flags, "soar run "+info.Name)
	}
	if flags.NArg() > 0 {
		return nil, usagef("soar run %s takes flags, not the argument %q", info.Name, flags.Arg(0))
	}
	if err := noEmptyFlags(flags); err != nil {
		return nil, err
	}
	if err := a.prepare(); err != nil {
		return nil, err
	}
	input, err := readInput(c, flags, *file, params)
	if err != nil {
		return nil, err
	}
	// The plugin checks the input too. This check fails before a process starts.
	if violations := s.Check(s.Truncate(input)); violations != nil {
		return nil, sdk.Invalid("the input of "+info.Name+" is not valid", violations...)
	}
	return &call{info, input}, nil
}

// readInput returns the input from the flags, or from the file of --input.
func readInput(c *cobra.Command, flags *pflag.FlagSet, file string, params map[string]func() any) (json.RawMessage, error) {
	given := map[string]any{}
	for name, value := range params {
		if !flags.Changed(name) {
			continue
		}
		given[name] = value()
		if raw, ok := given[name].(json.RawMessage); ok && !json.Valid(raw) {
			return nil, sdk.InvalidField("/"+name, "must be given as JSON")
		}
	}
	if file == "" {
		return json.Marshal(given)
	}
	if len(given) > 0 {
		return nil, usagef("the parameters come either as flags or from --input, not both")
	}
	const most = 16 << 20
	r := c.InOrStdin()
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, sdk.Invalid("cannot read the input: " + err.Error())
		}
		defer f.Close()
		r = f
	}
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	switch {
	case err != nil:
		return nil, sdk.Invalid("cannot read the input: " + err.Error())
	case len(b) > most:
		return nil, sdk.Invalid("the input is over 16 MiB")
	}
	return bytes.TrimSpace(b), nil
}

// call runs the action, writes an audit entry to the store, and shows the output.
func (a *app) call(ctx context.Context, call *call) error {
	settings, err := a.settings(ctx)
	if err != nil {
		return err
	}
	store, err := a.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	conn, err := a.open(ctx, settings)
	if err != nil {
		return err
	}
	defer conn.Close()
	at := embedded.Caller{Manifest: conn.manifest}
	if call.info.ReturnsUndos() {
		health, err := conn.Check(ctx)
		if err != nil && health.Target == "" {
			return err
		}
		at.Org = health.Target // the guards report wrong settings, as for any other action
	}
	start := time.Now()
	result, err := store.Perform(ctx, conn, call.info, call.input, at)
	if err != nil {
		return call.interrupted(err)
	}
	if err := a.showResult(call.info, result, time.Since(start)); err != nil {
		return err
	}
	return a.noteUndo(ctx, store, at.Org, result.Output)
}

// interrupted adds to the error of an interrupted write that the write may have happened.
func (c *call) interrupted(err error) error {
	var input struct {
		DryRun bool `json:"dry_run"`
	}
	_ = json.Unmarshal(c.input, &input) // it was checked before
	if c.info.Effect == sdk.Reads || input.DryRun || sdk.AsError(err).Code != sdk.Canceled {
		return err
	}
	return &sdk.Error{Code: sdk.Canceled, Err: err, Message: "interrupted while " + c.info.Name +
		" was under way: what it had sent by then may be done, and its answer is lost; look at the state before you rely on it"}
}

func (a *app) showResult(info *sdk.ActionInfo, result sdk.Result, took time.Duration) error {
	var output struct {
		Outcome sdk.Outcome `json:"outcome"`
		Reason  string      `json:"reason"`
	}
	_ = json.Unmarshal(result.Output, &output) // not every output has these members
	form, err := schema.Parse(json.RawMessage(info.Output))
	if err != nil {
		return err
	}
	if a.json {
		a.out.IndentedJSON(result.Output)
	} else {
		// Only --json prints secrets, such as a temporary password.
		shown := form.MaskAll(result.Output)
		a.showOutput(info, shown, output.Outcome)
		if !bytes.Equal(shown, result.Output) {
			fmt.Fprintf(a.err, "note: %s stands for a secret, which only --json prints\n", schema.Masked)
		}
		fmt.Fprintln(a.out, a.out.Faint(count(len(result.Calls), "request")+" to "+a.service()+", "+took.Round(time.Millisecond).String()))
	}
	if output.Outcome == sdk.NotApplicable {
		if !a.json {
			fmt.Fprintf(a.err, "%s %s\n", a.err.Red("not applicable:"), terminal.OneLine(output.Reason))
		}
		return failedError{exitFailed}
	}
	return nil
}

// flagName returns the flag of a parameter.
func flagName(param string) string { return "--" + strings.ReplaceAll(param, "_", "-") }

// dashed lets a flag have the spelling of its parameter.
func dashed(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	return pflag.NormalizedName(strings.ReplaceAll(name, "_", "-"))
}

// inputFlags adds a flag for each parameter except secrets. It returns functions that read the
// values, by parameter.
func inputFlags(flags *pflag.FlagSet, input *schema.Node) map[string]func() any {
	values := map[string]func() any{}
	for _, p := range input.Properties {
		name := strings.ReplaceAll(p.Name, "_", "-")
		switch {
		case p.Node.WriteOnly:
		case p.Node.Is("boolean"):
			values[p.Name] = value(flags.Bool(name, false, ""))
		case p.Node.Is("integer"):
			values[p.Name] = value(flags.Int64(name, 0, ""))
		case p.Node.Is("number"):
			values[p.Name] = value(flags.Float64(name, 0, ""))
		case p.Node.Is("array") && p.Node.Items != nil && p.Node.Items.Is("string"):
			values[p.Name] = value(flags.StringArray(name, nil, ""))
		case p.Node.Is("string"):
			values[p.Name] = value(flags.String(name, "", ""))
		default:
			v := flags.String(name, "", "")
			values[p.Name] = func() any { return json.RawMessage(*v) }
		}
	}
	return values
}

// value returns a function that reads p.
func value[T any](p *T) func() any { return func() any { return *p } }

func (a *app) runHelp(info *sdk.ActionInfo, input *schema.Node, global *pflag.FlagSet) error {
	fmt.Fprintf(a.out, "%s\n\nUsage:\n  soar run %s [flags]\n\nParameters:\n", info.Summary, info.Name)
	rows := [][]string{{"  FLAG", "TYPE", "WHAT IT IS"}}
	for _, p := range input.Properties {
		flag, text := flagName(p.Name), p.Node.Description
		if p.Node.WriteOnly {
			flag = p.Name + " (--input only)"
		}
		if input.IsRequired(p.Name) {
			text += " Required."
		} else if p.Node.Default != nil {
			text += " Default: " + strings.Trim(string(p.Node.Default), `"`) + "."
		}
		rows = append(rows, []string{"  " + flag, p.Node.TypeName(), text})
	}
	a.out.Table(append(rows, []string{"  --input", "FILE|-", "All parameters as one JSON object."}))
	fmt.Fprintf(a.out, "\nGlobal flags:\n%s", global.FlagUsages())
	return nil
}
