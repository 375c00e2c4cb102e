//go:build !race

package runner

const (
	killRounds     = 25
	propertyChecks = 12
)
