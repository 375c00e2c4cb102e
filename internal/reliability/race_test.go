//go:build race

package reliability

// The race detector slows everything down ten times. These tests do not search for races.
const (
	raceEnabled = true
	histories   = "20"
)
