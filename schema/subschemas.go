package schema

import (
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// applied returns the schemas that s applies to the value that it describes.
func applied(s *jsonschema.Schema) []*jsonschema.Schema {
	all := []*jsonschema.Schema{s.Ref, s.RecursiveRef, s.If, s.Then, s.Else}
	if s.DynamicRef != nil {
		all = append(all, s.DynamicRef.Ref)
	}
	all = slices.Concat(all, s.AllOf, s.AnyOf, s.OneOf, slices.Collect(maps.Values(s.DependentSchemas)))
	for _, d := range s.Dependencies {
		all = append(all, one(d)...)
	}
	return all
}

// inside returns the schemas that s applies to the members and elements of the
// value that it describes.
func inside(s *jsonschema.Schema) []*jsonschema.Schema {
	all := []*jsonschema.Schema{s.UnevaluatedProperties, s.Items2020, s.Contains, s.UnevaluatedItems}
	all = slices.Concat(all, one(s.AdditionalProperties), one(s.Items), one(s.AdditionalItems), s.PrefixItems,
		slices.Collect(maps.Values(s.Properties)), slices.Collect(maps.Values(s.PatternProperties)))
	return all
}

// members returns the schemas of the named member, and whether one of at refuses
// a member of that name.
func members(at []*jsonschema.Schema, name string) (found []*jsonschema.Schema, refused bool) {
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
		found = append(found, one(s.AdditionalProperties)...)
		if s.UnevaluatedProperties != nil {
			found = append(found, s.UnevaluatedProperties)
		}
		refused = refused || s.AdditionalProperties == false
	}
	return found, refused
}

// elements returns the schemas of an array's element i.
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
			found = append(found, one(s.AdditionalItems)...)
		} else {
			found = append(found, one(s.Items)...)
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

// one reads a keyword's value that may be a schema, several, or something else.
func one(keyword any) []*jsonschema.Schema {
	switch keyword := keyword.(type) {
	case *jsonschema.Schema:
		return []*jsonschema.Schema{keyword}
	case []*jsonschema.Schema:
		return keyword
	default:
		return nil
	}
}
