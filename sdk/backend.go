package sdk

import (
	"context"
	"encoding/json"
	"time"
)

// A Backend is a connector without its types: a compiled [Connector], or one
// that lives in a plugin process. It is safe for concurrent use.
type Backend interface {
	// Manifest says what the connector offers. It needs no credentials.
	Manifest(ctx context.Context) (*Manifest, error)
	// Open checks settings against the manifest's schema and returns a session
	// that acts with them. It does not reach the service: [Session.Check] does.
	Open(ctx context.Context, settings json.RawMessage) (Session, error)
	// Validate refuses parameters of a trigger that Poll would refuse whatever it
	// reads: those that break their schema, and those that break a rule no schema can
	// tell, such as a misspelt event type. It needs no credentials. The error is an
	// *[Error] with code invalid_input, and with pointers into params where it has any.
	Validate(ctx context.Context, trigger string, params json.RawMessage) error
}

// A Session acts on one account of the service. It is safe for concurrent use.
// Its errors are *[Error]s; that of a broken connection to the plugin process is
// unavailable.
type Session interface {
	// Check reaches the service and says who the login is. An error beside a Health
	// with a Target is about the settings: the service was reached.
	Check(ctx context.Context) (Health, error)
	// Run runs one action. The Result names every request that was sent, on
	// failure too.
	Run(ctx context.Context, action string, input json.RawMessage) (Result, error)
	// Poll reads one page of a trigger's events; from is the Next of the page
	// before, nil at first.
	Poll(ctx context.Context, trigger string, params, from json.RawMessage) (RawPage, error)
	// Close ends the session. Calls that are under way fail. Closing twice is no
	// error.
	Close() error
}

// Health is what a connection test found.
type Health struct {
	Target  string   `json:"target"`          // the account's address
	Account string   `json:"account"`         // who the login is
	Notes   []string `json:"notes,omitempty"` // what an operator should know
	// Budgets are what the service still allows, as far as it is known by now: one
	// for each set of requests that it counts together.
	Budgets []Budget `json:"budgets,omitempty"`
}

// A Result is what an action answered, and the requests it sent to get there.
type Result struct {
	Output json.RawMessage
	Calls  []Call
}

// A Call is one request to the service.
type Call struct {
	Method    string        `json:"method"`
	Path      string        `json:"path"`
	Status    int           `json:"status,omitempty"` // 0: no answer came
	RequestID string        `json:"request_id,omitempty"`
	Duration  time.Duration `json:"duration_ns"`
}

// A RawEvent is an Event whose data is JSON.
type RawEvent struct {
	ID   string          `json:"id"`
	Type string          `json:"type"`
	Time time.Time       `json:"time"`
	Data json.RawMessage `json:"data"`
	// Shapes is the event in the other shapes that [AlsoParam] asked for, by name.
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
	Newest          time.Time     // when the latest event that was read happened, matching or not
	CheckpointReset bool          // the checkpoint was lost, and reading began again before it
	Pause           time.Duration // how long to wait where there is more, unless the host's interval is shorter
	Budget          *Budget       // what the service still allows, nil if not known
	Calls           []Call
}

// A Budget is how many requests a service still allows, of those that it counts
// together, by what it last said.
type Budget struct {
	Bucket    string    `json:"bucket"`         // what is counted together, such as a path
	Limit     int       `json:"limit"`          // requests that one window allows
	Remaining int       `json:"remaining"`      // how many of them are left
	Reset     time.Time `json:"reset,omitzero"` // when the next window begins, by this machine's clock
}
