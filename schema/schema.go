// Package schema turns Go types into JSON Schema (draft 2020-12) and checks JSON documents against
// it.
//
// A parameter is declared only as a field of a struct. The tags of the field define its schema,
// its form field in a builder, its command-line flag and its documentation.
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
	// Both are computed at first use. A plugin has dozens of schemas when it starts, and a session
	// uses only some of them.
	doc      func() *Node
	compiled func() (*jsonschema.Schema, error)
}

// Parse compiles a JSON Schema document, such as the schema of an action in a plugin's manifest.
// It rejects references to other documents, and it fetches nothing.
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

// lazy returns the schema with the document raw, which is parsed at first use.
func lazy(raw json.RawMessage) *Schema {
	return &Schema{
		raw: raw,
		doc: sync.OnceValue(func() *Node {
			node, err := parseNode(raw)
			if err != nil {
				return new(Node) // Parse and Verify report the error
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
	// A URL with a scheme: the compiler would resolve a relative one against the working
	// directory, and show that directory in messages.
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

// Root returns the schema document as a tree, for forms, flags, documentation and expression
// types.
func (s *Schema) Root() *Node { return s.doc() }

type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("schema refers to %s: references to other documents are not followed", url)
}
