package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"soar.example/okta/internal/engine/embedded"
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
user whom Okta will not suspend, exits with 1.`,
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

// A call is an action and what it is given.
type call struct {
	info  *sdk.ActionInfo
	input json.RawMessage
}

// parseCall reads the command line in two goes: up to the action's name, then with
// the action's own flags. It returns nil if help was asked for and given.
func (a *app) parseCall(c *cobra.Command, args []string) (*call, error) {
	usage := func(err error) error {
		return usageError{fmt.Errorf("%w (see: soar run --help)", err)}
	}
	front := pflag.NewFlagSet("run", pflag.ContinueOnError)
	front.SetInterspersed(false)
	front.Usage = func() {}
	a.globalFlags(front)
	if err := front.Parse(args); errors.Is(err, pflag.ErrHelp) {
		return nil, c.Help()
	} else if err != nil {
		return nil, usage(err)
	}
	if front.NArg() == 0 {
		return nil, usage(errors.New("soar run needs the name of an action"))
	}
	m, err := a.manifest(c.Context())
	if err != nil {
		return nil, err
	}
	info, err := findAction(m, front.Arg(0))
	if err != nil {
		return nil, err
	}
	s, err := schema.Parse(json.RawMessage(info.Input))
	if err != nil {
		return nil, err
	}
	flags := pflag.NewFlagSet(info.Name, pflag.ContinueOnError)
	flags.Usage = func() {}
	flags.SetNormalizeFunc(underscored)
	params := inputFlags(flags, s.Root())
	file := flags.String("input", "", "JSON object with the parameters: a file, or - for standard input")
	global := a.carriedFlags(front)
	flags.AddFlagSet(global)
	if err := flags.Parse(front.Args()[1:]); errors.Is(err, pflag.ErrHelp) {
		return nil, a.runHelp(info, s.Root(), global)
	} else if err != nil {
		return nil, flagError(err, flags, "soar run "+info.Name)
	}
	if flags.NArg() > 0 {
		return nil, usageError{fmt.Errorf("soar run %s takes flags, not the argument %q", info.Name, flags.Arg(0))}
	}
	if err := a.prepare(); err != nil {
		return nil, err
	}
	input, err := readInput(c, flags, *file, params)
	if err != nil {
		return nil, err
	}
	// The same check as in the plugin, before anything is launched or reached.
	if violations := s.Check(s.Truncate(input)); violations != nil {
		return nil, sdk.Invalid("the input of "+info.Name+" is not valid", violations...)
	}
	return &call{info, input}, nil
}

// carriedFlags are the global flags with what those before the action's name said.
func (a *app) carriedFlags(front *pflag.FlagSet) *pflag.FlagSet {
	said := map[string]string{}
	front.Visit(func(f *pflag.Flag) { said[f.Name] = f.Value.String() })
	global := pflag.NewFlagSet("", pflag.ContinueOnError)
	a.globalFlags(global) // sets each to its default
	for name, value := range said {
		_ = global.Set(name, value) // it was parsed once before
	}
	return global
}

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
		return nil, usageError{errors.New("the parameters come either as flags or from --input, not both")}
	}
	const most = 16 << 20
	var r io.Reader = c.InOrStdin()
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, sdk.Invalid("cannot read the input: " + err.Error())
		}
		defer f.Close()
		r = f
	}
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, sdk.Invalid("cannot read the input: " + err.Error())
	}
	if len(b) > most {
		return nil, sdk.Invalid("the input is over 16 MiB")
	}
	return bytes.TrimSpace(b), nil
}

// call runs the action with an audit row in the store, and shows the answer.
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
	if call.info.AnswersUndo() {
		health, err := conn.Check(ctx)
		if err != nil && health.Target == "" {
			return err
		}
		at.Org = health.Target // wrong settings are left to the guards, as for any other action
	}
	start := time.Now()
	result, err := store.Perform(ctx, conn, call.info, call.input, at)
	if err != nil {
		return call.cutOff(err)
	}
	if err := a.showResult(call.info, result, time.Since(start)); err != nil {
		return err
	}
	return a.tellUndo(ctx, store, at.Org, result.Output)
}

// cutOff says of a write that was interrupted that it may be done all the same.
func (c *call) cutOff(err error) error {
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
	var answer struct {
		Outcome sdk.Outcome `json:"outcome"`
		Reason  string      `json:"reason"`
	}
	_ = json.Unmarshal(result.Output, &answer) // an answer without them reads as empty
	output, err := schema.Parse(json.RawMessage(info.Output))
	if err != nil {
		return err
	}
	// Shown is what may be seen: temporary passwords and the like are masked for
	// people; programs get what they asked for.
	if a.json {
		a.out.indented(result.Output)
	} else {
		shown := output.MaskAll(result.Output)
		a.showAnswer(info, shown, answer.Outcome)
		if !bytes.Equal(shown, result.Output) {
			fmt.Fprintf(a.err, "note: %s stands for a secret, which only --json prints\n", schema.Masked)
		}
		fmt.Fprintln(a.out, a.out.faint(count(len(result.Calls), "request")+" to Okta, "+took.Round(time.Millisecond).String()))
	}
	if answer.Outcome == sdk.NotApplicable {
		if !a.json {
			fmt.Fprintf(a.err, "%s %s\n", a.err.red("not applicable:"), oneLine(answer.Reason))
		}
		return failedError{exitFailed}
	}
	return nil
}
