package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A Node is the schema of one value, with the keywords that this project reads. Properties keep
// the order of their declaration.
type Node struct {
	Title       string            `json:"title"`
	Description string            `json:"description"`
	Type        Types             `json:"type"`
	Format      string            `json:"format"`
	Enum        []json.RawMessage `json:"enum"`
	Default     json.RawMessage   `json:"default"`
	Examples    []json.RawMessage `json:"examples"`
	Required    []string          `json:"required"`
	WriteOnly   bool              `json:"writeOnly"`
	Group       string            `json:"x-group"`
	Options     *Options          `json:"x-options"`
	Truncate    int               `json:"x-truncate"` // see [Schema.Truncate]
	Language    string            `json:"x-language"` // [SCIMFilter] or [URLPath]; "" is any text
	Known       []string          `json:"x-known"`    // known values of a text that can have more
	Items       *Node             `json:"items"`
	Properties  Properties        `json:"properties"`
	Additional  *Additional       `json:"additionalProperties"`
}

// Types is the value of "type". Most schemas have one type; a schema that allows null has several.
type Types []string

// UnmarshalJSON reads a name or a list of names.
func (t *Types) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]string)(t))
	}
	var one string
	if err := json.Unmarshal(b, &one); err != nil {
		return err
	}
	*t = Types{one}
	return nil
}

// Property is one named member of an object's schema.
type Property struct {
	Name string
	Node *Node
}

// Properties are an object's members in the order of their declaration.
type Properties []Property

// UnmarshalJSON reads an object and keeps the order of its keys.
func (p *Properties) UnmarshalJSON(b []byte) error {
	*p = nil // decoding replaces earlier properties
	dec := json.NewDecoder(bytes.NewReader(b))
	if start, err := dec.Token(); err != nil {
		return err
	} else if start == nil {
		return nil
	} else if start != json.Delim('{') {
		return fmt.Errorf("properties are %v, not an object", start)
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		name, ok := key.(string)
		if !ok {
			return fmt.Errorf("property name %v is not a string", key)
		}
		node := new(Node)
		if err := dec.Decode(node); err != nil {
			return fmt.Errorf("property %s: %w", name, err)
		}
		*p = append(*p, Property{name, node})
	}
	return nil
}

// Additional is the value of "additionalProperties": false, true, or the schema of members that
// have no name in the schema.
type Additional struct {
	Allowed bool
	Node    *Node // nil unless a schema was given
}

// UnmarshalJSON reads a boolean or a schema.
func (a *Additional) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, &a.Allowed); err == nil {
		return nil
	}
	a.Allowed, a.Node = true, new(Node)
	return json.Unmarshal(b, a.Node)
}

// UnmarshalJSON reads an object. It ignores boolean schemas, and the list of schemas that older
// drafts allow as "items", because forms cannot show them.
func (n *Node) UnmarshalJSON(b []byte) error {
	if b = bytes.TrimSpace(b); bytes.Equal(b, []byte("true")) || bytes.Equal(b, []byte("false")) || bytes.HasPrefix(b, []byte("[")) {
		return nil
	}
	type plain Node
	return json.Unmarshal(b, (*plain)(n))
}

func parseNode(raw json.RawMessage) (*Node, error) {
	n := new(Node)
	return n, json.Unmarshal(raw, n)
}

// Is reports whether the schema allows values of the named JSON type.
func (n *Node) Is(name string) bool { return slices.Contains(n.Type, name) }

// Property returns the named member's schema, or nil.
func (n *Node) Property(name string) *Node {
	for _, p := range n.Properties {
		if p.Name == name {
			return p.Node
		}
	}
	return nil
}

// Member returns the schema of a member, declared by name or not. It returns nil if there is none.
func (n *Node) Member(name string) *Node {
	if p := n.Property(name); p != nil || n.Additional == nil {
		return p
	}
	return n.Additional.Node
}

// Names lists the names of the members in order.
func (n *Node) Names() []string {
	names := make([]string, len(n.Properties))
	for i, p := range n.Properties {
		names[i] = p.Name
	}
	return names
}

// IsRequired reports whether the named member must be present.
func (n *Node) IsRequired(name string) bool { return slices.Contains(n.Required, name) }

// TypeName describes the allowed values briefly: a type with its format, or the values of an enum.
func (n *Node) TypeName() string {
	if len(n.Enum) > 0 {
		values := make([]string, len(n.Enum))
		for i, v := range n.Enum {
			values[i] = strings.Trim(string(v), `"`)
		}
		return strings.Join(values, "|")
	}
	if len(n.Known) > 0 {
		return strings.Join(n.Known, "|") + "|…"
	}
	types := slices.DeleteFunc(slices.Clone(n.Type), func(t string) bool { return t == "null" })
	name := strings.Join(types, "|")
	switch {
	case n.Items != nil:
		return "array of " + n.Items.TypeName()
	case n.Format != "":
		return name + " (" + n.Format + ")"
	case name == "":
		return "any"
	}
	return name
}
