package embedded

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"soar.example/okta/internal/engine"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// gather is a playbook that groups the reports on a user. It puts the number of events into
// the name of the user that it looks up.
const gather = `
name: gather
title: Gather reports
trigger: reports
event_types: [user.report]
group_by: event.user
window: 1m
steps:
  - id: look
    action: look_up
    with: {user: "${{ event.user }}: ${{ events.size() }}, the last ${{ events[events.size() - 1].result }}"}
`

// about returns a report on the user. Its result has the report's ID.
func about(user, id string) sdk.RawEvent {
	e := event(id)
	e.Data, _ = json.Marshal(report{User: user, Result: id, Targets: []string{}})
	return e
}

func pageOf(events ...sdk.RawEvent) sdk.RawPage { return sdk.RawPage{Events: events} }

// A ticker is a clock that only advances when the test advances it.
type ticker struct {
	mu  sync.Mutex
	now time.Time
}

func newTicker() *ticker { return &ticker{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *ticker) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *ticker) put(on time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(on)
}

// echo is a service that accepts every call, and records its users.
type echo struct {
	mu    sync.Mutex
	users []string
}

func (e *echo) do(_ context.Context, _ string, in request) (answer, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.users = append(e.users, in.User)
	return changed, nil
}

// take executes every run that may start now, and returns the time until another may start.
func (r *rig) take() time.Duration {
	r.tb.Helper()
	for {
		j, wait, err := r.claim(r.tb.Context(), anyConnection)
		if err != nil {
			r.tb.Fatal(err)
		}
		if j == nil {
			return wait
		}
		if err := execute(r.tb.Context(), r.Engine, j); err != nil {
			r.tb.Fatal(err)
		}
	}
}

// run returns the stored run with this ID.
func (r *rig) run(id string) *Run {
	r.tb.Helper()
	run, err := r.store.Run(r.tb.Context(), id)
	if err != nil {
		r.tb.Fatal(err)
	}
	return run
}

func newGatherer(t *testing.T, source string) (*rig, *ticker, *echo) {
	clock, said := newTicker(), new(echo)
	return newRig(t, source, said.do, func(o *Options) { o.Now = clock.Now }), clock, said
}

// TestGroupIsOneRunOfAllEvents checks that 400 events on one account start one run with all
// events, when the window closes.
func TestGroupIsOneRunOfAllEvents(t *testing.T) {
	t.Parallel()
	r, clock, said := newGatherer(t, gather)
	var notices []string
	r.o.Observe = func(n Notice) {
		if n.Step == nil {
			notices = append(notices, fmt.Sprintf("%s %s %d", n.Kind, n.Run.EventID, n.Run.Group.Events))
		}
	}
	var events []sdk.RawEvent
	for i := range 400 {
		events = append(events, about("ann", fmt.Sprint(i)))
	}
	first := r.accept(pageOf(events[:150]...))
	if first.Matched != 150 || first.Started != 1 || first.Joined != 149 || len(first.Runs) != 1 {
		t.Fatalf("the first page: %+v", first)
	}
	clock.put(30 * time.Second)
	second := r.accept(pageOf(append([]sdk.RawEvent{about("bob", "b")}, events[100:]...)...))
	if second.Matched != 301 || second.Started != 1 || second.Joined != 250 || second.Repeated != 50 {
		t.Fatalf("the second page: %+v", second)
	}
	if wait := r.take(); wait != longestSleep || len(said.users) != 0 {
		t.Fatalf("before the window closed: %s, %q", wait, said.users)
	}
	clock.put(30*time.Second - time.Microsecond)
	if wait := r.take(); wait != time.Microsecond || len(said.users) != 0 {
		t.Fatalf("just before the window closed: %s, %q", wait, said.users)
	}
	late := r.accept(pageOf(about("ann", "late")))
	clock.put(time.Microsecond)
	if wait := r.take(); late.Joined != 1 || wait != longestSleep || !slices.Equal(said.users, []string{"ann: 401, the last late"}) {
		t.Fatalf("as the window closed: %+v, %s, %q", late, wait, said.users)
	}
	// A later event opens another group. An event of the first group starts nothing.
	again := r.accept(pageOf(about("ann", "after"), about("ann", "7"), about("ann", "late")))
	if again.Started != 1 || again.Repeated != 2 {
		t.Errorf("after the window: %+v", again)
	}
	clock.put(time.Hour)
	if wait := r.take(); wait != 0 {
		t.Errorf("at the end: %s", wait)
	}
	if want := []string{"ann: 401, the last late", "bob: 1, the last b", "ann: 1, the last after"}; !slices.Equal(said.users, want) {
		t.Errorf("got %q, want %q", said.users, want)
	}
	want := []string{"run_queued 0 150", "run_queued b 1", "run_grown 0 400", "run_grown 0 401", "run_started 0 401", "run_finished 0 401",
		"run_queued after 1", "run_started b 1", "run_finished b 1", "run_started after 1", "run_finished after 1"}
	if d := cmp.Diff(want, notices); d != "" {
		t.Error(d)
	}

	run := r.run(first.Runs[0])
	opened := newTicker().now
	wantGroup := &Group{Key: json.RawMessage(`"ann"`), Events: 401, Taken: 401, Opened: opened, Closes: opened.Add(time.Minute), Closed: true}
	if d := cmp.Diff(wantGroup, run.Group); d != "" {
		t.Error(d)
	}
	if len(run.Events) != 401 || run.EventID != "0" || !run.Started.Equal(opened.Add(time.Minute)) {
		t.Fatalf("%d events, the first %s, started %s", len(run.Events), run.EventID, run.Started)
	}
	if e := run.Events[400]; e.ID != "late" || !e.Arrived.Equal(opened.Add(time.Minute-time.Microsecond)) || string(e.Data) != string(about("ann", "late").Data) {
		t.Errorf("the last event %+v", e)
	}
}

// TestWorkStartsAGroupAtTheEndOfItsWindow checks that an engine needs no wake-up for a window that closes.
func TestWorkStartsAGroupAtTheEndOfItsWindow(t *testing.T) {
	for source, want := range map[string]time.Duration{gather: time.Minute, gather + "group_when: first\n": 0} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, source, always(changed))
			started := time.Now()
			r.accept(pageOf(about("ann", "1"), about("ann", "2"), about("ann", "3")))
			r.drain()
			run := r.run(engine.RunID("org", "gather", "1"))
			if brief(run) != "succeeded look=succeeded/1" || len(run.Events) != 3 || run.Started.Sub(started).Round(time.Millisecond) != want {
				t.Errorf("%s after %s with %d events", brief(run), run.Started.Sub(started), len(run.Events))
			}
		})
	}
}

func TestGroupThatStartsAtItsFirstEvent(t *testing.T) {
	r, clock, said := newGatherer(t, gather+"group_when: first\n")
	id := r.accept(pageOf(about("ann", "1"), about("ann", "2"))).Runs[0]
	if wait := r.take(); wait != 0 || !slices.Equal(said.users, []string{"ann: 2, the last 2"}) {
		t.Fatalf("%s, %q", wait, said.users)
	}
	clock.put(59 * time.Second)
	if got := r.accept(pageOf(about("ann", "3"), about("ann", "1"))); got.Joined != 1 || got.Repeated != 1 || r.take() != 0 {
		t.Errorf("within the window: %+v", got)
	}
	if run := r.run(id); run.Group.Events != 3 || run.Group.Taken != 2 || run.Group.Closed || len(run.Events) != 3 || run.Status != engine.Succeeded {
		t.Errorf("%s: %+v", brief(run), run.Group)
	}
	clock.put(time.Second)
	if got := r.accept(pageOf(about("ann", "4"))); got.Started != 1 || r.take() != 0 || len(said.users) != 2 {
		t.Errorf("after the window: %+v, %q", got, said.users)
	}
	if run := r.run(id); !run.Group.Closed || run.Group.Events != 3 {
		t.Errorf("%+v", run.Group)
	}
}

// TestGroupIsTheSameAfterARestart checks that an interrupted run keeps the events that it started with.
func TestGroupIsTheSameAfterARestart(t *testing.T) {
	r, _, said := newGatherer(t, gather+"group_when: first\n")
	id := r.accept(pageOf(about("ann", "1"), about("ann", "2"))).Runs[0]
	if j, _, err := r.claim(t.Context(), anyConnection); err != nil || len(j.scope.Events) != 2 {
		t.Fatalf("%+v, %v", j, err)
	}
	r.accept(pageOf(about("ann", "3")))
	if _, err := r.store.write.Exec(requeue); err != nil {
		t.Fatal(err)
	}
	if wait := r.take(); wait != 0 || !slices.Equal(said.users, []string{"ann: 2, the last 2"}) {
		t.Errorf("%s, %q", wait, said.users)
	}
	if run := r.run(id); run.Group.Events != 3 || run.Group.Taken != 2 {
		t.Errorf("%+v", run.Group)
	}
}

// TestGroupWithoutKey checks that an event without a key starts its own run at once, with a
// note.
func TestGroupWithoutKey(t *testing.T) {
	null, odd := event("null"), event("odd")
	null.Data, odd.Data = json.RawMessage(`{"result":"x"}`), json.RawMessage(`"cut off`)
	for by, note := range map[string]string{
		"event.user":        "alone: group_by has no value for this event: event.user is null",
		"int(event.result)": "alone: group_by cannot be evaluated on this event: ",
	} {
		r, _, said := newGatherer(t, strings.NewReplacer("group_by: event.user", "group_by: "+by, "${{ event.user }}", "someone",
			"${{ events[events.size() - 1].result }}", "x").Replace(gather))
		got := r.accept(pageOf(null, null, odd))
		if got.Started != 2 || got.Repeated != 1 || r.take() != 0 {
			t.Fatalf("%+v", got)
		}
		for i, id := range got.Runs {
			run := r.run(id)
			if run.Group.Key != nil || len(run.Events) != 1 || !run.Group.Closed || i == 0 && !strings.HasPrefix(run.Group.Note, note) || run.Group.Note == "" {
				t.Errorf("%s: %+v", run.EventID, run.Group)
			}
		}
		if said.users[0] != "someone: 1, the last x" {
			t.Errorf("%q", said.users)
		}
	}
}

// TestGroupIsBounded checks that a group that becomes too large closes early, with a note.
func TestGroupIsBounded(t *testing.T) {
	t.Parallel()
	r, _, said := newGatherer(t, gather)
	id := r.accept(pageOf(about("ann", "first"))).Runs[0]
	// All events but one have arrived.
	if _, err := r.store.write.Exec(`UPDATE groups SET events = ?`, maxGroupEvents-1); err != nil {
		t.Fatal(err)
	}
	got := r.accept(pageOf(about("ann", "last"), about("ann", "one more")))
	if got.Started != 1 || got.Joined != 1 || r.take() != longestSleep {
		t.Fatalf("%+v", got)
	}
	if run := r.run(id); len(said.users) != 1 || run.Status != engine.Succeeded ||
		run.Group.Taken != maxGroupEvents || !strings.HasPrefix(run.Group.Note, "closed early, with 10000 events") {
		t.Errorf("%q: %s %+v", said.users, brief(run), run.Group)
	}
	large := func(id string) sdk.RawEvent {
		e := about("bob", id)
		e.Data, _ = json.Marshal(report{User: "bob", Result: id, Targets: []string{strings.Repeat("x", maxGroupBytes/4)}})
		return e
	}
	got = r.accept(pageOf(large("a"), large("b"), large("c"), large("d"), large("e")))
	if got.Started != 2 || got.Joined != 3 {
		t.Fatalf("%+v", got)
	}
	if r.take(); len(said.users) != 2 || said.users[1] != "bob: 4, the last d" {
		t.Errorf("%q", said.users)
	}
}

func TestGroupOfALongKey(t *testing.T) {
	r, _, _ := newGatherer(t, gather)
	a, b := strings.Repeat("é", 1000)+"a", strings.Repeat("é", 1000)+"b"
	got := r.accept(pageOf(about(a, "1"), about(b, "2"), about(a, "3")))
	if got.Started != 2 || got.Joined != 1 {
		t.Fatalf("%+v", got)
	}
	if run := r.run(got.Runs[0]); !json.Valid(run.Group.Key) || len(run.Group.Key) > 2*longestKey {
		t.Errorf("%s", run.Group.Key)
	}
}

// TestGroupOfAnEditedPlaybook checks that an open group keeps the version of its playbook,
// and that an edit starts no run for an event that has one.
func TestGroupOfAnEditedPlaybook(t *testing.T) {
	r, clock, said := newGatherer(t, gather)
	r.accept(pageOf(about("ann", "1"), about("ann", "2")))
	for i, edited := range []string{
		strings.Replace(gather, "Gather reports", "Gather more", 1),
		strings.Replace(gather, "group_by: event.user\nwindow: 1m\n", "", 1),
	} {
		r.book = load(t, r.manifest(), edited)
		got := r.accept(pageOf(about("ann", "1"), about("ann", "2"), about("ann", fmt.Sprint("new", i))))
		if got.Started != 1 || got.Repeated != 2 {
			t.Errorf("%+v", got)
		}
	}
	clock.put(time.Minute)
	if wait := r.take(); wait != 0 {
		t.Errorf("wait %s", wait)
	}
	if want := []string{"ann: 2, the last 2", "ann: 1, the last new0", "ann: 1, the last new1"}; len(said.users) != 3 || !slices.Contains(said.users, want[0]) {
		t.Errorf("got %q, want %q", said.users, want)
	}
	r.book = load(t, r.manifest(), gather)
	if got := r.accept(pageOf(about("ann", "new1"))); got.Repeated != 1 {
		t.Errorf("with groups again: %+v", got)
	}
}

// TestGroupWhenTheClockIsSetBack checks that a clock set back by years delays a group by one window only.
func TestGroupWhenTheClockIsSetBack(t *testing.T) {
	r, clock, said := newGatherer(t, gather)
	r.accept(pageOf(about("ann", "1")))
	clock.put(-10 * 365 * 24 * time.Hour)
	if got := r.accept(pageOf(about("ann", "2"))); got.Joined != 1 {
		t.Errorf("%+v", got)
	}
	clock.put(59 * time.Second)
	if wait := r.take(); wait != time.Second {
		t.Errorf("wait %s", wait)
	}
	clock.put(time.Second)
	if wait := r.take(); wait != 0 || !slices.Equal(said.users, []string{"ann: 2, the last 2"}) {
		t.Errorf("wait %s, %q", wait, said.users)
	}
}

func TestGroupIsAllOrNothing(t *testing.T) {
	r, _, _ := newGatherer(t, gather)
	r.accept(pageOf(about("ann", "1")))
	if _, err := r.store.write.Exec(`CREATE TRIGGER full BEFORE INSERT ON checkpoints BEGIN SELECT raise(FAIL, 'no room'); END`); err != nil {
		t.Fatal(err)
	}
	p := pageOf(about("ann", "2"), about("bob", "3"))
	p.Next = json.RawMessage(`"2"`)
	if _, err := r.Accept(t.Context(), "source", p, []*playbook.Playbook{r.book}); err == nil {
		t.Fatal("accepted without a checkpoint")
	}
	if run := r.run(engine.RunID("org", "gather", "1")); run.Group.Events != 1 || len(run.Events) != 1 {
		t.Errorf("%+v", run.Group)
	}
	if _, err := r.store.write.Exec(`DROP TRIGGER full`); err != nil {
		t.Fatal(err)
	}
	if got := r.accept(p); got.Joined != 1 || got.Started != 1 {
		t.Errorf("the page again: %+v", got)
	}
}
