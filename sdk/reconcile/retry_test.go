package reconcile_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

// TestRetryWithinDeadline checks that Retry waits for a rate-limit window of a
// minute if the caller has the time, and returns at once otherwise.
func TestRetryWithinDeadline(t *testing.T) {
	for name, test := range map[string]struct {
		within, asked time.Duration // within 0: for as long as it takes
		calls         int
		took          time.Duration
	}{
		"a step's own time":     {3 * time.Minute, 62 * time.Second, 2, 62 * time.Second},
		"no end":                {0, 62 * time.Second, 2, 62 * time.Second},
		"too little time":       {time.Minute, 62 * time.Second, 1, 0},
		"no time for the rest":  {65 * time.Second, 62 * time.Second, 1, 0},
		"a quarter of an hour":  {0, 15 * time.Minute, 1, 0},
		"no word of when":       {time.Minute, 0, 2, reconcile.RetryWaits[0]},
		"the last second of it": {5 * time.Second, 0, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				if test.within > 0 {
					ctx, cancel = context.WithTimeout(t.Context(), test.within)
				}
				defer cancel()
				calls, begin := 0, time.Now()
				_, err := reconcile.Retry(ctx, func() (bool, error) {
					if calls++; calls == 1 {
						return false, &sdk.Error{Code: sdk.RateLimited, Message: "later", RetryAfter: test.asked}
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
