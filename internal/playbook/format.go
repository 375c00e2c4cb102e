package playbook

import (
	"encoding/json"
	"sync"

	"github.com/invopop/jsonschema"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// form is a playbook file as written. Its comments and tags are the schema of the file.
type form struct {
	// Name in snake_case. It is part of every run's ID, so a renamed playbook can start on the same events again.
	Name  string `json:"name" jsonschema:"maxLength=64,pattern=^[a-z][a-z0-9]*(_[a-z0-9]+)*$"`
	Title string `json:"title" jsonschema:"minLength=1,maxLength=200"` // Title for people.
	// Trigger, such as system_log. The connection comes first if several connections have it: emea/system_log.
	Trigger string `json:"trigger"`
	// Events that start a run: types such as user.session.start, families such as user.session.*, or * for all. Required
	// if the trigger has the parameter event_types. If the trigger does not have it, the default is every event.
	EventTypes []string `json:"event_types,omitempty" jsonschema:"minItems=1,uniqueItems=true"`
	// CEL expression over event, raw, vars and the other formats of the event, such as ecs. An event starts a run only
	// if the expression is true.
	Condition predicate      `json:"condition,omitempty"`
	Params    map[string]any `json:"params,omitempty" jsonschema:"title=Trigger parameters"` // Other parameters of the trigger.
	// CEL expression over event, raw, vars and the other formats of the event. Its value is a text, a number or a
	// boolean, such as the ID of the user. Events with the same value within the window share one run, and steps read
	// them as events. An event without a value starts its own run.
	GroupBy string `json:"group_by,omitempty"`
	// Time after the first event of a group during which more events can join the group: 1s to 24h.
	Window length `json:"window,omitempty" jsonschema:"default=1m"`
	// Start of a group's run. window: the run starts when the window closes, with all events. first: the run starts at
	// the first event; later events of the window are recorded with the run, but its steps do not read them.
	GroupWhen string `json:"group_when,omitempty" jsonschema:"enum=window,enum=first,default=window"`
	// Maximum number of runs that start in any 60 seconds. Other runs wait, oldest first. No limit if absent.
	MaxRuns *int `json:"max_runs_per_minute,omitempty" jsonschema:"title=Most runs a minute,minimum=1,maximum=10000"`
	// Process real events, but make every write a dry run.
	Shadow bool           `json:"shadow,omitempty" jsonschema:"title=Shadow run,default=false"`
	Vars   map[string]any `json:"vars,omitempty" jsonschema:"title=Variables"` // Values that expressions read as vars.name.
	Steps  []stepForm     `json:"steps" jsonschema:"minItems=1,maxItems=100"`  // Steps of a run, in order.
	// Action that the host calls when a run fails, in place of the on_failure of the settings.
	OnFailure *alertForm `json:"on_failure,omitempty" jsonschema:"title=Alert"`
}

type stepForm struct {
	// ID of the step in snake_case. Later steps read the result as steps.ID.
	ID    string `json:"id" jsonschema:"maxLength=64,pattern=^[a-z][a-z0-9]*(_[a-z0-9]+)*$"`
	Title string `json:"title,omitempty" jsonschema:"maxLength=200"` // Title for people.
	// Action, such as suspend_user. The connection comes first if several connections have it: emea/suspend_user.
	Action string `json:"action"`
	// Input of the action. A text can contain CEL expressions over event, its other formats, raw, steps and vars as
	// ${{ … }}. If the whole text is one expression, the result keeps its type.
	With map[string]any `json:"with,omitempty" jsonschema:"title=Input"`
	// CEL expression over event, its other formats, raw, steps and vars. The step runs only if the expression is true.
	If      predicate  `json:"if,omitempty"`
	Retry   *retryForm `json:"retry,omitempty"`                           // Retries after a temporary failure.
	Timeout length     `json:"timeout,omitempty" jsonschema:"default=3m"` // Time limit of one attempt: 1s to 15m.
	// Effect of a failure. stop: later steps do not run and the run fails. continue: later steps run and the run fails
	// at its end. ignore: the failure does not count.
	OnError string `json:"on_error,omitempty" jsonschema:"enum=stop,enum=continue,enum=ignore,default=stop"`
}

type retryForm struct {
	// Maximum number of attempts, including the first. 1: no retry.
	Attempts *int `json:"attempts,omitempty" jsonschema:"minimum=1,maximum=20,default=4"`
	// Wait before the second attempt. It doubles before each later attempt.
	Wait    length `json:"wait,omitempty" jsonschema:"default=1s"`
	MaxWait length `json:"max_wait,omitempty" jsonschema:"title=Longest wait,default=30s"` // Upper limit of the wait.
}

// predicate is a bool expression. YAML reads a bare true or false as a boolean, which is also an expression.
type predicate string

// JSONSchema allows a string and a boolean.
func (predicate) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, {Type: "boolean"}}}
}

// length is a duration as written.
type length string

// JSONSchema returns the schema of a duration.
func (length) JSONSchema() *jsonschema.Schema { return sdk.Duration(0).JSONSchema() }

// JSONSchemaExtend names the document.
func (form) JSONSchemaExtend(s *jsonschema.Schema) {
	s.Title = "Playbook"
	s.Description = "Events that start a run, and the steps of the run."
}

var formSchema = sync.OnceValue(func() *schema.Schema {
	s, err := schema.Input[form]()
	if err != nil {
		panic(err) // a mistake in the tags above
	}
	return s
})

// JSONSchema returns the JSON Schema (draft 2020-12) of playbook files, for
// editors. The caller must not change it.
func JSONSchema() json.RawMessage { return formSchema().JSON() }
