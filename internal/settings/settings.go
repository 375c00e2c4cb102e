// Package settings reads the settings of a connection from a file and the environment.
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

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/inputfile"
	"soar.example/okta/internal/origin"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// DefaultFile is the settings file that is read if no other is named.
const DefaultFile = "soar.yaml"

// A Variable is an environment variable that supplies a setting.
type Variable struct {
	Name    string // of the variable
	Setting string
	Secret  bool                      // it is a secret that the service accepts as proof
	Parse   func(string) (any, error) // of the value; nil: the value is the setting
}

// An Environment lists the environment variables of a connector.
type Environment struct {
	Address     Variable   // of the service
	Credentials []Variable // the first is named in advice
	Related     []string   // settings that belong to the credentials and have no variable
	Needed      string     // the variables that are enough as credentials, in words
	Others      []Variable // of settings that are no credentials
	// Required are the settings that a connection needs. If nil, it needs Address and one of the
	// secret Credentials.
	Required []Variable
}

// EnvironmentOf returns the environment of any connector. A setting that is no object has a
// variable with the name of the connector and the setting, such as BADGES_TOKEN.
func EnvironmentOf(m *sdk.Manifest) (Environment, error) {
	s, err := schema.Parse(json.RawMessage(m.Settings))
	if err != nil {
		return Environment{}, sdk.Errorf(sdk.Internal, "cannot read the connector's schema of its settings: %w", err)
	}
	env := Environment{Required: []Variable{}}
	for _, p := range s.Root().Properties {
		v := Variable{Setting: p.Name, Secret: p.Node.WriteOnly}
		if !p.Node.Is("object") {
			v.Name = strings.ToUpper(m.Name + "_" + p.Name)
		}
		switch {
		case p.Node.Is("array"):
			v.Parse = List
		case p.Node.Is("boolean"), p.Node.Is("integer"), p.Node.Is("number"):
			v.Parse = number
		}
		if s.Root().IsRequired(p.Name) {
			env.Required = append(env.Required, v)
		}
		switch {
		case v.Secret:
			env.Credentials = append(env.Credentials, v)
		case p.Node.Format == "uri" && env.Address.Name == "":
			env.Address = v
		default:
			env.Others = append(env.Others, v)
		}
	}
	return env, nil
}

// number returns the value of a variable that is a number, true or false.
func number(value string) (v any, err error) {
	if json.Unmarshal([]byte(value), &v) != nil {
		return nil, errors.New("is not a number, true or false")
	}
	return v, nil
}

// variables returns all variables.
func (e Environment) variables() []Variable {
	all := slices.Concat(e.Credentials, e.Others, []Variable{e.Address})
	return slices.DeleteFunc(all, func(v Variable) bool { return v.Name == "" })
}

// A Source says where the settings come from.
type Source struct {
	File        string // "": DefaultFile, if it exists
	Environment Environment
	// Schema returns the schema of the settings; nil: only the connector can check them.
	Schema func(context.Context) (json.RawMessage, error)
	Advice string // follows the error if settings are missing
	// Service is the name of the service; "": an org.
	Service string
	Logger  hclog.Logger
}

// Settings are the settings of a connection.
type Settings struct {
	Values map[string]any
	File   string // the absolute name of the file that was read; "" if there is none
}

// JSON returns the values.
func (s *Settings) JSON() (json.RawMessage, error) { return json.Marshal(s.Values) }

// Load returns the settings. A value from the environment replaces the value from the file.
// The credentials come from one source only, and go only to the address that they were
// configured with. Otherwise, a token from one source could be sent to an address from another.
func (s Source) Load(ctx context.Context) (*Settings, error) {
	name := cmp.Or(s.File, DefaultFile)
	values, err := s.readFile(ctx, name)
	if err != nil {
		return nil, err
	}
	used := &Settings{Values: values}
	if values == nil {
		values = map[string]any{}
		used.Values = values
	} else if used.File, err = filepath.Abs(name); err != nil {
		used.File = name
	}
	env := s.Environment
	inEnvironment := func(v Variable) bool { return v.Secret && os.Getenv(v.Name) != "" }
	inValues := func(v Variable) bool { return v.Secret && values[v.Setting] != nil }
	address := os.Getenv(env.Address.Name)
	if slices.ContainsFunc(env.Credentials, inEnvironment) {
		for _, v := range env.Credentials {
			delete(values, v.Setting)
		}
		maps.DeleteFunc(values, func(setting string, _ any) bool { return slices.Contains(env.Related, setting) })
	} else if address != "" && slices.ContainsFunc(env.Credentials, inValues) {
		if other, _ := values[env.Address.Setting].(string); !sameAddress(address, other) {
			return nil, sdk.Invalid(fmt.Sprintf("%s is %s, but the credentials in %s belong to %s: a token is not sent to another org. Set %s as well",
				env.Address.Name, address, name, other, env.Credentials[0].Name))
		}
	}
	for _, v := range env.variables() {
		text := os.Getenv(v.Name)
		if text == "" {
			continue
		}
		values[v.Setting] = text
		if v.Parse != nil {
			if values[v.Setting], err = v.Parse(text); err != nil {
				return nil, sdk.Invalid(v.Name + " " + err.Error())
			}
		}
	}
	var missing []string
	for _, v := range env.Required {
		if values[v.Setting] == nil {
			where := v.Setting + " in " + name
			if v.Name != "" {
				where = v.Name + ", or " + where
			}
			missing = append(missing, v.Setting+" ("+where+")")
		}
	}
	if env.Required == nil && values[env.Address.Setting] == nil {
		missing = []string{"the org's address (" + env.Address.Name + ", or " + env.Address.Setting + " in " + name + ")"}
	}
	if env.Required == nil && !slices.ContainsFunc(env.Credentials, inValues) { // values now holds those of the environment, too
		missing = append(missing, "credentials ("+env.Needed+"; or the same settings in "+name+")")
	}
	if len(missing) > 0 && s.Schema != nil {
		return nil, sdk.Invalid("cannot connect to " + cmp.Or(s.Service, "an org") + ": set " + strings.Join(missing, " and ") + s.Advice)
	}
	return used, s.checkLiteral("the settings", "", values)
}

// readFile reads the settings file. It returns nil if the user named no file and the default
// file does not exist.
func (s Source) readFile(ctx context.Context, name string) (map[string]any, error) {
	raw, err := inputfile.Read(name, playbook.MaxFile)
	if errors.Is(err, fs.ErrNotExist) && s.File == "" {
		return nil, nil
	}
	if err != nil {
		return nil, sdk.Invalid("cannot read the settings: " + err.Error())
	}
	members, err := playbook.Document(name, raw)
	if err != nil {
		return nil, sdk.Invalid(name + " is not a YAML file of settings such as " + cmp.Or(s.Environment.Address.Setting, "url") + " and token:\n" + err.Error())
	}
	values := map[string]any{}
	for _, m := range members {
		values[m.Name] = m.Value
	}
	if err := s.checkExposure(name, values); err != nil {
		return nil, err
	}
	if err := s.checkLiteral(name, "", values); err != nil {
		return nil, err
	}
	return values, s.checkSchema(ctx, name, members, values)
}

// checkExposure rejects a settings file that every user of the machine can change, because any
// of them could turn off the guards. It warns of lesser exposure.
func (s Source) checkExposure(name string, values map[string]any) error {
	e, err := inputfile.Exposed(name)
	if err != nil {
		return sdk.Invalid("cannot read the settings: " + err.Error())
	}
	mode := e.Mode.Perm().String()
	secret := slices.ContainsFunc(s.Environment.Credentials, func(v Variable) bool { return v.Secret && values[v.Setting] != nil })
	switch {
	case e.Others:
		return sdk.Invalid(fmt.Sprintf("the settings file %s is not used: every user of this machine can change it (mode %s). Run chmod 600 %s", name, mode, name))
	case e.Group:
		s.Logger.Warn("the settings file's group can change it: run chmod 600", "file", name, "mode", mode)
	case secret && e.Readers:
		s.Logger.Warn("the settings file holds a secret that other users of this machine can read: run chmod 600", "file", name, "mode", mode)
	}
	if e.Folder != "" {
		s.Logger.Warn("every user of this machine can replace the settings file: run chmod o-w on its folder", "file", name, "folder", e.Folder)
	}
	return nil
}

// reference matches the forms in which other programs refer to variables.
var reference = regexp.MustCompile(`\$\{[^}]*\}|^\$[A-Za-z_][A-Za-z0-9_]*$|^%[A-Za-z_][A-Za-z0-9_]*%$|\{\{[^}]*\}\}|^\$\([^)]*\)$`)

// checkLiteral rejects references to variables. They are not expanded, and a token such as
// ${TOKEN} would be sent unchanged.
func (s Source) checkLiteral(where, setting string, value any) error {
	var items []any
	switch value := value.(type) {
	case string:
		found := reference.FindString(strings.TrimSpace(value))
		if found == "" {
			return nil
		}
		if runes := []rune(found); len(runes) > 60 {
			found = string(runes[:60]) + "…"
		}
		instead := "Write the value itself"
		for _, v := range s.Environment.variables() {
			if v.Setting == setting {
				instead = "Delete it there and set the environment variable " + v.Name + " to the value"
			}
		}
		return sdk.Invalid(fmt.Sprintf("%s in %s is %q, and variables are not expanded. %s", setting, where, found, instead))
	case []any:
		items = value
	case []string: // of List
		for _, item := range value {
			items = append(items, item)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			if err := s.checkLiteral(where, cmp.Or(setting, name), value[name]); err != nil {
				return err
			}
		}
	}
	for _, item := range items {
		if err := s.checkLiteral(where, setting, item); err != nil {
			return err
		}
	}
	return nil
}

// checkSchema checks the file against the schema. A missing setting is no error: the
// environment may supply it.
func (s Source) checkSchema(ctx context.Context, name string, members []playbook.Member, values map[string]any) error {
	if s.Schema == nil {
		return nil
	}
	text, err := s.Schema(ctx)
	if err != nil {
		return err
	}
	known, err := schema.Parse(text)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(values)
	if err != nil {
		return err
	}
	var wrong []schema.Violation
	for _, v := range known.Check(raw) {
		top, _, _ := strings.Cut(strings.TrimPrefix(v.Pointer, "/"), "/")
		top = strings.NewReplacer("~1", "/", "~0", "~").Replace(top)
		for _, m := range members { // a missing setting has no member
			if m.Name == top {
				v.Message += fmt.Sprintf(" (line %d)", m.Line)
				wrong = append(wrong, v)
			}
		}
	}
	if wrong != nil {
		return sdk.Invalid("the settings in "+name+" are not valid", wrong...)
	}
	return nil
}

// List splits the value of a variable at commas and spaces.
func List(value string) (any, error) {
	return strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' }), nil
}

// PrivateKey returns the private key in the value of a variable, or in the file that the value
// names. A key has many lines, and some environments allow one line.
func PrivateKey(value string) (any, error) {
	const most = 64 << 10
	text := strings.TrimSpace(value)
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "-----BEGIN") {
		return strings.ReplaceAll(text, `\n`, "\n"), nil
	}
	key, err := inputfile.Read(text, most)
	if err == nil {
		return string(key), nil
	}
	// A value that names no file may be a key, so the error does not contain it.
	why := "it is no file, or too large"
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		why = "there is no such file, or it cannot be read"
	}
	return nil, errors.New("is neither a key, as PEM or as a JWK, nor the name of a file with one: " + why)
}

func sameAddress(a, b string) bool { return a == b || origin.Same(a, b) }
