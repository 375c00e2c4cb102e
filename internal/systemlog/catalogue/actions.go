package catalogue

import (
	_ "embed"
	"strings"
	"sync"

	"soar.example/okta/internal/systemlog/csvtable"
	"soar.example/okta/sdk"
)

// suggestions returns rows of a pattern and its actions. The first matching row applies.
var suggestions = sync.OnceValue(func() [][]string { return csvtable.Rows(actionsTable) })

//go:embed actions.csv
var actionsTable string

// Actions returns the names of suggested response actions for an event type, known or not.
// Actions that only read come before actions that a user notices. The caller owns the slice.
func Actions(eventType string) []string {
	for _, row := range suggestions() {
		if sdk.MatchType(row[0], eventType) {
			return strings.Fields(row[1])
		}
	}
	return []string{"get_logs"}
}
