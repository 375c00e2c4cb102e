package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"soar.example/okta/internal/engine"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"path/filepath"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

func TestAcceptStartsEachEventOnce(t *testing.T) {
	r := newRig(t, contain, always(changed))
	var notices []string
	r.o.Observe = func(n Notice) { notices = append(notices, n.Kind+" "+n.Run.EventID) }

	first := r.accept(page("1", "a", "b", "a"))
	if first.Matched != 3 || first.Started != 2 || first.Repeated != 1 || len(first.Runs) != 2 {
		t.Errorf("first page: %+v", first)
	}
	again := r.accept(page("2", "b", "c"))
	if again.Matched != 2 || again.Started != 1 || again.Repeated != 1 || len(again.Runs) != 1 {
		t.Errorf("second page: %+v", again)
	}
	other := event("d")
	other.Type = "user.other"
	failed := event("e")
	failed.Data = json.RawMessage(`{"user":"u","result":"FAILURE","targets":[]}`)
	if got := r.accept(sdk.RawPage{Events: []sdk.RawEvent{other, failed}}); !cmp.Equal(got, Accepted{}) {
		t.Errorf("events that do not match: %+v", got)
	}
	if want := []string{"run_queued a", "run_queued b", "run_queued c"}; !slices.Equal(notices, want) {
		t.Errorf("notices %q, want %q", notices, want)
	}
	// A page without a checkpoint keeps the old checkpoint.
	checkpoint, err := r.store.Checkpoint(t.Context(), "source")
	if err != nil || string(checkpoint) != `"2"` {
		t.Errorf("checkpoint %s, %v", checkpoint, err)
	}
	if checkpoint, err := r.store.Checkpoint(t.Context(), "another source"); checkpoint != nil || err != nil {
		t.Errorf("checkpoint of a source that never began: %s, %v", checkpoint, err)
	}
	run := r.read(first, 0)
	want := &Run{
		ID: first.Runs[0], Org: "org", Playbook: "contain", Title: "Contain a user", Status: engine.Queued, EventID: "a", EventType: "user.report",
		EventTime: event("a").Time, Event: event("a").Data, Created: run.Created, Audit: []AuditEntry{},
	}
	if d := cmp.Diff(want, run, cmpopts.IgnoreUnexported(Run{})); d != "" {
		t.Error(d)
	}
	if age := time.Since(run.Created); age < 0 || age > time.Minute {
		t.Errorf("created %s", run.Created)
	}
}

func TestAcceptOfAnEventForTwoPlaybooks(t *testing.T) {
	r := newRig(t, contain, always(changed))
	second := load(t, r.manifest(), strings.Replace(contain, "name: contain", "name: contain_too", 1))
	got, err := r.Accept(t.Context(), "s", page("1", "a"), []*playbook.Playbook{r.book, second})
	if err != nil || got.Started != 2 || got.Runs[0] == got.Runs[1] {
		t.Errorf("got %+v, %v", got, err)
	}
	same := load(t, r.manifest(), strings.Replace(contain, "Contain a user", "Another", 1))
	_, err = r.Accept(t.Context(), "s", page("2", "b"), []*playbook.Playbook{r.book, same})
	if codeOf(err) != sdk.InvalidInput {
		t.Errorf("two playbooks of one name: %v", err)
	}
	if checkpoint, _ := r.store.Checkpoint(t.Context(), "s"); string(checkpoint) != `"1"` {
		t.Errorf("checkpoint %s", checkpoint)
	}
}

func TestAcceptIsAllOrNothing(t *testing.T) {
	r := newRig(t, contain, always(changed))
	r.accept(page("1", "a"))
	ended, end := context.WithCancel(t.Context())
	end()
	books := []*playbook.Playbook{r.book}
	if _, err := r.Accept(ended, "source", page("2", "b"), books); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	// The checkpoint is written last. If that fails, no run is stored either.
	if _, err := r.store.write.Exec(`CREATE TRIGGER full BEFORE UPDATE ON checkpoints BEGIN SELECT raise(FAIL, 'no room'); END`); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Accept(t.Context(), "source", page("2", "b"), books); err == nil {
		t.Error("accepted without a checkpoint")
	}
	runs, err := r.store.Runs(t.Context(), Query{})
	if err != nil || len(runs) != 1 || runs[0].EventID != "a" {
		t.Errorf("runs %+v, %v", runs, err)
	}
	var events int
	if err := r.store.read.QueryRow(`SELECT count(*) FROM events`).Scan(&events); err != nil || events != 1 {
		t.Errorf("%d events, %v", events, err)
	}
	if _, err := r.store.write.Exec(`DROP TRIGGER full`); err != nil {
		t.Fatal(err)
	}
	if got := r.accept(page("2", "b")); got.Started != 1 {
		t.Errorf("the page again: %+v", got)
	}
}

// TestAcceptFailedCondition checks that an event whose condition cannot be evaluated has a failed run.
func TestAcceptFailedCondition(t *testing.T) {
	r := newRig(t, strings.Replace(contain, `event.result == "SUCCESS"`, `int(event.result) == 1`, 1), always(changed))
	var notices []string
	r.o.Observe = func(n Notice) { notices = append(notices, n.Kind+" "+n.Run.Status) }
	got := r.accept(page("1", "e1"))
	if got.Matched != 1 || got.Started != 0 || got.Repeated != 0 || len(got.Runs) != 1 {
		t.Errorf("got %+v", got)
	}
	run := r.read(got, 0)
	if run.Status != engine.Failed || run.Error == nil || run.Error.Code != sdk.InvalidInput || run.Finished.IsZero() || len(run.Steps) != 0 {
		t.Errorf("got %s: %+v", brief(run), run)
	}
	if want := []string{"run_finished failed"}; !slices.Equal(notices, want) {
		t.Errorf("notices %q", notices)
	}
	if again := r.accept(page("1", "e1")); again.Matched != 1 || again.Repeated != 1 {
		t.Errorf("again: %+v", again)
	}
	r.drain() // nothing is left to do
}

func TestAcceptOfHostileEvents(t *testing.T) {
	t.Parallel()
	every := `
name: every
title: Every event
trigger: reports
event_types: ["*"]
steps: [{id: look, action: look_up, with: {user: u}}]
`
	huge := event("huge")
	huge.Data, _ = json.Marshal(map[string]string{"user": strings.Repeat("x", 256<<10)})
	for name, events := range map[string][]sdk.RawEvent{
		"nothing but a type": {{Type: "t"}},
		"no type":            {{ID: "i", Data: json.RawMessage(`{}`)}},
		"no data":            {{ID: "i", Type: "t"}},
		"null":               {{ID: "i", Type: "t", Data: json.RawMessage(`null`)}},
		"cut off":            {{ID: "i", Type: "t", Data: json.RawMessage(`{"user":`)}},
		"not UTF-8":          {{ID: "\xff\x00", Type: "t\x00", Data: json.RawMessage("\xff")}},
		"quotes":             {{ID: "'; DROP TABLE runs; --", Type: "t", Data: json.RawMessage(`{}`)}},
		"huge":               {huge},
		"long id":            {{ID: strings.Repeat("i", 64<<10), Type: "t", Data: json.RawMessage(`{}`)}},
		"far past":           {{ID: "i", Type: "t", Time: time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC), Data: json.RawMessage(`{}`)}},
		"far future":         {{ID: "i", Type: "t", Time: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), Data: json.RawMessage(`{}`)}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, every, always(changed))
			got := r.accept(sdk.RawPage{Events: events})
			if len(got.Runs) != len(events) {
				t.Fatalf("got %+v", got)
			}
			r.drain()
			run := r.read(got, 0)
			if !run.EventTime.Equal(events[0].Time) {
				t.Errorf("event time %s, want %s", run.EventTime, events[0].Time)
			}
			if _, err := json.Marshal(run); err != nil {
				t.Errorf("the run cannot be shown: %v", err)
			}
			if again := r.accept(sdk.RawPage{Events: events}); again.Repeated != len(events) {
				t.Errorf("again: %+v", again)
			}
		})
	}
}

// TestAcceptOfEventsWithoutID checks that the content identifies an event without an ID.
func TestAcceptOfEventsWithoutID(t *testing.T) {
	r := newRig(t, contain, always(changed))
	p := page("1", "a", "b", "a")
	for i := range p.Events {
		p.Events[i].ID = ""
	}
	if got := r.accept(p); got.Started != 2 || got.Repeated != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestRunIDsAreDistinct(t *testing.T) {
	seen := map[string][]string{}
	for _, parts := range [][]string{{"ab", "c", "d"}, {"a", "bc", "d"}, {"a", "b", "cd"}, {"", "abc", "d"}, {"abcd", "", ""}, {"ABCD", "", ""}} {
		id := engine.RunID(parts[0], parts[1], parts[2])
		if other, double := seen[id]; double {
			t.Errorf("%q and %q have one id", parts, other)
		}
		if len(id) != 32 || id != engine.RunID(parts[0], parts[1], parts[2]) {
			t.Errorf("id %q", id)
		}
		seen[id] = parts
	}
}

func TestPanicsAreContained(t *testing.T) {
	r := newRig(t, contain, always(changed))
	err := r.guarded("the condition of contain", func() error { panic("boom") })
	if codeOf(err) != sdk.Internal {
		t.Errorf("got %v", err)
	}
	// TestPanicsAreContained evaluates a playbook that was not loaded, which panics. The
	// process survives.
	_, _ = r.Accept(t.Context(), "s", page("1", "a"), []*playbook.Playbook{{Name: "x", EventTypes: []string{"*"}}})
}

// TestAcceptMatchedSelectors checks that an event starts only the playbooks that it lists.
func TestAcceptMatchedSelectors(t *testing.T) {
	r := newRig(t, contain, always(changed))
	books := []*playbook.Playbook{r.book}
	for _, name := range []string{"second", "third"} {
		books = append(books, load(t, r.manifest(), strings.Replace(contain, "name: contain", "name: "+name, 1)))
	}
	for id, selectors := range map[string][]int{"a": nil, "b": {0, 2}, "c": {1}, "d": {7}, "e": {}} {
		e := event(id)
		e.MatchedSelectors = selectors
		got, err := r.Accept(t.Context(), "s", sdk.RawPage{Events: []sdk.RawEvent{e}}, books)
		if err != nil {
			t.Fatal(err)
		}
		var started []string
		for _, run := range got.Runs {
			full, err := r.store.Run(t.Context(), run)
			if err != nil {
				t.Fatal(err)
			}
			started = append(started, full.Playbook)
		}
		want := map[string][]string{"a": {"contain", "second", "third"}, "b": {"contain", "third"}, "c": {"second"}}[id]
		if !slices.Equal(started, want) {
			t.Errorf("for %v: started %v, want %v", selectors, started, want)
		}
	}
}

// TestAcceptOfAnIndeterminateEvent checks that an indeterminate event has a failed run with
// the reason. An event that certainly does not match has none.
func TestAcceptOfAnIndeterminateEvent(t *testing.T) {
	r := newRig(t, contain, always(changed))
	doubtful := func(id, eventType string) sdk.RawEvent {
		e := event(id)
		e.Type, e.Indeterminate = eventType, "the event's eventType could not be read"
		return e
	}
	no := doubtful("c", "")
	no.Data = []byte(`{"user":"u","result":"FAILURE","targets":[]}`)
	got := r.accept(sdk.RawPage{Events: []sdk.RawEvent{doubtful("a", ""), doubtful("b", "user.other"), no, event("d")}})
	if got.Matched != 2 || got.Started != 1 || len(got.Runs) != 2 {
		t.Fatalf("got %+v", got)
	}
	run := r.read(got, 0)
	if run.Status != engine.Failed || run.EventID != "a" || run.Error == nil || !strings.Contains(run.Error.Message, "could not be read") || len(run.Steps) != 0 {
		t.Errorf("got %+v", run)
	}
}

// TestShapesOfAnEventAreKept checks that each shape of an event is stored once, whichever
// playbook reads it. A playbook that reads no shape stores none.
func TestShapesOfAnEventAreKept(t *testing.T) {
	s, err := OpenStore(t.Context(), filepath.Join(t.TempDir(), "soar.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	reads := func(shapes ...string) *playbook.Playbook { return &playbook.Playbook{Shapes: shapes} }
	event := func(ecs string) sdk.RawEvent {
		return sdk.RawEvent{Shapes: map[string]json.RawMessage{"ecs": json.RawMessage(ecs), "emm": json.RawMessage(`{"row":null}`)}}
	}
	err = s.tx(t.Context(), func(tx *conn) {
		var seq int64
		tx.row(`INSERT INTO events (org, id, type, data) VALUES ('o', 'e', 't', '{}') RETURNING seq`).into(&seq)
		for _, step := range []struct {
			write *playbook.Playbook
			event sdk.RawEvent
			read  *playbook.Playbook
			want  map[string]json.RawMessage
		}{
			{reads(), event(`{"n":1}`), reads("ecs"), map[string]json.RawMessage{}},
			{reads("ecs"), event(`{"n":1}`), reads("ecs"), map[string]json.RawMessage{"ecs": json.RawMessage(`{"n":1}`)}},
			{reads("ecs"), event(`{"n":2}`), reads("ecs"), map[string]json.RawMessage{"ecs": json.RawMessage(`{"n":1}`)}},
			{reads("emm"), sdk.RawEvent{}, reads("emm"), map[string]json.RawMessage{"ecs": json.RawMessage(`{"n":1}`)}},
			{reads("emm"), event(`{}`), reads("ecs", "emm"), map[string]json.RawMessage{"ecs": json.RawMessage(`{"n":1}`), "emm": json.RawMessage(`{"row":null}`)}},
			{reads(), event(`{}`), reads(), nil},
		} {
			writeShapes(tx, seq, step.event, step.write)
			got := readShapes(tx, seq, step.read)
			if diff := cmp.Diff(step.want, got); diff != "" {
				t.Errorf("written for %v, read for %v: %s", step.write.Shapes, step.read.Shapes, diff)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}
