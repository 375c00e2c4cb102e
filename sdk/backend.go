package sdk

import (
	"context"
	"encoding/json"
	"time"
)

// A Backend is a connector without its types: a compiled [Connector], or a connector in
// a plugin process. It is safe for concurrent use.
type Backend interface {
	// Manifest returns the description of the connector. It needs no credentials.
	Manifest(ctx context.Context) (*Manifest, error)
	// Open checks settings against the manifest's schema and returns a session
	// that uses them. It sends no request to the service; [Session.Check] does.
	Open(ctx context.Context, settings json.RawMessage) (Session, error)
	// Validate rejects parameters of a trigger that Poll would always reject. They
	// violate their schema, or a rule that a schema cannot express, such as a misspelled
	// event type. It needs no credentials. The error is an *[Error] with code
	// invalid_input; its violations point into params.
	Validate(ctx context.Context, trigger string, params json.RawMessage) error
}

// A Session acts on one account of the service. It is safe for concurrent use.
// Its errors are *[Error]s. If the connection to the plugin process breaks, the code is
// unavailable.
type Session interface {
	// Check sends a request to the service and returns the principal of the credentials.
	// If the settings alone name the account, the Health has its Target beside an error, too.
	Check(ctx context.Context) (Health, error)
	// Run runs one action. The Result lists every request that was sent, also after a
	// failure.
	Run(ctx context.Context, action string, input json.RawMessage) (Result, error)
	// Poll reads one page of a trigger's events. from is the Next of the previous page,
	// or nil at first.
	Poll(ctx context.Context, trigger string, params, from json.RawMessage) (RawPage, error)
	// Close ends the session. Calls in progress fail. Closing a session twice is no
	// error.
	Close() error
}

// Health is the result of a connection test.
type Health struct {
	Target  string   `json:"target"`          // address of the account
	Account string   `json:"account"`         // principal of the credentials
	Notes   []string `json:"notes,omitempty"` // warnings for an operator
	// Budgets are the known rate limits, one for each set of requests that the service
	// counts together.
	Budgets []Budget `json:"budgets,omitempty"`
}

// A Result is the output of an action, and the requests that it sent.
type Result struct {
	Output json.RawMessage
	Calls  []Call
}

// A Call is one request to the service.
type Call struct {
	Method    string        `json:"method"`
	Path      string        `json:"path"`
	Status    int           `json:"status,omitempty"` // 0: no response
	RequestID string        `json:"request_id,omitempty"`
	Duration  time.Duration `json:"duration_ns"`
}

// A RawEvent is an Event whose data is JSON.
type RawEvent struct {
	ID   string          `json:"id"`
	Type string          `json:"type"`
	Time time.Time       `json:"time"`
	Data json.RawMessage `json:"data"`
	// Shapes has the data in the shapes that [AlsoParam] names, by name.
	Shapes           map[string]json.RawMessage `json:"shapes,omitempty"`
	MatchedSelectors []int                      `json:"matched_selectors,omitempty"` // see [Event]
	Indeterminate    string                     `json:"indeterminate,omitempty"`     // see [Event]
}

// A RawPage is a Page whose events and checkpoint are JSON.
type RawPage struct {
	Events          []RawEvent
	Next            json.RawMessage
	More            bool
	Seen            int
	Notices         []string
	SelfGenerated   int           // events left out because this connection caused them
	Newest          time.Time     // time of the latest event that was read, also if it does not match
	CheckpointReset bool          // the checkpoint was lost, and reading started again at an earlier time
	Pause           time.Duration // wait before the next page if More; a shorter interval of the host counts
	Budget          *Budget       // remaining requests of the service; nil if unknown
	Calls           []Call
}

// A Budget is a rate limit of a service, as its last response stated it.
type Budget struct {
	Bucket    string    `json:"bucket"`         // requests that the service counts together, such as a path
	Limit     int       `json:"limit"`          // requests per window
	Remaining int       `json:"remaining"`      // requests left in the window
	Reset     time.Time `json:"reset,omitzero"` // start of the next window, by the clock of this machine
}
