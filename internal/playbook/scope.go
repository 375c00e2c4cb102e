package playbook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// A Scope holds the values that a step's expressions read: the events of the run and the results of
// earlier steps.
type Scope struct {
	Event  json.RawMessage            // the first event of the run
	Shapes map[string]json.RawMessage // Event in further shapes, those in the playbook's Shapes
	Events []sdk.RawEvent             // in order of arrival, Event first; nil: Event alone
	Steps  map[string]StepResult      // by step ID; an absent step reads as nulls
}

// A StepResult is the result of a step. Without an Output, every field of it reads as null.
type StepResult struct {
	Status string // succeeded, failed or skipped
	Output json.RawMessage
	Error  *sdk.ErrorBody
}

// A binding holds the values of an expression's variables.
type binding = map[string]any

// bind decodes the variables that expressions use, and no others.
func (p *Playbook) bind(uses map[string]bool, scope Scope) (binding, error) {
	if n := scope.size(uses); n > maxInput {
		return nil, fmt.Errorf("the data that it reads has %d bytes, and the limit is %d", n, maxInput)
	}
	b := binding{varsVar: p.vars}
	for name := range uses {
		var err error
		switch name {
		case varsVar:
		case eventsVar:
			b[name], err = p.decodeEvents(scope)
		case stepsVar:
			b[name], err = p.decodeSteps(scope)
		default:
			if b[name], err = p.views[name].decode(scope.first()); err != nil {
				err = fmt.Errorf("the event's data: %w", err)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (p *Playbook) decodeSteps(scope Scope) (any, error) {
	results := map[string]any{}
	for _, s := range p.Steps {
		r, ok := scope.Steps[s.ID]
		if !ok {
			continue
		}
		result := map[string]any{"status": r.Status}
		if len(r.Output) > 0 {
			output, err := decode(r.Output, s.output)
			if err != nil {
				return nil, fmt.Errorf("the output of step %q: %w", s.ID, err)
			}
			result["output"] = output
		}
		if r.Error != nil {
			result["error"] = map[string]any{"code": string(r.Error.Code), "message": r.Error.Message}
		}
		results[s.ID] = result
	}
	return results, nil
}

func (s Scope) first() sdk.RawEvent { return sdk.RawEvent{Data: s.Event, Shapes: s.Shapes} }

// size returns how many bytes of JSON the variables have.
func (s Scope) size(uses map[string]bool) int {
	n := len(s.Event)
	for _, shape := range s.Shapes {
		n += len(shape)
	}
	if uses[eventsVar] {
		for _, e := range s.Events {
			n += len(e.Data)
		}
	}
	if uses[stepsVar] {
		for _, r := range s.Steps {
			n += len(r.Output)
		}
	}
	return n
}

// A view is the shape of an event that a variable has.
type view struct {
	shape string // its name in sdk.RawEvent.Shapes; "" is the event's own data
	node  *schema.Node
}

// decode decodes the event in the shape of v.
func (v view) decode(e sdk.RawEvent) (any, error) {
	if v.shape == "" {
		return decode(e.Data, v.node)
	}
	data, ok := e.Shapes[v.shape]
	if !ok {
		return nil, fmt.Errorf("it has no %s shape", v.shape)
	}
	return decode(data, v.node)
}

func (p *Playbook) decodeEvents(scope Scope) (any, error) {
	all := scope.Events
	if all == nil {
		all = []sdk.RawEvent{scope.first()}
	}
	events := make([]any, len(all))
	for i, e := range all {
		var err error
		if events[i], err = p.views[eventVar].decode(e); err != nil {
			return nil, fmt.Errorf("the data of event %d: %w", i+1, err)
		}
	}
	return events, nil
}

// decode reads one JSON value and converts it to the Go types that CEL expects for n.
func decode(raw json.RawMessage, n *schema.Node) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("not valid JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("not valid JSON: unexpected data after the value")
	}
	return convert(n, v)
}

// convert changes v to the types that CEL expects for n, in place where possible. A number becomes an
// int64 if n is an integer and a float64 if n is a number. Otherwise it becomes an int64 if it is whole
// and fits.
func convert(n *schema.Node, v any) (any, error) {
	var err error
	switch v := v.(type) {
	case json.Number:
		return convertNumber(v, jsonType(n))
	case []any:
		for i, item := range v {
			if v[i], err = convert(itemsOf(n), item); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		declared := n != nil && len(n.Properties) > 0
		for name, m := range v {
			if m == nil && declared {
				delete(v, name)
				continue
			}
			of := members(n)
			if declared {
				of = n.Property(name)
			}
			if v[name], err = convert(of, m); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

func convertNumber(v json.Number, as string) (any, error) {
	if as != "number" {
		if i, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return i, nil
		}
	}
	f, err := v.Float64()
	if err != nil {
		return nil, fmt.Errorf("the number %.40s is out of range", v)
	}
	if as != "number" && f == math.Trunc(f) && f >= -1<<63 && f < 1<<63 {
		return int64(f), nil
	}
	return f, nil
}

// toJSON converts v to the types of encoding/json.
func toJSON(v ref.Val) (any, error) {
	switch v := v.(type) {
	case types.Null:
		return nil, nil
	case types.String:
		return string(v), nil
	case types.Bool:
		return bool(v), nil
	case types.Int:
		return int64(v), nil
	case types.Uint:
		return uint64(v), nil
	case types.Double:
		if f := float64(v); !math.IsInf(f, 0) && !math.IsNaN(f) {
			return f, nil
		}
		return nil, fmt.Errorf("%v is not a number that JSON can write", float64(v))
	case *types.Optional:
		if !v.HasValue() {
			return nil, errors.New("an absent value cannot be part of a list or an object")
		}
		return toJSON(v.GetValue())
	case traits.Mapper:
		members := map[string]any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			key := it.Next()
			name, ok := key.(types.String)
			if !ok {
				return nil, fmt.Errorf("a key of an object must be a string, not %s", key.Type().TypeName())
			}
			m, err := toJSON(v.Get(key))
			if err != nil {
				return nil, err
			}
			members[string(name)] = m
		}
		return members, nil
	case traits.Lister:
		items := []any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			item, err := toJSON(it.Next())
			if err != nil {
				return nil, err
			}
			items = append(items, item)
		}
		return items, nil
	default:
		return nil, fmt.Errorf("JSON cannot represent a value of type %s; convert it with string(…)", v.Type().TypeName())
	}
}

// toText returns v as part of a text.
func toText(v ref.Val) (string, error) {
	switch v.(type) {
	case types.String, types.Int, types.Uint, types.Double, types.Bool:
		return textOf(v.ConvertToType(types.StringType)), nil
	case types.Null:
		return "", errors.New("a null cannot be part of a text")
	}
	return "", fmt.Errorf("a value of type %s cannot be part of a text", v.Type().TypeName())
}

// marshal writes JSON without escaping <, > and &, because people read it.
func marshal(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
