package playbook

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// A Playbook is a file without problems. It is immutable and safe for concurrent use.
type Playbook struct {
	Name       string          // snake_case; part of every run's ID
	Title      string          // for people
	Connection string          // connection of the trigger
	Trigger    string          // name of a trigger of the connection
	EventTypes []string        // patterns of sdk.MatchType; none: every event of the trigger
	Params     json.RawMessage // the trigger's parameters, with EventTypes if it has event_types
	Shapes     []string        // shapes of events that it reads beside the trigger's own; see sdk.AlsoParam
	Grouping   Grouping        // how events form groups
	// Shadow makes the writes of each run dry runs.
	Shadow bool
	// MaxRunsPerMinute limits how many runs begin in any 60 seconds. 0: no limit.
	MaxRunsPerMinute int
	Steps            []*Step  // in the order they run
	OnFailure        *Alert   // nil: the alert of the settings
	Source           []byte   // the file's bytes
	File             string   // the name passed to Load
	Warnings         Problems // likely mistakes

	condition     *expression // nil: every event of the types
	groupBy       *expression // nil: each event starts its own run
	vars          map[string]any
	views         map[string]view // of the variables that are shapes of an event
	paramProblems func([]schema.Violation) error
}

// Hash returns the SHA-256 of the source, in hexadecimal.
func (p *Playbook) Hash() string {
	sum := sha256.Sum256(p.Source)
	return hex.EncodeToString(sum[:])
}

// A Step is one call of an action.
type Step struct {
	ID         string // snake_case, unique in its playbook
	Title      string // for people; "" if the file has none
	Connection string // connection that runs the action
	Action     string // name of an action of the connection
	Info       *sdk.ActionInfo
	Retry      Retry
	Timeout    time.Duration // for each attempt
	OnError    OnError

	condition *expression // nil: always
	with      *value
	input     *schema.Schema
	output    *schema.Node
}

// Retry says how often a step is tried again after a temporary failure.
type Retry struct {
	Attempts int           // including the first; 1: no retry
	Wait     time.Duration // before the second attempt; it doubles from there
	MaxWait  time.Duration // upper limit of the wait
}

// OnError says how a step's failure affects its run.
type OnError string

// The values of OnError.
const (
	Stop     OnError = "stop"     // later steps do not run and the run fails
	Continue OnError = "continue" // later steps run; the run still ends failed
	Ignore   OnError = "ignore"   // later steps run and the failure does not count
)

// Load reads a playbook file and checks it against the manifests of the connections. Problems are
// reported under the name file, which is not opened. The error is [Problems], sorted by position.
func Load(file string, source []byte, c Connections) (*Playbook, error) {
	r, text := open(file, source)
	if len(r.problems) > 0 {
		return nil, r.err()
	}
	root := r.parseYAML(text)
	if root == nil {
		return nil, r.err()
	}
	l := &loader{report: r, root: root, connections: c, schemas: map[string]*schema.Schema{}, shapeTypes: map[string]*types.Type{}}
	p, err := l.load()
	if err != nil {
		r.at(1, 1, "expressions cannot be compiled: %v", err)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	p.File, p.Source, p.Warnings = file, bytes.Clone(source), r.warnings
	return p, nil
}

// A loader loads one file.
type loader struct {
	*report
	root        *node
	form        form
	connections Connections
	schemas     map[string]*schema.Schema // of the manifests, by their text
	objects     *objects
	compiler    *compiler
	constants   binding // variables that have a value before a run

	shapeNames []string               // of the variables that are shapes of an event
	shapeTypes map[string]*types.Type // of the shapes that the file mentions
}

func (l *loader) load() (p *Playbook, err error) {
	raw, err := marshal(l.root.plain())
	if err != nil {
		return nil, err
	}
	// Members of a wrong type are skipped here. The check against the form's schema reports them.
	_ = json.Unmarshal(raw, &l.form)
	p = &Playbook{Name: l.form.Name, Title: l.form.Title, EventTypes: l.form.EventTypes, Shadow: l.form.Shadow, views: map[string]view{}}
	if l.objects, err = newObjects(); err != nil {
		return nil, err
	}
	l.name("name", l.root.member("name"))
	l.eventTypes()
	event := l.trigger(p)
	l.vars(p)
	l.declareSteps(p)
	if l.compiler, err = newCompiler(l.report, l.objects, l.typesOf(event), slices.Concat(allVariables, l.shapeNames)); err != nil {
		return nil, err
	}
	l.describe(p)
	p.condition = l.predicate(l.root.member("condition"), conditionReader)
	l.grouping(p)
	for i, s := range p.Steps {
		l.step(s, i)
	}
	l.failure(p)
	p.OnFailure = l.alert(p)
	l.neededShapes(p)
	// The schema comes last: the messages of the checks above are clearer, and the first message on a value counts.
	for _, v := range check(formSchema(), raw) {
		l.violation(l.root, l.root, formSchema().Root(), v)
	}
	l.objects.reader, l.objects.missed = afterAll, nil
	return p, nil
}

var snakeCase = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// name checks a name of the file. The schema reports names that are missing or not a text.
func (l *loader) name(what string, n *node) {
	if n != nil && n.kind == text && (!snakeCase.MatchString(n.text) || len(n.text) > 64) {
		l.on(n, "%s must be snake_case, at most 64 letters, digits and underscores, such as suspend_user", what)
	}
}

func (l *loader) eventTypes() {
	for _, n := range l.root.member("event_types").list() {
		if n.kind != text {
			continue
		}
		if err := sdk.CheckTypePattern(n.text); err != nil {
			l.on(n, "%q %v", shorten(n.text), err)
		}
	}
}

// duration reads a duration of the file. It returns fallback if the duration is absent or wrong.
func (l *loader) duration(n *node, what string, least, most, fallback time.Duration) time.Duration {
	if n == nil || n.kind != text && n.kind != number {
		return fallback
	}
	var d sdk.Duration
	if err := d.UnmarshalText([]byte(n.text)); err != nil {
		l.on(n, "%s: %v", what, err)
	} else if d.Std() < least || d.Std() > most {
		l.on(n, "%s must be between %s and %s", what, written(least), written(most))
	} else {
		return d.Std()
	}
	return fallback
}

// written returns d as people write it: 15m, not 15m0s.
func written(d time.Duration) string {
	s := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	return s
}
