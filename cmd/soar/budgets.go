package main

import (
	"fmt"
	"time"

	"soar.example/okta/sdk"
)

// showBudgets shows what the service still allows, as a table.
func (a *app) showBudgets(budgets []sdk.Budget) {
	if len(budgets) == 0 {
		return
	}
	rows := [][]string{{"RATE LIMIT", "REQUESTS LEFT", "ALL AGAIN IN"}}
	for _, b := range budgets {
		again := ""
		if wait := time.Until(b.Reset); !b.Reset.IsZero() && wait > 0 {
			again = wait.Round(time.Second).String()
		}
		rows = append(rows, []string{b.Bucket, fmt.Sprintf("%d of %d", b.Remaining, b.Limit), again})
	}
	a.out.table(rows)
}
