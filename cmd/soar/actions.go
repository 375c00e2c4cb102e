package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/nearest"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

func (a *app) actionsCommand() *cobra.Command {
	list := &cobra.Command{
		Use: "actions", Args: none, Short: "List the actions",
		RunE: func(c *cobra.Command, _ []string) error {
			m, err := a.manifest(c.Context())
			if err != nil {
				return err
			}
			if a.json {
				a.out.indented(m.Actions)
				return nil
			}
			rows := [][]string{{"ACTION", "EFFECT", "UNDO", "WHAT IT DOES"}}
			for _, info := range m.Actions {
				rows = append(rows, []string{info.Name, string(info.Effect), info.Undo, info.Summary})
			}
			a.out.table(rows)
			return nil
		},
	}
	list.AddCommand(&cobra.Command{
		Use: "show NAME", Args: exactly(1, "the name of an action"), Short: "Show an action's parameters, answer and example",
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
			if a.json {
				a.out.indented(info)
				return nil
			}
			return a.showAction(info)
		},
	})
	list.AddCommand(a.optionsCommand())
	return list
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

func (a *app) showAction(info *sdk.ActionInfo) error {
	input, err := schema.Parse(json.RawMessage(info.Input))
	if err != nil {
		return err
	}
	output, err := schema.Parse(json.RawMessage(info.Output))
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%s  %s\n\n%s\n\n", a.out.bold(info.Title), a.out.faint(info.Name), info.Summary)
	facts := [][]string{{"", ""}, {"effect", string(info.Effect)}}
	if info.Undo != "" {
		facts = append(facts, []string{"undo", info.Undo})
	}
	facts = append(facts, []string{"scopes", strings.Join(info.Scopes, ", ")}, []string{"documentation", info.Docs})
	a.out.table(facts)
	fmt.Fprintf(a.out, "\n%s\n", a.out.bold("Parameters"))
	rows := [][]string{{"PARAMETER", "TYPE", "REQUIRED", "DEFAULT", "WHAT IT IS"}}
	for _, group := range []string{"basic", "advanced"} {
		for _, p := range input.Root().Properties {
			if p.Node.Group != group {
				continue
			}
			required := ""
			if input.Root().IsRequired(p.Name) {
				required = "yes"
			}
			name := p.Name
			if group == "advanced" {
				name += " (advanced)"
			}
			rows = append(rows, []string{name, p.Node.TypeName(), required, string(p.Node.Default), p.Node.Description})
		}
	}
	a.out.table(rows)
	fmt.Fprintf(a.out, "\n%s\n", a.out.bold("Answer"))
	rows = [][]string{{"MEMBER", "TYPE", "WHAT IT IS"}}
	for _, p := range output.Root().Properties {
		rows = append(rows, []string{p.Name, p.Node.TypeName(), p.Node.Description})
	}
	a.out.table(rows)
	fmt.Fprintf(a.out, "\n%s\n  soar run %s --input - <<< '%s'\n", a.out.bold("Example"), info.Name, info.Example.Input)
	return nil
}
