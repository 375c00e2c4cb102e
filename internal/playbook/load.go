package playbook

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// Load reads a playbook file and checks it against what the connector of the
// manifest offers. file is the name that problems are reported under; nothing is
// opened. The error is [Problems]: everything that is wrong, sorted by position.
func Load(file string, source []byte, m *sdk.Manifest) (*Playbook, error) {
	r, text := open(file, source)
	if len(r.problems) > 0 {
		return nil, r.err()
	}
	root := r.parseYAML(text)
	if root == nil {
		return nil, r.err()
	}
	if m == nil {
		m = &sdk.Manifest{}
	}
	l := &loader{report: r, root: root, manifest: m, schemas: map[string]*schema.Schema{}, shapeTypes: map[string]*types.Type{}}
	p, err := l.load()
	if err != nil {
		r.at(1, 1, "expressions cannot be compiled: %v", err)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	p.File, p.Source = file, bytes.Clone(source)
	return p, nil
}

// loader holds what loading one file needs.
type loader struct {
	*report
	root      *node
	form      form
	manifest  *sdk.Manifest
	schemas   map[string]*schema.Schema // by the action's name
	objects   *objects
	compiler  *compiler
	constants binding // what an expression can read without an event

	shapeNames []string               // of the variables that are shapes of an event
	shapeTypes map[string]*types.Type // of those that the file mentions
}

func (l *loader) load() (p *Playbook, err error) {
	raw, err := marshal(l.root.plain())
	if err != nil {
		return nil, err
	}
	// Members of a wrong type are left out and found by the schema below.
	_ = json.Unmarshal(raw, &l.form)
	p = &Playbook{Name: l.form.Name, Title: l.form.Title, Trigger: l.form.Trigger, EventTypes: l.form.EventTypes, views: map[string]view{}}
	if l.objects, err = newObjects(); err != nil {
		return nil, err
	}
	l.name("name", l.root.member("name"))
	l.eventTypes()
	event := l.trigger(p)
	l.vars(p)
	l.declareSteps(p)
	if l.compiler, err = newCompiler(l.report, l.objects, l.typesOf(event), slices.Concat(variables, l.shapeNames)); err != nil {
		return nil, err
	}
	p.condition = l.predicate(l.root.member("condition"), theCondition)
	l.grouping(p)
	for i, s := range p.Steps {
		l.step(s, i)
	}
	l.also(p)
	// Last, since what the checks above say of a place is clearer.
	l.shape(raw)
	l.objects.reader, l.objects.missed = afterAll, nil
	return p, nil
}

// shape reports what the file's own schema refuses.
func (l *loader) shape(raw json.RawMessage) {
	for _, v := range check(formSchema(), raw) {
		l.violation(l.root, l.root, formSchema().Root(), v)
	}
}

var snakeCase = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// name checks a name of the file. One that is missing or no text is left to the
// schema.
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

// duration reads a duration of the file; fallback is what an absent or a wrong
// one becomes.
func (l *loader) duration(n *node, what string, least, most, fallback time.Duration) time.Duration {
	if n == nil || n.kind != text && n.kind != number {
		return fallback
	}
	var d sdk.Duration
	if err := d.UnmarshalText([]byte(n.text)); err != nil {
		l.on(n, "%s: %v", what, err)
		return fallback
	}
	if d.Std() < least || d.Std() > most {
		l.on(n, "%s must be between %s and %s", what, written(least), written(most))
		return fallback
	}
	return d.Std()
}

// written is d as people write it: 15m, not 15m0s.
func written(d time.Duration) string {
	s := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	return s
}
