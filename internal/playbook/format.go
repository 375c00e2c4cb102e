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
	// snake_case. It is part of every run's id: a playbook that is renamed starts its runs anew.
	Name    string `json:"name" jsonschema:"maxLength=64,pattern=^[a-z][a-z0-9]*(_[a-z0-9]+)*$"`
	Title   string `json:"title" jsonschema:"minLength=1,maxLength=200"` // What the playbook does, for people.
	Trigger string `json:"trigger"`                                      // A trigger of the connector.
	// Which events start a run: types such as user.session.start, families such as user.session.*, or * for all.
	EventTypes []string `json:"event_types" jsonschema:"minItems=1,uniqueItems=true"`
	// A CEL expression over event, its shapes by their names (such as ecs), raw and vars. Only events for which it is
	// true start a run.
	Condition predicate      `json:"condition,omitempty"`
	Params    map[string]any `json:"params,omitempty" jsonschema:"title=Trigger parameters"` // Further parameters of the trigger.
	// A CEL expression over event, raw and vars that gives a text, a number or a boolean, such as the id of the user:
	// events that arrive within the window and for which it is the same start one run, which reads all of them as
	// events. An event for which it gives nothing starts a run by itself.
	GroupBy string `json:"group_by,omitempty"`
	// How long a group takes further events in, from its first: 1s to 24h.
	Window length `json:"window,omitempty" jsonschema:"default=1m"`
	// window: the run of a group begins when its window closes and has all its events; first: it begins at the first
	// event, and those that come later within the window join its record but not its steps.
	GroupWhen string `json:"group_when,omitempty" jsonschema:"enum=window,enum=first,default=window"`
	// How many runs may begin in any 60 seconds. Those above it wait, oldest first. No limit if absent.
	MaxRuns *int           `json:"max_runs_per_minute,omitempty" jsonschema:"title=Most runs a minute,minimum=1,maximum=10000"`
	Vars    map[string]any `json:"vars,omitempty" jsonschema:"title=Variables"` // Values for expressions to use, as vars.name.
	Steps   []stepForm     `json:"steps" jsonschema:"minItems=1,maxItems=100"`  // What a run does, in order.
}

type stepForm struct {
	// snake_case and unique. Later steps read this one as steps.id.
	ID     string `json:"id" jsonschema:"maxLength=64,pattern=^[a-z][a-z0-9]*(_[a-z0-9]+)*$"`
	Title  string `json:"title,omitempty" jsonschema:"maxLength=200"` // What the step does, for people.
	Action string `json:"action"`                                     // An action of the connector.
	// The action's input. A text may hold CEL expressions over event, its shapes, raw, steps and vars as ${{ … }};
	// one that is nothing else has the expression's own type.
	With map[string]any `json:"with,omitempty" jsonschema:"title=Input"`
	// A CEL expression over event, raw, steps and vars. The step is skipped unless it is true.
	If      predicate  `json:"if,omitempty"`
	Retry   *retryForm `json:"retry,omitempty"`                           // How a failure that may pass is tried again.
	Timeout length     `json:"timeout,omitempty" jsonschema:"default=3m"` // How long one attempt may take: 1s to 15m.
	// stop: later steps do not run and the run fails; continue: later steps run, the run still ends failed; ignore:
	// the failure does not count.
	OnError string `json:"on_error,omitempty" jsonschema:"enum=stop,enum=continue,enum=ignore,default=stop"`
}

type retryForm struct {
	// How often the step is tried, the first time included. 1: no retry.
	Attempts *int `json:"attempts,omitempty" jsonschema:"minimum=1,maximum=20,default=4"`
	// How long to wait before the second attempt. The wait doubles from there.
	Wait    length `json:"wait,omitempty" jsonschema:"default=1s"`
	MaxWait length `json:"max_wait,omitempty" jsonschema:"title=Longest wait,default=30s"` // What the doubling stops at.
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
	s.Description = "What starts a run, and the steps that the run takes."
}

var formSchema = sync.OnceValue(func() *schema.Schema {
	s, err := schema.Input[form]()
	if err != nil {
		panic(err) // a mistake in the tags above, which no file can bring about
	}
	return s
})

// JSONSchema returns the JSON Schema (draft 2020-12) of playbook files, for
// editors. The caller must not change it.
func JSONSchema() json.RawMessage { return formSchema().JSON() }
