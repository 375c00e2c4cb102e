package embedded

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/sdk"
)

// TestPauseDuringBatch pauses all writes from another process while a batch is under way:
// no write is sent after that, and the rest of the batch is rejected.
func TestPauseDuringBatch(t *testing.T) {
	t.Parallel()
	dir := newDirectory(t)
	path := storePath(t)
	batch, other := newDesk(t, dir, path), newDesk(t, dir, path)
	inside := make(chan struct{})
	dir.setHook(func(r *http.Request) func() {
		if r.Method == http.MethodPatch && r.URL.Path == "/user-3" {
			select {
			case <-inside:
			default:
				close(inside)
			}
			<-r.Context().Done() // until the pause cancels the call
		}
		return nil
	})
	errs := make(chan []error, 1)
	go func() {
		var all []error
		for i := range 8 {
			_, err := batch.do(context.Background(), "contain", fmt.Sprint("user-", i))
			all = append(all, err)
		}
		errs <- all
	}()
	<-inside
	p, err := other.PauseWrites(t.Context(), "wrong condition")
	if err != nil || p.Reason != "wrong condition" || p.OSUser == "" {
		t.Fatalf("got %+v, %v", p, err)
	}
	sent := len(dir.written())
	for i, err := range <-errs {
		if paused := errors.Is(err, ErrPaused); paused != (i >= 3) || paused && codeOf(err) != sdk.Unavailable {
			t.Errorf("call %d: %v", i, err)
		}
	}
	if got := len(dir.written()); got != sent || got != 6 {
		t.Errorf("%d writes at the pause, %d in the end", sent, got)
	}
	interrupted, err := other.Operations(t.Context(), OperationQuery{Status: engine.Interrupted})
	if err != nil || len(interrupted) != 1 || interrupted[0].Subjects[0].ID != "user-3" || !interrupted[0].Open() {
		t.Errorf("got %+v, %v", interrupted, err)
	}
	if _, err := other.restore(t.Context(), "user-0", UndoOptions{}); !errors.Is(err, ErrPaused) || !strings.Contains(err.Error(), "wrong condition") {
		t.Errorf("undo during the pause: %v", err)
	}
	if _, err := batch.do(t.Context(), "contain", "user-7", `,"dry_run":true`); err != nil {
		t.Errorf("dry run during the pause: %v", err)
	}
	if was, err := batch.ResumeWrites(t.Context()); err != nil || was == nil {
		t.Errorf("got %+v, %v", was, err)
	}
	dir.setHook(nil)
	if _, err := batch.do(t.Context(), "contain", "user-7"); err != nil {
		t.Error(err)
	}
	if was, err := batch.ResumeWrites(t.Context()); err != nil || was != nil {
		t.Errorf("got %+v, %v", was, err)
	}
}

// TestLimits checks limits that hold for all processes of a store.
func TestLimits(t *testing.T) {
	t.Parallel()
	t.Run("writes per minute", func(t *testing.T) {
		t.Parallel()
		dir := newDirectory(t)
		path := storePath(t)
		desks := []*desk{newDesk(t, dir, path), newDesk(t, dir, path)}
		for i := range 4 {
			d := desks[i%2]
			d.caller.Limits = Limits{WritesPerMinute: 5}
			_, err := d.do(t.Context(), "contain", fmt.Sprint("user-", i)) // two requests
			e := sdk.AsError(err)
			if limited := i >= 2; limited != (e != nil) || limited && (e.Code != sdk.RateLimited || e.RetryAfter <= 0 || e.RetryAfter > time.Minute) {
				t.Errorf("call %d: %v", i, err)
			}
		}
		if len(dir.written()) != 4 {
			t.Errorf("got %v", dir.written())
		}
	})
	t.Run("contained per hour", func(t *testing.T) {
		t.Parallel()
		dir := newDirectory(t)
		path := storePath(t)
		desks := []*desk{newDesk(t, dir, path), newDesk(t, dir, path)}
		for i := range 5 {
			d := desks[i%2]
			d.caller.Limits = Limits{ContainedPerHour: 3}
			_, err := d.do(t.Context(), "contain", fmt.Sprint("user-", i))
			if limited := i >= 3; limited != errors.Is(err, ErrPaused) || limited && !strings.Contains(err.Error(), "max_contained_per_hour") {
				t.Errorf("call %d: %v", i, err)
			}
		}
		for _, d := range desks {
			if p, err := d.WritesPaused(t.Context()); err != nil || p == nil || !strings.Contains(p.Reason, "max_contained_per_hour") {
				t.Errorf("got %+v, %v", p, err)
			}
		}
		if len(dir.written()) != 6 {
			t.Errorf("got %v", dir.written())
		}
	})
}

// TestShadowRun executes the writes of a shadow run as dry runs: events and matches are
// real, and the directory is not changed.
func TestShadowRun(t *testing.T) {
	t.Parallel()
	for name, shadow := range map[string]struct{ playbook, connection bool }{"playbook": {true, false}, "connection": {false, true}, "neither": {}} {
		dir := newDirectory(t)
		d := newDesk(t, dir, storePath(t))
		r := &rig{newEngine(t, d.Store, Options{Connections: onShadow(dir.URL, d.m, d.session, shadow.connection)}), t, load(t, d.m,
			fmt.Sprintf("name: p\ntitle: P\nshadow: %t\ntrigger: reports\nevent_types: [user.report]\nsteps:\n"+
				"  - {id: s, action: contain, with: {user: ann}}\n", shadow.playbook))}
		run := r.only()
		is := name != "neither"
		runs, err := d.Runs(t.Context(), Query{Shadow: true})
		if err != nil || (len(runs) == 1) != is || run.Shadow != is || run.Status != engine.Succeeded || (run.Steps[0].Outcome == "planned") != is {
			t.Errorf("%s: got %s, %+v, %v", name, brief(run), runs, err)
		}
		if ops, err := d.Operations(t.Context(), OperationQuery{RunID: run.ID}); err != nil || (len(ops) == 0) != is || (len(dir.written()) == 0) != is {
			t.Errorf("%s: %d operations, writes %v, %v", name, len(ops), dir.written(), err)
		}
	}
}

// TestStepWaitsForResume pauses the writes before a run: its step waits, uses up no
// attempt, and runs after the resume.
func TestStepWaitsForResume(t *testing.T) {
	t.Parallel()
	dir := newDirectory(t)
	path := storePath(t)
	d, other := newDesk(t, dir, path), newDesk(t, dir, path)
	r := &rig{newEngine(t, d.Store, Options{Connections: on(dir.URL, d.m, d.session), watchEvery: 10 * time.Millisecond}), t, load(t, d.m,
		"name: p\ntitle: P\ntrigger: reports\nevent_types: [user.report]\nsteps:\n  - {id: s, action: contain, with: {user: ann}}\n")}
	if _, err := other.PauseWrites(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	r.accept(page("", "e1"))
	ctx, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer stop()
	if err := r.Work(ctx); err != nil || len(dir.written()) > 0 {
		t.Fatalf("got %v, %v", dir.written(), err)
	}
	if _, err := other.ResumeWrites(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.drain()
	if run := r.read(Accepted{}, 0); brief(run) != "succeeded s=succeeded/1" || dir.get("ann") != contained2 {
		t.Errorf("got %s, %+v", brief(run), dir.get("ann"))
	}
}

// TestWriteWithUnknownResultIsNotRepeated interrupts a write that does its work again if it is repeated.
func TestWriteWithUnknownResultIsNotRepeated(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		once bool
		want string
	}{{true, "failed(conflict) s=failed/1(conflict)"}, {false, "succeeded s=succeeded/2"}} {
		dir := newDirectory(t)
		path := storePath(t)
		d, other := newDesk(t, dir, path), newDesk(t, dir, path)
		d.m.Action("contain").Once = test.once
		r := &rig{newEngine(t, d.Store, Options{Connections: on(dir.URL, d.m, d.session), watchEvery: 10 * time.Millisecond}), t, load(t, d.m,
			"name: p\ntitle: P\ntrigger: reports\nevent_types: [user.report]\nsteps:\n  - {id: s, action: contain, with: {user: ann}}\n")}
		inside := make(chan struct{}, 1)
		dir.setHook(func(r *http.Request) func() {
			if r.Method == http.MethodPatch {
				inside <- struct{}{}
				<-r.Context().Done() // until the pause cancels the call
			}
			return nil
		})
		r.accept(page("", "e1"))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Work(ctx) }()
		<-inside
		if _, err := other.PauseWrites(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		stop()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		dir.setHook(nil)
		if _, err := other.ResumeWrites(t.Context()); err != nil {
			t.Fatal(err)
		}
		sent := len(dir.written())
		r.drain()
		run := r.read(Accepted{}, 0)
		if brief(run) != test.want {
			t.Errorf("once %t: got %s, want %s", test.once, brief(run), test.want)
		}
		if repeated := len(dir.written()) > sent; repeated == test.once {
			t.Errorf("once %t: the write was repeated: %t", test.once, repeated)
		}
		if test.once && (run.Error == nil || !strings.Contains(run.Error.Message, "not repeated")) {
			t.Errorf("got %+v", run.Error)
		}
	}
}
