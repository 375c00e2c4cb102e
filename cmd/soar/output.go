package main

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// jsonForms are the sentences in the help of the commands about their output with --json, by path
// without "soar". A command that is not listed prints nothing as JSON.
var jsonForms = func() map[string]string {
	forms := map[string]string{
		"run":  "With --json, it prints one JSON document.",
		"undo": "With --json, it prints one JSON document, and with --list one JSON object per line.",
	}
	for _, path := range []string{
		"check", "config check", "config show", "actions show", "restore", "pause", "resume", "runs show", "runs prune", "manifest",
		"playbook schema", "org", "events show",
	} {
		forms[path] = "With --json, it prints one JSON document."
	}
	for _, path := range []string{
		"actions", "actions options", "watch", "replay", "runs", "runs retry", "audit", "playbook check", "demo", "events types", "events tail",
	} {
		forms[path] = "With --json, it prints one JSON object per line."
	}
	for _, path := range []string{"events normalize", "events get"} {
		forms[path] = "It always prints one JSON value per line."
	}
	return forms
}()

// describeJSON adds to the help of c and of the commands below it what they print with --json.
func describeJSON(c *cobra.Command) {
	if form := jsonForms[strings.TrimPrefix(c.CommandPath(), "soar ")]; form != "" {
		c.Long = cmp.Or(c.Long, c.Short+".") + "\n\n" + form
	}
	for _, sub := range c.Commands() {
		describeJSON(sub)
	}
}

// show prints v as indented JSON or as CSV. Without --output, it calls text.
func (a *app) show(v any, text func()) error {
	switch {
	case a.json:
		a.out.IndentedJSON(v)
	case a.output == "csv":
		return a.csv(v)
	default:
		text()
	}
	return nil
}

// list prints a table of items, or empty if there is none; with --json, one item a line.
func list[T any](a *app, items []T, empty string, head []string, row func(T) []string) error {
	switch {
	case a.json:
		for _, item := range items {
			a.out.JSON(item)
		}
	case a.output == "csv":
		return a.csv(items)
	case len(items) == 0:
		fmt.Fprintln(a.out, empty)
	default:
		table(a, "", items, head, row)
	}
	return nil
}

// table prints a table of items under a title, if there is one.
func table[T any](a *app, title string, items []T, head []string, row func(T) []string) {
	if title != "" {
		fmt.Fprintf(a.out, "\n%s\n", a.out.Bold(title))
	}
	a.out.Table(tableRows(items, head, row))
}

func tableRows[T any](items []T, head []string, row func(T) []string) [][]string {
	rows := [][]string{head}
	for _, item := range items {
		rows = append(rows, row(item))
	}
	return rows
}

// facts prints pairs of a name and a value. It skips empty values.
func (a *app) facts(pairs ...[]string) {
	pairs = slices.DeleteFunc(pairs, func(pair []string) bool { return pair[1] == "" })
	a.out.Table(append([][]string{{"", ""}}, pairs...))
}

// csv prints a value as CSV (RFC 4180): a row for each object of a list, and a column for
// each member. A member that is a list or an object is JSON. A page of a list has the rows
// of the list. An empty list has no rows, and no heading.
func (a *app) csv(v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	rows, isPage := pageOf(raw)
	if !isPage && json.Unmarshal(raw, &rows) != nil {
		rows = []json.RawMessage{raw}
	}
	var names []string
	cells := make([]map[string]string, len(rows))
	for i, row := range rows {
		cells[i] = map[string]string{}
		for name, value := range ordered(row) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
			cells[i][name] = value
		}
	}
	if len(names) == 0 {
		return nil
	}
	table := [][]string{names}
	for _, row := range cells {
		line := make([]string, len(names))
		for n, name := range names {
			line[n] = row[name]
		}
		table = append(table, line)
	}
	return a.csvRows(table)
}

// csvRows prints rows as CSV.
func (a *app) csvRows(rows [][]string) error {
	w := csv.NewWriter(a.out.JSONWriter())
	for _, row := range rows {
		for i, cell := range row {
			row[i] = harmless(cell)
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// harmless returns a cell that spreadsheets do not take for a formula: attackers choose
// the text of events.
func harmless(cell string) string {
	if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") || strings.IndexAny(cell, "＝＋－＠") == 0 {
		return "'" + cell
	}
	return cell
}

// pageOf returns the list of a page: an object whose only list is its content, with
// single values about it. The result of a write is no page.
func pageOf(raw json.RawMessage) (list []json.RawMessage, isPage bool) {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil || members["outcome"] != nil {
		return nil, false
	}
	for _, member := range members {
		switch member[0] {
		case '{':
			return nil, false
		case '[':
			if isPage || json.Unmarshal(member, &list) != nil {
				return nil, false
			}
			isPage = true
		}
	}
	return list, isPage
}

// ordered yields the members of an object in their order. A value that is no object has
// one member, "value".
func ordered(raw json.RawMessage) func(yield func(name, value string) bool) {
	return func(yield func(name, value string) bool) {
		dec := json.NewDecoder(bytes.NewReader(raw))
		if token, err := dec.Token(); err != nil || token != json.Delim('{') {
			yield("value", cellOf(raw))
			return
		}
		for dec.More() {
			name, err := dec.Token()
			var value json.RawMessage
			if err != nil || dec.Decode(&value) != nil || !yield(name.(string), cellOf(value)) {
				return
			}
		}
	}
}

// cellOf returns a text as itself, and any other value as JSON.
func cellOf(raw json.RawMessage) string {
	var text *string
	if json.Unmarshal(raw, &text) == nil {
		if text == nil {
			return ""
		}
		return *text
	}
	return string(raw)
}
