package actions

import (
	"time"

	"soar.example/okta/sdk/reconcile"
)

// A person takes seconds to answer a push, and Okta a moment to show a change. The
// embedded org does both at once.
func init() {
	pushEvery = []time.Duration{time.Millisecond}
	reconcile.Waits = []time.Duration{time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond}
	reconcile.RetryWaits = []time.Duration{2 * time.Millisecond, 6 * time.Millisecond}
}
