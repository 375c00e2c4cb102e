package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/rotation"
	"soar.example/okta/internal/settings"
	"soar.example/okta/plugin/host"
	"soar.example/okta/sdk"
)

// settings returns the settings, without the values of connections.
func (a *app) settings() (*settings.Config, error) {
	if a.file != nil {
		return a.file, nil
	}
	s := settings.Source{
		File: cmp.Or(a.config, os.Getenv(settings.FlagVariables["config"])), Plugin: a.plugin, PluginSHA256: a.pluginSHA,
		Launch: func(ctx context.Context, plugin, sha256 string) (*sdk.Manifest, error) {
			other := app{plugin: plugin, pluginSHA: sha256, logger: a.logger}
			return other.manifest(ctx)
		},
	}
	for _, c := range builtIns {
		s.Connectors = append(s.Connectors, c.settings)
	}
	file, err := s.Read()
	if err == nil {
		a.file = file
	}
	return file, err
}

// choose returns the connection that the command uses, without its values, and sets its connector.
func (a *app) choose() (*settings.Config, *settings.Connection, error) {
	s, err := a.settings()
	if err != nil {
		return nil, nil, err
	}
	name := a.conn
	if name == "" && s.HasConnections() {
		name = os.Getenv(settings.FlagVariables["connection"])
	}
	one, err := s.Connection(name)
	if err != nil {
		return nil, nil, err
	}
	a.plugin, a.pluginSHA, a.chosen = one.Plugin, one.SHA256, one.Connector
	return s, one, nil
}

// resolve returns the settings of the connection that the command uses.
func (a *app) resolve(ctx context.Context) (*settings.Connection, error) {
	s, one, err := a.choose()
	if err != nil {
		return nil, err
	}
	err = s.Resolve(ctx, one.Name)
	a.showWarnings(s)
	a.known = one.Manifest
	return one, err
}

// showWarnings logs files of the settings that other users can read or change.
func (a *app) showWarnings(s *settings.Config) {
	for _, w := range s.Warnings() {
		a.logger.Warn(w.Text, w.Args...)
	}
}

// A connection is a session with the process behind it and the settings that opened it.
type connection struct {
	sdk.Session
	plugin   *host.Plugin
	manifest *sdk.Manifest
	settings *settings.Connection
	values   json.RawMessage // of settings
}

// shadow reports whether the writes of the connection are dry runs.
func (c *connection) shadow() bool {
	shadow, _ := c.settings.Values["shadow"].(bool)
	return shadow
}

// caller returns the origin of the calls that this command makes on the connection.
func (a *app) caller(c *connection) embedded.Caller {
	return embedded.Caller{Manifest: c.manifest, Limits: embedded.LimitsOf(c.values), Shadow: c.shadow(), Connection: c.settings.Name, Case: a.caseID}
}

func (c *connection) Close() error { return errors.Join(c.Session.Close(), c.plugin.Close()) }

// connect opens a session with the user's settings. It signs with the key of the store, if there is one.
func (a *app) connect(ctx context.Context, store *embedded.Store) (*connection, error) {
	s, err := a.resolve(ctx)
	if err != nil {
		return nil, err
	}
	return a.open(ctx, s, store)
}

// open launches the connector and opens a session.
func (a *app) open(ctx context.Context, s *settings.Connection, store *embedded.Store) (*connection, error) {
	values, err := s.JSON()
	if err != nil {
		return nil, err
	}
	p, err := a.launch(ctx, store)
	if err != nil {
		return nil, err
	}
	c := &connection{plugin: p, settings: s, values: values}
	if c.manifest, err = p.Manifest(ctx); err == nil {
		if s.HasSecretFiles() {
			c.Session, err = rotation.Open(ctx, rotation.Options{Settings: s.CurrentJSON, Open: p.Open, Logger: a.logger})
		} else {
			c.Session, err = p.Open(ctx, values)
		}
	}
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return c, nil
}

// connectWithStore calls do with the store, which it creates if there is none, and with a session that
// signs with its key. Wrong settings create no store.
func (a *app) connectWithStore(ctx context.Context, do func(*embedded.Store, *connection) error) error {
	s, err := a.resolve(ctx)
	if err != nil {
		return err
	}
	store, err := a.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	conn, err := a.open(ctx, s, store)
	if err != nil {
		return err
	}
	defer conn.Close()
	return do(store, conn)
}

// onStore is connectWithStore for a store that must exist, and returns the body of a command.
func (a *app) onStore(do func(ctx context.Context, store *embedded.Store, conn *connection, args []string) error) func(*cobra.Command, []string) error {
	return a.withStore(func(ctx context.Context, store *embedded.Store, args []string) error {
		conn, err := a.connect(ctx, store)
		if err != nil {
			return err
		}
		defer conn.Close()
		return do(ctx, store, conn, args)
	})
}
