package monitor

import (
	"context"
	"time"
)

// A Tick is how the watch is doing at one second, and whether to speak of it.
type Tick struct {
	Snapshot
	Due     bool // so long has passed since the last time that it was due
	Changed bool // its health has turned since the tick before; it begins as good
}

// Follow calls tell each second, from one goroutine, until ctx ends.
func (m *Monitor) Follow(ctx context.Context, every time.Duration, tell func(Tick)) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	healthy, last := true, m.o.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		m.look(ctx)
		t := Tick{Snapshot: m.Snapshot()}
		t.Changed = t.Healthy() != healthy
		healthy = t.Healthy()
		if t.Due = t.Time.Sub(last) >= every; t.Due {
			last = t.Time
		}
		tell(t)
	}
}
