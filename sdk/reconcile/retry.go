package reconcile

import (
	"context"
	"errors"
	"time"

	"soar.example/okta/sdk"
)

const (
	// maxWait is the longest wait of Retry for a caller without a deadline. It is longer than a
	// rate limit window of one minute.
	maxWait = 90 * time.Second
	// margin is the time that a caller needs for further calls after a wait.
	margin = 10 * time.Second
)

// RetryWaits are the shortest waits of [Retry] between calls. Tests may shorten them before the
// first write.
var RetryWaits = []time.Duration{time.Second, 3 * time.Second}

// Retry repeats a call that failed with a transient error (see [sdk.Code.Transient]), so that a
// partial change is completed. It does not wait beyond the deadline of its caller.
func Retry[T any](ctx context.Context, call func() (T, error)) (T, error) {
	for _, wait := range RetryWaits {
		got, err := call()
		e := sdk.AsError(err)
		if e == nil || errors.Is(err, sdk.ErrPlanned) || !e.Code.Transient() {
			return got, err
		}
		wait = max(wait, e.RetryAfter)
		if end, ok := ctx.Deadline(); ok && time.Until(end) <= wait+margin || !ok && wait > maxWait {
			return got, err
		}
		if Sleep(ctx, wait) != nil {
			return got, err
		}
	}
	return call()
}

// Sleep waits for d, or returns the error of ctx if ctx ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
