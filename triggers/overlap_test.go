package triggers_test

import (
	"slices"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

// TestStartAfterLostLink checks that after a lost link the poller reads again from a time
// before the latest event, and finds late events. An event with a time in the future
// does not change that time.
func TestStartAfterLostLink(t *testing.T) {
	params := types("user.session.start")
	params["look_back"] = "3h"
	p := newPoller(t, oktasim.Options{}, params)
	now := time.Now().UTC()
	at := func(published, persisted time.Duration) oktasim.Event {
		return oktasim.Event{
			"eventType": "user.session.start",
			"published": now.Add(published).Format(time.RFC3339Nano), "persisted": now.Add(persisted).Format(time.RFC3339Nano),
		}
	}
	seen := p.Append(at(-2*time.Hour, -2*time.Hour), at(365*24*time.Hour, -119*time.Minute))
	p.sweep()
	if !slices.Equal(p.got, seen) {
		t.Fatalf("got %v, want %v", p.got, seen)
	}
	tooOld := p.Append(at(-140*time.Minute, -140*time.Minute))
	missed := p.Append(at(-130*time.Minute, -130*time.Minute), at(-time.Hour, -time.Hour))
	p.Fault(oktasim.Fault{ExpireCursors: true})
	p.got = nil
	p.sweep()
	for _, id := range missed {
		if !slices.Contains(p.got, id) {
			t.Errorf("%s is lost", id)
		}
	}
	if slices.Contains(p.got, tooOld[0]) {
		t.Error("read further back than 15 minutes before the latest event")
	}
}
