package ecs

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"
)

// Schema returns the JSON Schema of a document, in either profile, as one tree
// without references.
func Schema() *jsonschema.Schema {
	r := &jsonschema.Reflector{Anonymous: true, DoNotReference: true, AllowAdditionalProperties: true}
	s := r.Reflect(Document{})
	s.Version = jsonschema.Version
	return s
}

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

// A Field is one field that documents can have.
type Field struct {
	// Name is the path of the field, with dots.
	Name string
	// Type is its type in the Elasticsearch mapping: keyword, date, ip, long,
	// boolean, geo_point or flattened. Any field can hold a list of them.
	Type string
	// Description says what it holds.
	Description string
}

// Fields returns every field that documents can have, by name: what an index
// template for them needs.
func Fields() []Field {
	fields := fieldsOf(reflect.TypeFor[Document](), "")
	slices.SortFunc(fields, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	return fields
}

func fieldsOf(t reflect.Type, under string) []Field {
	var fields []Field
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		inner := f.Type
		if inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		switch typ := f.Tag.Get("ecs"); {
		case typ != "":
			fields = append(fields, Field{under + name, typ, f.Tag.Get("jsonschema_description")})
		case f.Anonymous:
			fields = append(fields, fieldsOf(inner, under)...)
		default:
			fields = append(fields, fieldsOf(inner, under+name+".")...)
		}
	}
	return fields
}
