//go:build !race

package runner

const (
	killRounds     = 12
	propertyChecks = 12
	pruneKills     = 4
)
