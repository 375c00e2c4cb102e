package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/internal/settings"
	"soar.example/okta/internal/terminal"
	"soar.example/okta/plugin"
	"soar.example/okta/plugin/host"
	"soar.example/okta/sdk"
)

// app holds the global flags, the output and the logger. All commands share it.
type app struct {
	out, err  *terminal.Terminal
	output    string // table, json or csv
	json      bool   // output is json
	plugin    string
	pluginSHA string // SHA-256 of the plugin in hexadecimal; "": any
	config    string
	conn      string // name of the connection; "": the only one
	store     string
	caseID    string
	newStore  bool
	logLevel  string
	logger    hclog.Logger
	chosen    string                  // name of the built-in connector of the connection; "": that of the short form
	known     *sdk.Manifest           // of the connector, once it was read
	file      *settings.Config        // once it was read
	alert     *playbook.Alert         // of the settings, once playbooks were loaded; nil: none
	reload    *atomic.Pointer[func()] // reaction of the command to SIGHUP; without one, the command ends

	helpFailed error // why a help page was not printed
}

func newApp(out, err io.Writer) *app {
	return &app{out: terminal.New(out), err: terminal.New(err), logger: hclog.NewNullLogger(), reload: new(atomic.Pointer[func()])}
}

func (a *app) globalFlags(f *pflag.FlagSet) {
	plugin, sum, config, conn := a.plugin, a.pluginSHA, a.config, a.conn // see early
	f.StringVar(&a.output, "output", "table", "print a table, json or csv; csv is for lists and results")
	f.BoolVar(&a.json, "json", false, "short form of --output json")
	f.StringVar(&a.plugin, "plugin", "", "binary of another connector to launch instead of the built-in connector")
	f.StringVar(&a.pluginSHA, "plugin-sha256", "", "SHA-256 of the plugin in hexadecimal; a binary with another checksum does not run")
	f.StringVar(&a.config, "config", "", "settings file (default soar.yaml, if there is one)")
	f.StringVar(&a.conn, "connection", "", "connection of the settings file to use, if it has several")
	a.plugin, a.pluginSHA, a.config, a.conn = plugin, sum, config, conn
	f.StringVar(&a.store, "store", "", "store of runs and the audit trail (default soar.db)")
	f.BoolVar(&a.newStore, "new-store", false, "start a new store if its file is empty; the former contents are lost")
	f.StringVar(&a.logLevel, "log-level", "warn", "what to log to stderr: trace, debug, info, warn, error or off")
}

// caseFlag adds the flag for the case that a write belongs to.
func (a *app) caseFlag(f *pflag.FlagSet) {
	f.StringVar(&a.caseID, "case", "", "case that the audit trail shows, such as INC-1042")
}

// prepare checks the global flags and sets the logger. It runs before each command.
func (a *app) prepare(flags *pflag.FlagSet) error {
	name, text := "--log-level", a.logLevel
	if variable := settings.FlagVariables["log-level"]; os.Getenv(variable) != "" && !flags.Changed("log-level") {
		name, text = variable, os.Getenv(variable)
	}
	level := hclog.LevelFromString(text)
	if level == hclog.NoLevel {
		return usagef("%s %q is none of trace, debug, info, warn, error and off", name, text)
	}
	if a.plugin != "" && a.conn != "" {
		return usagef("--plugin and --connection exclude each other: --plugin replaces the connections of the settings file")
	}
	if _, err := a.pluginSum(); err != nil {
		return err
	}
	if err := a.chooseOutput(); err != nil {
		return err
	}
	options := &hclog.LoggerOptions{Name: "soar", Level: level, Output: a.err, JSONFormat: a.json}
	if a.json {
		options.Output = a.err.JSONWriter()
	}
	a.logger = hclog.New(options)
	return nil
}

// chooseOutput checks --output and --json, its short form.
func (a *app) chooseOutput() error {
	switch {
	case !slices.Contains([]string{"table", "json", "csv"}, a.output):
		return usagef("--output %q is none of table, json and csv", a.output)
	case a.json && a.output == "csv":
		return usagef("--json and --output csv exclude each other")
	}
	if a.json {
		a.output = "json"
	}
	a.json = a.output == "json"
	return nil
}

// pluginSum returns the checksum that the plugin's binary must have, nil for any.
func (a *app) pluginSum() ([]byte, error) {
	if a.pluginSHA == "" {
		return nil, nil
	}
	if a.plugin == "" {
		return nil, usagef("--plugin-sha256 needs --plugin: it is the checksum of that binary")
	}
	sum, err := hex.DecodeString(a.pluginSHA)
	if err != nil || len(sum) != sha256.Size {
		return nil, usagef("--plugin-sha256 is not a SHA-256: give its 64 hexadecimal digits, as sha256sum prints them")
	}
	return sum, nil
}

// service returns the name of the service for people.
func (a *app) service() string {
	switch {
	case a.plugin == "" || !a.foreign():
		return builtInNamed(a.chosen).title
	case a.known != nil:
		return a.known.Title
	}
	return "service"
}

// foreign reports whether the connector is another than that of the short form. A plugin
// whose manifest was not read yet counts as another.
func (a *app) foreign() bool {
	return builtInNamed(a.chosen).name != builtIn.name || a.plugin != "" && (a.known == nil || a.known.Name != builtIn.name)
}

// launch starts the connector of a connection in its own process: this binary, or a plugin.
// Its sessions sign with the key of the store, if there is one.
func (a *app) launch(ctx context.Context, s *settings.Connection, store *embedded.Store) (*host.Plugin, error) {
	if os.Getenv("GOGC") == "" {
		// Pages become garbage quickly. Collecting twice as often saves a quarter of the
		// memory at little cost.
		debug.SetGCPercent(50)
	}
	sum, err := hex.DecodeString(s.SHA256) // the settings, and the check of --plugin-sha256, reject other texts
	if err != nil {
		return nil, sdk.Invalid("the SHA-256 of " + s.Plugin + " is not hexadecimal")
	}
	c := host.Config{Path: s.Plugin, Checksum: sum, Logger: a.logger}
	if store != nil {
		if c.Key, err = store.HostKey(ctx); err != nil {
			return nil, err
		}
	}
	if s.Plugin == "" {
		if c.Path, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("find this program's own file: %w", err)
		}
		c.Args = []string{pluginCommandName, s.Connector}
	}
	return host.Launch(ctx, c)
}

// manifest returns the manifest of the only connection, or of that of --connection.
func (a *app) manifest(ctx context.Context) (*sdk.Manifest, error) {
	if a.known != nil {
		return a.known, nil
	}
	_, one, err := a.choose()
	if err != nil {
		return nil, err
	}
	err = a.withBackends(ctx, []*settings.Connection{one}, func(backends) error { return nil })
	return a.known, err
}

// storePath returns the file of the store. A command that cannot read the settings file has failed before.
func (a *app) storePath() string {
	switch {
	case a.store != "":
		return a.store
	case a.file != nil:
		return a.file.Store
	}
	return settings.DefaultStore
}

// readStorePath reads the settings file, unless a flag names the store.
func (a *app) readStorePath() error {
	if a.store != "" {
		return nil
	}
	_, err := a.settings()
	return err
}

// openStore opens the store, and creates it if there is none.
func (a *app) openStore(ctx context.Context) (*embedded.Store, error) {
	if err := a.readStorePath(); err != nil {
		return nil, err
	}
	path := a.storePath()
	if !exists(path) && exists(path+"-wal") {
		a.note(path + " is gone and its write-ahead log is not: the log is kept as " + path + "-wal.old, and a new store begins")
	}
	if a.newStore {
		return embedded.OpenNewStore(ctx, path)
	}
	return embedded.OpenStore(ctx, path)
}

// withStore returns the body of a command that works on a store that exists. It creates none, because a
// mistyped name would otherwise show an empty store.
func (a *app) withStore(do func(ctx context.Context, store *embedded.Store, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		if err := a.readStorePath(); err != nil {
			return err
		}
		if !exists(a.storePath()) {
			return sdk.Invalid("there is no store " + a.storePath() + "; soar watch and soar run make one, and --store names another")
		}
		store, err := a.openStore(c.Context())
		if err != nil {
			return err
		}
		defer store.Close()
		return do(c.Context(), store, args)
	}
}

// exists reports whether path exists, or may exist.
func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

const pluginCommandName = "serve-plugin"

// pluginCommand is the command with which soar launches itself as the plugin process.
func (a *app) pluginCommand() *cobra.Command {
	return &cobra.Command{
		Use: pluginCommandName + " [CONNECTOR]", Hidden: true, Args: cobra.MaximumNArgs(1),
		Short: "Serve a built-in connector as a plugin (launched by soar itself)",
		RunE: func(c *cobra.Command, args []string) error {
			name := strings.Join(args, "")
			if name != "" && builtInNamed(name).name != name {
				return usagef("there is no built-in connector %q", name)
			}
			backend, err := builtInNamed(name).backend()
			if err != nil {
				return err
			}
			// A terminal sends Ctrl-C to the plugin as well, but the host decides when it ends.
			status := plugin.Serve(context.WithoutCancel(c.Context()), backend, plugin.ServeOptions{
				Usage: "soar " + pluginCommandName + " is launched by soar itself; to run its actions, type: soar actions",
			})
			if status != 0 {
				return failedError{status}
			}
			return nil
		},
	}
}

// print writes object as one line with --json, and text otherwise.
func (a *app) print(object any, format string, args ...any) {
	a.printTo(a.out, object, format, args...)
}

// warn is print for a line of standard error.
func (a *app) warn(object any, format string, args ...any) {
	a.printTo(a.err, object, format+"\n", args...)
}

func (a *app) printTo(t *terminal.Terminal, object any, format string, args ...any) {
	if a.json {
		t.JSON(object)
		return
	}
	fmt.Fprintf(t, format, args...)
}

// note warns of a fact that is not part of the result.
func (a *app) note(s string) {
	a.warn(map[string]any{"kind": "note", "message": s}, "%s %s", a.err.Yellow("note:"), terminal.OneLine(s))
}

// report shows an error, as text or as JSON.
func (a *app) report(err error) {
	var failed failedError
	if errors.As(err, &failed) {
		return
	}
	e := sdk.AsError(err)
	if usage := (usageError{}); errors.As(err, &usage) {
		e = sdk.Invalid(usage.Error())
	}
	if a.json {
		a.out.JSON(map[string]any{"kind": "error", "error": e.Body()})
		return
	}
	if e.Code == sdk.Canceled && e.Message == sdk.AsError(context.Canceled).Message {
		fmt.Fprintln(a.err, "soar: interrupted")
		return
	}
	fmt.Fprintf(a.err, "%s %s\n", a.err.Red("soar:"), strings.ReplaceAll(e.Message, "\n", "\n  "))
	for _, v := range e.Violations {
		fmt.Fprintf(a.err, "  %s\n", terminal.OneLine(v.String()))
	}
	var facts []string
	if u := e.Upstream; u != nil {
		if u.Status != 0 {
			facts = append(facts, fmt.Sprintf("status %d", u.Status))
		}
		if u.Code != "" {
			facts = append(facts, u.Code)
		}
		if u.RequestID != "" {
			facts = append(facts, a.service()+" request "+u.RequestID)
		}
	}
	if e.RetryAfter > 0 {
		facts = append(facts, "try again in "+e.RetryAfter.Round(time.Second).String())
	}
	if len(facts) > 0 {
		fmt.Fprintf(a.err, "  %s\n", a.err.Faint(terminal.OneLine(strings.Join(facts, ", "))))
	}
}
