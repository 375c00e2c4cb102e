package ecs

import (
	"maps"
	"slices"

	"github.com/invopop/jsonschema"
)

// JSONSchemaExtend names the values that ECS allows for the categorisation fields.
func (Event) JSONSchemaExtend(s *jsonschema.Schema) {
	allow := func(field string, values []string) {
		p, ok := s.Properties.Get(field)
		if !ok {
			return
		}
		if p.Items != nil {
			p = p.Items
		}
		for _, v := range values {
			p.Enum = append(p.Enum, v)
		}
	}
	var types []string
	for _, t := range expected {
		types = append(types, t...)
	}
	slices.Sort(types)
	allow("kind", []string{"event"})
	allow("category", slices.Sorted(maps.Keys(expected)))
	allow("type", slices.Compact(types))
	allow("outcome", []string{success, failure, unknown})
}
