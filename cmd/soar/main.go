// Command soar is the host for the command line. It launches a connector as a plugin
// process, runs its actions, and watches the events that start playbooks.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/nearest"
	"soar.example/okta/internal/terminal"
	"soar.example/okta/sdk"
)

// The exit codes.
const (
	exitDone        = 0   // done
	exitFailed      = 1   // the action failed, or the state is not as requested
	exitUsage       = 2   // bad usage or input
	exitUnreachable = 3   // cannot reach the service, or cannot log in
	exitInterrupted = 130 // interrupted (128 + SIGINT, as shells count)
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := newApp(os.Stdout, os.Stderr)
	ctx, end := context.WithCancel(ctx)
	defer end()
	// A lost terminal ends the program in order, unless nohup started it. soar watch reloads on other hangups.
	if !signal.Ignored(syscall.SIGHUP) {
		hangups := make(chan os.Signal, 1)
		signal.Notify(hangups, syscall.SIGHUP)
		go func() {
			for range hangups {
				if a.reload.Load() == nil || terminalLost() {
					end()
					return
				}
				(*a.reload.Load())()
			}
		}()
	}
	// A second Ctrl-C kills the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(a.run(ctx, os.Args[1:]))
}

// terminalLost returns a function that reports whether one of the standard files was a terminal when the program started,
// and is none any more.
var terminalLost = func() func() bool {
	var terminals []uintptr
	for _, f := range []*os.File{os.Stdin, os.Stdout, os.Stderr} {
		if isatty.IsTerminal(f.Fd()) {
			terminals = append(terminals, f.Fd())
		}
	}
	return func() bool {
		return slices.ContainsFunc(terminals, func(fd uintptr) bool { return !isatty.IsTerminal(fd) })
	}
}()

// run executes one command line and returns the exit code.
func (a *app) run(ctx context.Context, args []string) int {
	a.plugin, a.pluginSHA = early(args, "--plugin"), early(args, "--plugin-sha256")
	a.config, a.conn = early(args, "--config"), early(args, "--connection")
	root := a.command()
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetArgs(args)
	err := cmp.Or(root.ExecuteContext(ctx), a.helpFailed)
	if err != nil {
		a.report(err)
	}
	if lost := a.out.Close(); lost != nil && !errors.Is(err, lost) && !terminalLost() {
		fmt.Fprintf(a.err, "%s cannot write the output: %s. The command has run, and its output is incomplete\n", a.err.Red("soar:"), terminal.OneLine(lost.Error()))
		if err == nil {
			return exitFailed
		}
	}
	if err == nil {
		return exitDone
	}
	return exitCode(ctx, err)
}

// usageError is a mistake in the command line.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// failedError ends a command whose failure has been shown already.
type failedError struct{ code int }

func (e failedError) Error() string { return fmt.Sprintf("exit status %d", e.code) }

func exitCode(ctx context.Context, err error) int {
	var failed failedError
	var usage usageError
	switch code := sdk.AsError(err).Code; {
	case errors.As(err, &failed):
		return failed.code
	case ctx.Err() != nil:
		return exitInterrupted
	case errors.As(err, &usage), code == sdk.InvalidInput:
		return exitUsage
	case errors.Is(err, embedded.ErrPaused):
		return exitFailed
	case code == sdk.Unauthenticated, code == sdk.Unavailable, code == sdk.Timeout:
		return exitUnreachable
	}
	return exitFailed
}

// early returns the value of a flag before the flags are parsed. The commands and their help
// depend on the connector, and no plugin may start without the check of --plugin-sha256.
func early(args []string, flag string) (value string) {
	for i, arg := range args {
		given, ok := strings.CutPrefix(arg, flag+"=")
		switch {
		case arg == "--":
			return value
		case ok:
			value = given
		case arg == flag && i+1 < len(args):
			value = args[i+1]
		}
	}
	return value
}

// pluginHelp is the help of soar with another connector.
const pluginHelp = `soar runs actions of a connector and watches its triggers for events that start playbooks.

The settings of the connection come from soar.yaml, or from variables with the name of the connector and the
setting, such as BADGES_TOKEN for the setting token of the connector badges.`

func (a *app) command() *cobra.Command {
	about, help := builtIn.about, builtIn.help
	if a.plugin != "" {
		about, help = "Run the actions and playbooks of a connector", pluginHelp
	}
	root := &cobra.Command{
		Use:   "soar",
		Short: about,
		Long: help + `

Exit status: 0 done, 1 the action failed, 2 bad usage or input, 3 cannot reach or log in, 130 interrupted.`,
		SilenceUsage: true, SilenceErrors: true,
		Version:           builtIn.version,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		PersistentPreRunE: func(c *cobra.Command, _ []string) error {
			if err := noEmptyFlags(c.Flags()); err != nil {
				return err
			}
			return a.prepare(c.Flags())
		},
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			var names []string
			for _, sub := range c.Commands() {
				if !sub.Hidden {
					names = append(names, sub.Name())
				}
			}
			return usagef("there is no command %q%s", args[0], nearest.Hint(args[0], names))
		},
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return flagError(err, c.Flags(), c.CommandPath())
	})
	a.globalFlags(root.PersistentFlags())
	root.AddCommand(
		a.checkCommand(), a.configCommand(), a.actionsCommand(), a.runCommand(), a.watchCommand(), a.replayCommand(),
		a.undoCommand(), a.restoreCommand(), a.pauseCommand(), a.resumeCommand(),
		a.runsCommand(), a.auditCommand(), a.manifestCommand(), a.playbookCommand(), a.pluginCommand(),
	)
	root.AddCommand(builtInCommands(a)...)
	for _, c := range root.Commands() {
		c.DisableFlagsInUseLine = true
	}
	describeJSON(root)
	return root
}

// noEmptyFlags rejects a global flag with an empty value, which is most often an unset
// variable. The default would mean other settings, or a plugin without a checksum.
func noEmptyFlags(flags *pflag.FlagSet) error {
	for _, name := range []string{"config", "store", "plugin", "plugin-sha256", "connection", "case"} {
		if f := flags.Lookup(name); f != nil && f.Changed && f.Value.String() == "" {
			return usagef("--%s is empty. Give a value, or leave the flag out", name)
		}
	}
	return nil
}

// group returns a command that only has subcommands.
func group(name, short string) *cobra.Command {
	return &cobra.Command{Use: name, Short: short, Args: none, RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
}

// exactly returns a check that a command has n arguments. Its error is a usage error.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return usagef("%s needs %s", c.CommandPath(), what)
		}
		return nil
	}
}

func none(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no argument, got %q", c.CommandPath(), args[0])
	}
	return nil
}

// flagError returns err, of parsing flags, with a suggestion of the flag.
func flagError(err error, flags *pflag.FlagSet, command string) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return usagef("--%s is %q, which is not of the type %s (see: %s --help)",
			invalid.GetFlag().Name, invalid.GetValue(), invalid.GetFlag().Value.Type(), command)
	}
	hint := ""
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		var known []string
		flags.VisitAll(func(f *pflag.Flag) { known = append(known, "--"+f.Name) })
		hint = nearest.Hint("--"+unknown.GetSpecifiedName(), known)
	}
	return usagef("%w%s (see: %s --help)", err, hint, command)
}
