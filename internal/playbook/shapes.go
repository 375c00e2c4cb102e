package playbook

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// A view is an event in one of its trigger's shapes: what a variable stands for.
type view struct {
	shape string // its name in sdk.RawEvent.Shapes; "" is the event's own data
	node  *schema.Node
}

// decode reads the event as v sees it.
func (v view) decode(data json.RawMessage, shapes map[string]json.RawMessage) (any, error) {
	if v.shape != "" {
		var ok bool
		if data, ok = shapes[v.shape]; !ok {
			return nil, fmt.Errorf("it came without its %s shape", v.shape)
		}
	}
	return decode(data, v.node)
}

// shapesOf returns the shapes of a trigger that can deliver several at once: the one
// that its events have anyway, "" if it cannot, and the others.
func shapesOf(info *sdk.TriggerInfo, params *schema.Schema) (standard string, others []string) {
	choice := params.Root().Property(sdk.FormatParam)
	if len(info.Shapes) == 0 || choice == nil || params.Root().Property(sdk.AlsoParam) == nil {
		return "", nil
	}
	if json.Unmarshal(choice.Default, &standard) != nil {
		return "", nil
	}
	for _, name := range slices.Sorted(maps.Keys(info.Shapes)) {
		if name != standard {
			others = append(others, name)
		}
	}
	return standard, others
}

// shapes makes every shape of the trigger's events a variable of its own, beside
// event, which is the one that the file chose. Which of them a poll must bring, Shapes
// says: the choice is no parameter of the poll any more, so that playbooks of
// different choices can share one.
func (l *loader) shapes(p *Playbook, info *sdk.TriggerInfo, params *schema.Schema, chosen string) {
	standard, others := shapesOf(info, params)
	if standard == "" {
		return
	}
	if chosen != standard && slices.Contains(others, chosen) {
		p.views[eventVar] = view{chosen, p.views[eventVar].node}
		p.views[rawVar] = view{shape: chosen}
	}
	for _, name := range append([]string{standard}, others...) {
		if slices.Contains(variables, name) || slices.Contains(reserved, name) || !identifier.MatchString(name) {
			continue
		}
		l.shapeNames = append(l.shapeNames, name)
		// Large schemas, which few files need.
		if !l.mentions(name) {
			continue
		}
		s, err := schema.Parse(json.RawMessage(info.EventIn(name)))
		if err != nil {
			l.on(l.root.member("trigger"), "the connector's schema of the events of %s in the %s shape cannot be read: %v", info.Name, name, err)
			continue
		}
		v := view{name, s.Root()}
		if name == standard {
			v.shape = ""
		}
		p.views[name] = v
		l.shapeTypes[name] = l.objects.of(v.node, name)
	}
	var asked struct {
		Also []string `json:"also"`
	}
	_ = json.Unmarshal(p.Params, &asked) // what is wrong with it, its schema has told
	p.Shapes = asked.Also
	rest := map[string]json.RawMessage{}
	if json.Unmarshal(p.Params, &rest) != nil {
		return
	}
	delete(rest, sdk.FormatParam)
	delete(rest, sdk.AlsoParam)
	if raw, err := marshal(rest); err == nil {
		p.Params = raw
	}
}

// also settles which shapes the playbook's events must come in.
func (l *loader) also(p *Playbook) {
	p.Shapes = append(p.Shapes, p.views[eventVar].shape)
	for name := range l.compiler.used {
		p.Shapes = append(p.Shapes, p.views[name].shape)
	}
	slices.Sort(p.Shapes)
	p.Shapes = slices.DeleteFunc(slices.Compact(p.Shapes), func(name string) bool { return name == "" })
}

func (l *loader) mentions(name string) bool {
	return slices.ContainsFunc(l.lines, func(line string) bool { return strings.Contains(line, name) })
}

// typesOf are the types of the variables of a file's expressions.
func (l *loader) typesOf(event *types.Type) map[string]*types.Type {
	all := maps.Clone(l.shapeTypes)
	all[eventVar], all[eventsVar], all[rawVar] = event, types.NewListType(event), types.DynType
	all[stepsVar], all[varsVar] = types.NewObjectType(stepsObject), types.NewObjectType(varsObject)
	return all
}
