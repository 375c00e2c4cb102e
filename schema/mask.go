package schema

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Masked replaces a secret.
const Masked = "********"

// Mask returns doc with Masked in place of every value that the schema marks writeOnly, except
// null. The result can be logged, shown and stored. In an object with secrets, Mask also masks
// unknown members, which may have a mistyped name, and values of a wrong type. A document that is
// not JSON is masked as a whole.
func (s *Schema) Mask(doc json.RawMessage) json.RawMessage {
	return masked(doc, func(value any) (any, bool) {
		compiled, err := s.compiled()
		if err != nil {
			return Masked, true
		}
		m := masker{secretInside: map[*jsonschema.Schema]bool{}}
		value = m.mask([]*jsonschema.Schema{compiled}, value)
		return value, m.changed
	})
}

// secret reports whether the schema marks the value at location, or a value around it, writeOnly.
func (s *Schema) secret(location []string) bool {
	compiled, err := s.compiled()
	if err != nil {
		return true
	}
	at := sameValue([]*jsonschema.Schema{compiled})
	for _, step := range location {
		if writeOnly(at) {
			return true
		}
		next, _ := members(at, step)
		if i, err := strconv.Atoi(step); err == nil {
			next = append(next, elements(at, i)...)
		}
		at = sameValue(next)
	}
	return writeOnly(at)
}

type masker struct {
	secretInside map[*jsonschema.Schema]bool // whether a schema contains a secret
	changed      bool
}

func (m *masker) mask(roots []*jsonschema.Schema, value any) any {
	if value == nil || len(roots) == 0 {
		return value
	}
	at := sameValue(roots)
	if writeOnly(at) || m.misplaced(at, value) {
		m.changed = true
		return Masked
	}
	switch value := value.(type) {
	case map[string]any:
		for name, v := range value {
			next, rejected := members(at, name)
			if rejected && v != nil && m.hasSecret(at) {
				value[name], m.changed = Masked, true
			} else {
				value[name] = m.mask(next, v)
			}
		}
	case []any:
		for i, v := range value {
			value[i] = m.mask(elements(at, i), v)
		}
	}
	return value
}

// misplaced reports whether a schema that contains secrets does not allow the type of value.
func (m *masker) misplaced(at []*jsonschema.Schema, value any) bool {
	return slices.ContainsFunc(at, func(s *jsonschema.Schema) bool {
		return s.Types != nil && !s.Types.IsEmpty() && !allows(s.Types.ToStrings(), value) && m.hasSecret([]*jsonschema.Schema{s})
	})
}

func allows(types []string, value any) bool {
	for _, t := range types {
		var ok bool
		switch t {
		case "object":
			_, ok = value.(map[string]any)
		case "array":
			_, ok = value.([]any)
		case "string":
			_, ok = value.(string)
		case "boolean":
			_, ok = value.(bool)
		case "number", "integer":
			_, ok = value.(json.Number)
		}
		if ok {
			return true
		}
	}
	return false
}

// hasSecret reports whether one of the schemas contains a secret at any depth.
func (m *masker) hasSecret(at []*jsonschema.Schema) bool {
	return slices.ContainsFunc(at, func(s *jsonschema.Schema) bool {
		if _, known := m.secretInside[s]; !known {
			everything := func(s *jsonschema.Schema) []*jsonschema.Schema { return append(applied(s), nested(s)...) }
			m.secretInside[s] = writeOnly(closure([]*jsonschema.Schema{s}, everything))
		}
		return m.secretInside[s]
	})
}

func writeOnly(at []*jsonschema.Schema) bool {
	return slices.ContainsFunc(at, func(s *jsonschema.Schema) bool { return s.WriteOnly })
}

// sameValue returns roots and every schema that they apply to the same value, by reference or as an
// alternative. A value that is secret in one alternative is secret.
func sameValue(roots []*jsonschema.Schema) []*jsonschema.Schema { return closure(roots, applied) }

// closure returns roots and every schema that can be reached from them with next.
func closure(roots []*jsonschema.Schema, next func(*jsonschema.Schema) []*jsonschema.Schema) []*jsonschema.Schema {
	seen := map[*jsonschema.Schema]bool{}
	var all []*jsonschema.Schema
	for todo := roots; len(todo) > 0; {
		s := todo[0]
		todo = todo[1:]
		if s == nil || seen[s] {
			continue
		}
		seen[s] = true
		all = append(all, s)
		todo = append(todo[:len(todo):len(todo)], next(s)...)
	}
	return all
}

// applied returns the schemas that s applies to the value that it describes.
func applied(s *jsonschema.Schema) []*jsonschema.Schema {
	all := []*jsonschema.Schema{s.Ref, s.RecursiveRef, s.If, s.Then, s.Else}
	if s.DynamicRef != nil {
		all = append(all, s.DynamicRef.Ref)
	}
	all = slices.Concat(all, s.AllOf, s.AnyOf, s.OneOf, slices.Collect(maps.Values(s.DependentSchemas)))
	for _, d := range s.Dependencies {
		all = append(all, schemasIn(d)...)
	}
	return all
}

// nested returns the schemas that s applies to the members and elements of the
// value that it describes.
func nested(s *jsonschema.Schema) []*jsonschema.Schema {
	all := []*jsonschema.Schema{s.UnevaluatedProperties, s.Items2020, s.Contains, s.UnevaluatedItems}
	all = slices.Concat(all, schemasIn(s.AdditionalProperties), schemasIn(s.Items), schemasIn(s.AdditionalItems), s.PrefixItems,
		slices.Collect(maps.Values(s.Properties)), slices.Collect(maps.Values(s.PatternProperties)))
	return all
}

// members returns the schemas of the named member, and whether one of the schemas in at rejects a
// member of that name.
func members(at []*jsonschema.Schema, name string) (found []*jsonschema.Schema, rejected bool) {
	for _, s := range at {
		before := len(found)
		if p := s.Properties[name]; p != nil {
			found = append(found, p)
		}
		for pattern, p := range s.PatternProperties {
			if pattern.MatchString(name) {
				found = append(found, p)
			}
		}
		if len(found) > before {
			continue
		}
		found = append(found, schemasIn(s.AdditionalProperties)...)
		if s.UnevaluatedProperties != nil {
			found = append(found, s.UnevaluatedProperties)
		}
		rejected = rejected || s.AdditionalProperties == false
	}
	return found, rejected
}

// elements returns the schemas of element i of an array.
func elements(at []*jsonschema.Schema, i int) []*jsonschema.Schema {
	var found []*jsonschema.Schema
	for _, s := range at {
		if i >= 0 && i < len(s.PrefixItems) {
			found = append(found, s.PrefixItems[i])
		} else if s.Items2020 != nil {
			found = append(found, s.Items2020)
		}
		if tuple, ok := s.Items.([]*jsonschema.Schema); ok && i >= 0 && i < len(tuple) {
			found = append(found, tuple[i])
		} else if ok {
			found = append(found, schemasIn(s.AdditionalItems)...)
		} else {
			found = append(found, schemasIn(s.Items)...)
		}
		if s.Contains != nil {
			found = append(found, s.Contains)
		}
		if s.UnevaluatedItems != nil {
			found = append(found, s.UnevaluatedItems)
		}
	}
	return found
}

// schemasIn returns the schemas in the value of a keyword, which may be one schema, several, or a value
// of another type.
func schemasIn(keyword any) []*jsonschema.Schema {
	switch keyword := keyword.(type) {
	case *jsonschema.Schema:
		return []*jsonschema.Schema{keyword}
	case []*jsonschema.Schema:
		return keyword
	default:
		return nil
	}
}
