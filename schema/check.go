package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"soar.example/okta/internal/nearest"
)

// A Violation is one thing wrong with a JSON document: where, as a JSON Pointer
// (RFC 6901), and what, in a sentence.
type Violation struct {
	Pointer string `json:"pointer" jsonschema_description:"Where, as a JSON Pointer (RFC 6901)."`
	Message string `json:"message" jsonschema_description:"What is wrong there."`
}

func (v Violation) String() string {
	if v.Pointer == "" {
		return v.Message
	}
	return v.Pointer + ": " + v.Message
}

var english = message.NewPrinter(language.English)

// Check returns everything that is wrong with doc, in the order of the
// document's pointers, or nil. A document that is not JSON, has something after
// its end, or names a member twice (which of the two is meant?) is a violation
// too. Values are not repeated in messages where the schema marks them
// writeOnly.
func (s *Schema) Check(doc json.RawMessage) []Violation {
	if v := wellFormed(doc); v != nil {
		return []Violation{*v}
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		return []Violation{{Message: "not valid JSON: " + err.Error()}}
	}
	err = s.compiled.Validate(value)
	if err == nil {
		return nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return []Violation{{Message: err.Error()}}
	}
	var all []Violation
	s.collect(invalid, &all)
	slices.SortStableFunc(all, func(a, b Violation) int { return strings.Compare(a.Pointer, b.Pointer) })
	return slices.Compact(all)
}

func (s *Schema) collect(e *jsonschema.ValidationError, all *[]Violation) {
	if len(e.Causes) > 0 {
		for _, c := range e.Causes {
			s.collect(c, all)
		}
		return
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			*all = append(*all, Violation{pointer(e.InstanceLocation, name), "is required"})
		}
	case *kind.AdditionalProperties:
		known := s.at(e.InstanceLocation).Names()
		for _, name := range k.Properties {
			*all = append(*all, Violation{pointer(e.InstanceLocation, name), "unknown field" + nearest.Hint(name, known)})
		}
	default:
		text := k.LocalizedString(english)
		if s.at(e.InstanceLocation).WriteOnly {
			text = "is not of the form that this secret must have"
		}
		*all = append(*all, Violation{pointer(e.InstanceLocation), text})
	}
}

// at finds the schema of the instance at location, an empty one if the schema
// says nothing about that place.
func (s *Schema) at(location []string) *Node {
	n := s.doc
	for _, step := range location {
		switch {
		case n.Property(step) != nil:
			n = n.Property(step)
		case n.Items != nil && isIndex(step):
			n = n.Items
		case n.Additional != nil && n.Additional.Node != nil:
			n = n.Additional.Node
		default:
			return new(Node)
		}
	}
	return n
}

func isIndex(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}

func pointer(location []string, more ...string) string {
	var b strings.Builder
	for _, step := range slices.Concat(location, more) {
		b.WriteByte('/')
		b.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(step))
	}
	return b.String()
}

// wellFormed refuses what encoding/json lets pass or reports without a place.
func wellFormed(doc []byte) *Violation {
	if len(bytes.TrimSpace(doc)) == 0 {
		return &Violation{Message: "no JSON document was given"}
	}
	if !json.Valid(doc) {
		var v any
		if err := json.Unmarshal(doc, &v); err != nil {
			return &Violation{Message: "not valid JSON: " + err.Error()}
		}
	}
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	v, err := unique(dec, nil)
	if err != nil && !errors.Is(err, io.EOF) {
		return &Violation{Message: "not valid JSON: " + err.Error()}
	}
	return v
}

// unique reads one value from dec and returns the first member that an object
// in it names twice.
func unique(dec *json.Decoder, at []string) (*Violation, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return nil, nil
	}
	seen := map[string]bool{}
	for i := 0; dec.More(); i++ {
		step := strconv.Itoa(i)
		if delim == '{' {
			key, err := dec.Token()
			if err != nil {
				return nil, err
			}
			step = fmt.Sprint(key)
			if seen[step] {
				return &Violation{pointer(at, step), "is given twice"}, nil
			}
			seen[step] = true
		}
		if v, err := unique(dec, append(at, step)); v != nil || err != nil {
			return v, err
		}
	}
	_, err = dec.Token()
	return nil, err
}
