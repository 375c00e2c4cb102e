package playbook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// toJSON returns v in the types of encoding/json.
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
		return nil, fmt.Errorf("a value of type %s has no form in JSON; string(…) makes it a text", v.Type().TypeName())
	}
}

// toText returns what v adds to a text.
func toText(v ref.Val) (string, error) {
	switch v.(type) {
	case types.String, types.Int, types.Uint, types.Double, types.Bool:
		s, ok := v.ConvertToType(types.StringType).(types.String)
		if ok {
			return string(s), nil
		}
	case types.Null:
		return "", errors.New("a null cannot be part of a text")
	}
	return "", fmt.Errorf("a value of type %s cannot be part of a text", v.Type().TypeName())
}

// marshal leaves <, > and & as they are: what is written is read by people.
func marshal(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
