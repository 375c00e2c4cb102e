package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) auditCommand() *cobra.Command {
	limit := 50
	c := &cobra.Command{
		Use: "audit", Args: none, Short: "Show every call of an action, by a playbook or by hand, newest first",
		RunE: func(c *cobra.Command, _ []string) error {
			store, err := a.existingStore(c.Context())
			if err != nil {
				return err
			}
			defer store.Close()
			entries, err := store.AuditTrail(c.Context(), limit)
			if err != nil {
				return err
			}
			if a.json {
				for _, e := range entries {
					a.out.line(e)
				}
				return nil
			}
			if len(entries) == 0 {
				fmt.Fprintln(a.out, "no action was called yet")
				return nil
			}
			rows := [][]string{{"WHEN", "RUN", "STEP", "ACTION", "INPUT", "OUTCOME", "TOOK", "OKTA REQUESTS"}}
			for _, e := range entries {
				outcome := strings.TrimSpace(e.Outcome + " " + e.Code)
				if outcome == "" {
					outcome = e.Status
				}
				step := e.StepID
				if e.Cause != "" {
					step += " (" + e.Cause + ")"
				}
				rows = append(rows, []string{
					when(e.Time), short(e.RunID), step, e.Action, begin(string(e.Input), 80), outcome,
					e.Duration.Round(time.Millisecond).String(), begin(strings.Join(e.RequestIDs, " "), 60),
				})
			}
			a.out.table(rows)
			return nil
		},
	}
	c.Flags().IntVar(&limit, "limit", limit, "at most so many")
	return c
}
