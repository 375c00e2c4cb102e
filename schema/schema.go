// Package schema turns Go types into JSON Schema (draft 2020-12) and checks
// JSON documents against it.
//
// The struct is the only place where a parameter is declared: its schema, its
// form in a builder, its command-line flag and its page of documentation all
// come from the tags on the field.
package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A Schema is a JSON Schema. It is immutable and safe for concurrent use.
type Schema struct {
	raw json.RawMessage
	// Both are made at first use. A plugin's start waits for dozens of schemas, and a
	// session uses only some of them.
	doc      func() *Node
	compiled func() (*jsonschema.Schema, error)
}

// Parse compiles a JSON Schema document, such as one that a plugin published in
// its manifest. References to other documents are refused: nothing is fetched.
func Parse(raw json.RawMessage) (*Schema, error) {
	if v := wellFormed(raw); v != nil {
		return nil, fmt.Errorf("parse schema: %s", v)
	}
	raw = bytes.Clone(raw)
	if _, err := parseNode(raw); err != nil {
		return nil, fmt.Errorf("parse schema: %w", err)
	}
	s := lazy(raw)
	if _, err := s.compiled(); err != nil {
		return nil, err
	}
	return s, nil
}

// lazy returns the schema that raw holds, which nobody has read yet.
func lazy(raw json.RawMessage) *Schema {
	return &Schema{
		raw: raw,
		doc: sync.OnceValue(func() *Node {
			node, err := parseNode(raw)
			if err != nil {
				return new(Node) // Parse and Verify tell
			}
			return node
		}),
		compiled: sync.OnceValues(func() (*jsonschema.Schema, error) { return compile(raw) }),
	}
}

func compile(raw json.RawMessage) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("parse schema: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.UseLoader(noLoader{})
	// An address of its own: a relative one would be made absolute with the
	// directory that this process happens to run in, and shown in messages.
	const url = "soar:///schema.json"
	if err := c.AddResource(url, doc); err != nil {
		return nil, fmt.Errorf("parse schema: %w", err)
	}
	compiled, err := c.Compile(url)
	if err != nil {
		return nil, fmt.Errorf("compile schema: %w", err)
	}
	return compiled, nil
}

// JSON returns the schema document. The caller must not change it.
func (s *Schema) JSON() json.RawMessage { return s.raw }

// Root returns the schema document as a tree, for what reads schemas: forms,
// flags, documentation, expression types.
func (s *Schema) Root() *Node { return s.doc() }

type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("schema refers to %s: references to other documents are not followed", url)
}
