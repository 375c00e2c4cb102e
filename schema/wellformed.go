package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

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
