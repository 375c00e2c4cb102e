package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/nearest"
	"soar.example/okta/internal/terminal"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

func (a *app) actionsCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "actions", Args: none, Short: "List the actions",
		RunE: func(c *cobra.Command, _ []string) error {
			m, err := a.manifest(c.Context())
			if err != nil {
				return err
			}
			head := []string{"ACTION", "EFFECT", "UNDO", "DESCRIPTION"}
			row := func(info sdk.ActionInfo) []string {
				return []string{info.Name, string(info.Effect), info.Undo, info.Summary}
			}
			if a.output == "csv" {
				return a.csvRows(tableRows(m.Actions, head, row)) // without the schemas
			}
			return list(a, m.Actions, "", head, row)
		},
	}
	c.AddCommand(&cobra.Command{
		Use: "show NAME", Args: exactly(1, "the name of an action"), Short: "Show an action's parameters, output and example",
		ValidArgsFunction: a.completeAction,
		RunE: func(c *cobra.Command, args []string) error {
			m, err := a.manifest(c.Context())
			if err != nil {
				return err
			}
			info, err := findAction(m, args[0])
			if err != nil {
				return err
			}
			input, err := schema.Parse(json.RawMessage(info.Input))
			if err != nil {
				return err
			}
			output, err := schema.Parse(json.RawMessage(info.Output))
			if err != nil {
				return err
			}
			return a.show(info, func() { a.showAction(info, input.Root(), output.Root()) })
		},
	}, a.optionsCommand())
	return c
}

func (a *app) manifestCommand() *cobra.Command {
	return &cobra.Command{
		Use: "manifest", Args: none, Short: "Print the manifest of the connector as JSON",
		RunE: func(c *cobra.Command, _ []string) error {
			m, err := a.manifest(c.Context())
			if err == nil {
				a.out.IndentedJSON(m)
			}
			return err
		},
	}
}

func findAction(m *sdk.Manifest, name string) (*sdk.ActionInfo, error) {
	info := m.Action(name)
	if info == nil {
		return nil, sdk.Invalid(fmt.Sprintf("there is no action %q", name) + nearest.Hint(name, m.ActionNames()) + "; `soar actions` lists them")
	}
	return info, nil
}

func (a *app) completeAction(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	m, err := a.manifest(context.WithoutCancel(c.Context()))
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return m.ActionNames(), cobra.ShellCompDirectiveNoFileComp
}

func (a *app) showAction(info *sdk.ActionInfo, input, output *schema.Node) {
	fmt.Fprintf(a.out, "%s  %s\n\n%s\n\n", a.out.Bold(info.Title), a.out.Faint(info.Name), info.Summary)
	a.facts([]string{"effect", string(info.Effect)}, []string{"undo", info.Undo},
		[]string{"scopes", strings.Join(info.Scopes, ", ")}, []string{"documentation", info.Docs})
	isAdvanced := func(p schema.Property) bool { return p.Node.Group == "advanced" }
	params := slices.Concat(
		slices.DeleteFunc(slices.Clone(input.Properties), isAdvanced),
		slices.DeleteFunc(slices.Clone(input.Properties), func(p schema.Property) bool { return !isAdvanced(p) }))
	table(a, "Parameters", params, []string{"PARAMETER", "TYPE", "REQUIRED", "DEFAULT", "DESCRIPTION"}, func(p schema.Property) []string {
		name, required := p.Name, ""
		if isAdvanced(p) {
			name += " (advanced)"
		}
		if input.IsRequired(p.Name) {
			required = "yes"
		}
		return []string{name, p.Node.TypeName(), required, string(p.Node.Default), p.Node.Description}
	})
	table(a, "Output", output.Properties, []string{"MEMBER", "TYPE", "DESCRIPTION"}, func(p schema.Property) []string {
		return []string{p.Name, p.Node.TypeName(), p.Node.Description}
	})
	fmt.Fprintf(a.out, "\n%s\n  soar run %s --input - <<< '%s'\n", a.out.Bold("Example"), info.Name, info.Example.Input)
}

func (a *app) optionsCommand() *cobra.Command {
	var q sdk.OptionQuery
	var given string
	c := &cobra.Command{
		Use:   "options NAME PARAMETER [--search TEXT]",
		Args:  exactly(2, "the name of an action or a trigger, and one of its parameters"),
		Short: "List the current values of the service that a parameter accepts",
		Long: `List the current values of the service that a parameter of an action or a trigger accepts, such as groups
and users. Each has a name and the value to pass. The parameter may accept values that are not listed.
soar run completes these values in the shell.`,
		ValidArgsFunction: a.completeAction,
		RunE: func(c *cobra.Command, args []string) error {
			if given != "" {
				q.Given = json.RawMessage(given)
			}
			conn, err := a.connect(c.Context(), nil)
			if err != nil {
				return err
			}
			defer conn.Close()
			params, err := paramsOf(conn.manifest, args[0])
			if err != nil {
				return err
			}
			page, err := sdk.ListOptions(c.Context(), conn, conn.manifest, params, strings.ReplaceAll(args[1], "-", "_"), q)
			if err != nil {
				return err
			}
			err = list(a, page.Options, "no value matches", []string{"LABEL", "VALUE", "DESCRIPTION"}, func(o sdk.Option) []string {
				return []string{o.Label, o.Value, o.Description}
			})
			if err == nil && page.Next != "" {
				a.warn(map[string]any{"kind": "next_page", "after": page.Next}, "%s", a.err.Faint("there are more: --after "+terminal.OneLine(page.Next)))
			}
			return err
		},
	}
	c.Flags().StringVar(&q.Search, "search", "", "list only values that match this text, usually by the beginning of the name")
	c.Flags().StringVar(&q.After, "after", "", "list the next page: the value that the previous page printed")
	c.Flags().IntVar(&q.Limit, "limit", 0, "page size")
	c.Flags().StringVar(&given, "given", "", `other parameters as JSON, such as {"user":"alice@corp.example"}`)
	return c
}

// paramsOf returns the schema of the parameters of an action or a trigger.
func paramsOf(m *sdk.Manifest, name string) (sdk.JSON, error) {
	if info := m.Action(name); info != nil {
		return info.Input, nil
	}
	if info := m.Trigger(name); info != nil {
		return info.Params, nil
	}
	return nil, sdk.Invalid(fmt.Sprintf("there is no action or trigger %q", name) + nearest.Hint(name, append(m.ActionNames(), m.TriggerNames()...)))
}
