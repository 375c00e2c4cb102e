package settings

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"soar.example/okta/internal/nearest"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// A Connector is a connector that the host contains, with the environment variables that only it has.
type Connector struct {
	Name     string
	Manifest func(context.Context) (*sdk.Manifest, error)
	// Variables are the names of variables of the connection in the short form, by setting, in addition to
	// SOAR_CONNECTION_SETTING.
	Variables map[string]string
	Address   string   // setting with the address of the service
	Proof     []string // settings that belong to the credentials
	// Sufficient lists sets of settings. Each set is enough as credentials. The schema lists the other settings
	// that a connection needs.
	Sufficient [][]string
	// Keys are settings whose variable can have the name of a file in place of the value.
	Keys   []string
	Advice string // follows the error about missing settings in the short form
}

// A Connection is the settings of one connection.
type Connection struct {
	Name      string
	Connector string // name of the built-in connector; "" for a plugin
	Plugin    string // binary of another connector
	SHA256    string // of the plugin, in hexadecimal; "": any

	// The following members are set by [Config.Resolve].
	Manifest *sdk.Manifest
	Values   map[string]any    // settings of the connector, without defaults
	Origins  map[string]Origin // of the values and of connector, plugin and sha256
	secrets  []secretFile

	config    *Config
	members   []playbook.Member // settings in the file
	broken    bool              // the file names no connector that exists
	short     bool              // the settings are at the top level of the file
	variables map[string]string // name of the setting by variable
}

// JSON returns the values.
func (c *Connection) JSON() (json.RawMessage, error) { return json.Marshal(c.Values) }

// Same reports whether a session of the other connection can be used for this one: all settings are the same. The
// content of files with secrets does not count, since a session follows them.
func (c *Connection) Same(other *Connection) bool {
	files := func(c *Connection) (values map[string]any, paths []string) {
		values = maps.Clone(c.Values)
		for _, f := range c.secrets {
			delete(values, f.property.Name)
			paths = append(paths, f.property.Name+" "+f.path)
		}
		return values, paths
	}
	values, paths := files(c)
	otherValues, otherPaths := files(other)
	return c.Name == other.Name && c.Connector == other.Connector && c.Plugin == other.Plugin && c.SHA256 == other.SHA256 &&
		slices.Equal(paths, otherPaths) && reflect.DeepEqual(values, otherValues)
}

// Name returns the name of the settings file, which need not exist.
func (c *Config) Name() string { return c.name }

// Names returns the names of the connections.
func (c *Config) Names() []string {
	var names []string
	for i := range c.Connections {
		names = append(names, c.Connections[i].Name)
	}
	return names
}

// HasConnections reports whether the file has the member connections, so that each connection has a name of its own.
func (c *Config) HasConnections() bool { return len(c.Connections) > 0 && !c.Connections[0].short }

// Connection returns the connection with this name. Without a name, it returns the only connection.
func (c *Config) Connection(name string) (*Connection, error) {
	names := c.Names()
	at := slices.Index(names, name)
	switch {
	case name == "" && len(names) == 1:
		at = 0
	case name == "":
		return nil, sdk.Invalid(c.name + " has several connections: choose one with --connection. The connections are " + strings.Join(names, ", "))
	case at < 0:
		return nil, sdk.Invalid(fmt.Sprintf("there is no connection %.60q%s", name,
			cmp.Or(nearest.Hint(name, names), ". The connections are "+strings.Join(names, ", "))))
	}
	return &c.Connections[at], nil
}

// Resolve reads the values of the named connections, or of all. An error names all problems.
func (c *Config) Resolve(ctx context.Context, names ...string) error {
	r := report{file: c.name, problems: slices.Clone(c.problems)}
	c.warnings, c.hasSecret = nil, false
	if len(names) == 0 {
		names = c.Names()
	}
	for _, name := range names {
		one, err := c.Connection(name)
		if err == nil && !one.broken {
			err = one.resolve(ctx, &r)
		}
		if err != nil {
			return err
		}
	}
	if c.File != "" {
		warnings, err := exposure(c.name, "settings file", c.hasSecret)
		if err != nil {
			return sdk.Invalid(err.Error())
		}
		c.warnings = append(warnings, c.warnings...)
	}
	c.checkVariables(&r)
	return r.err()
}

// checkVariables reports a variable that is set and has two meanings.
func (c *Config) checkVariables(r *report) {
	owners := map[string][]string{}
	for pointer, name := range hostVariables {
		owners[name] = append(owners[name], strings.ReplaceAll(pointer[1:], "/", "."))
	}
	for flag, name := range FlagVariables {
		owners[name] = append(owners[name], "--"+flag)
	}
	for i := range c.Connections {
		one := &c.Connections[i]
		for name, setting := range one.variables {
			owners[name] = append(owners[name], setting+" of the connection "+one.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(owners)) {
		if all := owners[name]; len(all) > 1 && os.Getenv(name) != "" {
			slices.Sort(all)
			r.add("", "the variable "+name+" has two meanings: "+strings.Join(all, " and ")+". Rename the connection")
		}
	}
}

// pointer returns the JSON Pointer of a setting in the file.
func (c *Connection) pointer(setting string) string {
	if c.short {
		return "/" + setting
	}
	return "/connections/" + c.Name + "/" + setting
}

// Fields returns the settings that are in use, with the defaults of the schema, and with secrets masked.
func (c *Connection) Fields() ([]Field, error) {
	known, err := schema.Parse(json.RawMessage(c.Manifest.Settings))
	if err != nil {
		return nil, err
	}
	raw, err := c.JSON()
	if err != nil {
		return nil, err
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(known.MaskAll(raw), &values); err != nil {
		return nil, err
	}
	var fields []Field
	for i, value := range []string{c.Connector, c.Plugin, c.SHA256} {
		if value != "" {
			text, err := json.Marshal(value)
			if err != nil {
				return nil, err
			}
			fields = append(fields, Field{c.Name, reserved[i], text, cmp.Or(c.Origins[reserved[i]], Origin{Kind: FromDefault})})
		}
	}
	for _, p := range known.Root().Properties {
		value, from := values[p.Name], c.Origins[p.Name]
		if value == nil {
			value, from = p.Node.Default, Origin{Kind: FromDefault}
		}
		if value != nil {
			fields = append(fields, Field{c.Name, p.Name, value, from})
		}
	}
	return fields, nil
}

// A Field is one setting for people. A secret is masked.
type Field struct {
	Connection string          `json:"connection,omitempty"`
	Setting    string          `json:"setting"`
	Value      json.RawMessage `json:"value"`
	Origin     Origin          `json:"origin"`
}

// A Flag is a setting that a flag of the command line gives.
type Flag struct{ Pointer, Name, Value string }

// Fields returns the settings of the host and of the connections that [Config.Resolve] has read.
func (c *Config) Fields(flags ...Flag) ([]Field, error) {
	var fields []Field
	add := func(pointer, setting string, value any, from Origin) error {
		for _, f := range flags {
			if f.Pointer == pointer && f.Value != "" {
				value, from = f.Value, Origin{FromFlag, f.Name}
			}
		}
		raw, err := json.Marshal(value)
		fields = append(fields, Field{"", setting, schema.MaskNamed(raw), cmp.Or(from, Origin{Kind: FromDefault})})
		return err
	}
	err := add("/engine/store", "engine.store", c.Store, c.Origins["/engine/store"])
	if len(c.Playbooks) > 0 {
		err = cmp.Or(err, add("/playbooks", "playbooks", c.Playbooks, c.Origins["/playbooks"]))
	}
	for _, name := range []string{"action", "with", "window"} {
		if value := c.OnFailure[name]; value != nil {
			err = cmp.Or(err, add("/on_failure/"+name, "on_failure."+name, value, c.Origins["/on_failure/"+name]))
		}
	}
	for i := range c.Connections {
		if one := &c.Connections[i]; one.Manifest != nil && err == nil {
			var own []Field
			own, err = one.Fields()
			fields = append(fields, own...)
		}
	}
	return fields, err
}
