package embedded

import (
	"encoding/json"
	"time"

	"soar.example/okta/sdk"
)

// Status says how far a run or a step has come.
type Status = string

// The statuses. A run is queued, running, succeeded or failed; a step is
// pending, running, succeeded, failed or skipped.
const (
	Queued    Status = "queued"    // accepted, waits for a worker
	Pending   Status = "pending"   // its turn has not come
	Running   Status = "running"   // under way, or cut off and waiting to be resumed
	Succeeded Status = "succeeded" // a run: no step failed but those whose failure is ignored
	Failed    Status = "failed"    // see its error
	Skipped   Status = "skipped"   // its condition was false, or an earlier step stopped the run
)

// NotApplicable is the code of a step whose action answered that it could not
// bring about the state asked for. The call worked, the step did not.
const NotApplicable = sdk.Code(sdk.NotApplicable)

// A Run is one playbook started by one event, or by a group of them: then EventID
// and what follows it are the first one's. Its ID is made of the org, the
// playbook's name and the event's id. Times are zero as long as they have not
// come.
type Run struct {
	ID        string          `json:"id"`
	Playbook  string          `json:"playbook"`
	Title     string          `json:"title,omitempty"`
	Status    Status          `json:"status"`
	EventID   string          `json:"event_id"`
	EventType string          `json:"event_type"`
	EventTime time.Time       `json:"event_time,omitzero"`
	Event     json.RawMessage `json:"event,omitempty"`  // the event's data
	Group     *Group          `json:"group,omitempty"`  // nil: the playbook groups no events
	Events    []GroupedEvent  `json:"events,omitempty"` // of the group, in order of arrival
	Waits     string          `json:"waits,omitempty"`  // why a queued run may not begin yet
	Created   time.Time       `json:"created"`
	Replay    time.Time       `json:"replay,omitzero"` // when the replay began that made the run
	Started   time.Time       `json:"started,omitzero"`
	Finished  time.Time       `json:"finished,omitzero"`
	Error     *sdk.ErrorBody  `json:"error,omitempty"`   // of the first step that failed
	Steps     []StepRun       `json:"steps,omitempty"`   // none before the run starts
	Audit     []AuditEntry    `json:"audit,omitempty"`   // oldest first
	Undos     []Undo          `json:"undos,omitempty"`   // of what it changed, oldest first
	Retries   []Retry         `json:"retries,omitempty"` // oldest first
}

// A StepRun is how one step of a run went. Input is the last attempt's, with
// secrets masked. Output is kept when the step failed as not applicable too.
type StepRun struct {
	ID       string          `json:"id"`
	Action   string          `json:"action"`
	Status   Status          `json:"status"`
	Attempts int             `json:"attempts"` // the ones that were cut off included
	Input    json.RawMessage `json:"input,omitempty"`
	Output   json.RawMessage `json:"output,omitempty"`
	Outcome  string          `json:"outcome,omitempty"` // see sdk.Outcome; "" for what only reads
	Error    *sdk.ErrorBody  `json:"error,omitempty"`   // of the last attempt
	Started  time.Time       `json:"started,omitzero"`
	Finished time.Time       `json:"finished,omitzero"`
}
