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

// A Violation is one thing wrong with a JSON document: where, as a JSON Pointer
// (RFC 6901), and what, in a sentence.
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

// Check returns everything that is wrong with doc, in the order of the
// document's pointers, or nil. A document that is not JSON, has something after
// its end, is not UTF-8, names a member twice (which of the two is meant?), is
// nested over 1000 levels deep or has a number beyond a float64's range is a
// violation too. Values are not repeated in messages where the schema marks them,
// or what they are part of, writeOnly.
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
		return []Violation{{Message: "the schema itself is broken: " + err.Error()}}
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
		// Its causes are about the name, and have no place in the document.
		*all = append(*all, Violation{pointer(e.InstanceLocation, k.Property), "is not a name that is allowed here"})
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
			text = sentence(e.ErrorKind, s.at(e.InstanceLocation))
		}
		*all = append(*all, Violation{pointer(e.InstanceLocation), text})
	}
}

// sentence says what is wrong without repeating a megabyte of it. There is what the
// schema says about the place.
func sentence(k jsonschema.ErrorKind, there *Node) string {
	switch k := k.(type) {
	case *kind.FalseSchema:
		return "is not allowed here"
	case *kind.Pattern:
		text := shorten((&kind.Pattern{Got: shorten(k.Got, 100), Want: k.Want}).LocalizedString(english), 1000)
		if len(there.Examples) > 0 {
			text += ", as " + shorten(string(there.Examples[0]), 100) + " does"
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

// at finds the schema of the instance at location, an empty one if the schema
// says nothing about that place.
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

// wellFormed refuses what encoding/json lets pass or reports without a place.
func wellFormed(doc []byte) *Violation {
	if len(bytes.TrimSpace(doc)) == 0 {
		return &Violation{Message: "no JSON document was given"}
	}
	if !utf8.Valid(doc) {
		// It would be replaced in silence: a password that never matches.
		return &Violation{Message: "not valid JSON: it is not UTF-8 throughout"}
	}
	if !json.Valid(doc) {
		var v any
		if err := json.Unmarshal(doc, &v); err != nil {
			return &Violation{Message: "not valid JSON: " + err.Error()}
		}
	}
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	v, err := sound(dec, nil)
	if err != nil && !errors.Is(err, io.EOF) {
		return &Violation{Message: "not valid JSON: " + err.Error()}
	}
	return v
}

// deepest is how far arrays and objects may be nested. What a violation costs in a
// schema that refers to itself grows with the square of it.
const deepest = 1000

// sound reads one value from dec and returns the first member that an object in
// it names twice, the first number that is out of bounds, or that it is too deep.
func sound(dec *json.Decoder, at []string) (*Violation, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	if n, ok := token.(json.Number); ok && !bounded(n) {
		return &Violation{pointer(at), "is a number beyond what 64-bit floating point can hold"}, nil
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return nil, nil
	}
	if len(at) >= deepest {
		return &Violation{Message: fmt.Sprintf("is nested over %d levels deep", deepest)}, nil
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
		if v, err := sound(dec, append(at, step)); v != nil || err != nil {
			return v, err
		}
	}
	_, err = dec.Token()
	return nil, err
}

// bounded reports whether n is no larger and no smaller than a float64 can be.
// The validator computes with exact fractions: 1e999999 would cost it a
// megabyte, and it breaks down on 1e9999999.
func bounded(n json.Number) bool {
	const longest = 1100 // the shortest exact form of any float64 is no longer
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
