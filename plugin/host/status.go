package host

import (
	"time"

	"soar.example/okta/sdk"
)

// Status is one attempt to poll, or to handle a page that was kept.
type Status struct {
	Seen     int           // events read
	Matched  int           // events in the page
	More     bool          // there is more to read at once
	Notices  []string      // what an operator should know
	Calls    []sdk.Call    // requests sent, by an attempt that failed too
	Took     time.Duration // how long it took
	Err      error         // nil: the page is handled
	Handling bool          // Err is Handle's
	Failures int           // failures in a row, this one included
	Wait     time.Duration // until the next attempt
	Ended    bool          // there is no next attempt: Watch returns Err
}
