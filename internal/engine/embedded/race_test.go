//go:build race

package embedded

// SQLite is slow under the race detector, which looks for other mistakes than these tests. A
// few rounds are enough.
const (
	killRounds     = 4
	propertyChecks = 3
	pruneKills     = 2
)
