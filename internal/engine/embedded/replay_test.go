package embedded

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/engine"
	"soar.example/okta/sdk"
)

func (r *rig) replay(again bool, events ...sdk.RawEvent) Accepted {
	r.tb.Helper()
	a, err := r.store.Replay(context.Background(), Replay{Org: "org", Playbook: r.book, Events: events, Again: again})
	if err != nil {
		r.tb.Fatal(err)
	}
	return a
}

// TestReplay checks that an event that started the playbook before does not start it again,
// that runs and calls of a replay are marked, and that the checkpoint does not move.
func TestReplay(t *testing.T) {
	r := newRig(t, contain, always(changed))
	r.accept(page("position", "e1"))
	r.drain()
	got := r.replay(false, event("e1"), event("e2"), event("e2"))
	if got.Matched != 3 || got.Started != 1 || got.Repeated != 2 {
		t.Fatalf("got %+v", got)
	}
	r.drain()
	run := r.read(got, 0)
	if brief(run) != "succeeded look=succeeded/1 suspend=succeeded/1 verify=succeeded/1" || run.EventID != "e2" || run.Replay.IsZero() {
		t.Errorf("got %s, replay %s of %s", brief(run), run.Replay, run.EventID)
	}
	for _, call := range run.Audit {
		if call.Cause != CauseReplay {
			t.Errorf("the cause of a call of it is %q", call.Cause)
		}
	}
	if live := r.read(Accepted{}, 0); !live.Replay.IsZero() || live.Audit[0].Cause != "" {
		t.Errorf("the run of what happened is marked: %+v", live)
	}
	if checkpoint, err := r.store.Checkpoint(t.Context(), "source"); err != nil || string(checkpoint) != `"position"` {
		t.Errorf("checkpoint %s, %v", checkpoint, err)
	}
	if got := r.replay(false, event("e1"), event("e2")); got.Repeated != 2 {
		t.Errorf("another replay: %+v", got)
	}
	// After a replay, the engine still accepts the live event.
	if got := r.accept(page("", "e2")); got.Started != 1 {
		t.Errorf("what comes after it was replayed: %+v", got)
	}
}

func TestReplayAgain(t *testing.T) {
	r := newRig(t, contain, always(changed))
	r.accept(page("", "e1"))
	ids := map[string]bool{}
	for range 3 {
		got := r.replay(true, event("e1"), event("e1"))
		if got.Started != 1 || got.Repeated != 1 {
			t.Fatalf("got %+v", got)
		}
		ids[got.Runs[0]] = true
	}
	if len(ids) != 3 {
		t.Errorf("three replays made the runs %v", ids)
	}
	before, err := r.store.Started(t.Context(), "org", r.book.Name, []sdk.RawEvent{event("e1"), event("e2")})
	if err != nil || !before["e1"] || before["e2"] {
		t.Errorf("got %v, %v", before, err)
	}
	r.drain()
	runs, err := r.store.Runs(t.Context(), Query{})
	if err != nil || len(runs) != 4 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	marked := 0
	for _, run := range runs {
		if run.Status != engine.Succeeded {
			t.Errorf("%s is %s", run.ID, run.Status)
		}
		if !run.Replay.IsZero() {
			marked++
		}
	}
	if marked != 3 {
		t.Errorf("%d runs are marked", marked)
	}
}

// TestReplayOfGroups checks that the events of a group are one run that waits for no window,
// and that an open group does not take them in.
func TestReplayOfGroups(t *testing.T) {
	r := newRig(t, gather, always(changed))
	r.accept(pageOf(about("u1", "live")))
	events := []sdk.RawEvent{about("u1", "a"), about("u2", "b"), about("u1", "c"), about("u1", "live")}
	got := r.replay(false, events...)
	if got.Started != 2 || got.Joined != 1 || got.Repeated != 1 {
		t.Fatalf("got %+v", got)
	}
	run := r.read(got, 0)
	if run.Group == nil || run.Group.Events != 2 || !run.Group.Closed || string(run.Group.Key) != `"u1"` || run.Waits != "" {
		t.Errorf("the group is %+v, and waits: %q", run.Group, run.Waits)
	}
	if live := r.accept(pageOf(about("u1", "later"))); live.Joined != 1 {
		t.Errorf("the open group did not take in what came: %+v", live)
	}
	if again := r.replay(false, about("u1", "c")); again.Repeated != 1 {
		t.Errorf("an event in a group of a replay started again: %+v", again)
	}
	var ids [][]string
	for _, group := range GroupEvents(r.book, events) {
		var of []string
		for _, e := range group {
			of = append(of, e.ID)
		}
		ids = append(ids, of)
	}
	if diff := cmp.Diff([][]string{{"a", "c", "live"}, {"b"}}, ids); diff != "" {
		t.Error(diff)
	}
}

// TestReplayBesideAnEngine queues a replay in another process. The engine at work executes it.
func TestReplayBesideAnEngine(t *testing.T) {
	r := newRig(t, contain, always(changed))
	finished := make(chan string, 1)
	r.o.Observe = func(n Notice) {
		if n.Kind == RunFinished {
			finished <- n.Run.ID
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	worked := make(chan error)
	go func() { worked <- r.Work(ctx) }()
	other := openStore(t, r.store.Path())
	got, err := other.Replay(t.Context(), Replay{Org: "org", Playbook: r.book, Events: []sdk.RawEvent{event("e1")}})
	if err != nil {
		t.Fatal(err)
	}
	if id := <-finished; !slices.Contains(got.Runs, id) {
		t.Errorf("run %s finished, not one of %v", id, got.Runs)
	}
	stop()
	if err := <-worked; err != nil {
		t.Error(err)
	}
}

// TestDryRun checks that an action that writes and has no dry run is not called, and that a
// failure ends a dry run as it ends a run.
func TestDryRun(t *testing.T) {
	var called []string
	var verdict answer
	m, s := connect(t, func(_ context.Context, action string, in request) (answer, error) {
		called = append(called, action+" "+in.User)
		return verdict, nil
	})
	book := load(t, m, contain)
	for _, step := range []struct {
		status, want, called string
		source               string
	}{
		{"ACTIVE", "look=succeeded suspend=failed(invalid_input) verify=pending", "look_up user-e1", contain},
		{"SUSPENDED", "look=succeeded suspend=skipped verify=succeeded", "look_up user-e1, look_up user-e1", contain},
		{"ACTIVE", "look=succeeded suspend=failed(invalid_input) verify=succeeded", "look_up user-e1, look_up user-e1",
			strings.Replace(contain, "    if: steps", "    on_error: continue\n    if: steps", 1)},
	} {
		called, verdict = nil, answer{lookedUp: lookedUp{step.status}}
		book = load(t, m, step.source)
		steps, err := DryRun(t.Context(), map[string]sdk.Session{"test": s}, book, []sdk.RawEvent{event("e1")})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range steps {
			line := r.ID + "=" + r.Status
			if r.Error != nil {
				line += "(" + string(r.Error.Code) + ")"
			}
			got = append(got, line)
		}
		if line := strings.Join(got, " "); line != step.want || strings.Join(called, ", ") != step.called {
			t.Errorf("%s: got %s, called %v", step.status, line, called)
		}
	}
	if _, err := DryRun(t.Context(), map[string]sdk.Session{"test": s}, book, nil); err == nil {
		t.Error("a dry run without an event")
	}
}

// TestDryRunsAreMasked checks that a secret that no schema marks is masked by its form, as in the audit trail.
func TestDryRunsAreMasked(t *testing.T) {
	const secret = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"
	m, s := connect(t, always(answer{lookedUp: lookedUp{secret}}))
	e := event("e1")
	e.Data = json.RawMessage(`{"user":"` + secret + `","result":"SUCCESS","targets":[]}`)
	steps, err := DryRun(t.Context(), map[string]sdk.Session{"test": s}, load(t, m, contain), []sdk.RawEvent{e})
	if err != nil {
		t.Fatal(err)
	}
	shown, err := json.Marshal(steps)
	if err != nil || len(steps) != 3 || len(steps[0].Output) == 0 || strings.Contains(string(shown), secret) {
		t.Errorf("got %s, %v", shown, err)
	}
}

func TestInterruptedReplayQueuesNothing(t *testing.T) {
	r := newRig(t, contain, always(changed))
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := r.store.Replay(ctx, Replay{Org: "org", Playbook: r.book, Events: []sdk.RawEvent{event("e1")}}); err == nil {
		t.Error("an interrupted replay returned no error")
	}
	if runs, err := r.store.Runs(t.Context(), Query{}); err != nil || len(runs) != 0 {
		t.Errorf("it left %d runs, %v", len(runs), err)
	}
}
