package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// WithDefaults returns doc, which must have passed Check, with the default of
// every absent member written out, inside nested objects too.
func (s *Schema) WithDefaults(doc json.RawMessage) (json.RawMessage, error) {
	value, err := decode(doc)
	if err != nil {
		return nil, fmt.Errorf("apply defaults: %w", err)
	}
	fill(s.doc, value)
	return json.Marshal(value)
}

func fill(n *Node, value any) {
	switch value := value.(type) {
	case map[string]any:
		for _, p := range n.Properties {
			if v, present := value[p.Name]; present {
				fill(p.Node, v)
			} else if p.Node.Default != nil {
				value[p.Name] = p.Node.Default
			}
		}
	case []any:
		if n.Items != nil {
			for _, v := range value {
				fill(n.Items, v)
			}
		}
	}
}

// Masked stands where a secret was.
const Masked = "********"

// Mask returns doc with every value that the schema marks writeOnly, and that is
// not null, replaced by Masked: what may be logged, shown or stored. A document
// that is not JSON is masked whole.
func (s *Schema) Mask(doc json.RawMessage) json.RawMessage {
	value, err := decode(doc)
	if err != nil {
		return json.RawMessage(`"` + Masked + `"`)
	}
	masked, err := json.Marshal(mask(s.doc, value))
	if err != nil {
		return json.RawMessage(`"` + Masked + `"`)
	}
	return masked
}

func mask(n *Node, value any) any {
	if n == nil || value == nil {
		return value
	}
	if n.WriteOnly {
		return Masked
	}
	switch value := value.(type) {
	case map[string]any:
		for name, v := range value {
			member := n.Property(name)
			if member == nil && n.Additional != nil {
				member = n.Additional.Node
			}
			value[name] = mask(member, v)
		}
	case []any:
		for i, v := range value {
			value[i] = mask(n.Items, v)
		}
	}
	return value
}

// decode keeps numbers as they were written.
func decode(doc json.RawMessage) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	var value any
	err := dec.Decode(&value)
	return value, err
}
