//go:build !race

package embedded

const (
	killRounds     = 12
	propertyChecks = 12
	pruneKills     = 4
)
