package actions

import (
	"time"

	"soar.example/okta/sdk/reconcile"
)

// The waits are short, because the embedded org responds to a push and shows a change at
// once.
func init() {
	pushEvery = []time.Duration{time.Millisecond}
	reconcile.Waits = []time.Duration{time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond}
	reconcile.RetryWaits = []time.Duration{2 * time.Millisecond, 6 * time.Millisecond}
}
