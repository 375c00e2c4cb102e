package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
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
		Long: `Run one action. If several connections have it, write the connection before the action, such as
emea/suspend_user, or use --connection. Its parameters are flags (soar run ACTION --help lists them), or one JSON object
from a file or from standard input. Secrets have no flag, since other processes can read flags.

Exit status 0 means that the state is as requested. The exit status is 1 if the action does not apply, for
example because the service does not suspend users of a status.`,
		// The flags are made from the action's schema, once the action is known.
		DisableFlagParsing: true,
		ValidArgsFunction:  a.completeRun,
		RunE: func(c *cobra.Command, args []string) error {
			action, rest, err := a.actionCommand(c, args)
			switch {
			case errors.Is(err, pflag.ErrHelp):
				return c.Help()
			case err != nil:
				return err
			case action == nil:
				return usagef("soar run needs the name of an action (see: soar run --help)")
			}
			action.SetArgs(rest)
			return action.ExecuteContext(c.Context())
		},
	}
}

// actionCommand returns the command of the action that args name, and the arguments after the name. Only
// global flags can come before the name. Without a name, the command is nil.
func (a *app) actionCommand(run *cobra.Command, args []string) (*cobra.Command, []string, error) {
	global := pflag.NewFlagSet("run", pflag.ContinueOnError)
	global.SetInterspersed(false)
	global.Usage = func() {}
	a.globalFlags(global)
	a.caseFlag(global)
	if err := global.Parse(args); errors.Is(err, pflag.ErrHelp) {
		return nil, nil, err
	} else if err != nil {
		return nil, nil, usagef("%w (see: soar run --help)", err)
	} else if global.NArg() == 0 {
		return nil, nil, nil
	}
	info, err := a.findAction(run.Context(), global.Arg(0))
	if err != nil {
		return nil, nil, err
	}
	input, err := schema.Parse(json.RawMessage(info.Input))
	if err != nil {
		return nil, nil, err
	}
	path := "soar run " + info.Name
	c := &cobra.Command{Use: path, Args: cobra.ArbitraryArgs, SilenceUsage: true, SilenceErrors: true}
	c.SetIn(run.InOrStdin())
	c.SetGlobalNormalizationFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		return pflag.NormalizedName(strings.ReplaceAll(name, "_", "-")) // a parameter's own spelling is a flag too
	})
	flags := c.Flags()
	values := inputFlags(flags, input.Root())
	file := flags.String("input", "", "All parameters as one JSON object: a file, or - for standard input.")
	lists := addListFlags(flags, input.Root())
	flags.AddFlagSet(global)
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return flagError(err, flags, path) })
	c.SetHelpFunc(func(*cobra.Command, []string) { a.runHelp(info, input.Root(), lists, global) })
	c.ValidArgsFunction = func(_ *cobra.Command, _ []string, _ string) (names []string, _ cobra.ShellCompDirective) {
		flags.VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name+"\t"+f.Usage) })
		return names, cobra.ShellCompDirectiveNoFileComp
	}
	for name := range values {
		_ = c.RegisterFlagCompletionFunc(name, func(c *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
			return a.completeParam(c.Context(), info, input.Root(), name, typed, given(flags, values)), cobra.ShellCompDirectiveNoFileComp
		})
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usagef("%s takes flags, not the argument %q", path, args[0])
		}
		if err := noEmptyFlags(flags); err != nil {
			return err
		}
		if err := a.prepare(flags); err != nil {
			return err
		}
		params := given(flags, values)
		repeated, err := lists.read(c.InOrStdin(), params)
		if err != nil {
			return err
		}
		raw, err := readInput(c.InOrStdin(), *file, params)
		if err != nil {
			return err
		}
		if repeated > 0 {
			a.note(count(repeated, "repeated item") + " left out")
		}
		items := itemsOf(raw, lists.split)
		// The plugin checks the input too. This check fails before a process starts.
		if *lists.batch {
			err = lists.checkBatch(info, input, raw, items)
		} else if violations := input.Check(input.Truncate(raw)); violations != nil {
			err = sdk.Invalid("the input of "+info.Name+" is not valid", lists.located(violations)...)
		}
		switch {
		case err == nil && *lists.batch:
			return a.callBatch(c.Context(), info, raw, embedded.BatchOptions{List: lists.split, Items: items, Restart: *lists.restart})
		case err == nil && *lists.restart:
			return usagef("--restart needs --batch")
		case err == nil:
			err = a.call(c.Context(), info, raw)
		}
		return lists.tooLong(err, len(items))
	}
	return c, global.Args()[1:], nil
}

// inputFlags adds a flag for each parameter except secrets. It returns functions that read the
// values, by parameter.
func inputFlags(flags *pflag.FlagSet, input *schema.Node) map[string]func() any {
	values := map[string]func() any{}
	for _, p := range input.Properties {
		name, n := p.Name, p.Node
		switch {
		case n.WriteOnly:
		case n.Is("boolean"):
			values[name] = value(flags.Bool(name, false, n.Title))
		case n.Is("integer"):
			values[name] = value(flags.Int64(name, 0, n.Title))
		case n.Is("number"):
			values[name] = value(flags.Float64(name, 0, n.Title))
		case isList(n):
			values[name] = value(flags.StringArray(name, nil, n.Title))
		case n.Is("string"):
			values[name] = value(flags.String(name, "", n.Title))
		default:
			v := flags.String(name, "", n.Title)
			values[name] = func() any { return json.RawMessage(*v) }
		}
	}
	return values
}

// value returns a function that reads p.
func value[T any](p *T) func() any { return func() any { return *p } }

// given returns the parameters whose flags are given.
func given(flags *pflag.FlagSet, values map[string]func() any) map[string]any {
	params := map[string]any{}
	for name, value := range values {
		if flags.Changed(name) {
			params[name] = value()
		}
	}
	return params
}

// readInput returns the input from the parameters of flags, or from the file of --input.
func readInput(stdin io.Reader, file string, params map[string]any) (json.RawMessage, error) {
	for name, value := range params {
		if raw, ok := value.(json.RawMessage); ok && !json.Valid(raw) {
			return nil, sdk.InvalidField("/"+name, "must be given as JSON")
		}
	}
	switch {
	case file == "":
		return json.Marshal(params)
	case len(params) > 0:
		return nil, usagef("the parameters come either as flags or from --input, not both")
	}
	in, err := openInput(stdin, file)
	if err != nil {
		return nil, sdk.Invalid("cannot read the input: " + err.Error())
	}
	defer in.Close()
	const most = 16 << 20
	b, err := io.ReadAll(io.LimitReader(in, most+1))
	switch {
	case err != nil:
		return nil, sdk.Invalid("cannot read the input: " + err.Error())
	case len(b) > most:
		return nil, sdk.Invalid("the input is over 16 MiB")
	}
	return bytes.TrimSpace(b), nil
}

// openInput opens the file, or returns standard input for -.
func openInput(stdin io.Reader, file string) (io.ReadCloser, error) {
	if file == "-" {
		return io.NopCloser(stdin), nil
	}
	return os.Open(file)
}

// call runs the action, writes an audit entry to the store, and shows the output.
func (a *app) call(ctx context.Context, info *sdk.ActionInfo, input json.RawMessage) error {
	return a.connectWithStore(ctx, func(store *embedded.Store, conn *connection) error {
		at := a.caller(conn)
		if info.Effect != sdk.Reads {
			var err error
			if at.Org, err = store.Target(ctx, conn.Check, conn.values); err != nil {
				return err
			}
		}
		start := time.Now()
		result, failure := store.Perform(ctx, conn, info, input, at)
		failed := interrupted(failure, info, input)
		if failure == nil {
			a.noteShadow(at, info)
			failed = a.showResult(info, result.Result, time.Since(start))
		}
		// A write that was interrupted has its undo, too.
		if err := a.noteUndo(context.WithoutCancel(ctx), store, info, at.Org, result); failed == nil {
			failed = err
		}
		return failed
	})
}

// interrupted adds to the error of an interrupted write that the write may have happened.
func interrupted(err error, info *sdk.ActionInfo, input json.RawMessage) error {
	var options struct {
		DryRun bool `json:"dry_run"`
	}
	_ = json.Unmarshal(input, &options) // it was checked before
	if err == nil || info.Effect == sdk.Reads || options.DryRun || sdk.AsError(err).Code != sdk.Canceled {
		return err
	}
	return &sdk.Error{Code: sdk.Canceled, Err: err, Message: "interrupted while " + info.Name +
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
	// Only --json prints secrets, such as a temporary password.
	shown, printed := form.MaskAll(result.Output), result.Output
	if !a.json {
		printed = shown
	}
	err = a.show(printed, func() {
		a.showOutput(info, shown, output.Outcome)
		if !bytes.Equal(shown, result.Output) {
			fmt.Fprintf(a.err, "note: %s stands for a secret, which only --json prints\n", schema.Masked)
		}
		fmt.Fprintln(a.out, a.out.Faint(count(len(result.Calls), "request")+" to "+a.service()+", "+took.Round(time.Millisecond).String()))
		if output.Outcome == sdk.NotApplicable || output.Outcome == sdk.Partial {
			label := strings.ReplaceAll(string(output.Outcome), "_", " ") + ":"
			fmt.Fprintf(a.err, "%s %s\n", a.err.Red(label), terminal.OneLine(output.Reason))
		}
	})
	if err == nil && (output.Outcome == sdk.NotApplicable || output.Outcome == sdk.Partial) {
		return failedError{exitFailed}
	}
	return err
}

func (a *app) runHelp(info *sdk.ActionInfo, input *schema.Node, lists *listFlags, global *pflag.FlagSet) {
	fmt.Fprintf(a.out, "%s\n\nUsage:\n  soar run %s [flags]\n\nParameters:\n", info.Summary, info.Name)
	rows := [][]string{{"  FLAG", "TYPE", "DESCRIPTION"}}
	for _, p := range input.Properties {
		flag, text := "--"+strings.ReplaceAll(p.Name, "_", "-"), p.Node.Description
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
	rows = append(rows, []string{"  --input", "FILE|-", "All parameters as one JSON object."})
	a.out.Table(append(rows, lists.rows...))
	fmt.Fprint(a.out, lists.help())
	fmt.Fprintf(a.out, "\nGlobal flags:\n%s", global.FlagUsages())
}

// completionTime is the longest time that a shell waits for the service.
const completionTime = 3 * time.Second

// completeRun completes a command line of soar run: the action, its flags, and the values of a
// flag that the schema or an action lists. On a failure it completes nothing, because a shell
// shows no messages.
func (a *app) completeRun(c *cobra.Command, args []string, typed string) (words []string, directive cobra.ShellCompDirective) {
	action, rest, err := a.actionCommand(c, args)
	if err == nil && action == nil {
		return a.completeAction(c, nil, typed)
	}
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out bytes.Buffer
	action.SetOut(&out)
	action.SetErr(io.Discard)
	action.SetArgs(slices.Concat([]string{cobra.ShellCompRequestCmd}, rest, []string{typed}))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Context()), completionTime)
	defer cancel()
	_ = action.ExecuteContext(ctx)
	flag, _, inOne := strings.Cut(typed, "=")
	for word := range strings.Lines(out.String()) {
		word = strings.TrimSuffix(word, "\n")
		if n, err := strconv.Atoi(strings.TrimPrefix(word, ":")); err == nil && word[0] == ':' { // the last line
			return words, cobra.ShellCompDirective(n)
		}
		if inOne {
			word = flag + "=" + word
		}
		words = append(words, word)
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// completeParam returns the values that the schema or the service lists for a parameter. params are the
// parameters that are already given.
func (a *app) completeParam(ctx context.Context, info *sdk.ActionInfo, input *schema.Node, name, typed string, params map[string]any) []string {
	n := input.Property(name)
	if n.Options == nil {
		if n.Items != nil {
			n = n.Items
		}
		return enumOf(n)
	}
	given, err := json.Marshal(params)
	if err != nil {
		return nil
	}
	conn, err := a.connect(ctx, nil)
	if err != nil {
		return nil
	}
	defer conn.Close()
	page, err := sdk.ListOptions(ctx, conn, conn.manifest, info.Input, name, sdk.OptionQuery{Search: typed, Given: given})
	if err != nil {
		return nil
	}
	labels := map[string]int{}
	for _, o := range page.Options {
		labels[o.Label]++
	}
	var found []string
	for _, o := range page.Options {
		word, note := o.Value, o.Label
		// The service rejects a name that several objects share.
		if o.Typed && labels[o.Label] == 1 {
			word, note = o.Label, o.Description
		}
		found = append(found, word+"\t"+terminal.OneLine(note))
	}
	return found
}

func enumOf(n *schema.Node) (words []string) {
	for _, v := range n.Enum {
		var word string
		if json.Unmarshal(v, &word) == nil {
			words = append(words, word)
		}
	}
	return words
}
