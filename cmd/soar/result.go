package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"soar.example/okta/internal/terminal"
	"soar.example/okta/sdk"
)

// showOutput shows the output of an action as text: events and other plain lists as tables,
// anything else member by member.
func (a *app) showOutput(info *sdk.ActionInfo, output json.RawMessage, outcome sdk.Outcome) {
	if outcome != "" {
		fmt.Fprintf(a.out, "%s  %s\n", a.outcome(outcome), terminal.OneLine(info.Title))
	}
	var members map[string]any
	if json.Unmarshal(output, &members) != nil {
		a.out.JSON(output)
		return
	}
	delete(members, "outcome")
	delete(members, "raw") // only --json shows it
	if info.Effect != sdk.Reads {
		// The operation has these members, and soar undo uses them.
		delete(members, "undo")
		delete(members, "subjects")
	}
	if events, ok := members["events"].([]any); ok && !a.foreign() {
		table(a, "", events, []string{"PUBLISHED", "EVENT TYPE", "ACTOR", "CLIENT", "OUTCOME"}, func(e any) []string {
			f := builtIn.describe(e)
			return []string{f.published, f.kind, f.actor, f.address, f.result}
		})
		delete(members, "events")
	}
	t := outputTables{lists: map[string][][]string{}, rows: [][]string{{"MEMBER", "VALUE"}}}
	t.add("", members, true)
	for _, name := range slices.Sorted(maps.Keys(t.lists)) {
		if len(t.lists) > 1 || strings.Contains(name, ".") {
			fmt.Fprintf(a.out, "%s:\n", terminal.OneLine(name))
		}
		a.out.Table(t.lists[name])
	}
	a.out.Table(t.rows)
}

// outputTables are the tables that show an output.
type outputTables struct {
	lists map[string][][]string // the tables of lists, by their paths
	rows  [][]string            // a row for each other member, by its path
}

// add adds v to the tables. tables is false in objects whose lists do not become tables: those that the
// service sent.
func (t *outputTables) add(path string, v any, tables bool) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			at := strings.TrimPrefix(path+"."+name, ".")
			if list := listRows(v[name]); list != nil && tables {
				if login := text(v, "user", "login"); login != "" && path != "" {
					at += " of " + login
				}
				t.lists[at] = list
				continue
			}
			t.add(at, v[name], tables && name != "restore" && name != "raw")
		}
	case []any:
		if !slices.ContainsFunc(v, isObject) {
			t.row(path, cmp.Or(cell(v), "none"))
			return
		}
		for _, item := range v {
			if object, ok := item.(map[string]any); ok {
				delete(object, "raw")     // only --json shows it
				delete(object, "restore") // the operation has the record
			}
		}
		if rows := listRows(summaries(v)); rows != nil && tables {
			t.lists[path] = rows
			for i, item := range v {
				t.addLists(path+"."+strconv.Itoa(i), item)
			}
			return
		}
		for i, item := range v {
			t.add(path+"."+strconv.Itoa(i), item, tables)
		}
	case nil:
		t.row(path, "null")
	default:
		t.row(path, text(v))
	}
}

// addLists adds a table for each list of objects that is a member of v.
func (t *outputTables) addLists(path string, v any) {
	object, _ := v.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if rows := listRows(object[name]); rows != nil {
			of := path + "." + name
			if login := text(v, "user", "login"); login != "" {
				of += " of " + login
			}
			t.lists[of] = rows
		}
	}
}

// summaries returns objects with plain members only, so that each is one row of a table: an object
// in them becomes its login, name or message, and lists of objects are left out. It returns nil if
// an object has other members.
func summaries(list []any) any {
	var all []any
	for _, item := range list {
		object, ok := item.(map[string]any)
		if !ok {
			return nil
		}
		summary := map[string]any{}
		for name, v := range object {
			switch v := v.(type) {
			case map[string]any:
				if summary[name] = cmp.Or(text(v, "login"), text(v, "name"), text(v, "message")); summary[name] == "" {
					return nil
				}
			case []any:
				if !slices.ContainsFunc(v, isObject) {
					summary[name] = v
				}
			default:
				summary[name] = v
			}
		}
		all = append(all, summary)
	}
	return all
}

func (t *outputTables) row(path, value string) { t.rows = append(t.rows, []string{path, value}) }

func (a *app) outcome(o sdk.Outcome) string {
	switch o {
	case sdk.Changed:
		return a.out.Green("✓ changed")
	case sdk.Unchanged:
		return a.out.Green("✓ unchanged")
	case sdk.Accepted:
		return a.out.Green("✓ accepted")
	case sdk.NotApplicable:
		return a.out.Red("✗ not applicable")
	case sdk.Partial:
		return a.out.Red("✗ partial")
	}
	return terminal.OneLine(string(o))
}

// listRows returns the rows of a list of objects that hold only plain values and lists of
// them, nil for any other value. It leaves out "raw", the object as the service sent it. The
// members that identify an object come first.
func listRows(v any) [][]string {
	list, _ := v.([]any)
	columns := map[string]bool{}
	for _, item := range list {
		object, ok := item.(map[string]any)
		if !ok {
			return nil
		}
		for name, value := range object {
			list, isList := value.([]any)
			switch {
			case name == "raw":
			case isObject(value) || isList && slices.ContainsFunc(list, isObject):
				return nil
			default:
				columns[name] = true
			}
		}
	}
	if len(columns) == 0 {
		return nil
	}
	var names, head []string
	for _, name := range []string{
		"step", "user", "name", "label", "login", "method", "path", "action", "id", "type", "status", "outcome", "contained", "complete", "open", "next",
	} {
		if columns[name] {
			names = append(names, name)
			delete(columns, name)
		}
	}
	names = append(names, slices.Sorted(maps.Keys(columns))...)
	for _, name := range names {
		head = append(head, strings.ToUpper(strings.ReplaceAll(name, "_", " ")))
	}
	rows := [][]string{head}
	for _, item := range list {
		var row []string
		for _, name := range names {
			row = append(row, cell(item.(map[string]any)[name]))
		}
		rows = append(rows, row)
	}
	return rows
}

// cell returns a value for a table. The cell of a list contains the items. Long values are cut.
func cell(v any) string {
	const maxItems, maxRunes = 20, 400
	list, ok := v.([]any)
	if !ok {
		return truncate(text(v), maxRunes)
	}
	items := make([]string, min(len(list), maxItems))
	for i := range items {
		items[i] = text(list[i])
	}
	if n := len(list) - maxItems; n > 0 {
		items = append(items, fmt.Sprintf("… %d more", n))
	}
	return strings.Join(items, ", ")
}

// truncate cuts text for a table. --json prints the whole text.
func truncate(text string, maxRunes int) string {
	if runes := []rune(text); len(runes) > maxRunes {
		return string(runes[:maxRunes]) + "…"
	}
	return text
}

// text returns the value at a path of members on one line, "" if there is none.
func text(v any, path ...string) string {
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	if v == nil {
		return ""
	}
	if s, ok := v.(string); ok {
		return terminal.OneLine(s)
	}
	b, _ := json.Marshal(v)
	return string(b)
}

func isObject(v any) bool { _, ok := v.(map[string]any); return ok }
