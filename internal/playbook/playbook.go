package playbook

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"soar.example/okta/schema"
)

// A Playbook is a file that Load found nothing wrong with. It is immutable and
// safe for concurrent use.
type Playbook struct {
	Name       string          // snake_case; part of every run's id
	Title      string          // what people see
	Trigger    string          // name of a trigger of the manifest
	EventTypes []string        // patterns of sdk.MatchType
	Params     json.RawMessage // the trigger's parameters, EventTypes included where it takes event_types
	Shapes     []string        // shapes of events that it reads beside the trigger's own; see sdk.AlsoParam
	Grouping   Grouping        // how events form groups
	// MaxRunsPerMinute limits how many runs begin in any 60 seconds. 0: no limit.
	MaxRunsPerMinute int
	Steps            []*Step // in the order they run
	Source           []byte  // the file's bytes
	File             string  // the name that Load was given

	condition *expression // nil: every event of the types
	groupBy   *expression // nil: each event by itself
	vars      map[string]any
	views     map[string]view // what variables see of an event, by their names
	refused   func([]schema.Violation) error
}

// Hash returns the SHA-256 of the source, in hexadecimal.
func (p *Playbook) Hash() string {
	sum := sha256.Sum256(p.Source)
	return hex.EncodeToString(sum[:])
}

// A Step is one call of an action.
type Step struct {
	ID      string // snake_case, unique in its playbook
	Title   string // what people see; "" if the file gives none
	Action  string // name of an action of the manifest
	Retry   Retry
	Timeout time.Duration // for each attempt
	OnError OnError

	guard  *expression // nil: always
	with   *value
	input  *schema.Schema
	output *schema.Node
}

// Retry says how often a step is tried when its failure may pass.
type Retry struct {
	Attempts int           // the first one included; 1: no retry
	Wait     time.Duration // before the second attempt; it doubles from there
	MaxWait  time.Duration // what the doubling stops at
}

// OnError says what a step's failure means for its run.
type OnError string

// The answers to a failure.
const (
	Stop     OnError = "stop"     // later steps do not run and the run fails
	Continue OnError = "continue" // later steps run; the run still ends failed
	Ignore   OnError = "ignore"   // later steps run and the failure does not count
)
