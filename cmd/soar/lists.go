package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"soar.example/okta/internal/inputfile"
	"soar.example/okta/internal/terminal"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// listFlags are the flags of soar run for the lists of an action.
type listFlags struct {
	names          []string // the parameters that are lists of texts
	split          string   // the list that --batch splits: the only one that is required; "" if there is none
	column         *string
	batch, restart *bool
	rows           [][]string          // of the help
	places         map[string][]string // where each item of a list comes from, by parameter
}

func addListFlags(flags *pflag.FlagSet, input *schema.Node) *listFlags {
	l := &listFlags{column: new(string), batch: new(bool), restart: new(bool), places: map[string][]string{}}
	var required []string
	for _, p := range input.Properties {
		if !isList(p.Node) {
			continue
		}
		l.names = append(l.names, p.Name)
		if input.IsRequired(p.Name) {
			required = append(required, p.Name)
		}
	}
	free := func(name string) bool { return len(l.names) > 0 && flags.Lookup(name) == nil }
	add := func(name, kind, help string) string {
		l.rows = append(l.rows, []string{"  --" + name, kind, help})
		return help
	}
	if free("column") {
		flags.StringVar(l.column, "column", "", add("column", "string", "Column of a CSV file that has the items of a list."))
	}
	if len(required) == 1 && free("batch") && free("restart") {
		l.split = required[0]
		flags.BoolVar(l.batch, "batch", false, add("batch", "boolean",
			fmt.Sprintf("Make one call for each item of --%s. The same command continues an unfinished batch.", flagName(l.split))))
		flags.BoolVar(l.restart, "restart", false, add("restart", "boolean", "With --batch: start a new batch, and ignore the unfinished one."))
	}
	return l
}

func isList(n *schema.Node) bool {
	return !n.WriteOnly && n.Is("array") && n.Items != nil && n.Items.Is("string")
}

func flagName(param string) string { return strings.ReplaceAll(param, "_", "-") }

// read replaces the texts of the flags of lists by their items. It returns the number of
// repeated items that it has left out.
func (l *listFlags) read(stdin io.Reader, params map[string]any) (repeated int, err error) {
	fromFile, stdinTaken := false, false
	for _, name := range l.names {
		texts, isGiven := params[name].([]string)
		if !isGiven {
			continue
		}
		items, places, seen := []string{}, []string{}, map[string]bool{}
		for _, text := range texts {
			source, isFile := strings.CutPrefix(text, "@")
			var found []inputfile.Item
			switch {
			case text == "-" && stdinTaken:
				return 0, usagef("--%s: standard input can be read only once", flagName(name))
			case text == "-":
				source, isFile, stdinTaken = "standard input", true, true
				found, err = l.readFile("", stdin)
			case isFile:
				found, err = l.readFile(source, nil)
			default:
				source = "--" + flagName(name)
				found, err = inputfile.ParseLine(text)
			}
			if err != nil {
				return 0, l.failed(name, text, source, err)
			}
			fromFile = fromFile || isFile
			for n, item := range found {
				if seen[item.Text] {
					repeated++
					continue
				}
				seen[item.Text] = true
				place := fmt.Sprintf("line %d of %s", item.Line, source)
				if !isFile {
					place = fmt.Sprintf("item %d of %s", n+1, source)
				}
				items, places = append(items, item.Text), append(places, place)
			}
		}
		params[name], l.places[name] = items, places
	}
	if *l.column != "" && !fromFile {
		return 0, usagef("--column names a column of a CSV file: give the file as --%s @FILE, or - for standard input", flagName(cmp.Or(l.split, l.names[0])))
	}
	return repeated, nil
}

// readFile reads a file, or standard input if it is not nil.
func (l *listFlags) readFile(name string, stdin io.Reader) (items []inputfile.Item, err error) {
	var text []byte
	if stdin == nil {
		text, err = inputfile.Read(name, inputfile.MaxListSize)
	} else if text, err = io.ReadAll(io.LimitReader(stdin, inputfile.MaxListSize+1)); len(text) > inputfile.MaxListSize {
		err = fmt.Errorf("is too large: at most %d MiB are read", inputfile.MaxListSize>>20)
	}
	switch {
	case err != nil:
		return nil, err
	case *l.column != "" || strings.EqualFold(filepath.Ext(name), ".csv"):
		return inputfile.ParseColumn(text, *l.column)
	}
	return inputfile.ParseList(text)
}

// failed is the error of a list that cannot be read.
func (l *listFlags) failed(name, text, source string, err error) error {
	hint := ""
	if errors.Is(err, fs.ErrNotExist) {
		hint = fmt.Sprintf(`. If %s is itself a name, write it in double quotes: --%s '"%[1]s"'`, terminal.OneLine(text), flagName(name))
	}
	return sdk.Invalid(fmt.Sprintf("cannot read the list of --%s: %s: %v%s", flagName(name), source, err, hint))
}

// located adds to violations of items where the items come from.
func (l *listFlags) located(violations []schema.Violation) []schema.Violation {
	for i, v := range violations {
		name, n, _ := strings.Cut(strings.TrimPrefix(v.Pointer, "/"), "/")
		if at, err := strconv.Atoi(n); err == nil && at < len(l.places[name]) {
			violations[i].Message += " (" + l.places[name][at] + ")"
		}
	}
	return violations
}

// itemsOf returns the different items of a list of the input.
func itemsOf(input json.RawMessage, list string) (items []string) {
	var members map[string]json.RawMessage
	var all []string
	if json.Unmarshal(input, &members) != nil || json.Unmarshal(members[list], &all) != nil {
		return nil // the check of the input says what is wrong
	}
	seen := map[string]bool{}
	for _, item := range all {
		if !seen[item] {
			seen[item] = true
			items = append(items, item)
		}
	}
	return items
}

// checkBatch checks the input of each call of a batch.
func (l *listFlags) checkBatch(info *sdk.ActionInfo, input *schema.Schema, raw json.RawMessage, items []string) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil || len(items) == 0 {
		return sdk.Invalid("the input of "+info.Name+" is not valid", input.Check(raw)...)
	}
	var all []schema.Violation
	for i, item := range items {
		members[l.split], _ = json.Marshal([]string{item}) // texts are JSON
		one, err := json.Marshal(members)
		if err != nil {
			return err
		}
		for _, v := range input.Check(input.Truncate(one)) {
			if v.Pointer == "/"+l.split+"/0" {
				v.Pointer = fmt.Sprintf("/%s/%d", l.split, i)
			}
			all = append(all, v)
		}
		if len(all) > 0 && all[0].Pointer != fmt.Sprintf("/%s/%d", l.split, i) || len(all) >= 10 {
			break // the same violation in each call
		}
	}
	if len(all) > 0 {
		return sdk.Invalid("the input of "+info.Name+" is not valid", l.located(all)...)
	}
	return nil
}

// tooLong adds to the error of a list with several items that --batch splits it.
func (l *listFlags) tooLong(err error, items int) error {
	e := sdk.AsError(err)
	if e == nil || l.split == "" || items < 2 || e.Code != sdk.InvalidInput ||
		!slices.ContainsFunc(e.Violations, func(v schema.Violation) bool { return v.Pointer == "/"+l.split }) {
		return err
	}
	hinted := *e
	hinted.Message += fmt.Sprintf(". With --batch, soar makes one call for each of the %d items of --%s", items, flagName(l.split))
	return &hinted
}

// help explains the lists of an action.
func (l *listFlags) help() string {
	if len(l.names) == 0 {
		return ""
	}
	flag := "--" + flagName(cmp.Or(l.split, l.names[0]))
	return strings.ReplaceAll(`
A list is given in one of four forms. The flag can be repeated.
  FLAG a@corp.example,b@corp.example  names; a name with a comma is in double quotes
  FLAG @accounts.txt                  a file with one name on each line; blank lines and lines that begin with # are ignored
  FLAG -                              standard input, in the form of such a file
  FLAG @export.csv --column login     one column of a CSV file, whose first line has the names of the columns
To give a name that begins with @ or is -, write it in double quotes: FLAG '"@name"'
`, "FLAG", flag)
}
