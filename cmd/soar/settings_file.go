package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"soar.example/okta/internal/inputfile"
	"soar.example/okta/internal/playbook"
	oktaconnector "soar.example/okta/plugin/okta"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// readConfig reads the settings file. The settings are nil if no file was named and
// there is none.
func (a *app) readConfig(ctx context.Context) (map[string]any, string, error) {
	name := cmp.Or(a.config, defaultConfig)
	raw, err := inputfile.Read(name, playbook.MaxFile)
	if errors.Is(err, fs.ErrNotExist) && a.config == "" {
		return nil, name, nil
	}
	if err != nil {
		return nil, name, sdk.Invalid("cannot read the settings: " + err.Error())
	}
	members, err := playbook.Document(name, raw)
	if err != nil {
		return nil, name, sdk.Invalid(name + " is not a YAML file of settings such as org_url and token:\n" + err.Error())
	}
	settings := map[string]any{}
	for _, m := range members {
		settings[m.Name] = m.Value
	}
	if err := a.checkExposure(name, settings); err != nil {
		return nil, name, err
	}
	if err := literalValues(name, "", settings); err != nil {
		return nil, name, err
	}
	if a.plugin != "" {
		return settings, name, nil // that connector knows its settings
	}
	return settings, name, checkSettings(ctx, name, members, settings)
}

// checkExposure refuses a settings file that every user of the machine can write to:
// any of them could turn the guards off. It warns of less.
func (a *app) checkExposure(name string, settings map[string]any) error {
	e, err := inputfile.Exposed(name)
	if err != nil {
		return sdk.Invalid("cannot read the settings: " + err.Error())
	}
	mode := e.Mode.Perm().String()
	switch {
	case e.Others:
		return sdk.Invalid(fmt.Sprintf("the settings file %s is not used: every user of this machine can change it (mode %s). Run chmod 600 %s", name, mode, name))
	case e.Group:
		a.logger.Warn("the settings file's group can change it: run chmod 600", "file", name, "mode", mode)
	case (settings["token"] != nil || settings["private_key"] != nil) && e.Readers:
		a.logger.Warn("the settings file holds a secret that other users of this machine can read: run chmod 600", "file", name, "mode", mode)
	}
	if e.Folder != "" {
		a.logger.Warn("every user of this machine can replace the settings file: run chmod o-w on its folder", "file", name, "folder", e.Folder)
	}
	return nil
}

// A reference is what other programs would replace by the value of a variable.
var reference = regexp.MustCompile(`\$\{[^}]*\}|^\$[A-Za-z_][A-Za-z0-9_]*$|^%[A-Za-z_][A-Za-z0-9_]*%$|\{\{[^}]*\}\}|^\$\([^)]*\)$`)

// literalValues refuses references to variables. They are not expanded, and a token
// such as ${OKTA_TOKEN} would be sent as it is.
func literalValues(where, setting string, value any) error {
	switch value := value.(type) {
	case string:
		found := reference.FindString(strings.TrimSpace(value))
		if found == "" {
			return nil
		}
		instead := "Write the value itself"
		for variable, name := range login {
			if name == setting {
				instead = "Delete it there and set the environment variable " + variable + " to the value"
			}
		}
		if setting == "org_url" {
			instead = "Delete it there and set the environment variable " + envOrgURL + " to the value"
		}
		return sdk.Invalid(fmt.Sprintf("%s in %s is %q, and variables are not expanded. %s", setting, where, begin(found, 60), instead))
	case []any:
		for _, item := range value {
			if err := literalValues(where, setting, item); err != nil {
				return err
			}
		}
	case []string:
		for _, item := range value {
			if err := literalValues(where, setting, item); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			if err := literalValues(where, cmp.Or(setting, name), value[name]); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkSettings checks what the file says against the built-in connector's settings.
// The environment may still supply what is missing.
func checkSettings(ctx context.Context, name string, members []playbook.Member, settings map[string]any) error {
	known, err := settingsSchema(ctx)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(settings)
	if err != nil {
		return err
	}
	var wrong []schema.Violation
	for _, v := range known.Check(raw) {
		top, _, _ := strings.Cut(strings.TrimPrefix(v.Pointer, "/"), "/")
		at := slices.IndexFunc(members, func(m playbook.Member) bool { return m.Name == unescapePointer(top) })
		if at < 0 {
			continue // it is missing
		}
		v.Message += fmt.Sprintf(" (line %d)", members[at].Line)
		wrong = append(wrong, v)
	}
	if wrong != nil {
		return sdk.Invalid("the settings in "+name+" are not valid", wrong...)
	}
	return nil
}

func unescapePointer(step string) string {
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
}

// settingsSchema is that of the built-in connector.
func settingsSchema(ctx context.Context) (*schema.Schema, error) {
	b, err := oktaconnector.Backend()
	if err != nil {
		return nil, err
	}
	m, err := b.Manifest(ctx)
	if err != nil {
		return nil, err
	}
	return schema.Parse(json.RawMessage(m.Settings))
}

// guards are the settings that limit what the connection may do, in the order in
// which they are shown.
var guards = []string{
	"read_only", "allowed_actions", "protected_users", "protected_groups", "max_users_per_call", "max_writes_per_minute",
	"allow_unknown_admins", "allow_custom_writes",
}

// guards returns those that are set.
func (s *usedSettings) guards() map[string]any {
	set := map[string]any{}
	for _, name := range guards {
		if v, ok := s.values[name]; ok {
			set[name] = v
		}
	}
	return set
}

// show says which settings file is in use, and which guards it sets.
func (s *usedSettings) show(a *app) {
	from := "none, the environment alone"
	if s.file != "" {
		from = absolute(s.file)
	}
	fmt.Fprintf(a.out, "settings file: %s\n", oneLine(from))
	set := s.guards()
	if len(set) == 0 {
		fmt.Fprintln(a.out, "guards: none are set")
		return
	}
	for _, name := range guards {
		if v, ok := set[name]; ok {
			fmt.Fprintf(a.out, "guard: %s: %s\n", name, oneLine(cell(v)))
		}
	}
}

// absolute is the file's name from the root, "" for none.
func absolute(file string) string {
	if file == "" {
		return ""
	}
	if whole, err := filepath.Abs(file); err == nil {
		return whole
	}
	return file
}
