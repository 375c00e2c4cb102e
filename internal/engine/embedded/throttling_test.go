package embedded

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// capped is a playbook with at most two starts a minute.
const capped = `
name: capped
title: Two a minute
trigger: reports
event_types: [user.report]
max_runs_per_minute: 2
steps:
  - id: look
    action: look_up
    with: {user: "${{ event.user }}"}
`

// TestThrottling checks that runs above the limit wait in order, and that the lists show them.
func TestThrottling(t *testing.T) {
	r, clock, said := newGatherer(t, capped)
	r.accept(page("1", "a", "b", "c", "d", "e"))
	if wait := r.take(); wait != longestSleep || !slices.Equal(said.users, []string{"user-a", "user-b"}) {
		t.Fatalf("%s, %q", wait, said.users)
	}
	clock.put(30 * time.Second)
	if r.take(); len(said.users) != 2 {
		t.Errorf("within the minute: %q", said.users)
	}
	clock.put(30*time.Second - time.Microsecond)
	if wait := r.take(); wait != time.Microsecond || len(said.users) != 2 {
		t.Errorf("just within the minute: %s, %q", wait, said.users)
	}
	clock.put(time.Microsecond)
	if r.take(); !slices.Equal(said.users[2:], []string{"user-c", "user-d"}) {
		t.Errorf("after a minute: %q", said.users)
	}
	// A clock set back by years delays the other runs by a minute only.
	clock.put(-10 * 365 * 24 * time.Hour)
	if r.take(); len(said.users) != 4 {
		t.Errorf("with the clock set back: %q", said.users)
	}
	clock.put(time.Minute)
	if wait := r.take(); wait != 0 || !slices.Equal(said.users[4:], []string{"user-e"}) {
		t.Errorf("in the end: %s, %q", wait, said.users)
	}
}

func TestThrottlingIsVisible(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, capped, always(changed))
		r.accept(page("1", "a", "b", "c", "d"))
		r.take()
		runs, err := r.store.Runs(t.Context(), Query{Status: engine.Queued})
		if err != nil || len(runs) != 2 || runs[0].Waits != "throttled: at most 2 per minute" || runs[1].Waits != runs[0].Waits {
			t.Errorf("%+v, %v", runs, err)
		}
		r.queues(Queue{Playbook: "capped", Runs: 2, Throttled: 2, MaxRunsPerMinute: 2})
		r.book = load(t, r.manifest(), gather)
		id := r.accept(pageOf(about("ann", "1"))).Runs[0]
		if run := r.run(id); run.Waits != "collects events until "+time.Now().UTC().Add(time.Minute).Format("15:04:05Z") {
			t.Errorf("waits %q", run.Waits)
		}
		r.queues(Queue{Playbook: "capped", Runs: 2, Throttled: 2, MaxRunsPerMinute: 2}, Queue{Playbook: "gather", Runs: 1})
		began := time.Now()
		r.drain()
		if took := time.Since(began).Round(time.Second); took != time.Minute {
			t.Errorf("took %s", took)
		}
		r.queues()
		unfinished := func(r Run) bool { return r.Waits != "" || r.Status != engine.Succeeded }
		if runs, err := r.store.Runs(t.Context(), Query{}); err != nil || slices.ContainsFunc(runs, unfinished) {
			t.Errorf("%+v, %v", runs, err)
		}
	})
}

// queues checks the waiting runs of this org.
func (r *rig) queues(want ...Queue) {
	r.tb.Helper()
	got, err := r.store.Queues(context.Background(), []string{r.org()})
	if err != nil || !slices.Equal(got, want) {
		r.tb.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if other, err := r.store.Queues(context.Background(), []string{"another"}); err != nil || len(other) > 0 {
		r.tb.Errorf("another org has %+v, %v", other, err)
	}
}

// TestThrottlingDelaysNothingElse checks that a throttled playbook delays neither another
// playbook nor its own interrupted run.
func TestThrottlingDelaysNothingElse(t *testing.T) {
	r, clock, said := newGatherer(t, capped)
	free := load(t, r.manifest(), strings.NewReplacer("name: capped", "name: free", "max_runs_per_minute: 2\n", "",
		"event.user }}", "event.user }} freely").Replace(capped))
	r.accept(page("1", "a", "b", "c", "d"))
	if j, _, err := r.claim(t.Context(), anyConnection); err != nil || j.run.EventID != "a" {
		t.Fatalf("%+v, %v", j, err)
	}
	if j, _, err := r.claim(t.Context(), anyConnection); err != nil || j.run.EventID != "b" {
		t.Fatalf("%+v, %v", j, err)
	}
	if _, err := r.store.write.Exec(requeue); err != nil {
		t.Fatal(err)
	}
	clock.put(time.Second)
	if _, err := r.Accept(t.Context(), "source", page("2", "e"), []*playbook.Playbook{free}); err != nil {
		t.Fatal(err)
	}
	r.take()
	if want := []string{"user-a", "user-b", "user-e freely"}; !slices.Equal(said.users, want) {
		t.Errorf("got %q, want %q", said.users, want)
	}
}

// TestThrottlingAfterARestart checks that the limit counts starts before a restart.
func TestThrottlingAfterARestart(t *testing.T) {
	path, clock, said := storePath(t), newTicker(), new(echo)
	m, session := connect(t, said.do)
	for range 3 {
		s := openStore(t, path)
		e, err := New(s, Options{Connections: on("org", m, session), Now: clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{e, t, load(t, m, capped)}
		r.accept(page("1", "a", "b", "c", "d", "e"))
		r.take()
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		clock.put(time.Second)
	}
	if want := []string{"user-a", "user-b"}; !slices.Equal(said.users, want) {
		t.Errorf("got %q", said.users)
	}
}

// BenchmarkClaimWithMany measures how long the search for the next run takes with many waiting runs.
func BenchmarkClaimWithMany(b *testing.B) {
	for _, waiting := range []int{0, 100_000} {
		b.Run(fmt.Sprint(waiting), func(b *testing.B) {
			r := newRig(b, capped, always(changed))
			for i := range waiting / 1000 {
				var p sdk.RawPage
				for j := range 1000 {
					p.Events = append(p.Events, event(fmt.Sprint(i, "-", j)))
				}
				r.accept(p)
			}
			r.take()
			for b.Loop() {
				if j, _, err := r.claim(b.Context(), anyConnection); err != nil || j != nil {
					b.Fatal(j, err)
				}
			}
		})
	}
}
