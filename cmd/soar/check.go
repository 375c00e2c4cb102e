package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use: "check", Args: none, Short: "Test the connection: reach the org, say whose login it is and what it can do",
		Long: `Test the connection: reach the org, say whose login it is, how many requests Okta still allows, and of
each action whether the login can run it and what it lacks. That costs some ten requests, all of them
reads. What reads alone cannot tell is said to be unknown.`,
		RunE: func(c *cobra.Command, _ []string) error {
			used, err := a.gather(c.Context())
			if err != nil {
				return err
			}
			settings, err := json.Marshal(used.values)
			if err != nil {
				return err
			}
			conn, err := a.open(c.Context(), settings)
			if err != nil {
				return err
			}
			defer conn.Close()
			start := time.Now()
			health, err := conn.Check(c.Context())
			if err != nil {
				return err
			}
			took := time.Since(start).Round(time.Millisecond)
			permissions, err := permissionsOf(c.Context(), conn)
			if err != nil {
				return err
			}
			if a.json {
				a.out.line(map[string]any{"kind": "check", "settings_file": absolute(used.file), "guards": used.guards(), "target": health.Target, "account": health.Account, "notes": health.Notes, "budgets": health.Budgets, "milliseconds": took.Milliseconds(), "permissions": permissions.raw})
				return nil
			}
			fmt.Fprintf(a.out, "%s  %s answers, and the login is %s's  %s\n", a.out.green("✓"), oneLine(health.Target), oneLine(health.Account), a.out.faint(took.String()))
			used.show(a)
			for _, note := range health.Notes {
				fmt.Fprintf(a.out, "%s  %s\n", a.out.yellow("!"), oneLine(note))
			}
			a.showBudgets(health.Budgets)
			a.showPermissions(permissions, health.Notes)
			return nil
		},
	}
}
