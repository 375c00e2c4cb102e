package embedded

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/engine"
	"soar.example/okta/sdk"
)

// retryPlaybook has two steps that may fail without ending the run, a step that reads their
// results, and one more.
const retryPlaybook = `
name: salvaged
title: Salvaged
trigger: reports
event_types: [user.report]
steps:
  - id: look
    action: look_up
    with: {user: "look"}
  - id: whim
    action: contain_user
    with: {user: "whim"}
    on_error: ignore
    retry: {attempts: 1}
  - id: first
    action: contain_user
    with: {user: "${{ steps.look.output.status }}"}
    on_error: %s
    retry: {attempts: 2, wait: 1ms}
  - id: second
    action: look_up
    with: {user: "second"}
  - id: third
    action: look_up
    with: {user: "third"}
    if: steps.first.status == "failed"
`

// TestRetryRun checks that a retry keeps the steps that succeeded, with their outputs, and
// runs the failed ones again. A run that fails again can be retried again.
func TestRetryRun(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		onError, failed string
		again, mended   []string // the users of the calls
		after           string
	}{
		{"stop", "failed(unavailable) look=succeeded/1 whim=failed/1(unavailable) first=failed/2(unavailable) second=skipped/0 third=skipped/0",
			[]string{"ACTIVE", "ACTIVE"}, []string{"ACTIVE", "second"},
			"succeeded look=succeeded/1 whim=failed/1(unavailable) first=succeeded/5 second=succeeded/1 third=skipped/0"},
		{"continue", "failed(unavailable) look=succeeded/1 whim=failed/1(unavailable) first=failed/2(unavailable) second=succeeded/1 third=succeeded/1",
			[]string{"ACTIVE", "ACTIVE"}, []string{"ACTIVE"},
			"succeeded look=succeeded/1 whim=failed/1(unavailable) first=succeeded/5 second=succeeded/1 third=succeeded/1"},
	} {
		t.Run(test.onError, func(t *testing.T) {
			var mu sync.Mutex
			var calls []string
			broken := true
			r := newRig(t, fmt.Sprintf(retryPlaybook, test.onError), func(_ context.Context, action string, in request) (answer, error) {
				mu.Lock()
				defer mu.Unlock()
				calls = append(calls, in.User)
				if broken && action == "contain_user" {
					return answer{}, sdk.Errorf(sdk.Unavailable, "the service is down")
				}
				return changed, nil
			})
			if run := r.only(); brief(run) != test.failed {
				t.Fatalf("got %s", brief(run))
			}
			retry := func(want []string) *Run {
				t.Helper()
				calls = nil
				run, err := r.store.Retry(t.Context(), r.read(Accepted{}, 0).ID[:8])
				if err != nil || run.Status != engine.Queued || run.Error != nil || !run.Finished.IsZero() {
					t.Fatalf("%+v, %v", run, err)
				}
				r.drain()
				if d := cmp.Diff(want, calls); d != "" {
					t.Error(d)
				}
				return r.read(Accepted{}, 0)
			}
			if run := retry(test.again); run.Status != engine.Failed || len(run.Retries) != 1 {
				t.Errorf("got %s", brief(run))
			}
			broken = false
			run := retry(test.mended)
			if brief(run) != test.after {
				t.Errorf("got %s", brief(run))
			}
			for i, again := range run.Retries {
				if again.N != i+1 || again.Error == nil || again.Error.Code != sdk.Unavailable || again.Failed.IsZero() || again.Begun.Before(again.Time) {
					t.Errorf("got %+v", again)
				}
			}
			attempts := map[string]string{}
			for _, a := range run.Audit {
				if a.StepID == "first" {
					attempts[a.Cause] += fmt.Sprint(a.Attempt)
				}
			}
			if d := cmp.Diff(map[string]string{"": "12", CauseRetry: "345"}, attempts); d != "" {
				t.Error(d)
			}
			if _, err := r.store.Retry(t.Context(), run.ID); codeOf(err) != sdk.Conflict {
				t.Errorf("a run that succeeded: %v", err)
			}
		})
	}
}

func TestRetryRejections(t *testing.T) {
	r := newRig(t, strings.Replace(contain, `event.result == "SUCCESS"`, `int(event.result) == 1`, 1), always(changed))
	a := r.accept(page("1", "e1"))
	if run := r.read(a, 0); run.Status != engine.Failed {
		t.Fatal(brief(run))
	}
	for id, want := range map[string]sdk.Code{
		a.Runs[0]:                  sdk.Conflict, // its condition can never be evaluated
		strings.Repeat("0", 32):    sdk.NotFound,
		"abc":                      sdk.InvalidInput,
		"":                         sdk.InvalidInput,
		"' OR 1 --":                sdk.NotFound,
		strings.Repeat("f", 1<<16): sdk.NotFound,
	} {
		if run, err := r.store.Retry(t.Context(), id); codeOf(err) != want {
			t.Errorf("%.40q: %+v, %v", id, run, err)
		}
	}
	other := newRig(t, contain, always(changed))
	queued := other.accept(page("1", "e1")).Runs[0]
	if _, err := other.store.Retry(t.Context(), queued); codeOf(err) != sdk.Conflict {
		t.Errorf("a run that is queued: %v", err)
	}
}

// TestRetryTwiceAtOnce checks that two requests at the same time queue the run once.
func TestRetryTwiceAtOnce(t *testing.T) {
	r := newRig(t, contain, func(context.Context, string, request) (answer, error) {
		return answer{}, sdk.Errorf(sdk.Forbidden, "no")
	})
	run := r.only()
	var mu sync.Mutex
	rejected := 0
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			_, err := r.store.Retry(context.Background(), run.ID)
			mu.Lock()
			defer mu.Unlock()
			if codeOf(err) == sdk.Conflict {
				rejected++
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if run = r.read(Accepted{}, 0); rejected != 7 || len(run.Retries) != 1 {
		t.Errorf("%d were rejected, and there are %+v", rejected, run.Retries)
	}
}

// TestRetryFromAnotherProcess retries a run in another process: the engine at work executes
// it. An engine for one run leaves the others alone.
func TestRetryFromAnotherProcess(t *testing.T) {
	t.Parallel()
	var mended atomic.Bool
	finished := make(chan string, 4)
	r := newRig(t, contain, func(context.Context, string, request) (answer, error) {
		if !mended.Load() {
			return answer{}, sdk.Errorf(sdk.Forbidden, "no")
		}
		return changed, nil
	}, func(o *Options) {
		o.Workers, o.watchEvery = 1, 10*time.Millisecond
		o.Observe = func(n Notice) {
			if n.Kind == RunFinished {
				finished <- n.Run.ID + n.Run.Status
			}
		}
	})
	ids := r.accept(page("1", "a", "b")).Runs
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	worked := make(chan error, 1)
	go func() { worked <- r.Work(ctx) }()
	for range ids {
		<-finished
	}
	mended.Store(true)
	other := openStore(t, r.store.Path())
	if busy, err := other.InUse(); err != nil || !busy {
		t.Errorf("in use: %v, %v", busy, err)
	}
	if _, err := other.Retry(t.Context(), ids[1]); err != nil {
		t.Fatal(err)
	}
	if got := <-finished; got != ids[1]+engine.Succeeded {
		t.Errorf("got %s", got)
	}
	stop()
	if err := <-worked; err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if busy, err := other.InUse(); err != nil || busy {
		t.Errorf("in use afterwards: %v, %v", busy, err)
	}
	// An engine for one run leaves the others alone.
	for _, id := range ids {
		if _, err := other.write.Exec(`UPDATE runs SET status = 'failed', error = '{}' WHERE id = ?`, id); err != nil {
			t.Fatal(err)
		}
		if _, err := other.Retry(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop = context.WithCancel(t.Context())
	defer stop()
	alone := newEngine(t, other, Options{Connections: r.o.Connections, Only: ids[0], Observe: func(n Notice) {
		if n.Kind == RunFinished {
			stop()
		}
	}})
	if err := alone.Work(ctx); err != nil {
		t.Error(err)
	}
	for i, want := range []engine.Status{engine.Succeeded, engine.Queued} {
		if run, err := other.Run(t.Context(), ids[i]); err != nil || run.Status != want {
			t.Errorf("%s, %v", brief(run), err)
		}
	}
}
