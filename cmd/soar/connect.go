package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"sync"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/playbook"
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
			p, err := a.launch(ctx, &settings.Connection{Plugin: plugin, SHA256: sha256}, nil)
			if err != nil {
				return nil, err
			}
			defer p.Close()
			return p.Manifest(ctx)
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

// connectionName returns the connection that --connection or its variable names, "" if neither is set.
func (a *app) connectionName(s *settings.Config) string {
	if a.conn == "" && s.HasConnections() {
		return os.Getenv(settings.FlagVariables["connection"])
	}
	return a.conn
}

// choose returns the connection that the command uses, without its values, and sets its connector.
func (a *app) choose() (*settings.Config, *settings.Connection, error) {
	s, err := a.settings()
	if err != nil {
		return nil, nil, err
	}
	one, err := s.Connection(a.connectionName(s))
	if err != nil {
		return nil, nil, err
	}
	a.use(one)
	return s, one, nil
}

// use makes the connector of a connection the one that messages name.
func (a *app) use(one *settings.Connection) {
	a.plugin, a.pluginSHA, a.chosen, a.known = one.Plugin, one.SHA256, one.Connector, one.Manifest
}

// selected returns the connection of --connection, or all connections.
func (a *app) selected() ([]*settings.Connection, error) {
	s, err := a.settings()
	if err != nil {
		return nil, err
	}
	if a.connectionName(s) != "" {
		_, one, err := a.choose()
		return []*settings.Connection{one}, err
	}
	all := make([]*settings.Connection, len(s.Connections))
	for i := range s.Connections {
		all[i] = &s.Connections[i]
	}
	if len(all) == 1 {
		a.use(all[0])
	}
	return all, nil
}

// backends are connectors by the names of their connections, for calls that need no credentials.
type backends map[string]backend

type backend struct {
	sdk.Backend
	manifest *sdk.Manifest
}

// manifests returns the manifests, for playbooks.
func (b backends) manifests() playbook.Connections {
	all := playbook.Connections{}
	for name, one := range b {
		all[name] = one.manifest
	}
	return all
}

// withBackends calls do with the connectors of the connections. A built-in connector needs no process for this.
func (a *app) withBackends(ctx context.Context, connections []*settings.Connection, do func(backends) error) error {
	all := backends{}
	shared := newProcesses(a, nil)
	for _, one := range connections {
		b, err := builtInNamed(one.Connector).backend()
		if one.Plugin != "" {
			var p *process
			if p, err = shared.acquire(ctx, one); err == nil {
				defer shared.release(p)
				b = p
			}
		}
		if err == nil {
			one.Manifest, err = b.Manifest(ctx)
		}
		if err != nil {
			return err
		}
		one.Name = cmp.Or(one.Name, one.Manifest.Name)
		all[one.Name] = backend{b, one.Manifest}
	}
	if len(connections) == 1 {
		a.known = connections[0].Manifest
	}
	return do(all)
}

// manifests returns the manifests of the connection of --connection, or of all connections.
func (a *app) manifests(ctx context.Context) (all playbook.Connections, err error) {
	selected, err := a.selected()
	if err == nil {
		err = a.withBackends(ctx, selected, func(b backends) error {
			all = b.manifests()
			return nil
		})
	}
	return all, err
}

// resolve returns the settings of the connection that the command uses.
func (a *app) resolve(ctx context.Context) (*settings.Connection, error) {
	s, one, err := a.choose()
	if err != nil {
		return nil, err
	}
	err = s.Resolve(ctx, one.Name)
	a.showWarnings(s)
	a.use(one)
	return one, err
}

// showWarnings logs files of the settings that other users can read or change.
func (a *app) showWarnings(s *settings.Config) {
	for _, w := range s.Warnings() {
		a.logger.Warn(w.Text, w.Args...)
	}
}

// processes are the plugin processes of a command. Connections with the same connector share one.
type processes struct {
	app   *app
	store *embedded.Store // whose key sessions sign with; nil: none

	mu  sync.Mutex
	all []*process
}

// A process is a plugin process and the number of its users.
type process struct {
	*host.Plugin
	connector, plugin, sha256 string
	users                     int
}

func newProcesses(a *app, store *embedded.Store) *processes { return &processes{app: a, store: store} }

// acquire returns the process of the connection's connector. It launches the process if there is none.
func (p *processes) acquire(ctx context.Context, s *settings.Connection) (*process, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range p.all {
		if one.connector == s.Connector && one.plugin == s.Plugin && one.sha256 == s.SHA256 {
			one.users++
			return one, nil
		}
	}
	launched, err := p.app.launch(ctx, s, p.store)
	if err != nil {
		return nil, err
	}
	one := &process{launched, s.Connector, s.Plugin, s.SHA256, 1}
	p.all = append(p.all, one)
	return one, nil
}

// release ends the process after its last user.
func (p *processes) release(one *process) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if one.users--; one.users > 0 {
		return nil
	}
	p.all = slices.DeleteFunc(p.all, func(other *process) bool { return other == one })
	return one.Close()
}

// open opens a session with resolved settings.
func (p *processes) open(ctx context.Context, s *settings.Connection) (*connection, error) {
	values, err := s.JSON()
	if err != nil {
		return nil, err
	}
	one, err := p.acquire(ctx, s)
	if err != nil {
		return nil, err
	}
	c := &connection{plugin: one, processes: p, settings: s, values: values}
	if c.manifest, err = one.Manifest(ctx); err == nil {
		if s.HasSecretFiles() {
			c.Session, err = rotation.Open(ctx, rotation.Options{Settings: s.CurrentJSON, Open: one.Open, Logger: p.app.logger})
		} else {
			c.Session, err = one.Open(ctx, values)
		}
	}
	if err != nil {
		return nil, errors.Join(err, p.release(one))
	}
	return c, nil
}

// A connection is a session with the process behind it and the settings that opened it.
type connection struct {
	sdk.Session
	plugin    *process
	processes *processes
	manifest  *sdk.Manifest
	settings  *settings.Connection
	values    json.RawMessage // of settings
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

// forEngine returns the connection for an engine. The org is the account that the session acts on.
func (c *connection) forEngine(org string) embedded.Connection {
	return embedded.Connection{
		Name: c.settings.Name, Org: org, Manifest: c.manifest, Session: c.Session, Limits: embedded.LimitsOf(c.values), Shadow: c.shadow(),
	}
}

// Close ends the session, and the process if no other connection uses it.
func (c *connection) Close() error {
	return errors.Join(c.Session.Close(), c.processes.release(c.plugin))
}

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
	return newProcesses(a, store).open(ctx, s)
}

// usedBy returns the names of the connections that playbooks use, each once.
func usedBy(playbooks []*playbook.Playbook) []string {
	var names []string
	for _, p := range playbooks {
		names = append(names, p.Connection)
		for _, s := range p.Steps {
			names = append(names, s.Connection)
		}
		if p.OnFailure != nil {
			names = append(names, p.OnFailure.Connection)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// A connectionList is the open connections of a command.
type connectionList []*connection

// openAll opens the connections with these names. Sessions sign with the key of the store, if there is one.
func (a *app) openAll(ctx context.Context, names []string, store *embedded.Store) (all connectionList, err error) {
	s, err := a.settings()
	if err != nil {
		return nil, err
	}
	err = s.Resolve(ctx, names...)
	a.showWarnings(s)
	shared := newProcesses(a, store)
	for _, name := range names {
		var one *settings.Connection
		var opened *connection
		if err == nil {
			one, err = s.Connection(name)
		}
		if err == nil {
			opened, err = shared.open(ctx, one)
		}
		if err != nil {
			return nil, errors.Join(err, all.Close())
		}
		all = append(all, opened)
	}
	if len(all) == 1 {
		a.use(all[0].settings)
	}
	return all, nil
}

// Close closes all connections.
func (l connectionList) Close() error {
	var err error
	for _, c := range l {
		err = errors.Join(err, c.Close())
	}
	return err
}

// named returns the connection with this name.
func (l connectionList) named(name string) *connection {
	return l[slices.IndexFunc(l, func(c *connection) bool { return c.settings.Name == name })]
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
