package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use: "check", Args: none, Short: "Test the connection: reach the org and say whose token it is",
		RunE: func(c *cobra.Command, _ []string) error {
			conn, err := a.connect(c.Context())
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
			if a.json {
				a.out.line(map[string]any{"kind": "check", "target": health.Target, "account": health.Account, "notes": health.Notes, "milliseconds": took.Milliseconds()})
				return nil
			}
			fmt.Fprintf(a.out, "%s  %s answers, and the token is %s's  %s\n", a.out.green("✓"), health.Target, oneLine(health.Account), a.out.faint(took.String()))
			for _, note := range health.Notes {
				fmt.Fprintf(a.out, "%s  %s\n", a.out.yellow("!"), oneLine(note))
			}
			return nil
		},
	}
}
