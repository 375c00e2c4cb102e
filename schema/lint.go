package schema

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// keywords are those that invopop/jsonschema acts on, by the kind of schema the
// field has. It drops any other without a word, which is why lint exists.
var keywords = map[string][]string{
	"string":  {"title", "minLength", "maxLength", "pattern", "format", "writeOnly", "default", "example", "enum"},
	"number":  {"title", "multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "default", "example", "enum"},
	"boolean": {"title", "default"},
	"array":   {"title", "minItems", "maxItems", "uniqueItems", "default", "format", "pattern", "minLength", "maxLength", "enum", "example", "minimum", "maximum"},
	"object":  {"title"},
}

// lint returns every mistake in the tags of t's fields, and of the structs that
// they lead to: a missing json tag or description, a keyword that would be
// dropped, a JSONSchema method on a pointer receiver that would not be called.
// Of inputs (open false) it asks for a title on every field besides.
func lint(t reflect.Type, open bool) error {
	return errors.Join(lintType(t, open, nil)...)
}

func lintType(t reflect.Type, open bool, path []reflect.Type) []error {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		if hasSchemaMethod(t) {
			return nil
		}
		t = t.Elem()
	}
	if hasSchemaMethod(t) || t == reflect.TypeFor[time.Time]() {
		return nil
	}
	for _, hook := range []string{"JSONSchema", "JSONSchemaExtend"} {
		if _, ok := reflect.PointerTo(t).MethodByName(hook); ok {
			if _, ok := t.MethodByName(hook); !ok {
				return []error{fmt.Errorf("%s: %s has a pointer receiver and would never be called", t, hook)}
			}
		}
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	if slices.Contains(path, t) {
		return []error{fmt.Errorf("%s contains itself: its schema would have no end", t)}
	}
	path = append(slices.Clip(path), t)
	var errs []error
	for f := range fields(t) {
		if f.Anonymous {
			errs = append(errs, lintType(f.Type, open, path)...)
			continue
		}
		for _, problem := range lintField(f, open) {
			errs = append(errs, fmt.Errorf("%s.%s: %s", t, f.Name, problem))
		}
		errs = append(errs, lintType(f.Type, open, path)...)
	}
	return errs
}

func lintField(f reflect.StructField, open bool) []string {
	var problems []string
	if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name == "" {
		problems = append(problems, "has no json name")
	}
	if f.Tag.Get("jsonschema_description") == "" {
		problems = append(problems, "has no jsonschema_description")
	}
	kind := schemaKind(f.Type)
	titled := false
	for _, tag := range splitTag(f.Tag.Get("jsonschema")) {
		keyword, value, ok := strings.Cut(tag, "=")
		titled = titled || keyword == "title" && value != ""
		switch {
		case !ok:
			problems = append(problems, fmt.Sprintf("keyword %q has no value and would be dropped", tag))
		case !slices.Contains(keywords[kind], keyword):
			problems = append(problems, fmt.Sprintf("keyword %q does not apply to %s and would be dropped", keyword, kind))
		case kind == "boolean" && keyword == "default" && value != "true" && value != "false":
			problems = append(problems, fmt.Sprintf("default %q is not a boolean and would be dropped", value))
		}
	}
	if !open && !titled {
		problems = append(problems, "has no title")
	}
	for _, extra := range splitTag(f.Tag.Get("jsonschema_extras")) {
		if extra != "x-group=advanced" && extra != "x-group=basic" {
			problems = append(problems, fmt.Sprintf("unknown extra %q", extra))
		}
	}
	return problems
}

func schemaKind(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if hasSchemaMethod(t) || t == reflect.TypeFor[time.Time]() {
		return "string"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Slice, reflect.Array:
		return "array"
	case reflect.Struct, reflect.Map, reflect.Interface:
		return "object"
	default:
		return "string"
	}
}

func hasSchemaMethod(t reflect.Type) bool {
	_, ok := t.MethodByName("JSONSchema")
	return ok
}

func fields(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() || f.Tag.Get("json") == "-" {
				continue
			}
			if !yield(f) {
				return
			}
		}
	}
}

// splitTag splits a tag's value at the commas that no backslash precedes, as
// invopop/jsonschema does.
func splitTag(s string) []string {
	if s == "" {
		return nil
	}
	var parts []string
	var part strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == ',':
			part.WriteByte(',')
			i++
		case s[i] == ',':
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteByte(s[i])
		}
	}
	return append(parts, part.String())
}
