package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
)

// WithDefaults returns doc with the default of every absent member, in nested objects too. Check
// must have accepted doc. Integers written as 1.0 or 1e3 are rewritten as digits, because JSON
// Schema accepts these forms and Go does not.
func (s *Schema) WithDefaults(doc json.RawMessage) (json.RawMessage, error) {
	value, err := decode(doc)
	if err != nil {
		return nil, fmt.Errorf("apply defaults: %w", err)
	}
	return json.Marshal(fill(s.doc(), value))
}

func fill(n *Node, value any) any {
	if n == nil {
		return value
	}
	switch value := value.(type) {
	case map[string]any:
		for name, v := range value {
			value[name] = fill(n.Member(name), v)
		}
		for _, p := range n.Properties {
			if _, present := value[p.Name]; !present && p.Node.Default != nil {
				value[p.Name] = p.Node.Default
			}
		}
	case []any:
		for i, v := range value {
			value[i] = fill(n.Items, v)
		}
	case json.Number:
		if n.Is("integer") && !n.Is("number") {
			return integerDigits(value)
		}
	}
	return value
}

func integerDigits(n json.Number) json.Number {
	if _, err := n.Int64(); err == nil || !bounded(n) {
		return n
	}
	if r, ok := new(big.Rat).SetString(n.String()); ok && r.IsInt() {
		return json.Number(r.Num().String())
	}
	return n
}

// decode keeps numbers in their original notation.
func decode(doc json.RawMessage) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	var value any
	err := dec.Decode(&value)
	return value, err
}
