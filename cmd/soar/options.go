package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/nearest"
	"soar.example/okta/sdk"
)

func (a *app) optionsCommand() *cobra.Command {
	var q sdk.OptionQuery
	var given string
	c := &cobra.Command{
		Use:   "options NAME PARAMETER [--search TEXT]",
		Args:  exactly(2, "the name of an action or a trigger, and one of its parameters"),
		Short: "List the values that a parameter can take, as the org has them now",
		Long: `List the values that a parameter of an action or a trigger can take, as the org has them now: groups,
users, apps, devices and others, by name and by what the parameter takes. A value that is not listed
may be one all the same. soar run completes them in the shell.`,
		ValidArgsFunction: a.completeAction,
		RunE: func(c *cobra.Command, args []string) error {
			if given != "" {
				q.Given = json.RawMessage(given)
			}
			conn, err := a.connect(c.Context())
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
			a.listOptions(page)
			return nil
		},
	}
	c.Flags().StringVar(&q.Search, "search", "", "only those that what is typed finds; most are searched by the beginning of the name")
	c.Flags().StringVar(&q.After, "after", "", "go on after a page: its next")
	c.Flags().IntVar(&q.Limit, "limit", 0, "the most of one page")
	c.Flags().StringVar(&given, "given", "", `what other parameters are, as JSON, such as {"user":"alice@corp.example"}`)
	return c
}

// paramsOf is the schema of what the action or the trigger of that name takes.
func paramsOf(m *sdk.Manifest, name string) (sdk.JSON, error) {
	if info := m.Action(name); info != nil {
		return info.Input, nil
	}
	if info := m.Trigger(name); info != nil {
		return info.Params, nil
	}
	return nil, sdk.Invalid(fmt.Sprintf("there is no action or trigger %q", name) + nearest.Hint(name, append(m.ActionNames(), m.TriggerNames()...)))
}

func (a *app) listOptions(page sdk.OptionPage) {
	if a.json {
		a.out.indented(page)
		return
	}
	if len(page.Options) == 0 {
		fmt.Fprintln(a.out, "nothing matches")
		return
	}
	rows := [][]string{{"LABEL", "VALUE", "WHAT IT IS"}}
	for _, o := range page.Options {
		rows = append(rows, []string{o.Label, o.Value, o.Description})
	}
	a.out.table(rows)
	if page.Next != "" {
		fmt.Fprintln(a.out, a.out.faint("there are more: --after "+page.Next))
	}
}
