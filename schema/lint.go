package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/invopop/jsonschema"
)

// lint returns every mistake in the tags of t's fields, and of the structs that
// they lead to: a missing json tag or description, a name that two fields have, a
// keyword that would be dropped, a schema hook that would not be called, a type
// that has no JSON form or no end. Of inputs (open false) it asks for a title on
// every field besides.
func lint(t reflect.Type, open bool) error {
	return errors.Join(lintType(t, open, nil)...)
}

// hooks are the methods by which a type takes part in making its schema.
var hooks = map[string]reflect.Type{
	"JSONSchema":       reflect.TypeFor[interface{ JSONSchema() *jsonschema.Schema }](),
	"JSONSchemaExtend": reflect.TypeFor[interface{ JSONSchemaExtend(*jsonschema.Schema) }](),
}

func lintType(t reflect.Type, open bool, path []reflect.Type) []error {
	if slices.Contains(path, t) {
		return []error{fmt.Errorf("%s contains itself: its schema would have no end", t)}
	}
	path = append(slices.Clip(path), t)
	if t.Kind() == reflect.Pointer {
		return lintType(t.Elem(), open, path)
	}
	if errs := lintHooks(t); errs != nil {
		return errs
	}
	if hasSchemaMethod(t) || ready(t) {
		return nil
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		return lintType(t.Elem(), open, path)
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			return []error{fmt.Errorf("%s: only strings can be names in a JSON object", t)}
		}
		return lintType(t.Elem(), open, path)
	case reflect.Struct:
		return lintStruct(t, open, path, map[string]bool{})
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.Uintptr, reflect.UnsafePointer:
		return []error{fmt.Errorf("%s has no JSON form", t)}
	default:
		return nil
	}
}

func lintHooks(t reflect.Type) []error {
	if t.Kind() == reflect.Interface {
		return nil
	}
	var errs []error
	for _, name := range []string{"JSONSchema", "JSONSchemaExtend"} {
		_, there := reflect.PointerTo(t).MethodByName(name)
		switch {
		case !there || t.Implements(hooks[name]):
		case reflect.PointerTo(t).Implements(hooks[name]):
			errs = append(errs, fmt.Errorf("%s: %s has a pointer receiver and would never be called", t, name))
		default:
			errs = append(errs, fmt.Errorf("%s: %s is not of the form %s and would never be called", t, name, hooks[name].Method(0).Type))
		}
	}
	return errs
}

// lintStruct gathers the names of t's members in names, those of the structs that
// it embeds too.
func lintStruct(t reflect.Type, open bool, path []reflect.Type, names map[string]bool) []error {
	var errs []error
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		name, _, _ := strings.Cut(tag, ",")
		if tag == "-" {
			continue
		}
		if inner := indirect(f.Type); f.Anonymous && name == "" && inner.Kind() == reflect.Struct {
			if slices.Contains(path, inner) {
				errs = append(errs, fmt.Errorf("%s contains itself: its schema would have no end", inner))
				continue
			}
			errs = append(errs, lintStruct(inner, open, append(slices.Clip(path), inner), names)...)
			continue
		}
		if !f.IsExported() {
			continue
		}
		problems := lintField(t, f, open)
		if name != "" && names[name] {
			problems = append(problems, fmt.Sprintf("has the name %q, which another field has", name))
		}
		names[name] = true
		for _, problem := range problems {
			errs = append(errs, fmt.Errorf("%s.%s: %s", t, f.Name, problem))
		}
		errs = append(errs, lintType(f.Type, open, path)...)
	}
	return errs
}

func indirect(t reflect.Type) reflect.Type {
	for seen := 0; t.Kind() == reflect.Pointer && seen < 10; seen++ {
		t = t.Elem()
	}
	return t
}

func hasSchemaMethod(t reflect.Type) bool { return t.Implements(hooks["JSONSchema"]) }

// ready reports whether t's schema is known without looking inside.
func ready(t reflect.Type) bool {
	return t == reflect.TypeFor[time.Time]() || t == reflect.TypeFor[net.IP]() || t == reflect.TypeFor[json.RawMessage]()
}

// shape returns the JSON type that the schema of t names, and that of its items
// if it is an array; "any" if it names none.
func shape(t reflect.Type) (of, items string) {
	t = indirect(t)
	if hasSchemaMethod(t) {
		s := hook(t)
		return named(s), named(s.Items)
	}
	if of = typeOf(t); of == "array" {
		items = typeOf(indirect(t.Elem()))
	}
	return of, items
}

func hook(t reflect.Type) *jsonschema.Schema {
	return reflect.New(t).Interface().(interface{ JSONSchema() *jsonschema.Schema }).JSONSchema()
}

// typeOf is the JSON type that the schema of t names.
func typeOf(t reflect.Type) string {
	switch {
	case hasSchemaMethod(t):
		return named(hook(t))
	case t == reflect.TypeFor[time.Time](), t == reflect.TypeFor[net.IP]():
		return "string"
	case t == reflect.TypeFor[json.RawMessage]():
		return "any"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Slice, reflect.Array:
		if t.Kind() == reflect.Slice && t.Elem() == reflect.TypeFor[byte]() {
			return "string" // base64
		}
		return "array"
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.String:
		return "string"
	default:
		return "any"
	}
}

func named(s *jsonschema.Schema) string {
	switch {
	case s == nil:
		return ""
	case s.Type == "":
		return "any"
	case s.Type == "integer":
		return "number"
	default:
		return s.Type
	}
}
