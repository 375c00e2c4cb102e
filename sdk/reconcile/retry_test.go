package reconcile_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

// TestRetryWithinDeadline checks that Retry waits for a rate limit window of one minute if the
// deadline allows it. Otherwise it returns at once.
func TestRetryWithinDeadline(t *testing.T) {
	for name, test := range map[string]struct {
		deadline, retryAfter time.Duration // a deadline of 0 is none
		calls                int
		took                 time.Duration
	}{
		"deadline of a step":            {3 * time.Minute, 62 * time.Second, 2, 62 * time.Second},
		"no deadline":                   {0, 62 * time.Second, 2, 62 * time.Second},
		"deadline before the wait ends": {time.Minute, 62 * time.Second, 1, 0},
		"deadline soon after the wait":  {65 * time.Second, 62 * time.Second, 1, 0},
		"wait of 15 minutes":            {0, 15 * time.Minute, 1, 0},
		"no Retry-After":                {time.Minute, 0, 2, reconcile.RetryWaits[0]},
		"deadline in 5 seconds":         {5 * time.Second, 0, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				if test.deadline > 0 {
					ctx, cancel = context.WithTimeout(t.Context(), test.deadline)
				}
				defer cancel()
				calls, begin := 0, time.Now()
				_, err := reconcile.Retry(ctx, func() (bool, error) {
					if calls++; calls == 1 {
						return false, &sdk.Error{Code: sdk.RateLimited, Message: "later", RetryAfter: test.retryAfter}
					}
					return true, nil
				})
				if calls != test.calls || time.Since(begin) != test.took || (err == nil) != (test.calls == 2) {
					t.Errorf("%d calls in %s: %v", calls, time.Since(begin), err)
				}
			})
		})
	}
}
