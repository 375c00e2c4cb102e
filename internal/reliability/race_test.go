//go:build race

package reliability

// The race detector makes everything ten times as slow, and looks for other mistakes
// than these tests do.
const (
	raceEnabled = true
	histories   = "20"
)
