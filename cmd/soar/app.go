package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/plugin"
	"soar.example/okta/plugin/host"
	oktaconnector "soar.example/okta/plugin/okta"
	"soar.example/okta/sdk"
)

// app is what every command shares.
type app struct {
	out, err  *terminal
	json      bool
	plugin    string
	pluginSHA string // its SHA-256 in hexadecimal; "": any
	config    string
	store     string
	newStore  bool
	keyOf     *embedded.Store // whose key sessions sign with; nil: none
	logLevel  string
	logger    hclog.Logger
}

func newApp(out, err io.Writer) *app {
	return &app{out: newTerminal(out), err: newTerminal(err), logger: hclog.NewNullLogger()}
}

func release() string { return oktaconnector.Connector.Version }

func (a *app) globalFlags(f *pflag.FlagSet) {
	f.BoolVar(&a.json, "json", false, "print JSON")
	f.StringVar(&a.plugin, "plugin", "", "binary of another connector to launch instead of the built-in one")
	f.StringVar(&a.pluginSHA, "plugin-sha256", "", "SHA-256 of that binary in hexadecimal; run exactly the bytes that have it")
	f.StringVar(&a.config, "config", "", "settings file (default soar.yaml, if there is one)")
	f.StringVar(&a.store, "store", "", "file that remembers runs and the audit trail (default soar.db)")
	f.BoolVar(&a.newStore, "new-store", false, "start a new store if its file is empty, and accept that what it held is lost")
	f.StringVar(&a.logLevel, "log-level", "warn", "what to log to stderr: trace, debug, info, warn, error or off")
}

// prepare runs before each command, once its flags are known.
func (a *app) prepare() error {
	level := hclog.LevelFromString(a.logLevel)
	if level == hclog.NoLevel {
		return usageError{fmt.Errorf("--log-level %q is none of trace, debug, info, warn, error and off", a.logLevel)}
	}
	if _, err := a.pluginSum(); err != nil {
		return err
	}
	options := &hclog.LoggerOptions{Name: "soar", Level: level, Output: a.err, JSONFormat: a.json}
	if a.json {
		options.Output = a.err.asJSON()
	}
	a.logger = hclog.New(options)
	return nil
}

// pluginSum is the checksum that the plugin's binary must have, nil for none.
func (a *app) pluginSum() ([]byte, error) {
	if a.pluginSHA == "" {
		return nil, nil
	}
	if a.plugin == "" {
		return nil, usageError{errors.New("--plugin-sha256 needs --plugin: it is the checksum of that binary")}
	}
	sum, err := hex.DecodeString(a.pluginSHA)
	if err != nil || len(sum) != sha256.Size {
		return nil, usageError{errors.New("--plugin-sha256 is not a SHA-256: give its 64 hexadecimal digits, as sha256sum prints them")}
	}
	return sum, nil
}

// launch starts the connector in a process of its own: this very binary, unless
// another was named.
func (a *app) launch(ctx context.Context) (*host.Plugin, error) {
	if os.Getenv("GOGC") == "" {
		// Pages are garbage soon after they came. To collect it twice as often as usual
		// saves a quarter of the memory and costs next to nothing.
		debug.SetGCPercent(50)
	}
	sum, err := a.pluginSum()
	if err != nil {
		return nil, err
	}
	c := host.Config{Path: a.plugin, Checksum: sum, Logger: a.logger}
	if a.keyOf != nil {
		if c.Key, err = a.keyOf.HostKey(ctx); err != nil {
			return nil, err
		}
	}
	if a.plugin == "" {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find this program's own file: %w", err)
		}
		c.Path, c.Args = self, []string{pluginCommandName}
	}
	return host.Launch(ctx, c)
}

// offered is the connector for what needs no credentials. The built-in one needs no
// process for that. The caller must call end.
func (a *app) offered(ctx context.Context) (b sdk.Backend, end func() error, err error) {
	if a.plugin == "" {
		b, err = oktaconnector.Backend()
		return b, func() error { return nil }, err
	}
	p, err := a.launch(ctx)
	if err != nil {
		return nil, nil, err
	}
	return p, p.Close, nil
}

// manifest describes the connector.
func (a *app) manifest(ctx context.Context) (*sdk.Manifest, error) {
	b, end, err := a.offered(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	return b.Manifest(ctx)
}

// A connection is a session with the process behind it.
type connection struct {
	sdk.Session
	plugin   *host.Plugin
	manifest *sdk.Manifest
}

func (c *connection) Close() error { return errors.Join(c.Session.Close(), c.plugin.Close()) }

// connect launches the connector and opens a session with the user's settings.
func (a *app) connect(ctx context.Context) (*connection, error) {
	settings, err := a.settings(ctx)
	if err != nil {
		return nil, err
	}
	return a.open(ctx, settings)
}

func (a *app) open(ctx context.Context, settings json.RawMessage) (*connection, error) {
	p, err := a.launch(ctx)
	if err != nil {
		return nil, err
	}
	m, err := p.Manifest(ctx)
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	s, err := p.Open(ctx, settings)
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return &connection{Session: s, plugin: p, manifest: m}, nil
}

func (a *app) storePath() string { return cmp.Or(a.store, "soar.db") }

// openStore opens the store, and creates it if there is none. Sessions that are opened
// afterwards sign with its key.
func (a *app) openStore(ctx context.Context) (*embedded.Store, error) {
	path := a.storePath()
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(path + "-wal"); err == nil {
			a.note(path + " is gone and its write-ahead log is not: the log is kept as " + path + "-wal.old, and a new store begins")
		}
	}
	open := embedded.OpenStore
	if a.newStore {
		open = embedded.OpenNewStore
	}
	store, err := open(ctx, path)
	if err != nil {
		return nil, err
	}
	a.keyOf = store
	return store, nil
}

const pluginCommandName = "serve-plugin"

// pluginCommand is how soar launches itself as the plugin process.
func (a *app) pluginCommand() *cobra.Command {
	return &cobra.Command{
		Use: pluginCommandName, Hidden: true, Args: none,
		Short: "Serve the built-in connector as a plugin (launched by soar itself)",
		RunE: func(c *cobra.Command, _ []string) error {
			backend, err := oktaconnector.Backend()
			if err != nil {
				return err
			}
			// A terminal sends Ctrl-C to the plugin as well; when to end is the host's to say.
			status := plugin.Serve(context.WithoutCancel(c.Context()), backend, plugin.ServeOptions{
				Usage: "soar " + pluginCommandName + " is launched by soar itself; to use it by hand, type: soar actions",
			})
			if status != 0 {
				return failedError{status}
			}
			return nil
		},
	}
}

// report shows an error, in words or as JSON.
func (a *app) report(err error) {
	var failed failedError
	if errors.As(err, &failed) {
		return
	}
	e := sdk.AsError(err)
	var usage usageError
	if errors.As(err, &usage) {
		e = sdk.Invalid(usage.Error())
	}
	if a.json {
		a.out.line(map[string]any{"kind": "error", "error": e.Body()})
		return
	}
	if e.Code == sdk.Canceled && e.Message == sdk.AsError(context.Canceled).Message {
		fmt.Fprintln(a.err, "soar: interrupted")
		return
	}
	fmt.Fprintf(a.err, "%s %s\n", a.err.red("soar:"), strings.ReplaceAll(e.Message, "\n", "\n  "))
	for _, v := range e.Violations {
		fmt.Fprintf(a.err, "  %s\n", oneLine(v.String()))
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
			facts = append(facts, "Okta request "+u.RequestID)
		}
	}
	if e.RetryAfter > 0 {
		facts = append(facts, "try again in "+e.RetryAfter.Round(time.Second).String())
	}
	if len(facts) > 0 {
		fmt.Fprintf(a.err, "  %s\n", a.err.faint(oneLine(strings.Join(facts, ", "))))
	}
}
