package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
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
			all, err := a.manifests(c.Context())
			if err != nil {
				return err
			}
			var actions []listedAction
			for _, name := range slices.Sorted(maps.Keys(all)) {
				for _, info := range all[name].Actions {
					actions = append(actions, listedAction{info, name})
				}
			}
			head := []string{"CONNECTION", "ACTION", "EFFECT", "UNDO", "DESCRIPTION"}
			row := func(l listedAction) []string {
				return []string{l.Connection, l.Name, string(l.Effect), l.Undo, l.Summary}
			}
			if len(all) == 1 {
				head = head[1:]
				row = func(l listedAction) []string { return []string{l.Name, string(l.Effect), l.Undo, l.Summary} }
			}
			if a.output == "csv" {
				return a.csvRows(tableRows(actions, head, row)) // without the schemas
			}
			return list(a, actions, "", head, row)
		},
	}
	c.AddCommand(&cobra.Command{
		Use: "show NAME", Args: exactly(1, "the name of an action"), Short: "Show an action's parameters, output and example",
		ValidArgsFunction: a.completeAction,
		RunE: func(c *cobra.Command, args []string) error {
			info, err := a.findAction(c.Context(), args[0])
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

// A listedAction is an action of a connection.
type listedAction struct {
	sdk.ActionInfo
	Connection string `json:"connection"`
}

// findAction returns the action with a name such as suspend_user or emea/suspend_user, and chooses its connection.
func (a *app) findAction(ctx context.Context, name string) (*sdk.ActionInfo, error) {
	all, err := a.manifests(ctx)
	if err != nil {
		return nil, err
	}
	connection, info, err := all.Find(name)
	if err != nil {
		return nil, sdk.Invalid(err.Error() + "; `soar actions` lists them")
	}
	if a.file.HasConnections() {
		a.conn = connection
	}
	_, _, err = a.choose()
	a.known = all[connection]
	return info, err
}

func (a *app) completeAction(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	all, err := a.manifests(context.WithoutCancel(c.Context()))
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for _, connection := range slices.Sorted(maps.Keys(all)) {
		for _, name := range all[connection].ActionNames() {
			if _, _, err := all.Find(name); err != nil {
				name = connection + "/" + name // several connections have the action
			}
			names = append(names, name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
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
			params, err := a.paramsOf(c.Context(), args[0])
			if err != nil {
				return err
			}
			conn, err := a.connect(c.Context(), nil)
			if err != nil {
				return err
			}
			defer conn.Close()
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

// paramsOf returns the schema of the parameters of an action or a trigger, and chooses its connection.
func (a *app) paramsOf(ctx context.Context, name string) (sdk.JSON, error) {
	info, err := a.findAction(ctx, name)
	if err == nil {
		return info.Input, nil
	}
	all, failed := a.manifests(ctx)
	if failed != nil {
		return nil, failed
	}
	connection, trigger, failed := all.FindTrigger(name)
	if failed != nil {
		var known []string
		for _, m := range all {
			known = append(known, append(m.ActionNames(), m.TriggerNames()...)...)
		}
		if hint := nearest.Hint(name, known); !strings.Contains(name, "/") && !strings.HasPrefix(err.Error(), "several") {
			err = sdk.Invalid(fmt.Sprintf("there is no action or trigger %q", name) + hint)
		}
		return nil, err
	}
	if a.file.HasConnections() {
		a.conn = connection
	}
	return trigger.Params, nil
}
