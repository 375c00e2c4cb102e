package host

import "time"

// deaths keeps a plugin that dies at once from being started without end.
type deaths struct {
	last [mostDeaths]time.Time // the oldest is at next
	next int
}

const (
	mostDeaths  = 5
	deathWindow = time.Minute
)

func (d *deaths) note(now time.Time) {
	d.last[d.next] = now
	d.next = (d.next + 1) % mostDeaths
}

// wait is how long it is until the next start is allowed.
func (d *deaths) wait(now time.Time) time.Duration {
	oldest := d.last[d.next]
	if oldest.IsZero() {
		return 0
	}
	return max(0, deathWindow-now.Sub(oldest))
}
