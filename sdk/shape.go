package sdk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"soar.example/okta/schema"
)

// FormatParam is the parameter by which a caller chooses among shapes. It must be a
// choice (enum) of their names with a default, which is the shape that an action's
// output, or a trigger's event, is declared in.
const FormatParam = "format"

// A Shape is the JSON Schema of an answer or an event in a format of the caller's
// choice. [ShapeOf] makes one.
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
		return nil, nil // the mistakes of the last two are told already
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
	var offered []string
	for _, v := range choice.Enum {
		offered = append(offered, string(bytes.Trim(v, `"`)))
	}
	var there []string
	for name := range shapes {
		there = append(there, name)
	}
	slices.Sort(offered)
	slices.Sort(there)
	if !slices.Equal(offered, there) {
		return nil, fmt.Errorf("the parameter %s offers %s, but there are the shapes %s", FormatParam, strings.Join(offered, ", "), strings.Join(there, ", "))
	}
	return shapes, nil
}
