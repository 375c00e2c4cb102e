package settings

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"soar.example/okta/internal/inputfile"
	"soar.example/okta/internal/nearest"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// A report collects the problems of the settings.
type report struct {
	file     string
	problems []schema.Violation
}

func (r *report) add(pointer, message string) {
	r.problems = append(r.problems, schema.Violation{Pointer: pointer, Message: message})
}

// at adds a problem with its line and column. A value that the file does not contain has the position of the
// nearest member around it.
func (r *report) at(pointer string, members []playbook.Member, message string) {
	line, column := 0, 0
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		i := slices.IndexFunc(members, func(m playbook.Member) bool { return m.Name == step })
		if i < 0 {
			break
		}
		line, column, members = members[i].Line, members[i].Column, members[i].Members
	}
	if line > 0 {
		message += fmt.Sprintf(" (line %d, column %d)", line, column)
	}
	r.add(pointer, message)
}

// mixed reports the members that a file with connections cannot have.
func (r *report) mixed(members []playbook.Member, known []string) {
	for _, m := range members {
		if hint := nearest.Hint(m.Name, known); hint != "" {
			r.at("/"+m.Name, members, "unknown field"+hint)
			continue
		}
		r.at("/"+m.Name, members, "unknown field of a file with connections: if it is a setting of a connection, move it below connections, to its connection")
	}
}

// err returns the problems as one error, or nil.
func (r *report) err() error {
	switch {
	case len(r.problems) == 0:
		return nil
	case len(r.problems) == 1 && r.problems[0].Pointer == "":
		return sdk.Invalid(r.problems[0].Message)
	}
	return sdk.Invalid("the settings in "+r.file+" are not valid", r.problems...)
}

// check returns what is wrong with a document. A missing member is no violation, because another source may have it.
func check(known *schema.Schema, document map[string]any) []schema.Violation {
	raw, err := json.Marshal(document)
	if err != nil {
		return []schema.Violation{{Message: err.Error()}}
	}
	return slices.DeleteFunc(known.Check(raw), func(v schema.Violation) bool { return v.Message == "is required" })
}

// reference matches the forms in which other programs refer to variables.
var reference = regexp.MustCompile(`\$\{[^}]*\}|^\$[A-Za-z_][A-Za-z0-9_]*$|^%[A-Za-z_][A-Za-z0-9_]*%$|\{\{[^}]*\}\}|^\$\([^)]*\)$`)

// checkLiterals checks the values that belong to no connection. The input of an alert may have expressions.
func (c *Config) checkLiterals(r *report, document map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(document)) {
		if name == "connections" || name == "on_failure" {
			continue
		}
		if found := findReference(document[name]); found != "" {
			r.add("", fmt.Sprintf("%s in %s is %q, and variables are not expanded. Write the value itself", name, c.name, found))
		}
	}
}

// findReference returns the first reference to a variable in a value, or "". References are not expanded, and a
// token such as ${TOKEN} would be sent unchanged.
func findReference(value any) string {
	var items []any
	switch value := value.(type) {
	case string:
		found := []rune(reference.FindString(strings.TrimSpace(value)))
		if len(found) > 60 {
			found = append(found[:60], '…')
		}
		return string(found)
	case []any:
		items = value
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			items = append(items, value[name])
		}
	}
	for _, item := range items {
		if found := findReference(item); found != "" {
			return found
		}
	}
	return ""
}

// A Warning says that other users can read or change a file.
type Warning struct {
	Text string
	Args []any // pairs of a name and a value, for a logger
}

// exposure rejects a file that every user of the machine can change, because any of them could turn off the
// guards. It warns of lesser exposure.
func exposure(name, what string, hasSecret bool) (warnings []Warning, err error) {
	e, err := inputfile.Exposed(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read the %s: %w", what, err)
	}
	mode := e.Mode.Perm().String()
	switch {
	case e.Others:
		return nil, fmt.Errorf("the %s %s is not used: every user of this machine can change it (mode %s). Run chmod 600 %s", what, name, mode, name)
	case e.Group:
		warnings = append(warnings, Warning{"the " + what + "'s group can change it: run chmod 600", []any{"file", name, "mode", mode}})
	case e.Readers && hasSecret:
		warnings = append(warnings, Warning{
			"the " + what + " holds a secret that other users of this machine can read: run chmod 600", []any{"file", name, "mode", mode},
		})
	}
	if e.Folder != "" {
		warnings = append(warnings, Warning{
			"every user of this machine can replace the " + what + ": run chmod o-w on its folder", []any{"file", name, "folder", e.Folder},
		})
	}
	return warnings, nil
}

// Warnings returns the warnings of [Config.Resolve] about files that other users can read or change.
func (c *Config) Warnings() []Warning { return c.warnings }

// Notes returns hints at environment variables that are set and have no effect. It is complete after [Config.Resolve].
func (c *Config) Notes() []string {
	known := map[string]bool{}
	for _, names := range []map[string]string{hostVariables, FlagVariables} {
		for _, name := range names {
			known[name] = true
		}
	}
	for i := range c.Connections {
		for name := range c.Connections[i].variables {
			known[name] = true
		}
	}
	names := slices.Sorted(maps.Keys(known))
	var notes []string
	for _, built := range c.source.Connectors {
		for setting, name := range built.Variables {
			if c.HasConnections() && os.Getenv(name) != "" {
				notes = append(notes, fmt.Sprintf("the variable %s is set and has no effect, because %s has connections. The variable of a connection is %s",
					name, c.name, variableOf("name", setting)))
			}
		}
	}
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		if hint := nearest.Hint(name, names); value != "" && strings.HasPrefix(name, "SOAR_") && !known[name] && hint != "" {
			notes = append(notes, "the variable "+name+" is set and has no effect"+hint)
		}
	}
	slices.Sort(notes)
	return notes
}
