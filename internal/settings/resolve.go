package settings

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"soar.example/okta/internal/nearest"
	"soar.example/okta/internal/origin"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// resolution is the work of reading the values of one connection.
type resolution struct {
	*Connection
	*report
	known     *schema.Schema
	connector Connector
	before    int // number of problems of other connections
}

func (c *Connection) resolve(ctx context.Context, all *report) error {
	connector, err := c.connector(ctx)
	if err != nil && c.Plugin != "" && !c.short {
		all.add("/connections/"+c.Name+"/plugin", "cannot read the manifest of "+c.Plugin+": "+err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	known, err := schema.Parse(json.RawMessage(c.Manifest.Settings))
	if err != nil {
		return fmt.Errorf("read the schema of the settings of the connector %s: %w", c.Manifest.Name, err)
	}
	r := &resolution{Connection: c, report: all, known: known, connector: connector, before: len(all.problems)}
	c.Values, c.secrets, c.variables = map[string]any{}, nil, map[string]string{}
	maps.DeleteFunc(c.Origins, func(name string, _ Origin) bool { return !slices.Contains(reserved, name) })
	if !c.short {
		for _, name := range reserved {
			c.variables[variableOf(c.Name, name)] = name
		}
	}
	r.readMembers()
	r.readEnvironment()
	r.readSecretFiles()
	r.checkValues()
	r.checkMissing()
	return nil
}

// connector sets the manifest, and returns the connector.
func (c *Connection) connector(ctx context.Context) (connector Connector, err error) {
	if c.Plugin != "" {
		c.Manifest, err = c.config.source.Launch(ctx, c.Plugin, c.SHA256)
		if err == nil {
			c.Name = cmp.Or(c.Name, c.Manifest.Name)
		}
	}
	for _, built := range c.config.source.Connectors {
		if err == nil && c.Manifest == nil && built.Name == c.Connector {
			c.Manifest, err = built.Manifest(ctx)
		}
		if c.Manifest != nil && c.Manifest.Name == built.Name {
			return built, err
		}
	}
	if err != nil {
		return Connector{}, err
	}
	return connectorOf(c.Manifest)
}

// connectorOf returns the variables of a connector that is not built in: each setting has a variable with the name
// of the connector, such as BADGES_TOKEN.
func connectorOf(m *sdk.Manifest) (Connector, error) {
	s, err := schema.Parse(json.RawMessage(m.Settings))
	if err != nil {
		return Connector{}, sdk.Errorf(sdk.Internal, "cannot read the connector's schema of its settings: %w", err)
	}
	c := Connector{Name: m.Name, Variables: map[string]string{}}
	for _, p := range s.Root().Properties {
		c.Variables[p.Name] = strings.ToUpper(m.Name + "_" + p.Name)
		switch {
		case secret(p.Node):
			c.Proof = append(c.Proof, p.Name)
		case p.Node.Format == "uri" && c.Address == "":
			c.Address = p.Name
		}
	}
	return c, nil
}

// secret reports whether a setting is a secret, or a list or mapping of secrets.
func secret(n *schema.Node) bool {
	return n.WriteOnly || n.Items != nil && secret(n.Items) || n.Additional != nil && n.Additional.Node != nil && secret(n.Additional.Node)
}

// fileSuffix follows the name of a secret setting: the value is the name of the file with the secret.
const fileSuffix = "_file"

// fileSetting returns the secret whose file a member names.
func (r *resolution) fileSetting(name string) (schema.Property, bool) {
	base, found := strings.CutSuffix(name, fileSuffix)
	node := r.known.Root().Property(base)
	found = found && node != nil && secret(node) && r.known.Root().Property(name) == nil
	return schema.Property{Name: base, Node: node}, found
}

// readMembers reads the members of the file.
func (r *resolution) readMembers() {
	names := r.known.Root().Names()
	for _, p := range r.known.Root().Properties {
		if _, ok := r.fileSetting(p.Name + fileSuffix); ok {
			names = append(names, p.Name+fileSuffix)
		}
	}
	hints := slices.Concat(names, reserved)
	if host, err := hostSchema(); err == nil && r.short {
		hints = slices.Concat(names, host.Root().Names())
	}
	for _, m := range r.members {
		property, isFile := r.fileSetting(m.Name)
		position := r.config.position(m)
		switch {
		case r.short && slices.Contains(reserved, m.Name) && !slices.Contains(names, m.Name):
			r.report.add(r.pointer(m.Name), fmt.Sprintf("is a member of a connection: move it and the settings of the connection below connections "+
				"(line %d, column %d)", m.Line, m.Column))
			continue
		case !slices.Contains(names, m.Name):
			r.report.add(r.pointer(m.Name), fmt.Sprintf("unknown field%s (line %d, column %d)", nearest.Hint(m.Name, hints), m.Line, m.Column))
			continue
		case isFile:
			path, ok := m.Value.(string)
			if !ok || path == "" {
				r.report.add(r.pointer(m.Name), fmt.Sprintf("is not the name of a file (line %d, column %d)", m.Line, m.Column))
				continue
			}
			if !filepath.IsAbs(path) {
				path = filepath.Join(filepath.Dir(r.config.name), path)
			}
			r.secrets = append(r.secrets, secretFile{property: property, path: path, origin: position})
		default:
			r.Values[m.Name], r.Origins[m.Name] = m.Value, position
			r.config.hasSecret = r.config.hasSecret || secret(r.known.Root().Property(m.Name))
		}
		if found := findReference(m.Value); found != "" {
			instead := "Delete it there and set the environment variable " + r.variableNames(m.Name)[0] + " to the value"
			r.report.add("", fmt.Sprintf("%s in %s is %q, and variables are not expanded. %s", r.label(m.Name), r.config.name, found, instead))
		}
	}
	for _, f := range r.secrets {
		if _, ok := r.Values[f.property.Name]; ok {
			r.report.add(r.pointer(f.property.Name), "is set as "+f.property.Name+fileSuffix+" too: delete one of the two")
		}
	}
}

// label names a setting in a sentence.
func (r *resolution) label(setting string) string {
	if r.short {
		return setting
	}
	return setting + " of the connection " + r.Name
}

// variableOf returns the variable of a setting of a connection.
func variableOf(connection, setting string) string {
	return "SOAR_" + strings.ToUpper(connection+"_"+setting)
}

// variableNames returns the variables of a setting. Advice names the first.
func (r *resolution) variableNames(setting string) (names []string) {
	if name := r.connector.Variables[setting]; name != "" && r.short {
		names = []string{name}
	}
	return append(names, variableOf(r.Name, setting))
}

// variable returns the variable of a setting that is set, and its value.
func (r *resolution) variable(setting string) (name, value string) {
	for _, n := range r.variableNames(setting) {
		r.variables[n] = setting
		v := os.Getenv(n)
		if v != "" && value != "" && v != value {
			r.report.add("", "the variables "+name+" and "+n+" set "+r.label(setting)+" to two values: delete one of the two")
		}
		if value == "" && v != "" {
			name, value = n, v
		}
	}
	return name, value
}

// readEnvironment replaces values of the file by those of the environment. The credentials come from one source
// only, and go only to the address that they were configured with. Otherwise, a token from one source could be sent
// to an address from another.
func (r *resolution) readEnvironment() {
	values := map[string]any{}
	var secrets []secretFile
	proof := false
	for _, p := range r.known.Root().Properties {
		name, text := r.variable(p.Name)
		file := ""
		if _, ok := r.fileSetting(p.Name + fileSuffix); ok {
			fileVariable, path := r.variable(p.Name + fileSuffix)
			if path != "" && text != "" {
				r.report.add("", "the variables "+name+" and "+fileVariable+" are both set: delete one of the two")
				continue
			}
			name, file = cmp.Or(name, fileVariable), path
		}
		if file == "" && text == "" {
			continue
		}
		proof = proof || secret(p.Node)
		isKey := slices.Contains(r.connector.Keys, p.Name)
		switch value, err := parseText(p.Node, text); {
		case file != "":
			secrets = append(secrets, secretFile{property: p, path: file, origin: Origin{FromEnvironment, name}})
		case isKey && !looksLikeKey(text):
			secrets = append(secrets, secretFile{property: p, path: strings.TrimSpace(text), hidden: true, origin: Origin{FromEnvironment, name}})
		case err != nil:
			r.report.add("", name+" "+err.Error())
		default:
			if isKey {
				value = strings.ReplaceAll(strings.TrimSpace(text), `\n`, "\n")
			}
			values[p.Name], r.Origins[p.Name] = value, Origin{FromEnvironment, name}
			if found := findReference(value); found != "" {
				r.report.add("", fmt.Sprintf("%s in %s is %q, and variables are not expanded. Set it to the value itself", r.label(p.Name), name, found))
			}
		}
	}
	address, _ := values[r.connector.Address].(string)
	other, _ := r.Values[r.connector.Address].(string)
	switch {
	case proof:
		belongs := func(setting string) bool {
			node := r.known.Root().Property(setting)
			return slices.Contains(r.connector.Proof, setting) || node != nil && secret(node)
		}
		maps.DeleteFunc(r.Values, func(setting string, _ any) bool {
			_, replaced := values[setting]
			if belongs(setting) && !replaced {
				delete(r.Origins, setting)
			}
			return belongs(setting)
		})
		r.secrets = nil
	case address != "" && r.hasSecret() && !sameAddress(address, other):
		r.report.add("", fmt.Sprintf("%s is %s, but the credentials in %s belong to %s: a token is not sent to another org. Set %s as well",
			r.Origins[r.connector.Address].Name, address, r.config.name, cmp.Or(other, "no address"), r.variableNames(r.firstSecret())[0]))
	}
	maps.Copy(r.Values, values)
	r.secrets = append(r.secrets, secrets...)
}

func sameAddress(a, b string) bool { return a == b || origin.Same(a, b) }

// hasSecret reports whether the connection has credentials.
func (r *resolution) hasSecret() bool {
	return len(r.secrets) > 0 || slices.ContainsFunc(r.known.Root().Properties, func(p schema.Property) bool { return secret(p.Node) && r.Values[p.Name] != nil })
}

func (r *resolution) firstSecret() string {
	for _, p := range r.known.Root().Properties {
		if secret(p.Node) {
			return p.Name
		}
	}
	return ""
}

// readSecretFiles reads the files with secrets.
func (r *resolution) readSecretFiles() {
	for i := range r.secrets {
		f := &r.secrets[i]
		value, warnings, err := f.read()
		if err != nil {
			r.report.add("", err.Error())
			continue
		}
		r.config.warnings = append(r.config.warnings, warnings...)
		setting := f.property.Name
		r.Values[setting], r.Origins[setting] = value, Origin{FromSecretFile, f.path + " (" + f.origin.Name + ")"}
	}
}

// checkValues checks the values against the schema. A position of the file or a variable follows the message.
func (r *resolution) checkValues() {
	for _, v := range check(r.known, r.Values) {
		top, _, _ := strings.Cut(strings.TrimPrefix(v.Pointer, "/"), "/")
		switch o := r.Origins[top]; o.Kind {
		case FromFile:
			before := len(r.problems)
			r.report.at(v.Pointer, r.members, v.Message)
			for i := range r.problems[before:] {
				r.problems[before+i].Pointer = r.pointer(strings.TrimPrefix(v.Pointer, "/"))
			}
		default:
			r.report.add(r.pointer(strings.TrimPrefix(v.Pointer, "/")), v.Message+" (from "+o.String()+")")
		}
	}
}

// checkMissing reports the settings that the connection needs and does not have.
func (r *resolution) checkMissing() {
	if len(r.problems) > r.before {
		return // an unknown field may be a misspelled setting
	}
	root := r.known.Root()
	var missing []string
	for _, p := range root.Properties {
		if root.IsRequired(p.Name) && r.Values[p.Name] == nil {
			missing = append(missing, fmt.Sprintf("%s (%s, or %s in %s)", p.Name, r.variableNames(p.Name)[0], p.Name, r.config.name))
		}
	}
	if len(r.connector.Sufficient) > 0 && !r.hasSecret() {
		var sets []string
		for _, set := range r.connector.Sufficient {
			var names []string
			for _, setting := range set {
				names = append(names, r.variableNames(setting)[0])
			}
			sets = append(sets, strings.Join(names, " and "))
		}
		missing = append(missing, "credentials ("+strings.Join(sets, "; or ")+"; or the same settings in "+r.config.name+")")
	}
	if missing == nil {
		return
	}
	if !r.short {
		r.report.add("/connections/"+r.Name, "needs "+strings.Join(missing, " and "))
		return
	}
	r.report.add("", "cannot connect to "+r.Manifest.Title+": set "+strings.Join(missing, " and ")+r.connector.Advice)
}
