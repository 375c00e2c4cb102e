package embedded

import (
	"context"
	"math/rand/v2"
	"time"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// longestRetryAfter is how far ahead a service may put the next attempt; a step
// that would wait longer fails instead of holding a worker.
const longestRetryAfter = 15 * time.Minute

// nextAttempt says whether a step that failed so many times is tried again, and
// after how long: twice as long each time, a fifth more or less so that runs do
// not come back all at once, and never before the service allows it.
func nextAttempt(retry playbook.Retry, failures int, failure *sdk.Error) (wait time.Duration, again bool) {
	if !failure.Code.Transient() || failures >= retry.Attempts || failure.RetryAfter > longestRetryAfter {
		return 0, false
	}
	wait = min(retry.Wait, retry.MaxWait)
	for i := 1; i < failures && wait < retry.MaxWait; i++ {
		// Not min(2*wait, …): the double may be more than a Duration holds.
		wait += min(wait, retry.MaxWait-wait)
	}
	wait = max(wait, time.Millisecond)
	wait = time.Duration(float64(wait) * (0.8 + 0.4*rand.Float64()))
	return max(wait, failure.RetryAfter), true
}

// pause waits, and reports false if halt ends first. It never waits longer than
// nextAttempt would ask for, even if the clock was put back meanwhile.
func pause(halt context.Context, wait time.Duration, retry playbook.Retry) bool {
	if wait <= 0 {
		return halt.Err() == nil
	}
	timer := time.NewTimer(min(wait, max(longestRetryAfter, retry.MaxWait+retry.MaxWait/5)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-halt.Done():
		return false
	}
}
