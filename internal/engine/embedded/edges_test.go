package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/sdk"
)

// TestTargetIsReadOnce checks that the store asks a service for its account only once for the same settings.
func TestTargetIsReadOnce(t *testing.T) {
	t.Parallel()
	dir := newDirectory(t)
	d, err := openDesk(dir.URL, storePath(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	settings := json.RawMessage(`{"token":"a"}`)
	if target, err := d.Target(t.Context(), d.session.Check, settings); target != dir.URL || err != nil {
		t.Fatalf("got %q, %v; want %q", target, err, dir.URL)
	}
	if err := d.session.Close(); err != nil { // from now on, the session checks nothing
		t.Fatal(err)
	}
	if target, err := d.Target(t.Context(), d.session.Check, settings); target != dir.URL || err != nil {
		t.Errorf("again: got %q, %v; want %q", target, err, dir.URL)
	}
	if target, err := d.Target(t.Context(), d.session.Check, json.RawMessage(`{"token":"b"}`)); target != "" || err == nil {
		t.Errorf("other settings: got %q, %v; want the error of the closed session", target, err)
	}
}

func TestResume(t *testing.T) {
	t.Parallel()
	s := openStore(t, storePath(t))
	readings := []Reading{{Trigger: "reports", Source: "reports a", Asked: map[string]string{"gather": "a"}}}
	if err := s.Resume(t.Context(), readings); err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := s.Resume(ended, readings); err == nil || !strings.Contains(err.Error(), "resume the checkpoints: ") {
		t.Errorf("got %v", err)
	}
}

// TestClosedStoreFile checks that a closed store keeps no descriptor of its file, also if another store is open. If
// two handles have one file, the first close must keep its descriptor: it would release the lock of the other handle.
func TestClosedStoreFile(t *testing.T) {
	t.Parallel()
	closed := func(s *Store) bool {
		_, err := s.file.f.Stat()
		return errors.Is(err, os.ErrClosed)
	}
	open := func(path string) *Store {
		s, err := OpenStore(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	path := storePath(t)
	_, a, b := open(storePath(t)), open(path), open(path)
	for i, step := range []struct {
		close            *Store
		closedA, closedB bool
	}{{a, false, false}, {b, true, true}} {
		if err := step.close.Close(); err != nil {
			t.Fatal(err)
		}
		if closed(a) != step.closedA || closed(b) != step.closedB {
			t.Errorf("after close %d: closed is %t and %t, want %t and %t", i+1, closed(a), closed(b), step.closedA, step.closedB)
		}
	}
}

// TestLimitsOfLists checks that a negative limit is an error, and that a positive one ends the list.
func TestLimitsOfLists(t *testing.T) {
	t.Parallel()
	d := newDesk(t, newDirectory(t), storePath(t))
	for _, user := range []string{"ann", "bob", "eve"} {
		if _, err := d.do(t.Context(), "contain", user); err != nil {
			t.Fatal(err)
		}
	}
	for limit, want := range map[int]int{-1: -1, 0: 3, 1: 1, 2: 2, 3: 3, 4: 3} {
		ops, err := d.Operations(t.Context(), OperationQuery{Limit: limit})
		if want < 0 && codeOf(err) != sdk.InvalidInput || want >= 0 && (err != nil || len(ops) != want) {
			t.Errorf("limit %d: got %d operations, %v; want %d", limit, len(ops), err, want)
		}
	}
}

// TestNumberOfWorkers checks how many runs are executed at the same time.
func TestNumberOfWorkers(t *testing.T) {
	for workers, want := range map[int]int{-1: 4, 0: 4, 1: 1, 3: 3} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			busy := 0
			leave := make(chan struct{})
			r := newRig(t, contain, func(context.Context, string, request) (answer, error) {
				mu.Lock()
				busy++
				mu.Unlock()
				<-leave
				return changed, nil
			}, func(o *Options) { o.Workers, o.watchEvery = workers, time.Hour })
			r.accept(page("1", "a", "b", "c", "d", "e", "f"))
			ctx, stop := context.WithCancel(t.Context())
			worked := make(chan error, 1)
			go func() { worked <- r.Work(ctx) }()
			time.Sleep(time.Second)
			mu.Lock()
			if busy != want {
				t.Errorf("%d workers: %d runs at once, want %d", workers, busy, want)
			}
			mu.Unlock()
			stop()
			close(leave)
			if err := <-worked; err != nil {
				t.Error(err)
			}
		})
	}
}

// TestSecretsInGroupKeys checks that no secret of a group's key is stored.
func TestSecretsInGroupKeys(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	source := strings.Replace(gather, "group_by: event.user", `group_by: '"ann password=" + event.user'`, 1)
	r, _, _ := newGatherer(t, source)
	got := r.accept(pageOf(about(secret, "1")))
	if got.Started != 1 {
		t.Fatalf("%+v", got)
	}
	if key := string(r.run(got.Runs[0]).Group.Key); strings.Contains(key, secret) || !strings.Contains(key, "ann") {
		t.Errorf("got key %s", key)
	}
}

// TestUnreadableUndos checks that a list of undos that cannot be read is stored as a failed undo, since a person must
// know that nothing reverts the change.
func TestUnreadableUndos(t *testing.T) {
	t.Parallel()
	m, session := connect(t, func(context.Context, string, request) (answer, error) { return changed, nil })
	s := openStore(t, storePath(t))
	// An undo has the number of the latest entry of the audit trail.
	if _, err := s.Perform(t.Context(), session, m.Action("look_up"), json.RawMessage(`{"user":"u"}`), Caller{Org: "org"}); err != nil {
		t.Fatal(err)
	}
	for output, want := range map[string]string{
		`{"outcome":"changed","undo":[{"action":"release_user","at":"tomorrow"}]}`:                                  "failed",
		`{"outcome":"changed","undo":7}`:                                                                            "failed",
		`{"outcome":"not_applicable","undo":7}`:                                                                     "",
		`{"outcome":"changed","undo":[{"action":"release_user","input":{"user":"u"},"at":"2999-01-01T00:00:00Z"}]}`: "pending",
	} {
		org := "org " + output
		c := &call{info: m.Action("contain_user"), input: json.RawMessage(`{"user":"u"}`), from: Caller{Org: org, Manifest: m}, now: time.Now}
		if err := s.tx(t.Context(), func(tx *conn) { s.storeUndos(tx, c, json.RawMessage(output)) }); err != nil {
			t.Fatal(err)
		}
		undos, err := s.Undos(t.Context(), UndoQuery{})
		got := ""
		for _, u := range undos {
			if u.org == org {
				got += string(u.Status)
			}
		}
		if err != nil || got != want {
			t.Errorf("%s: got undos %q, %v; want %q", output, got, err, want)
		}
	}
}

// TestPauseDuringAnUndo pauses all writes while an undo is under way. The attempt does not count, and the undo is
// made after the pause.
func TestPauseDuringAnUndo(t *testing.T) {
	t.Parallel()
	store := openStore(t, storePath(t))
	entered := make(chan struct{}, 8)
	var mu sync.Mutex
	released := 0
	m, session := connect(t, func(ctx context.Context, action string, in request) (answer, error) {
		if action == "release_user" {
			mu.Lock()
			released++
			first := released == 1
			mu.Unlock()
			entered <- struct{}{}
			if first {
				<-ctx.Done() // until the pause cancels the call
				return answer{}, ctx.Err()
			}
			return changed, nil
		}
		a, at := changed, time.Now()
		a.Undo = []sdk.Undo{{Action: "release_user", Input: sdk.JSON(`{"user":"u"}`), At: &at}}
		return a, nil
	})
	if _, err := store.Perform(t.Context(), session, m.Action("contain_user"), json.RawMessage(`{"user":"u"}`), Caller{Org: "org"}); err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, store, Options{Connections: on("org", m, session)})
	ctx, stop := context.WithCancel(t.Context())
	worked := make(chan error, 1)
	go func() { worked <- e.Work(ctx) }()
	<-entered
	if _, err := store.PauseWrites(t.Context(), "test"); err != nil {
		t.Fatal(err)
	}
	wait := func(want engine.Status, attempts int) {
		t.Helper()
		var last []Undo
		for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			undos, err := store.Undos(t.Context(), UndoQuery{})
			if err != nil {
				t.Fatal(err)
			}
			if last = undos; len(undos) == 1 && undos[0].Status == want && undos[0].Attempts == attempts {
				return
			}
		}
		t.Errorf("got %+v, want %s after %d attempts", last, want, attempts)
	}
	wait(engine.Pending, 0)
	if _, err := store.ResumeWrites(t.Context()); err != nil {
		t.Fatal(err)
	}
	wait(engine.Done, 1)
	stop()
	if err := <-worked; err != nil {
		t.Error(err)
	}
}

// TestBatchReportsWaits checks that a batch reports each wait for a rate limit.
func TestBatchReportsWaits(t *testing.T) {
	t.Parallel()
	for _, limited := range []int{0, 1} {
		dir := newDirectory(t)
		dir.limited = limited
		d := newDesk(t, dir, storePath(t))
		var mu sync.Mutex
		waits := 0
		b, err := d.batch(t.Context(), BatchOptions{Observe: func(_ *Batch, item int, wait time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			if wait > 0 {
				waits++
				if item != -1 {
					t.Errorf("a wait of item %d", item)
				}
			}
		}}, "ann")
		if err != nil || b.Verified != 1 || waits != limited {
			t.Errorf("%d requests over the limit: got %+v, %v, %d waits", limited, b, err, waits)
		}
	}
}

func TestPauseWithoutReason(t *testing.T) {
	t.Parallel()
	d := newDesk(t, newDirectory(t), storePath(t))
	for reason, want := range map[string]string{"": "Z. Run soar resume first", "a mistake": "Z (a mistake). Run soar resume first"} {
		if _, err := d.PauseWrites(t.Context(), reason); err != nil {
			t.Fatal(err)
		}
		if _, err := d.do(t.Context(), "contain", "ann"); !errors.Is(err, ErrPaused) || !strings.Contains(err.Error(), want) {
			t.Errorf("reason %q: got %v, want %q", reason, err, want)
		}
		if _, err := d.ResumeWrites(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNothingWritten checks when a failed call is known to have changed nothing: its undo is then not needed.
func TestNothingWritten(t *testing.T) {
	read, write := sdk.Call{Method: "GET", Path: "/u", Status: 200}, sdk.Call{Method: "PATCH", Path: "/u", Status: 500}
	for name, c := range map[string]struct {
		calls   []sdk.Call
		failure *sdk.Error
		want    bool
	}{
		"reads only":             {[]sdk.Call{read, read}, sdk.Errorf(sdk.Unavailable, "down"), true},
		"a write":                {[]sdk.Call{read, write}, sdk.Errorf(sdk.Unavailable, "down"), false},
		"no call, invalid input": {nil, sdk.Invalid("no"), true},
		"no call, outage":        {nil, sdk.Errorf(sdk.Unavailable, "down"), false},
	} {
		if got := nothingWritten(c.calls, c.failure); got != c.want {
			t.Errorf("%s: got %t, want %t", name, got, c.want)
		}
	}
}
