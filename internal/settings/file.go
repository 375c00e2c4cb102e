// Package settings reads the settings file, the environment variables and the files with secrets. It
// yields the connections of the host, and the origin of each value.
package settings

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"soar.example/okta/internal/inputfile"
	"soar.example/okta/internal/nearest"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

//go:generate go run soar.example/okta/schema/describe

// The names of the settings file that is read by default, and of the store.
const (
	DefaultFile  = "soar.yaml"
	DefaultStore = "soar.db"
)

// form is the form of the settings file. A file without connections is the short form: it has the
// settings of one connection beside the other members.
type form struct {
	// Connections by name. A name is in snake_case. Without this member, the file has the settings of one connection
	// at its top level.
	Connections map[string]connectionForm `json:"connections,omitempty"`
	// Playbook files and folders that soar watch runs when no file is given.
	Playbooks []string   `json:"playbooks,omitempty"`
	Engine    engineForm `json:"engine,omitzero"` // Engine that runs the playbooks.
	// Action that soar watch calls when a run fails, the watch stops, it becomes unhealthy, or all writes are paused.
	OnFailure failureForm `json:"on_failure,omitzero" jsonschema:"title=Alert"`
}

// connectionForm holds the members of a connection that are not settings of its connector.
type connectionForm struct {
	// Built-in connector of the connection. Set either connector or plugin.
	Connector string `json:"connector,omitempty" jsonschema:"minLength=1"`
	// Binary of another connector.
	Plugin string `json:"plugin,omitempty" jsonschema:"minLength=1"`
	// SHA-256 of the plugin in hexadecimal. A binary with another checksum does not run.
	SHA256 string `json:"sha256,omitempty" jsonschema:"title=Checksum"`
}

type engineForm struct {
	// Store of runs and the audit trail.
	Store string `json:"store,omitempty" jsonschema:"minLength=1,default=soar.db"`
}

type failureForm struct {
	// Action that sends the alert, such as chat/post_message.
	Action string `json:"action,omitempty" jsonschema:"example=chat/post_message"`
	// Input of the action. A text can contain CEL expressions over failure as ${{ … }}. Without input, an action with the
	// parameter text gets failure.text.
	With map[string]any `json:"with,omitempty" jsonschema:"title=Input"`
	// Time in which one cause sends at most one alert.
	Window sdk.Duration `json:"window,omitzero" jsonschema:"default=15m"`
}

// reserved are the members of a connection that its connector cannot have as settings.
var reserved = []string{"connector", "plugin", "sha256"}

// hostVariables are the environment variables of the members of the file that belong to no connection.
var hostVariables = map[string]string{
	"/playbooks":         "SOAR_PLAYBOOKS",
	"/engine/store":      "SOAR_STORE",
	"/on_failure/action": "SOAR_ON_FAILURE_ACTION",
	"/on_failure/with":   "SOAR_ON_FAILURE_WITH",
	"/on_failure/window": "SOAR_ON_FAILURE_WINDOW",
}

// FlagVariables are the environment variables of global flags, by the name of the flag.
var FlagVariables = map[string]string{"config": "SOAR_CONFIG", "connection": "SOAR_CONNECTION", "log-level": "SOAR_LOG_LEVEL"}

var hostSchema = sync.OnceValues(schema.Input[form])

// JSONSchema returns the schema of the members of the file, without the settings of connectors.
func JSONSchema() (*schema.Schema, error) { return hostSchema() }

// HostVariable returns the environment variable of a member of the file, by its JSON Pointer, or "".
func HostVariable(pointer string) string { return hostVariables[pointer] }

// An Origin says where a value comes from.
type Origin struct {
	Kind string `json:"kind"`           // file, environment, secret_file, flag or default
	Name string `json:"name,omitempty"` // of the file with line and column, of the variable or of the flag
}

// String returns the name, or the kind if there is none.
func (o Origin) String() string { return cmp.Or(o.Name, o.Kind) }

// The kinds of origins.
const (
	FromFile        = "file"
	FromEnvironment = "environment"
	FromSecretFile  = "secret_file"
	FromFlag        = "flag"
	FromDefault     = "default"
)

// A Source says where the settings come from.
type Source struct {
	File       string      // "": DefaultFile, if it exists
	Connectors []Connector // built into the host; the first is the connector of the short form
	// Plugin is the binary of the only connection, whose settings are in the short form; "": the file decides.
	Plugin, PluginSHA256 string
	// Launch returns the manifest of the connector in a binary.
	Launch func(ctx context.Context, plugin, sha256 string) (*sdk.Manifest, error)
}

// A Config is a settings file with the environment variables of this process.
type Config struct {
	File        string       // absolute name of the file; "" if there is none
	Connections []Connection // in the order of the file; at least one
	Playbooks   []string     // files and folders
	Store       string
	OnFailure   map[string]any // as playbook.LoadAlert reads it; nil: no alerts
	Origins     map[string]Origin

	name      string // of the file, as the user wrote it
	source    Source
	problems  []schema.Violation // that Read has found
	hasSecret bool               // the file has a secret of a connection that Resolve has read
	warnings  []Warning
}

var (
	connectionName = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	checksum       = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)
)

// Read reads the file: all members but the settings of connectors, which [Config.Resolve] checks. An error names all
// problems. If the file is YAML, the Config is not nil even so, and Resolve adds its problems to those of Read.
func (s Source) Read() (*Config, error) {
	c := &Config{name: cmp.Or(s.File, DefaultFile), source: s, Origins: map[string]Origin{}}
	members, err := c.readFile()
	if err != nil {
		return nil, err
	}
	known, err := hostSchema()
	if err != nil {
		return nil, err
	}
	r := &report{file: c.name}
	host, short := split(members, known.Root().Names())
	long := slices.ContainsFunc(host, func(m playbook.Member) bool { return m.Name == "connections" }) && s.Plugin == ""
	if long {
		r.mixed(short, known.Root().Names())
	}
	document := c.hostDocument(r, host, known.Root())
	for _, v := range check(known, document) {
		r.at(v.Pointer, host, v.Message)
	}
	c.checkLiterals(r, document)
	c.setConnections(r, host, short, long)
	if r.problems == nil {
		if err := c.setHost(r, document); err != nil {
			return nil, err
		}
	}
	c.problems = r.problems
	return c, r.err()
}

// hostDocument returns the members of the file and the values of the environment that belong to no connection.
func (c *Config) hostDocument(r *report, host []playbook.Member, root *schema.Node) map[string]any {
	document := map[string]any{}
	for _, m := range host {
		document[m.Name] = m.Value
		if m.Name != "connections" {
			c.origins("/"+m.Name, m)
		}
	}
	if all, ok := document["connections"].(map[string]any); ok {
		document["connections"] = onlyReserved(all)
	}
	for _, pointer := range slices.Sorted(maps.Keys(hostVariables)) {
		variable := hostVariables[pointer]
		text := os.Getenv(variable)
		if text == "" {
			continue
		}
		top, rest, nested := strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
		node := root.Property(top)
		if nested {
			node = node.Property(rest)
		}
		value, err := parseText(node, text)
		if err != nil {
			r.add(pointer, variable+" "+err.Error())
			continue
		}
		c.Origins[pointer] = Origin{FromEnvironment, variable}
		if !nested {
			document[top] = value
			continue
		}
		object, ok := document[top].(map[string]any)
		if !ok && document[top] != nil {
			continue // the check of the schema reports the member
		}
		object = maps.Clone(object)
		if object == nil {
			object = map[string]any{}
		}
		object[rest], document[top] = value, object
	}
	return document
}

// origins records the positions of a member and of the members of its value.
func (c *Config) origins(pointer string, m playbook.Member) {
	c.Origins[pointer] = c.position(m)
	if object, ok := m.Value.(map[string]any); ok && len(object) > 0 {
		for _, inner := range m.Members {
			c.origins(pointer+"/"+inner.Name, inner)
		}
	}
}

func (c *Config) position(m playbook.Member) Origin {
	return Origin{FromFile, fmt.Sprintf("%s:%d:%d", c.name, m.Line, m.Column)}
}

// onlyReserved returns connections without the settings of their connectors.
func onlyReserved(connections map[string]any) map[string]any {
	reduced := map[string]any{}
	for name, value := range connections {
		if object, ok := value.(map[string]any); ok {
			object = maps.Clone(object)
			maps.DeleteFunc(object, func(name string, _ any) bool { return !slices.Contains(reserved, name) })
			value = object
		}
		reduced[name] = value
	}
	return reduced
}

// PlaybookFiles returns the playbook files, with those of each folder in the order of their names. A
// folder's files end with .yaml or .yml; tests of playbooks (.test.yaml) are not among them.
func (c *Config) PlaybookFiles() (files []string, err error) {
	for _, path := range c.Playbooks {
		info, err := os.Stat(path)
		if err != nil {
			return nil, sdk.InvalidField("/playbooks", "cannot read the playbooks: %v", err)
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, sdk.InvalidField("/playbooks", "cannot read the playbooks: %v", err)
		}
		for _, e := range entries {
			name := e.Name()
			test := strings.HasSuffix(name, ".test.yaml") || strings.HasSuffix(name, ".test.yml")
			if ext := filepath.Ext(name); !e.IsDir() && !test && (ext == ".yaml" || ext == ".yml") {
				files = append(files, filepath.Join(path, name))
			}
		}
	}
	return files, nil
}

// setHost sets the fields that belong to no connection.
func (c *Config) setHost(r *report, document map[string]any) error {
	raw, err := json.Marshal(document)
	if err != nil {
		return err
	}
	var f form
	if err := json.Unmarshal(raw, &f); err != nil {
		return err
	}
	c.Store = DefaultStore
	if f.Engine.Store != "" {
		c.Store = c.path("/engine/store", f.Engine.Store)
	}
	for _, path := range f.Playbooks {
		c.Playbooks = append(c.Playbooks, c.path("/playbooks", path))
	}
	c.OnFailure, _ = document["on_failure"].(map[string]any) // the check of the schema reports another type
	if c.OnFailure != nil && c.OnFailure["action"] == nil {
		r.add("/on_failure/action", "is required: name the action that sends the alert, such as chat/post_message")
	}
	return nil
}

// path returns a path of the file, which is relative to the folder of the file. A path of the environment is
// relative to the current folder.
func (c *Config) path(pointer, path string) string {
	if c.Origins[pointer].Kind != FromFile || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(c.name), path)
}

// setConnections sets the connections, without their values.
func (c *Config) setConnections(r *report, host, short []playbook.Member, long bool) {
	if !long {
		one := Connection{Plugin: c.source.Plugin, SHA256: c.source.PluginSHA256, config: c, members: short, short: true, Origins: map[string]Origin{}}
		if one.Plugin == "" {
			one.Connector = c.source.Connectors[0].Name
			one.Name = one.Connector
		} else {
			one.Origins["plugin"] = Origin{FromFlag, "--plugin"}
		}
		c.Connections = []Connection{one}
		return
	}
	at := slices.IndexFunc(host, func(m playbook.Member) bool { return m.Name == "connections" })
	all, isObject := host[at].Value.(map[string]any)
	if !isObject {
		return // the check of the schema reports the member
	}
	if len(all) == 0 {
		r.at("/connections", host, "has no connection: add one, or delete the member and set the settings of one connection at the top level")
	}
	for _, m := range host[at].Members {
		pointer := "/connections/" + m.Name
		if _, ok := m.Value.(map[string]any); !ok {
			continue
		}
		if !connectionName.MatchString(m.Name) || len(m.Name) > 40 {
			r.at(pointer, host, "is not a name in snake_case of at most 40 characters, such as prod_emea")
			continue
		}
		one := Connection{Name: m.Name, config: c, Origins: map[string]Origin{}}
		var own []playbook.Member
		own, one.members = split(m.Members, reserved)
		for name, field := range map[string]*string{"connector": &one.Connector, "plugin": &one.Plugin, "sha256": &one.SHA256} {
			for _, o := range own {
				if o.Name == name {
					*field, _ = o.Value.(string)
					one.Origins[name] = c.position(o)
				}
			}
			if variable := variableOf(m.Name, name); os.Getenv(variable) != "" {
				*field, one.Origins[name] = os.Getenv(variable), Origin{FromEnvironment, variable}
			}
		}
		if one.Origins["plugin"].Kind == FromFile && one.Plugin != "" {
			// A name without a folder would be searched for in PATH.
			if path, err := filepath.Abs(filepath.Join(filepath.Dir(c.name), one.Plugin)); err == nil && !filepath.IsAbs(one.Plugin) {
				one.Plugin = path
			}
		}
		before := len(r.problems)
		c.checkConnector(r, host, pointer, one)
		one.broken = len(r.problems) > before
		c.Connections = append(c.Connections, one)
	}
}

func (c *Config) checkConnector(r *report, host []playbook.Member, pointer string, one Connection) {
	var names []string
	for _, built := range c.source.Connectors {
		names = append(names, built.Name)
	}
	list := strings.Join(names, ", ")
	switch {
	case one.Connector != "" && one.Plugin != "":
		r.at(pointer+"/plugin", host, "is set beside connector: delete one of the two")
	case one.Connector == "" && one.Plugin == "":
		r.at(pointer, host, "names no connector: set connector ("+list+"), or plugin with the binary of another connector")
	case one.Plugin == "" && one.SHA256 != "":
		r.at(pointer+"/sha256", host, "is the checksum of a plugin, and the connection has none")
	case one.Plugin == "" && !slices.Contains(names, one.Connector):
		r.at(pointer+"/connector", host, fmt.Sprintf("there is no built-in connector %.40q%s", one.Connector,
			cmp.Or(nearest.Hint(one.Connector, names), "; the built-in connectors are "+list)))
	case one.SHA256 != "" && !checksum.MatchString(one.SHA256):
		r.at(pointer+"/sha256", host, "is not a SHA-256: give its 64 hexadecimal digits, as sha256sum prints them")
	}
}

// readFile returns the members of the file, or nil if the user named no file and the default file does not exist.
func (c *Config) readFile() ([]playbook.Member, error) {
	raw, err := inputfile.Read(c.name, playbook.MaxFile)
	if errors.Is(err, fs.ErrNotExist) && c.source.File == "" {
		return nil, nil
	}
	if err != nil {
		return nil, sdk.Invalid("cannot read the settings: " + err.Error())
	}
	members, err := playbook.Document(c.name, raw)
	if err != nil {
		return nil, sdk.Invalid(c.name + " is not a YAML file of settings such as connections and playbooks:\n" + err.Error())
	}
	if _, err = exposure(c.name, "settings file", false); err != nil {
		return nil, sdk.Invalid(err.Error())
	}
	if c.File, err = filepath.Abs(c.name); err != nil {
		c.File = c.name
	}
	return members, nil
}

// split returns the members with one of the names, and the others.
func split(members []playbook.Member, names []string) (named, others []playbook.Member) {
	for _, m := range members {
		if slices.Contains(names, m.Name) {
			named = append(named, m)
		} else {
			others = append(others, m)
		}
	}
	return named, others
}
