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
		fmt.Fprintf(a.out, "%s  %s\n", a.outcome(outcome), info.Title)
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
	for name, value := range answer {
		if rows := listRows(value); rows != nil {
			lists[name] = rows
			delete(answer, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		if len(lists) > 1 {
			fmt.Fprintf(a.out, "%s:\n", name)
		}
		a.out.table(lists[name])
	}
	var rows [][]string
	flatten("", answer, &rows)
	a.out.table(append([][]string{{"MEMBER", "VALUE"}}, rows...))
}

func (a *app) outcome(o sdk.Outcome) string {
	switch o {
	case sdk.Changed:
		return a.out.green("✓ changed")
	case sdk.Already:
		return a.out.green("✓ already so")
	case sdk.NotApplicable:
		return a.out.red("✗ not applicable")
	}
	return oneLine(string(o))
}

// listRows are the rows of a list of objects that hold nothing but plain values, beside
// what Okta sent ("raw"), which is not shown; nil for anything else. What tells objects
// apart best comes first.
func listRows(v any) [][]string {
	list, _ := v.([]any)
	columns := map[string]bool{}
	for _, item := range list {
		object, ok := item.(map[string]any)
		if !ok {
			return nil
		}
		for name, value := range object {
			switch value.(type) {
			case map[string]any, []any:
				if name != "raw" {
					return nil
				}
			default:
				columns[name] = true
			}
		}
	}
	if len(columns) == 0 {
		return nil
	}
	first := []string{"name", "label", "login", "action", "id", "type", "status"}
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
			row[i] = text(item, name)
		}
		rows = append(rows, row)
	}
	return rows
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
		// Objects are shown a member a line, and whole below that: a restore record is
		// there to be copied.
		if !slices.ContainsFunc(v, isObject) {
			*rows = append(*rows, []string{prefix, text(v)})
			return
		}
		for i, item := range v {
			object, _ := item.(map[string]any)
			delete(object, "raw") // in JSON it is there
			for _, name := range slices.Sorted(maps.Keys(object)) {
				*rows = append(*rows, []string{prefix + "." + strconv.Itoa(i) + "." + name, text(object[name])})
			}
			if object == nil {
				*rows = append(*rows, []string{prefix + "." + strconv.Itoa(i), text(item)})
			}
		}
	default:
		*rows = append(*rows, []string{prefix, text(v)})
	}
}

func isObject(v any) bool { _, ok := v.(map[string]any); return ok }
