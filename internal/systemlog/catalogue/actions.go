package catalogue

import (
	_ "embed"
	"strings"
	"sync"

	"soar.example/okta/internal/systemlog/csvtable"
	"soar.example/okta/sdk"
)

// suggestions returns the actions for each pattern. The first pattern that matches decides.
var suggestions = sync.OnceValue(func() [][]string { return csvtable.Rows(actionsTable) })

//go:embed actions.csv
var actionsTable string

// Actions returns the names of the actions that suit a response to an event type,
// known or not, the gentlest first: actions that only read come before those that a
// user notices. The caller owns the slice.
func Actions(eventType string) []string {
	for _, row := range suggestions() {
		if sdk.MatchType(row[0], eventType) {
			return strings.Fields(row[1])
		}
	}
	return []string{"get_logs"}
}
