package triggers_test

import (
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

// TestClockTolerance checks the number of requests of the first poll. A clock that is off by less than two seconds is
// accurate enough, because Okta's Date has whole seconds. With a larger difference, the poll repeats the read for a
// time range by Okta's clock.
func TestClockTolerance(t *testing.T) {
	for off, want := range map[time.Duration]int{
		0: 1, -time.Second: 1, -4 * time.Second: 2, 4 * time.Second: 2, -time.Hour: 2, time.Hour: 2,
	} {
		t.Run(off.String(), func(t *testing.T) {
			now := func() time.Time { return time.Now().Add(off) }
			p := newPoller(t, oktasim.Options{Now: now}, map[string]any{"event_types": []string{"user.session.start"}, "look_back": "10m"})
			if _, err := p.poll(); err != nil {
				t.Fatal(err)
			}
			if got := len(p.Requests()); got != want {
				t.Errorf("sent %d requests, want %d", got, want)
			}
			p.append(1, "user.session.start")
			p.sweep()
			if len(p.got) != 1 {
				t.Errorf("read %d events, want 1", len(p.got))
			}
		})
	}
}
