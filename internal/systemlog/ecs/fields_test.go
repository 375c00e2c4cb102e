package ecs

import (
	"reflect"
	"slices"
	"strings"
)

// A Field is a field of a document.
type Field struct {
	// Name is the path of the field, with dots.
	Name string
	// Type is the type of the field in the Elasticsearch mapping: keyword, date, ip, long,
	// boolean, geo_point or flattened. Any field can have a list of values.
	Type string
}

// Fields returns every possible field of a document by name.
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
			fields = append(fields, Field{under + name, typ})
		case f.Anonymous:
			fields = append(fields, fieldsOf(inner, under)...)
		default:
			fields = append(fields, fieldsOf(inner, under+name+".")...)
		}
	}
	return fields
}
