package playbook

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// The bounds and defaults of a step's times.
const (
	leastTimeout    = time.Second
	mostTime        = 15 * time.Minute
	defaultTimeout  = 3 * time.Minute // a composite action may wait for a rate limit between its requests
	defaultAttempts = 4
	defaultWait     = time.Second
	defaultMaxWait  = 30 * time.Second
)

// declareSteps declares the steps and the types of their results. It declares all steps before any
// expression is compiled, so that a message can distinguish a later step from an unknown step.
func (l *loader) declareSteps(p *Playbook) {
	var fields []field
	result := func(path string, output *types.Type) *types.Type {
		text := types.NewNullableType(types.StringType)
		return l.objects.declare(path, []field{
			{"status", text},
			{"output", output},
			{"error", l.objects.declare(path+".error", []field{{"code", text}, {"message", text}})},
		})
	}
	for i, n := range l.root.member("steps").list() {
		f := l.stepForm(i)
		s := &Step{ID: f.ID, Title: f.Title}
		p.Steps = append(p.Steps, s)
		known := l.action(s, n.member("action"), formatOf(n.member("with")))
		id := n.member("id")
		if id == nil || id.kind != text {
			continue
		}
		l.name("the id of a step", id)
		if slices.Contains(reserved, id.text) {
			l.on(id, "%q is a reserved word of CEL, so expressions cannot name this step", id.text)
		}
		if first, double := l.objects.order[id.text]; double {
			l.on(id, "the id %q is already used by step %d", shorten(id.text), first+1)
			continue
		}
		l.objects.order[id.text] = i
		where, output := stepsVar+"."+id.text, types.DynType
		if known {
			output = l.objects.of(s.output, where+".output")
		}
		fields = append(fields, field{id.text, result(where, output)})
	}
	l.objects.declare(stepsVar, fields)
}

// describe gives the compiler the schemas of the variables, and the values of vars.
func (l *loader) describe(p *Playbook) {
	status := &schema.Node{Known: []string{"succeeded", "failed", "skipped"}}
	code := &schema.Node{Known: []string{string(sdk.NotApplicable), string(sdk.Partial)}}
	for _, c := range sdk.Codes {
		code.Known = append(code.Known, string(c))
	}
	steps := &schema.Node{}
	for _, s := range p.Steps {
		steps.Properties = append(steps.Properties, schema.Property{Name: s.ID, Node: &schema.Node{Properties: schema.Properties{
			{Name: "status", Node: status},
			{Name: "output", Node: s.output},
			{Name: "error", Node: &schema.Node{Properties: schema.Properties{{Name: "code", Node: code}}}},
		}}})
	}
	nodes := map[string]*schema.Node{stepsVar: steps}
	for name, v := range p.views {
		if name != rawVar {
			nodes[name] = v.node
		}
	}
	nodes[eventsVar] = &schema.Node{Items: nodes[eventVar]}
	l.compiler.nodes, l.compiler.vars = nodes, p.vars
}

func (l *loader) stepForm(i int) (f stepForm) {
	if i < len(l.form.Steps) {
		f = l.form.Steps[i]
	}
	return f
}

// action finds the step's action, its input schema and its output schema in the format.
func (l *loader) action(s *Step, n *node, format string) bool {
	if n == nil || n.kind != text {
		return false
	}
	connection, info := find(l, n, Connections.Find)
	if info == nil {
		return false
	}
	s.Connection, s.Action, s.Info = connection, info.Name, info
	input := l.schema(n, info.Input, "the input of %s", n.text)
	output := l.schema(n, info.OutputIn(format), "the output of %s", n.text)
	if input == nil || output == nil {
		return false
	}
	s.input, s.output = input, output.Root()
	if len(info.Shapes) > 0 && strings.Contains(format, "${{") {
		s.output = nil // the shape is known at run time only
	}
	return true
}

// schema parses a schema of the manifest once. It returns nil and reports a problem of n if the
// schema is not valid. The format describes the values of the schema.
func (l *loader) schema(n *node, raw sdk.JSON, format string, args ...any) *schema.Schema {
	if s := l.schemas[string(raw)]; s != nil {
		return s
	}
	s, err := schema.Parse(json.RawMessage(raw))
	if err != nil {
		l.on(n, "the connector's schema of %s cannot be read: %v", fmt.Sprintf(format, args...), err)
		return nil
	}
	l.schemas[string(raw)] = s
	return s
}

// step fills in the i-th step.
func (l *loader) step(s *Step, i int) {
	n := l.root.member("steps").list()[i]
	f := l.stepForm(i)
	s.OnError = cmp.Or(OnError(f.OnError), Stop)
	s.Timeout = l.duration(n.member("timeout"), "timeout", leastTimeout, mostTime, defaultTimeout)
	s.Retry = l.retry(n.member("retry"), f.Retry)
	s.condition = l.predicate(n.member("if"), i)
	l.input(s, n, i)
}

func (l *loader) retry(n *node, f *retryForm) Retry {
	r := Retry{Attempts: defaultAttempts}
	if f != nil && f.Attempts != nil {
		r.Attempts = *f.Attempts
	}
	r.Wait = l.duration(n.member("wait"), "wait", 0, mostTime, defaultWait)
	r.MaxWait = l.duration(n.member("max_wait"), "max_wait", 0, mostTime, max(defaultMaxWait, r.Wait))
	if at := n.member("max_wait"); at != nil && r.MaxWait < r.Wait {
		l.on(at, "max_wait must not be less than wait, which is %s", written(r.Wait))
	}
	return r
}
