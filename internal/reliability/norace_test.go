//go:build !race

package reliability

const (
	raceEnabled = false
	histories   = "100"
)
