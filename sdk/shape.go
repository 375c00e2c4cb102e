package sdk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"soar.example/okta/schema"
)

// FormatParam is the parameter by which a caller chooses among shapes. It must be a
// choice (enum) of their names with a default, which is the shape that an action's
// output, or a trigger's event, is declared in.
const FormatParam = "format"

// AlsoParam is the parameter of a trigger by which a caller asks for events in
// further shapes beside the one of [FormatParam]: a list of their names. A trigger
// with shapes has it, so that a host can give every playbook the shapes that its
// expressions read with one poll for all.
const AlsoParam = "also"

// A Shape is the JSON Schema of an output or an event in a format of the caller's
// choice. [ShapeOf] creates one.
type Shape struct {
	schema func() (*schema.Schema, error)
}

// ShapeOf returns the shape of T, a struct whose tags declare it, as they do for an
// action's output.
func ShapeOf[T any]() Shape { return Shape{schema.Output[T]} }

// compileShapes returns the schemas by the values of the parameter format: of each
// of the others, and of the default.
func compileShapes(others map[string]Shape, params *schema.Schema, own *schema.Schema) (map[string]JSON, error) {
	if len(others) == 0 || params == nil || own == nil {
		return nil, nil // the errors of the last two are reported before
	}
	choice := params.Root().Property(FormatParam)
	if choice == nil || choice.Default == nil {
		return nil, fmt.Errorf("has shapes, so it needs a parameter %s with a default", FormatParam)
	}
	var standard string
	if err := json.Unmarshal(choice.Default, &standard); err != nil {
		return nil, fmt.Errorf("the default of the parameter %s is no text", FormatParam)
	}
	shapes := map[string]JSON{standard: JSON(own.JSON())}
	var errs []error
	for name, shape := range others {
		if _, double := shapes[name]; double {
			errs = append(errs, fmt.Errorf("shape %q is the default, which is declared already", name))
			continue
		}
		if shape.schema == nil {
			errs = append(errs, fmt.Errorf("shape %q is empty", name))
			continue
		}
		s, err := shape.schema()
		if err != nil {
			errs = append(errs, fmt.Errorf("shape %q: %w", name, err))
			continue
		}
		shapes[name] = JSON(s.JSON())
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := offers(FormatParam, choice.Enum, shapes); err != nil {
		return nil, err
	}
	return shapes, nil
}

// checkAlso refuses a trigger of several shapes that cannot deliver them together.
func checkAlso(shapes map[string]JSON, params *schema.Schema) error {
	if len(shapes) == 0 {
		return nil
	}
	also := params.Root().Property(AlsoParam)
	if also == nil || also.Items == nil {
		return fmt.Errorf("has shapes, so it needs a parameter %s, a list of them", AlsoParam)
	}
	return offers(AlsoParam, also.Items.Enum, shapes)
}

// offers checks that the choices of a parameter are the shapes that there are.
func offers(param string, choices []json.RawMessage, shapes map[string]JSON) error {
	var offered []string
	for _, v := range choices {
		offered = append(offered, string(bytes.Trim(v, `"`)))
	}
	slices.Sort(offered)
	if there := slices.Sorted(maps.Keys(shapes)); !slices.Equal(offered, there) {
		return fmt.Errorf("the parameter %s offers %s, but there are the shapes %s", param, strings.Join(offered, ", "), strings.Join(there, ", "))
	}
	return nil
}
