package embedded

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

const day = 24 * time.Hour

// epoch is before every event: pruning with it forgets no ID.
var epoch = time.Unix(0, 0)

// TestPrune checks that everything that belongs to an ended run is deleted, and nothing else.
// The events of these runs start nothing for as long as they may arrive again.
func TestPrune(t *testing.T) {
	t.Parallel()
	r, clock, _ := newGatherer(t, gather)
	began := clock.Now()
	both := []*playbook.Playbook{load(t, r.manifest(), contain), r.book}
	accept := func(p sdk.RawPage, books ...*playbook.Playbook) Accepted {
		t.Helper()
		a, err := r.Accept(t.Context(), "source", p, books)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	accept(page("7", "old1", "old2"), both...)
	accept(page("8", "shared"), both[0])
	clock.put(2 * time.Minute)
	r.take()
	manual := &call{session: r.o.Connections[0].Session, info: r.manifest().Action("look_up"), input: json.RawMessage(`{"user":"u"}`), now: clock.Now}
	if _, _, err := r.store.perform(t.Context(), manual); err != nil {
		t.Fatal(err)
	}
	left := accept(page("9", "cut off", "queued"), both[0]).Runs
	if j, _, err := r.claim(t.Context(), anyConnection); err != nil || j == nil {
		t.Fatal(j, err)
	}
	clock.put(40 * day)
	left = append(left, accept(page("10", "shared"), both[1]).Runs...)

	before := began.Add(10 * day)
	want := Pruned{Before: before, Runs: 5, Events: 2, Calls: 3*3 + 2 + 1}
	if would, err := r.store.prunable(t.Context(), before); err != nil || would != want {
		t.Errorf("would delete %+v, %v; want %+v", would, err, want)
	}
	did, err := r.store.prune(t.Context(), before, epoch)
	if did.FreedBytes = 0; err != nil || did != want {
		t.Errorf("deleted %+v, %v; want %+v", did, err, want)
	}
	if again, err := r.store.prune(t.Context(), before, epoch); err != nil || again != (Pruned{Before: before}) {
		t.Errorf("deleted %+v once more, %v", again, err)
	}
	whole(t, r.store)
	checkpoint, err := r.store.Checkpoint(t.Context(), "source")
	if err != nil || string(checkpoint) != `"10"` {
		t.Errorf("checkpoint %s, %v", checkpoint, err)
	}
	if runs, err := r.store.Runs(t.Context(), Query{}); err != nil || len(runs) != len(left) {
		t.Errorf("%d runs are left of %d, %v", len(runs), len(left), err)
	}
	for _, id := range left {
		if run := r.run(id); run.Event == nil {
			t.Errorf("run %+v", run)
		}
	}

	if a := accept(page("11", "old1", "old2"), both...); a.Repeated != 4 || a.Matched != 4 {
		t.Errorf("events whose runs were pruned did %+v", a)
	}
	if before, err := r.store.Started(t.Context(), "org", "contain", []sdk.RawEvent{event("old1"), event("new")}); err != nil || !before["old1"] || before["new"] {
		t.Errorf("started before: %v, %v", before, err)
	}
	if _, err := r.store.prune(t.Context(), began, before); err != nil {
		t.Fatal(err)
	}
	if a := accept(page("12", "old1", "old2"), both...); a.Started != 4 {
		t.Errorf("events with forgotten IDs did %+v", a)
	}
}

// TestPruneForgetsAtOnce checks that an ID that is old enough to be forgotten is not stored.
func TestPruneForgetsAtOnce(t *testing.T) {
	t.Parallel()
	r, clock, _ := newGatherer(t, gather)
	r.accept(page("", "e1"))
	clock.put(2 * time.Minute)
	r.take()
	if did, err := r.store.prune(t.Context(), clock.Now().Add(time.Second), clock.Now().Add(time.Second)); err != nil || did.Runs != 1 {
		t.Fatalf("deleted %+v, %v", did, err)
	}
	if a := r.accept(page("", "e1")); a.Started != 1 {
		t.Errorf("the event did %+v", a)
	}
}

func TestPruneRejectsAShortAge(t *testing.T) {
	s := openStore(t, storePath(t))
	for _, age := range []time.Duration{day - 1, 0, -day} {
		if _, err := s.Prune(t.Context(), age); codeOf(err) != sdk.InvalidInput {
			t.Errorf("pruned what is %s old: %v", age, err)
		}
		if _, err := s.Prunable(t.Context(), age); codeOf(err) != sdk.InvalidInput {
			t.Errorf("looked for what is %s old: %v", age, err)
		}
	}
	if _, err := s.Prune(t.Context(), day); err != nil {
		t.Error(err)
	}
}

// TestPruneUndos checks that undos that are over are deleted, and that the others are executed when they are due.
func TestPruneUndos(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCell(t)
		c.contain("done", time.Hour)
		c.contain("superseded", time.Hour)
		c.contain("superseded", 200*day)
		c.contain("for good", 0)
		c.contain("failed", 2*time.Hour)
		c.jail.fail = []error{nil, sdk.Errorf(sdk.Forbidden, "no")}
		c.work()
		time.Sleep(3 * time.Hour)
		if err := c.stop(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * day)
		const calls = 5 + 2 - 3 // three containments are not reverted, so that their operations stay
		would, err := c.store.Prunable(t.Context(), 90*day)
		if err != nil {
			t.Fatal(err)
		}
		did, err := c.store.Prune(t.Context(), 90*day)
		did.FreedBytes = 0
		if want := (Pruned{Before: would.Before, Calls: calls, Undos: 3, UndosFailed: 1}); err != nil || did != want || would != want {
			t.Errorf("deleted %+v, %v; would have %+v, want %+v", did, err, would, want)
		}
		if d := cmp.Diff([]string{"pending 4800h0m0s", "standing"}, c.undos()); d != "" {
			t.Error(d)
		}
		time.Sleep(99 * day)
		c.work()
		time.Sleep(day)
		if err := c.stop(); err != nil {
			t.Error(err)
		}
		if d := cmp.Diff([]string{"done after 1h0m0s", "superseded after 4800h0m0s"}, c.jail.released); d != "" {
			t.Error(d)
		}
	})
}

// TestPruneKeepsRunsOfPendingUndos checks that a run stays while one of its undos is pending,
// and that its age counts from the end of the undo.
func TestPruneKeepsRunsOfPendingUndos(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, containOnly, newJail().service(200*day), func(o *Options) { o.watchEvery = time.Hour })
		run := r.only()
		time.Sleep(199 * day)
		prune := func(want int) {
			t.Helper()
			would, err := r.store.Prunable(t.Context(), 90*day)
			if err != nil || would.Runs != want {
				t.Errorf("would delete %+v, %v", would, err)
			}
			if did, err := r.store.Prune(t.Context(), 90*day); err != nil || did.Runs != want || did.Undos != want {
				t.Errorf("deleted %+v, %v", did, err)
			}
		}
		prune(0)
		_, end := atWork(t.Context(), r.Engine)
		time.Sleep(2 * day)
		if err := end(); err != nil {
			t.Fatal(err)
		}
		prune(0)
		if run = r.run(run.ID); len(run.Undos) != 1 || run.Undos[0].Status != engine.Done {
			t.Errorf("undos %+v", run.Undos)
		}
		time.Sleep(90 * day)
		prune(1)
		whole(t, r.store)
	})
}

// TestPruneKeepsARetriedRun checks that a run that was queued again meanwhile is kept.
func TestPruneKeepsARetriedRun(t *testing.T) {
	t.Parallel()
	r := newRig(t, containOnly, func(context.Context, string, request) (answer, error) {
		return answer{}, sdk.Errorf(sdk.Forbidden, "no")
	})
	run := r.only()
	if _, err := r.store.Retry(t.Context(), run.ID); err != nil {
		t.Fatal(err)
	}
	err := inTx(t.Context(), r.store.write, func(tx *conn) {
		p := &pruning{conn: tx, rows: []int64{1}, ended: time.Now().Add(time.Hour)}
		if p.runs(); p.done != (Pruned{}) {
			t.Errorf("deleted %+v", p.done)
		}
	})
	if err != nil {
		t.Error(err)
	}
	if again := r.run(run.ID); again.Status != engine.Queued || len(again.Steps) != 1 {
		t.Errorf("run %+v", again)
	}
}

// whole checks that no row of the store refers to a deleted row, and that nothing of the
// pruned runs is left.
func whole(t *testing.T, s *Store) {
	t.Helper()
	if err := s.checkIntegrity(); err != nil {
		t.Error(err)
	}
	for name, query := range map[string]string{
		"rows that point to nothing":  `SELECT count(*) FROM pragma_foreign_key_check`,
		"events of no run":            `SELECT count(*) FROM events WHERE seq NOT IN (SELECT event FROM runs) AND seq NOT IN (SELECT event FROM group_events)`,
		"calls of no run":             `SELECT count(*) FROM audit WHERE run <> '' AND run NOT IN (SELECT id FROM runs)`,
		"runs that were pruned":       `SELECT count(*) FROM runs WHERE id IN (SELECT id FROM pruned_ids)`,
		"undos of no run that pended": `SELECT count(*) FROM undos WHERE run <> '' AND status <> 'standing' AND run NOT IN (SELECT id FROM runs)`,
	} {
		var n int
		if err := s.read.QueryRow(query).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d %s, %v", n, name, err)
		}
	}
}
