package playbook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"soar.example/okta/schema"
)

// decode reads one JSON value and gives it the Go types that the CEL types of n
// stand for; see shape.
func decode(raw json.RawMessage, n *schema.Node) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("not valid JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("not valid JSON: something follows the value")
	}
	return shape(n, v)
}

// shape changes v, in place where it can. A number becomes an int64 where n says
// integer, a float64 where it says number, and elsewhere an int64 if it is whole
// and fits. Of objects whose members n declares, null members are dropped: an
// absent one reads the same. A null list of a list or map becomes an empty one.
func shape(n *schema.Node, v any) (any, error) {
	var err error
	switch v := v.(type) {
	case json.Number:
		return shapeNumber(v, jsonType(n))
	case []any:
		var items *schema.Node
		if n != nil {
			items = n.Items
		}
		for i, item := range v {
			if v[i], err = shapeMember(items, item); err != nil {
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
			if v[name], err = shapeMember(of, m); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

func shapeMember(n *schema.Node, v any) (any, error) {
	if v != nil {
		return shape(n, v)
	}
	switch jsonType(n) {
	case "array":
		return []any{}, nil
	case "object":
		if len(n.Properties) == 0 {
			return map[string]any{}, nil
		}
	}
	return nil, nil
}

func shapeNumber(v json.Number, as string) (any, error) {
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
