package playbook

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"cel.dev/cel-go/common/types"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// An Alert is the action that the host calls after a failure: the on_failure of a playbook or of the settings.
type Alert struct {
	Connection string
	Action     string
	Info       *sdk.ActionInfo
	Window     time.Duration // one cause sends at most one alert in this time

	playbook *Playbook // that evaluates the input
	step     *Step
}

// A Failure is the cause of an alert, as expressions of on_failure read it.
type Failure struct {
	Kind       string `json:"kind"`       // run_failed, watch_stopped, unhealthy or writes_paused
	Text       string `json:"text"`       // one sentence for people about the failure
	Message    string `json:"message"`    // error, reason or problems
	Playbook   string `json:"playbook"`   // name of the playbook of a run that failed
	Run        string `json:"run"`        // ID of a run that failed
	Org        string `json:"org"`        // account of a run that failed
	Event      string `json:"event"`      // ID of the event of a run that failed
	Time       string `json:"time"`       // of the failure, in UTC
	Host       string `json:"host"`       // name of this machine
	Suppressed int    `json:"suppressed"` // number of failures of the same cause since the last alert
}

// The bounds and the default of an alert's window.
const (
	leastAlertWindow   = time.Second
	mostAlertWindow    = 24 * time.Hour
	defaultAlertWindow = 15 * time.Minute
)

// alertForm is on_failure as written.
type alertForm struct {
	// Action that sends the alert, such as chat/post_message.
	Action string `json:"action"`
	// Input of the action. A text can contain CEL expressions over failure and vars as ${{ … }}. Without input, an action
	// with the parameter text gets failure.text.
	With map[string]any `json:"with,omitempty" jsonschema:"title=Input"`
	// Time in which one cause sends at most one alert: 1s to 24h.
	Window length `json:"window,omitempty" jsonschema:"default=15m"`
}

var failureSchema = sync.OnceValue(func() *schema.Schema {
	s, err := schema.Input[Failure]()
	if err != nil {
		panic(err) // a mistake in the tags above
	}
	return s
})

// alert checks on_failure and returns its alert, nil if there is none.
func (l *loader) alert(p *Playbook) *Alert {
	n := l.root.member("on_failure")
	if n == nil || n.kind != object {
		return nil
	}
	action := n.member("action")
	s := &Step{ID: "on_failure"}
	if !l.action(s, action, formatOf(n.member("with"))) {
		return nil
	}
	if n.member("with") == nil && s.input.Root().Property("text") != nil {
		text := &node{kind: text, text: "${{ failure.text }}", line: action.line, column: action.column}
		with := &node{kind: object, line: action.line, column: action.column, members: []member{{"text", action.line, action.column, text}}}
		n = &node{kind: object, line: n.line, column: n.column, members: append(n.members[:len(n.members):len(n.members)],
			member{"with", action.line, action.column, with})}
	}
	l.input(s, n, alertReader)
	return &Alert{
		Connection: s.Connection, Action: s.Action, Info: s.Info, playbook: p, step: s,
		Window: l.duration(n.member("window"), "window", leastAlertWindow, mostAlertWindow, defaultAlertWindow),
	}
}

// LoadAlert reads and checks the on_failure of the settings. The error is [Problems] without useful positions.
func LoadAlert(onFailure map[string]any, c Connections) (*Alert, error) {
	source, err := marshal(map[string]any{"on_failure": onFailure})
	if err != nil {
		return nil, err
	}
	r, text := open("on_failure", source)
	if len(r.problems) > 0 {
		return nil, r.err()
	}
	l := &loader{report: r, root: r.parseYAML(text), connections: c, schemas: map[string]*schema.Schema{}, shapeTypes: map[string]*types.Type{}}
	if l.root == nil {
		return nil, r.err()
	}
	if l.objects, err = newObjects(); err != nil {
		return nil, err
	}
	p := &Playbook{Name: "on_failure", views: map[string]view{}}
	l.vars(p)
	l.declareSteps(p)
	if l.compiler, err = newCompiler(r, l.objects, l.typesOf(types.DynType), allVariables); err != nil {
		return nil, err
	}
	l.failure(p)
	alert := l.alert(p)
	if alert == nil && r.err() == nil {
		return nil, fmt.Errorf("on_failure needs an action, such as chat/post_message")
	}
	return alert, r.err()
}

// failure gives p the variable of on_failure.
func (l *loader) failure(p *Playbook) { p.views[failureVar] = view{node: failureSchema().Root()} }

// Input returns the input of the alert's action for a failure. The error is an *sdk.Error.
func (a *Alert) Input(f Failure) (json.RawMessage, error) {
	raw, err := marshal(f)
	if err != nil {
		return nil, err
	}
	return a.playbook.Input(a.step, Scope{Event: raw})
}
