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
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"soar.example/okta/internal/nearest"
)

// A Violation is one error in a JSON document. Pointer is the position of the error, as a JSON
// Pointer (RFC 6901).
type Violation struct {
	Pointer string `json:"pointer" jsonschema_description:"Position in the input, as a JSON Pointer (RFC 6901)."`
	Message string `json:"message" jsonschema_description:"Problem in this member."`
}

// String returns the pointer and the message.
func (v Violation) String() string {
	if v.Pointer == "" {
		return v.Message
	}
	return v.Pointer + ": " + v.Message
}

var english = message.NewPrinter(language.English)

// Check returns all violations in doc, in the order of their pointers, or nil if doc is valid.
// Check also reports a document that is not JSON or not UTF-8, and data after the document.
// Members must not occur twice, nesting is limited to 1000 levels, and numbers must be in the
// range of float64. Messages do not repeat values that the schema marks writeOnly, nor values
// inside them.
func (s *Schema) Check(doc json.RawMessage) []Violation {
	if v := wellFormed(doc); v != nil {
		return []Violation{*v}
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		return []Violation{{Message: "not valid JSON: " + err.Error()}}
	}
	return s.violations(value)
}

func (s *Schema) violations(value any) []Violation {
	compiled, err := s.compiled()
	if err != nil {
		return []Violation{{Message: "the schema cannot be compiled: " + err.Error()}}
	}
	if err = compiled.Validate(value); err == nil {
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
	if k, ok := e.ErrorKind.(*kind.PropertyNames); ok {
		// The causes concern the name, so they have no position in the document.
		*all = append(*all, Violation{pointer(e.InstanceLocation, k.Property), "is not an allowed member name"})
		return
	}
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
		text := "is not of the form that this secret must have"
		if !s.secret(e.InstanceLocation) {
			text = describe(e.ErrorKind, s.at(e.InstanceLocation))
		}
		*all = append(*all, Violation{pointer(e.InstanceLocation), text})
	}
}

// describe returns the message of a violation. It shortens long values. Node is the schema of the
// value.
func describe(k jsonschema.ErrorKind, node *Node) string {
	switch k := k.(type) {
	case *kind.FalseSchema:
		return "is not allowed here"
	case *kind.Pattern:
		text := shorten((&kind.Pattern{Got: shorten(k.Got, 100), Want: k.Want}).LocalizedString(english), 1000)
		if len(node.Examples) > 0 {
			text += ", as " + shorten(string(node.Examples[0]), 100) + " does"
		}
		return text
	case *kind.Format:
		if got, ok := k.Got.(string); ok && len(got) > 100 {
			return fmt.Sprintf("is not valid %s", k.Want)
		}
	}
	return shorten(k.LocalizedString(english), 1000)
}

func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}

// at returns the schema of the instance at location, or an empty schema if there is none.
func (s *Schema) at(location []string) *Node {
	n := s.doc()
	for _, step := range location {
		next := n.Member(step)
		if next == nil && isIndex(step) {
			next = n.Items
		}
		if next == nil {
			return new(Node)
		}
		n = next
	}
	return n
}

func isIndex(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

func pointer(location []string, more ...string) string {
	var b strings.Builder
	for _, step := range slices.Concat(location, more) {
		b.WriteByte('/')
		b.WriteString(pointerEscapes.Replace(step))
	}
	return b.String()
}

// wellFormed reports an error that encoding/json ignores or reports without a position.
func wellFormed(doc []byte) *Violation {
	if len(bytes.TrimSpace(doc)) == 0 {
		return &Violation{Message: "no JSON document was given"}
	}
	if !utf8.Valid(doc) {
		// encoding/json silently replaces invalid bytes, so that a password would never match.
		return &Violation{Message: "not valid JSON: the document is not UTF-8"}
	}
	if !json.Valid(doc) {
		var v any
		if err := json.Unmarshal(doc, &v); err != nil {
			return &Violation{Message: "not valid JSON: " + err.Error()}
		}
	}
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	v, err := checkValue(dec, nil)
	if err != nil && !errors.Is(err, io.EOF) {
		return &Violation{Message: "not valid JSON: " + err.Error()}
	}
	return v
}

// maxDepth limits the nesting of arrays and objects. In a recursive schema, the cost of a
// violation grows with the square of the depth.
const maxDepth = 1000

// checkValue reads one value from dec. It returns the first violation: a member that occurs twice,
// a number that is out of range, or nesting that is too deep.
func checkValue(dec *json.Decoder, at []string) (*Violation, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	if n, ok := token.(json.Number); ok && !bounded(n) {
		return &Violation{pointer(at), "is a number outside the range of 64-bit floating point"}, nil
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return nil, nil
	}
	if len(at) >= maxDepth {
		return &Violation{Message: fmt.Sprintf("is nested over %d levels deep", maxDepth)}, nil
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
		if v, err := checkValue(dec, append(at, step)); v != nil || err != nil {
			return v, err
		}
	}
	_, err = dec.Token()
	return nil, err
}

// bounded reports whether n is in the range of a float64. The validator computes with exact
// fractions: it uses a megabyte for 1e999999 and fails on 1e9999999.
func bounded(n json.Number) bool {
	const longest = 1100 // no float64 has a longer exact form
	if len(n) > longest {
		return false
	}
	f, err := n.Float64()
	if err != nil {
		return false
	}
	mantissa, _, _ := strings.Cut(strings.ToLower(n.String()), "e")
	return f != 0 || !strings.ContainsAny(mantissa, "123456789")
}
