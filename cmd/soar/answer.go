package main

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"soar.example/okta/sdk"
)

// showAnswer shows an action's answer to a person: events as a table, anything
// else member by member.
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
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			flatten(strings.TrimPrefix(prefix+"."+name, "."), v[name], rows)
		}
	case nil:
		*rows = append(*rows, []string{prefix, "null"})
	default:
		*rows = append(*rows, []string{prefix, text(v)})
	}
}
