package schema

import (
	"cmp"
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

// lint returns every mistake in the tags of t's fields and of the structs that these fields
// contain. Mistakes are a missing json tag or description, a name of two fields, a keyword that
// would be dropped, and a schema hook that would not be called. A type without a JSON form, or
// that contains itself, is also a mistake.
func lint(t reflect.Type, open bool) error {
	return errors.Join(lintType(t, open, nil)...)
}

// hooks are the methods with which a type changes its schema.
var hooks = []struct {
	name string
	form reflect.Type
}{
	{"JSONSchema", reflect.TypeFor[interface{ JSONSchema() *jsonschema.Schema }]()},
	{"JSONSchemaExtend", reflect.TypeFor[interface{ JSONSchemaExtend(*jsonschema.Schema) }]()},
}

// fixedTypes are the types with a schema that does not depend on their fields.
var fixedTypes = []reflect.Type{reflect.TypeFor[time.Time](), reflect.TypeFor[net.IP](), reflect.TypeFor[json.RawMessage]()}

func lintType(t reflect.Type, open bool, path []reflect.Type) []error {
	if slices.Contains(path, t) {
		return []error{fmt.Errorf("%s contains itself: its schema would be infinite", t)}
	}
	path = append(slices.Clip(path), t)
	if t.Kind() == reflect.Pointer {
		return lintType(t.Elem(), open, path)
	}
	if errs := lintHooks(t); errs != nil {
		return errs
	}
	if t.Implements(hooks[0].form) || slices.Contains(fixedTypes, t) {
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
	}
	return nil
}

func lintHooks(t reflect.Type) []error {
	if t.Kind() == reflect.Interface {
		return nil
	}
	var errs []error
	for _, hook := range hooks {
		_, exists := reflect.PointerTo(t).MethodByName(hook.name)
		switch {
		case !exists || t.Implements(hook.form):
		case reflect.PointerTo(t).Implements(hook.form):
			errs = append(errs, fmt.Errorf("%s: %s has a pointer receiver and would never be called", t, hook.name))
		default:
			errs = append(errs, fmt.Errorf("%s: %s does not have the form %s and would never be called", t, hook.name, hook.form.Method(0).Type))
		}
	}
	return errs
}

// lintStruct adds the names of the members of t, and of the structs that t embeds, to names.
func lintStruct(t reflect.Type, open bool, path []reflect.Type, names map[string]bool) []error {
	var errs []error
	var fields []reflect.StructField
	tagged := false
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		switch {
		case f.Anonymous && name == "" && inner.Kind() == reflect.Struct:
			if slices.Contains(path, inner) {
				errs = append(errs, fmt.Errorf("%s contains itself: its schema would be infinite", inner))
				continue
			}
			errs = append(errs, lintStruct(inner, open, append(slices.Clip(path), inner), names)...)
		case f.IsExported():
			fields = append(fields, f)
			tagged = tagged || f.Tag.Get("jsonschema") != "" || f.Tag.Get("jsonschema_extras") != ""
			errs = append(errs, lintType(f.Type, open, path)...)
		}
	}
	properties := jsonschema.NewProperties()
	if tagged && errs == nil { // a type that contains itself has no schema
		properties = reflector(open).ReflectFromType(t).Properties
	}
	for _, f := range fields {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		problems := lintField(t, f, open)
		if names[name] {
			problems = append(problems, fmt.Sprintf("has the name %q, which another field has", name))
		}
		names[name] = name != ""
		if property, ok := properties.Get(cmp.Or(name, f.Name)); ok {
			problems = append(problems, lintKeywords(f, property)...)
			problems = append(problems, lintExtras(f, property, open)...)
		}
		for _, problem := range problems {
			errs = append(errs, fmt.Errorf("%s.%s: %s", t, f.Name, problem))
		}
	}
	return errs
}

func lintField(t reflect.Type, f reflect.StructField, open bool) (problems []string) {
	options := strings.Split(f.Tag.Get("json"), ",")
	if options[0] == "" {
		problems = append(problems, "has no json name")
	}
	for _, option := range options[1:] {
		if option != "omitempty" && option != "omitzero" {
			problems = append(problems, fmt.Sprintf("json option %q would not be in the schema", option))
		}
	}
	tag, comment := f.Tag.Get("jsonschema_description"), description(t, f.Name)
	switch {
	case tag == "" && comment == "":
		problems = append(problems, "has no description: give it a comment and run go generate, or a jsonschema_description tag")
	case tag != "" && comment != "":
		problems = append(problems, "has a jsonschema_description and a comment that describes it: keep the comment")
	}
	return problems
}

// lintKeywords compares the keywords of a field's tag with the schema that invopop/jsonschema made
// of them. That package silently drops a keyword that it does not know, that does not apply to the
// type, or with an invalid value.
func lintKeywords(f reflect.StructField, property *jsonschema.Schema) (problems []string) {
	optional := strings.Contains(f.Tag.Get("json"), ",")
	given := map[string]bool{}
	for _, tag := range splitTag(f.Tag.Get("jsonschema")) {
		keyword, value, ok := strings.Cut(tag, "=")
		// A list can have several defaults. Each type can have several values and examples.
		repeatable := keyword == "enum" || keyword == "example" || keyword == "default" && property.Type == "array"
		switch {
		case !ok:
			problems = append(problems, fmt.Sprintf("keyword %q has no value and would be dropped", tag))
		case given[keyword] && !repeatable:
			problems = append(problems, fmt.Sprintf("keyword %q is given twice", keyword))
		case !has(property, keyword, value) && (property.Items == nil || !has(property.Items, keyword, value)):
			of := cmp.Or(property.Type, "any")
			if property.Items != nil {
				of += " of " + cmp.Or(property.Items.Type, "any")
			}
			problems = append(problems, fmt.Sprintf("keyword %q would be dropped: it does not apply to %s, or its value is invalid", tag, of))
		case keyword == "default" && !optional:
			problems = append(problems, "has a default but is required: add omitempty or omitzero to its json tag")
		}
		given[keyword] = true
	}
	return problems
}

// keywordFields maps each keyword to the index of its field in a schema.
var keywordFields = func() map[string]int {
	indices := map[string]int{}
	for i, f := range reflect.VisibleFields(reflect.TypeFor[jsonschema.Schema]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		indices[name] = i
	}
	return indices
}()

// has reports whether s has the keyword with the value, alone or in a list.
func has(s *jsonschema.Schema, keyword, value string) bool {
	if keyword == "example" {
		keyword = "examples"
	}
	i, ok := keywordFields[keyword]
	if !ok || reflect.ValueOf(s).Elem().Field(i).IsZero() {
		return false
	}
	v := reflect.ValueOf(s).Elem().Field(i)
	if v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if v.Kind() != reflect.Slice {
		return fmt.Sprint(v) == value
	}
	for _, element := range v.Seq2() {
		if fmt.Sprint(element) == value {
			return true
		}
	}
	return false
}

// rejecting lists the keywords that could reject an informational text.
var rejecting = []string{"minLength", "maxLength", "pattern", "format", "enum", "writeOnly"}

func lintExtras(f reflect.StructField, property *jsonschema.Schema, open bool) (problems []string) {
	seen := map[string]bool{}
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	for _, extra := range splitTag(f.Tag.Get("jsonschema_extras")) {
		keyword, value, _ := strings.Cut(extra, "=")
		switch {
		case seen[keyword]:
			add("has more than one %s", keyword)
		case keyword == "x-group" && (value == "advanced" || value == "basic"):
		case keyword == knownKeyword:
			if value == "" || property.Type != "string" {
				add("%s %q does not list values of a text", knownKeyword, value)
			}
		case open:
			add("unknown extra %q", extra)
		case keyword == truncateKeyword:
			if truncation(value) == 0 {
				add("%s %q is not a number of at least %d", truncateKeyword, value, leastTruncation)
			}
			if property.Type != "string" {
				add("%s applies only to a text", truncateKeyword)
			}
			for _, tag := range splitTag(f.Tag.Get("jsonschema")) {
				if name, _, _ := strings.Cut(tag, "="); slices.Contains(rejecting, name) {
					add("keyword %q cannot be combined with %s: an informational text is never rejected", name, truncateKeyword)
				}
			}
		case keyword == languageKeyword:
			if !slices.Contains(languages, value) || property.Type != "string" {
				add("%s %q is not one of %s on a text", languageKeyword, value, strings.Join(languages, ", "))
			}
		case keyword == optionsKeyword:
			if _, err := parseOptions(value); err != nil {
				add("%s", err)
			}
		default:
			add("unknown extra %q", extra)
		}
		seen[keyword] = true
	}
	return problems
}

// separators turns each comma without a backslash into NUL.
var separators = strings.NewReplacer(`\,`, ",", ",", "\x00")

// splitTag splits a tag's value at the commas that no backslash precedes, as
// invopop/jsonschema does.
func splitTag(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(separators.Replace(s), "\x00")
}
