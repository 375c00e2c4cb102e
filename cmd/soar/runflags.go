package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// inputFlags adds a flag for each parameter that a flag can hold, and returns how
// to read them, by parameter. Secrets get none.
func inputFlags(flags *pflag.FlagSet, input *schema.Node) map[string]func() any {
	values := map[string]func() any{}
	for _, p := range input.Properties {
		if p.Node.WriteOnly {
			continue
		}
		name := strings.ReplaceAll(p.Name, "_", "-")
		switch {
		case p.Node.Is("boolean"):
			v := flags.Bool(name, false, "")
			values[p.Name] = func() any { return *v }
		case p.Node.Is("integer"):
			v := flags.Int64(name, 0, "")
			values[p.Name] = func() any { return *v }
		case p.Node.Is("number"):
			v := flags.Float64(name, 0, "")
			values[p.Name] = func() any { return *v }
		case p.Node.Is("array") && p.Node.Items != nil && p.Node.Items.Is("string"):
			v := flags.StringArray(name, nil, "")
			values[p.Name] = func() any { return *v }
		case p.Node.Is("string"):
			v := flags.String(name, "", "")
			values[p.Name] = func() any { return *v }
		default:
			v := flags.String(name, "", "")
			values[p.Name] = func() any { return json.RawMessage(*v) }
		}
	}
	return values
}

func (a *app) runHelp(info *sdk.ActionInfo, input *schema.Node, global *pflag.FlagSet) error {
	fmt.Fprintf(a.out, "%s\n\nUsage:\n  soar run %s [flags]\n\nParameters:\n", info.Summary, info.Name)
	rows := [][]string{}
	for _, p := range input.Properties {
		flag := "--" + strings.ReplaceAll(p.Name, "_", "-")
		if p.Node.WriteOnly {
			flag = p.Name + " (--input only)"
		}
		text := p.Node.Description
		if input.IsRequired(p.Name) {
			text += " Required."
		} else if p.Node.Default != nil {
			text += " Default: " + strings.Trim(string(p.Node.Default), `"`) + "."
		}
		rows = append(rows, []string{"  " + flag, p.Node.TypeName(), text})
	}
	rows = append(rows, []string{"  --input", "FILE|-", "All parameters as one JSON object."})
	a.out.table(append([][]string{{"  FLAG", "TYPE", "WHAT IT IS"}}, rows...))
	fmt.Fprintf(a.out, "\nGlobal flags:\n%s", global.FlagUsages())
	return nil
}
