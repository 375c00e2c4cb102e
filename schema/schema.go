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

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A Schema is a compiled JSON Schema. It is immutable and safe for concurrent
// use.
type Schema struct {
	raw      json.RawMessage
	doc      *Node
	compiled *jsonschema.Schema
}

// Parse compiles a JSON Schema document, such as one that a plugin published in
// its manifest. References to other documents are refused: nothing is fetched.
func Parse(raw json.RawMessage) (*Schema, error) {
	if v := wellFormed(raw); v != nil {
		return nil, fmt.Errorf("parse schema: %s", v)
	}
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
	node, err := parseNode(raw)
	if err != nil {
		return nil, fmt.Errorf("parse schema: %w", err)
	}
	return &Schema{raw: bytes.Clone(raw), doc: node, compiled: compiled}, nil
}

// JSON returns the schema document. The caller must not change it.
func (s *Schema) JSON() json.RawMessage { return s.raw }

// Root returns the schema document as a tree, for what reads schemas: forms,
// flags, documentation, expression types.
func (s *Schema) Root() *Node { return s.doc }

type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("schema refers to %s: references to other documents are not followed", url)
}
