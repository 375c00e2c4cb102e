package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"soar.example/okta/sdk"
)

// showAnswer shows an action's answer to a person: events and other plain lists as
// tables, anything else member by member.
func (a *app) showAnswer(info *sdk.ActionInfo, output json.RawMessage, outcome sdk.Outcome) {
	if outcome != "" {
		fmt.Fprintf(a.out, "%s  %s\n", a.outcome(outcome), oneLine(info.Title))
	}
	var answer map[string]any
	if json.Unmarshal(output, &answer) != nil {
		a.out.line(output)
		return
	}
	delete(answer, "outcome")
	if events, ok := answer["events"].([]any); ok {
		rows := [][]string{{"PUBLISHED", "EVENT TYPE", "ACTOR", "CLIENT", "OUTCOME"}}
		for _, e := range events {
			rows = append(rows, eventRow(e))
		}
		a.out.table(rows)
		delete(answer, "events")
	}
	lists := map[string][][]string{}
	takeLists("", answer, lists)
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		if len(lists) > 1 || strings.Contains(name, ".") {
			fmt.Fprintf(a.out, "%s:\n", oneLine(name))
		}
		a.out.table(lists[name])
	}
	var rows [][]string
	flatten("", answer, &rows)
	a.out.table(append([][]string{{"MEMBER", "VALUE"}}, rows...))
}

// takeLists moves the lists that make a table out of an answer, by the path to each. A
// record stays whole: it is there to be copied.
func takeLists(prefix string, v any, lists map[string][][]string) {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			path := strings.TrimPrefix(prefix+"."+name, ".")
			if rows := listRows(value); rows != nil {
				if login := text(v, "user", "login"); login != "" && prefix != "" {
					path += " of " + login
				}
				lists[path] = rows
				delete(v, name)
			} else if name != "restore" && name != "raw" {
				takeLists(path, value, lists)
			}
		}
	case []any:
		for i, item := range v {
			takeLists(prefix+"."+strconv.Itoa(i), item, lists)
		}
	}
}

func (a *app) outcome(o sdk.Outcome) string {
	switch o {
	case sdk.Changed:
		return a.out.green("✓ changed")
	case sdk.Unchanged:
		return a.out.green("✓ unchanged")
	case sdk.NotApplicable:
		return a.out.red("✗ not applicable")
	}
	return oneLine(string(o))
}

// listRows are the rows of a list of objects that hold nothing but plain values and lists
// of them, beside what Okta sent ("raw"), which is not shown; nil for anything else. What
// tells objects apart best comes first.
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
	first := []string{"step", "name", "label", "login", "method", "path", "action", "id", "type", "status", "outcome"}
	rank := func(name string) int {
		if i := slices.Index(first, name); i >= 0 {
			return i
		}
		return len(first)
	}
	names := slices.SortedFunc(maps.Keys(columns), func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
	head := make([]string, len(names))
	for i, name := range names {
		head[i] = strings.ToUpper(strings.ReplaceAll(name, "_", " "))
	}
	rows := [][]string{head}
	for _, item := range list {
		row := make([]string, len(names))
		for i, name := range names {
			row[i] = cell(item.(map[string]any)[name])
		}
		rows = append(rows, row)
	}
	return rows
}

// cell is a value of a table: of a list, what is in it. What is too much to read is cut.
func cell(v any) string {
	const mostItems, mostLetters = 20, 400
	list, ok := v.([]any)
	if !ok {
		return begin(text(v), mostLetters)
	}
	items := make([]string, min(len(list), mostItems))
	for i := range items {
		items[i] = text(list[i])
	}
	if n := len(list) - mostItems; n > 0 {
		items = append(items, fmt.Sprintf("… %d more", n))
	}
	return strings.Join(items, ", ")
}

// begin is a text's beginning, for a table; --json has the whole.
func begin(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// text follows a path of members and returns what is there as one line, "" if
// nothing is.
func text(v any, path ...string) string {
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	if v == nil {
		return ""
	}
	if s, ok := v.(string); ok {
		return oneLine(s)
	}
	b, _ := json.Marshal(v)
	return string(b)
}

func flatten(prefix string, v any, rows *[][]string) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			flatten(strings.TrimPrefix(prefix+"."+name, "."), v[name], rows)
		}
	case nil:
		*rows = append(*rows, []string{prefix, "null"})
	case []any:
		if !slices.ContainsFunc(v, isObject) {
			*rows = append(*rows, []string{prefix, cmp.Or(cell(v), "none")})
			return
		}
		for i, item := range v {
			object, _ := item.(map[string]any)
			delete(object, "raw") // in JSON it is there
			path := prefix + "." + strconv.Itoa(i)
			if object == nil {
				*rows = append(*rows, []string{path, text(item)})
			}
			for _, name := range slices.Sorted(maps.Keys(object)) {
				if name == "restore" {
					*rows = append(*rows, []string{path + "." + name, text(object[name])})
					continue
				}
				flatten(path+"."+name, object[name], rows)
			}
		}
	default:
		*rows = append(*rows, []string{prefix, text(v)})
	}
}

func isObject(v any) bool { _, ok := v.(map[string]any); return ok }
