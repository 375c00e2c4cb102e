package playbook

import (
	"encoding/json"
	"sync"

	"github.com/invopop/jsonschema"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// form is a playbook file as it is written. Its tags are the file's schema.
type form struct {
	Name       string         `json:"name" jsonschema:"title=Name,maxLength=64,pattern=^[a-z][a-z0-9]*(_[a-z0-9]+)*$" jsonschema_description:"snake_case. It is part of every run's id: a playbook that is renamed starts its runs anew."`
	Title      string         `json:"title" jsonschema:"title=Title,minLength=1,maxLength=200" jsonschema_description:"What the playbook does, for people."`
	Trigger    string         `json:"trigger" jsonschema:"title=Trigger" jsonschema_description:"A trigger of the connector."`
	EventTypes []string       `json:"event_types" jsonschema:"title=Event types,minItems=1,uniqueItems=true" jsonschema_description:"Which events start a run: types such as user.session.start, families such as user.session.*, or * for all."`
	Condition  predicate      `json:"condition,omitempty" jsonschema:"title=Condition" jsonschema_description:"A CEL expression over event, its shapes by their names (such as ecs), raw and vars. Only events for which it is true start a run."`
	Params     map[string]any `json:"params,omitempty" jsonschema:"title=Trigger parameters" jsonschema_description:"Further parameters of the trigger."`
	GroupBy    string         `json:"group_by,omitempty" jsonschema:"title=Group by" jsonschema_description:"A CEL expression over event, raw and vars that gives a text, a number or a boolean, such as the id of the user: events that arrive within the window and for which it is the same start one run, which reads all of them as events. An event for which it gives nothing starts a run by itself."`
	Window     length         `json:"window,omitempty" jsonschema:"title=Window,default=1m" jsonschema_description:"How long a group takes further events in, from its first: 1s to 24h."`
	GroupWhen  string         `json:"group_when,omitempty" jsonschema:"title=Group when,enum=window,enum=first,default=window" jsonschema_description:"window: the run of a group begins when its window closes and has all its events; first: it begins at the first event, and those that come later within the window join its record but not its steps."`
	MaxRuns    *int           `json:"max_runs_per_minute,omitempty" jsonschema:"title=Most runs a minute,minimum=1,maximum=10000" jsonschema_description:"How many runs may begin in any 60 seconds. Those above it wait, oldest first. No limit if absent."`
	Vars       map[string]any `json:"vars,omitempty" jsonschema:"title=Variables" jsonschema_description:"Values for expressions to use, as vars.name."`
	Steps      []stepForm     `json:"steps" jsonschema:"title=Steps,minItems=1,maxItems=100" jsonschema_description:"What a run does, in order."`
}

type stepForm struct {
	ID      string         `json:"id" jsonschema:"title=Id,maxLength=64,pattern=^[a-z][a-z0-9]*(_[a-z0-9]+)*$" jsonschema_description:"snake_case and unique. Later steps read this one as steps.id."`
	Title   string         `json:"title,omitempty" jsonschema:"title=Title,maxLength=200" jsonschema_description:"What the step does, for people."`
	Action  string         `json:"action" jsonschema:"title=Action" jsonschema_description:"An action of the connector."`
	With    map[string]any `json:"with,omitempty" jsonschema:"title=Input" jsonschema_description:"The action's input. A text may hold CEL expressions over event, its shapes, raw, steps and vars as ${{ … }}; one that is nothing else has the expression's own type."`
	If      predicate      `json:"if,omitempty" jsonschema:"title=If" jsonschema_description:"A CEL expression over event, raw, steps and vars. The step is skipped unless it is true."`
	Retry   *retryForm     `json:"retry,omitempty" jsonschema:"title=Retry" jsonschema_description:"How a failure that may pass is tried again."`
	Timeout length         `json:"timeout,omitempty" jsonschema:"title=Timeout,default=3m" jsonschema_description:"How long one attempt may take: 1s to 15m."`
	OnError string         `json:"on_error,omitempty" jsonschema:"title=On error,enum=stop,enum=continue,enum=ignore,default=stop" jsonschema_description:"stop: later steps do not run and the run fails; continue: later steps run, the run still ends failed; ignore: the failure does not count."`
}

type retryForm struct {
	Attempts *int   `json:"attempts,omitempty" jsonschema:"title=Attempts,minimum=1,maximum=20,default=4" jsonschema_description:"How often the step is tried, the first time included. 1: no retry."`
	Wait     length `json:"wait,omitempty" jsonschema:"title=Wait,default=1s" jsonschema_description:"How long to wait before the second attempt. The wait doubles from there."`
	MaxWait  length `json:"max_wait,omitempty" jsonschema:"title=Longest wait,default=30s" jsonschema_description:"What the doubling stops at."`
}

// predicate is a bool expression. YAML reads a bare true or false as a boolean,
// which is an expression too.
type predicate string

// JSONSchema allows both.
func (predicate) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, {Type: "boolean"}}}
}

// length is a duration as it is written.
type length string

// JSONSchema says what a duration looks like.
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
// editors that complete and check while one is written. The caller must not
// change it.
func JSONSchema() json.RawMessage { return formSchema().JSON() }
