package embedded

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"soar.example/okta/internal/engine"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/sdk"
)

const retried = `
name: retried
title: Retried
trigger: reports
event_types: [user.report]
steps:
  - id: suspend
    action: contain_user
    with: {user: u}
    retry: {attempts: %d, wait: 1s, max_wait: 4s}
    timeout: 5s
`

func TestRetries(t *testing.T) {
	t.Parallel()
	const second = time.Second
	failing := func(code sdk.Code, after time.Duration, times int) service {
		return func(context.Context, string, request) (answer, error) {
			if times--; times < 0 {
				return changed, nil
			}
			return answer{}, &sdk.Error{Code: code, Message: "no", RetryAfter: after}
		}
	}
	hanging := func(ctx context.Context, _ string, _ request) (answer, error) {
		<-ctx.Done()
		return answer{}, ctx.Err()
	}
	mislabelled := func(ctx context.Context, _ string, _ request) (answer, error) {
		<-ctx.Done()
		return answer{}, sdk.Errorf(sdk.Canceled, "gave up")
	}
	for _, test := range []struct {
		name     string
		attempts int
		do       service
		gaps     []time.Duration // from the start of a call to that of the next
		exact    bool            // no jitter
		want     string
	}{
		{"at once", 4, failing("", 0, 0), nil, false, "succeeded suspend=succeeded/1"},
		{"doubling up to a limit", 6, failing(sdk.Unavailable, 0, 5),
			[]time.Duration{second, 2 * second, 4 * second, 4 * second, 4 * second}, false, "succeeded suspend=succeeded/6"},
		{"in vain", 3, failing(sdk.Unavailable, 0, 99), []time.Duration{second, 2 * second}, false, "failed(unavailable) suspend=failed/3(unavailable)"},
		{"one attempt", 1, failing(sdk.Unavailable, 0, 99), nil, false, "failed(unavailable) suspend=failed/1(unavailable)"},
		{"when the service says", 3, failing(sdk.RateLimited, time.Minute, 2), []time.Duration{time.Minute, time.Minute}, true, "succeeded suspend=succeeded/3"},
		{"a short limit does not hurry", 2, failing(sdk.RateLimited, time.Millisecond, 1), []time.Duration{second}, false, "succeeded suspend=succeeded/2"},
		{"just near enough", 2, failing(sdk.RateLimited, 15*time.Minute, 1), []time.Duration{15 * time.Minute}, true, "succeeded suspend=succeeded/2"},
		{"too far off", 2, failing(sdk.RateLimited, 15*time.Minute+1, 1), nil, false, "failed(rate_limited) suspend=failed/1(rate_limited)"},
		{"no answer", 2, hanging, []time.Duration{6 * second}, false, "failed(timeout) suspend=failed/2(timeout)"},
		{"no answer, and no word of why", 2, mislabelled, []time.Duration{6 * second}, false, "failed(timeout) suspend=failed/2(timeout)"},
		{"not accepted", 4, failing(sdk.Unauthenticated, 0, 1), nil, false, "failed(unauthenticated) suspend=failed/1(unauthenticated)"},
		{"not allowed", 4, failing(sdk.Forbidden, 0, 1), nil, false, "failed(forbidden) suspend=failed/1(forbidden)"},
		{"broken", 4, failing(sdk.Internal, 0, 1), nil, false, "failed(internal) suspend=failed/1(internal)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls []time.Time
				var waits []time.Duration
				r := newRig(t, fmt.Sprintf(retried, test.attempts), func(ctx context.Context, action string, in request) (answer, error) {
					calls = append(calls, time.Now())
					return test.do(ctx, action, in)
				}, func(o *Options) {
					o.Observe = func(n Notice) {
						if n.Kind == StepRetry {
							waits = append(waits, n.Wait)
						}
					}
				})
				run := r.only()
				if brief(run) != test.want {
					t.Errorf("got  %s\nwant %s", brief(run), test.want)
				}
				if len(calls) != len(test.gaps)+1 || len(waits) != len(test.gaps) || len(run.Audit) != len(calls) {
					t.Fatalf("%d calls, %d notices and %d audit entries for %d gaps", len(calls), len(waits), len(run.Audit), len(test.gaps))
				}
				for i, want := range test.gaps {
					got := calls[i+1].Sub(calls[i])
					low, high := want*8/10, want*12/10
					if test.exact {
						low, high = want, want
					}
					if got < low || got > high+time.Millisecond || waits[i] > got+time.Millisecond {
						t.Errorf("gap %d is %s (announced %s), want %s", i, got, waits[i], want)
					}
				}
			})
		})
	}
}

// TestRestartDuringAWait checks that a wait that the service asked for outlasts a restart.
func TestRestartDuringAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls []time.Time
		r := newRig(t, fmt.Sprintf(retried, 2), func(context.Context, string, request) (answer, error) {
			calls = append(calls, time.Now())
			if len(calls) == 1 {
				return answer{}, &sdk.Error{Code: sdk.RateLimited, Message: "later", RetryAfter: 10 * time.Minute}
			}
			return changed, nil
		})
		r.accept(page("1", "e1"))
		for range 3 {
			start := time.Now()
			ctx, stop := context.WithTimeout(t.Context(), time.Minute)
			if err := r.Work(ctx); err != nil {
				t.Fatal(err)
			}
			stop()
			if took := time.Since(start); took != time.Minute {
				t.Errorf("Work ended after %s", took)
			}
			if run := r.read(Accepted{}, 0); brief(run) != "queued suspend=running/1(rate_limited)" {
				t.Errorf("got %s", brief(run))
			}
		}
		r.drain()
		if run := r.read(Accepted{}, 0); brief(run) != "succeeded suspend=succeeded/2" {
			t.Errorf("got %s", brief(run))
		}
		if gap := calls[1].Sub(calls[0]); gap < 10*time.Minute-time.Millisecond || gap > 10*time.Minute+time.Second {
			t.Errorf("tried again after %s", gap)
		}
	})
}

// TestClockSetBackDuringAWait checks that a clock set back by years does not delay a step by years.
func TestClockSetBackDuringAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ahead atomic.Int64
		ahead.Store(int64(100 * 365 * 24 * time.Hour))
		calls := 0
		r := newRig(t, fmt.Sprintf(retried, 2), func(context.Context, string, request) (answer, error) {
			if calls++; calls == 1 {
				return answer{}, sdk.Errorf(sdk.Unavailable, "later")
			}
			return changed, nil
		}, func(o *Options) { o.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) } })
		r.o.Observe = func(n Notice) {
			if n.Kind == StepRetry {
				ahead.Store(0)
			}
		}
		start := time.Now()
		if run := r.only(); run.Status != engine.Succeeded || time.Since(start) > engine.LongestRetryAfter {
			t.Errorf("got %s after %s", brief(run), time.Since(start))
		}
	})
}

func TestGrace(t *testing.T) {
	const beforeEnd = time.Second
	for _, test := range []struct {
		name  string
		takes time.Duration
		ends  time.Duration // after ctx
		want  string
		audit []AuditEntry
	}{
		{"finished in time", 4 * time.Second, 3 * time.Second, "queued look=succeeded/1 suspend=pending/0 verify=pending/0",
			[]AuditEntry{{StepID: "look", Attempt: 1, Action: "look_up", Status: engine.Done}}},
		{"cut off", time.Hour, 10 * time.Second, "queued look=running/1 suspend=pending/0 verify=pending/0",
			[]AuditEntry{{StepID: "look", Attempt: 1, Action: "look_up", Status: engine.Failed, Code: "canceled", Message: "canceled by the caller"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				slow := true
				r := newRig(t, contain, func(ctx context.Context, _ string, _ request) (answer, error) {
					if !slow {
						return changed, nil
					}
					select {
					case <-time.After(test.takes):
						return changed, nil
					case <-ctx.Done():
						return answer{}, ctx.Err()
					}
				})
				r.accept(page("1", "e1"))
				ctx, stop := context.WithTimeout(t.Context(), beforeEnd)
				defer stop()
				start := time.Now()
				if err := r.Work(ctx); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(start); took != beforeEnd+test.ends {
					t.Errorf("Work ended after %s", took)
				}
				run := r.read(Accepted{}, 0)
				if brief(run) != test.want {
					t.Errorf("got %s", brief(run))
				}
				for i := range test.audit {
					test.audit[i].RunID, test.audit[i].Input = run.ID, run.Steps[0].Input
				}
				if d := cmp.Diff(test.audit, run.Audit, noTimes); d != "" {
					t.Error(d)
				}
				slow = false
				r.drain()
				if run := r.read(Accepted{}, 0); run.Status != engine.Succeeded {
					t.Errorf("resumed: %s", brief(run))
				}
			})
		})
	}
}
