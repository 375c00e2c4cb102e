package actions

import "time"

// A person takes seconds to answer a push, and Okta a moment to show a change; the
// embedded org does both at once.
func init() {
	pushEvery = []time.Duration{time.Millisecond}
	lag = []time.Duration{time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond}
	patience = []time.Duration{Patience, 3 * Patience}
}

// Patience is how long patiently first waits.
const Patience = 2 * time.Millisecond

// Patiently is patiently of a call that answers yes or no.
var Patiently = patiently[bool]
